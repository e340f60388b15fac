"""Which tier a viewer should get, from what its receiver reports. Pure: time comes in as a number.

A receiver's estimate never rises far above what it is being sent, so a better tier cannot be proved affordable
beforehand: after a calm spell it is tried, and every failed try doubles the calm asked for before the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

SETTLE_S = 3.0  # after a change, reports still speak of the tier before
BAD_S = 2.0  # trouble must last this long
CALM_S = 8.0  # and calm this long before a better tier is tried
CALM_LIMIT_S = 120.0
LOSS_BAD = 0.10
LOSS_CALM = 0.02
SHORT = 0.8  # an estimate below this share of the tier's rate is trouble


@dataclass(frozen=True, slots=True)
class TierState:
    """A viewer's tier (0 is best) and since when it has been going badly or well."""

    tier: int = 0
    changed_s: float = 0.0
    bad_since_s: float | None = None
    calm_since_s: float | None = None
    calm_needed_s: float = CALM_S


def choose_tier(
    state: TierState, rates_bps: Sequence[float], *, estimate_bps: float | None, loss: float, now_s: float
) -> TierState:
    """The next state. `rates_bps`: mean rate per tier, best first; `loss`: fraction 0..1 of the last report."""
    tier = min(state.tier, len(rates_bps) - 1)
    if tier != state.tier:
        state = TierState(tier, now_s)
    if now_s - state.changed_s < SETTLE_S:
        return state
    short = estimate_bps is not None and estimate_bps < SHORT * rates_bps[tier]
    bad = loss > LOSS_BAD or short
    calm = loss < LOSS_CALM and not short
    state = replace(
        state,
        bad_since_s=(now_s if state.bad_since_s is None else state.bad_since_s) if bad else None,
        calm_since_s=(now_s if state.calm_since_s is None else state.calm_since_s) if calm else None,
    )
    if state.bad_since_s is not None and now_s - state.bad_since_s >= BAD_S and tier + 1 < len(rates_bps):
        failed_try = tier == 0 or now_s - state.changed_s < 2 * CALM_S
        calm_needed = min(CALM_LIMIT_S, state.calm_needed_s * 2) if failed_try else CALM_S
        return TierState(tier + 1, now_s, calm_needed_s=calm_needed)
    if tier and state.calm_since_s is not None and now_s - state.calm_since_s >= state.calm_needed_s:
        return TierState(tier - 1, now_s, calm_needed_s=state.calm_needed_s)
    return state
