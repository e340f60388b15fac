"""The time of an action, as a pose function is told it."""

from dataclasses import dataclass

from vr_server.staging.geometry import smooth


@dataclass(frozen=True)
class Clock:
    """Where in its action a body is: seconds since its start, share of it (0..1), its length, and the body's own seed.

    `base`: the posture the action is done in (stand, sit, kneel, lie_down, ...); `before`: that of the action before;
    `way_m`: metres gone so far; `role`: 0 for who begins, 1 for who answers, of two who act on each other.
    """

    t_s: float
    share: float
    length_s: float
    seed: int
    speed: float = 1.0
    base: str = "stand"
    before: str = ""  # nothing: the shot begins with it
    way_m: float = 0.0
    height_m: float = 1.7
    role: int = 0
    armed: bool = False


def settle(t_s: float, length_s: float, fade_s: float = 0.35) -> float:
    """Weight of an action `t_s` after its start against the one before it."""
    return smooth((t_s + fade_s / 2) / min(fade_s, max(length_s, 1e-3)))
