"""Which tier a viewer is moved to."""

from collections.abc import Callable
from itertools import pairwise

from streaming.tiers import BAD_S, CALM_LIMIT_S, CALM_S, SETTLE_S, TierState, choose_tier

RATES = (7e6, 3e6, 1e6)
Report = tuple[float | None, float]  # estimate in bits per second, loss


def run(state: TierState, report: Callable[[TierState], Report], *, start_s: float, seconds: int) -> TierState:
    for now in range(seconds):
        estimate, loss = report(state)
        state = choose_tier(state, RATES, estimate_bps=estimate, loss=loss, now_s=start_s + now)
    return state


def test_a_good_connection_stays_on_the_best_tier():
    assert run(TierState(), lambda _: (20e6, 0.0), start_s=0, seconds=300).tier == 0


def test_without_reports_nothing_changes():
    assert run(TierState(), lambda _: (None, 0.0), start_s=0, seconds=300).tier == 0


def test_a_short_estimate_moves_down_until_it_fits():
    state = run(TierState(), lambda _: (2.6e6, 0.0), start_s=0, seconds=7)
    assert state.tier == 1


def test_loss_moves_down_to_the_last_tier_and_no_further():
    assert run(TierState(), lambda _: (None, 0.3), start_s=0, seconds=60).tier == 2


def test_a_short_dip_changes_nothing():
    state = TierState()
    for now in range(60):
        dip = now % 10 == 9
        state = choose_tier(state, RATES, estimate_bps=1e6 if dip else 20e6, loss=0.0, now_s=now)
        assert state.tier == 0


def test_reports_of_the_tier_before_are_not_believed():
    moved = TierState(1, changed_s=100.0)
    assert choose_tier(moved, RATES, estimate_bps=1e5, loss=1.0, now_s=100.0 + SETTLE_S - 0.1) == moved


def test_calm_brings_the_better_tier_back():
    moved = TierState(1, changed_s=0.0)
    assert run(moved, lambda _: (4e6, 0.0), start_s=0, seconds=int(SETTLE_S + CALM_S) - 1).tier == 1
    assert run(moved, lambda _: (4e6, 0.0), start_s=0, seconds=int(SETTLE_S + CALM_S) + 2).tier == 0


def test_each_failed_try_waits_longer_than_the_last():
    """A line that carries tier 1 and never tier 0: tries get rarer, and the viewer is hardly ever on tier 0."""
    state, on_best, tries = TierState(), 0, []
    for now in range(1200):
        estimate = 2e6 if state.tier == 0 else 4e6
        before = state.tier
        state = choose_tier(state, RATES, estimate_bps=estimate, loss=0.0, now_s=now)
        if before == 1 and state.tier == 0:
            tries.append(now)
        on_best += state.tier == 0
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[-1] >= CALM_LIMIT_S
    assert on_best < 0.12 * 1200
    assert BAD_S < CALM_S


def test_a_clip_with_fewer_tiers_is_followed():
    state = choose_tier(TierState(2), (7e6,), estimate_bps=None, loss=0.0, now_s=50.0)
    assert state.tier == 0
