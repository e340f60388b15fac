"""What people hold, from when until when: drawn, handed over, put down, thrown; and the flash of a shot."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Subject, TimedAction
from vr_server.staging.geometry import Array, affine, rot_y, vec
from vr_server.staging.meshes.core import ellipsoid, finish
from vr_server.staging.meshes.props import HELD, Held, held_prop
from vr_server.staging.scene import Matrix, MovingNode

from .combat import shots
from .performance import Performance

HANDED = 0.5
"""Share of `hand_over` and `receive` at which the thing changes hands."""
_LET_GO = {"hand_over": HANDED, "put_down": 0.44, "throw": 0.56}
_TAKEN = {"receive": HANDED, "draw_gun": 0.0}
_FETCH_S = 0.3
_FLASH_S = 0.07
_NOWHERE = 1e-4


def held_nodes(subject: Subject, act: Performance) -> list[MovingNode]:
    """Along the hand's axes, or plumb where it hangs or is carried upright; gone before it is taken and after it is given."""
    size = max(act.build.height_m / 1.75, 0.8)
    nodes: list[MovingNode] = []
    for prop in subject.props:
        held = HELD.get(prop)
        if held is None:
            continue
        at = _kept(subject, prop, _in_hand(act, held, size), act)
        nodes += [MovingNode(mesh, subject.object_id, subject.label, prop, at) for mesh in held_prop(prop)]
        if prop in {"gun", "rifle"}:
            nodes += _flashes(subject, at)
    return nodes


def _in_hand(act: Performance, held: Held, size: float) -> Callable[[float], Matrix]:
    drop = vec(0.0, -0.045 * act.build.height_m, 0.0)

    def at(t: float) -> Matrix:
        hand = act.at(t)[f"hand_{held.hand}"]
        frame = rot_y(act.track.yaw(t)) if held.upright else hand[:3, :3]
        return affine(frame @ held.linear * size, hand[:3, 3] + hand[:3, :3] @ drop)

    return at


def _kept(subject: Subject, prop: str, at: Callable[[float], Matrix], act: Performance) -> Callable[[float], Matrix]:
    """`at` while it is held. What is received or drawn is the last prop, or the gun; what is given or laid down the first."""
    first = next((p for p in subject.props if p in HELD), prop)
    taken = _moment(subject, prop, _TAKEN) if prop in {subject.props[-1], "gun"} else None
    gone = _moment(subject, prop, _LET_GO) if prop == first else None
    if taken is None and gone is None:
        return at
    since = taken[1] + (_FETCH_S if taken[0].action == "draw_gun" else 0.0) if taken else -np.inf
    until = gone[1] if gone else np.inf

    def kept(t: float) -> Matrix:
        if t < since:
            return _small(at(t))
        if gone is None or t < until:
            return at(t)
        left = at(until)
        if gone[0].action == "hand_over":
            return _small(left)
        return _fallen(left, act, t - until, thrown=gone[0].action == "throw")

    return kept


def _moment(subject: Subject, prop: str, shares: dict[str, float]) -> tuple[TimedAction, float] | None:
    for a in subject.actions:
        if a.action in shares and (a.action != "draw_gun" or prop == "gun"):
            return a, a.start_s + shares[a.action] * (a.end_s - a.start_s)
    return None


def _small(m: Matrix) -> Matrix:
    return affine(m[:3, :3] * _NOWHERE, m[:3, 3])


def _fallen(left: Matrix, act: Performance, since_s: float, *, thrown: bool) -> Matrix:
    """Where it lies, or flies, after the hand let go: down to the ground where its holder stood."""
    place: Array = left[:3, 3].copy()
    ground = float(act.track.position(act.track.end_s)[1]) + 0.03
    fall = place[1] - ground
    if not thrown:
        return affine(left[:3, :3], vec(float(place[0]), min(float(place[1]), ground + 0.02), float(place[2])))
    ahead = -rot_y(act.track.yaw(act.track.end_s))[:, 2]
    speed = ahead * 7.5 + np.array([0.0, 2.2, 0.0])
    lands = (speed[1] + np.sqrt(speed[1] ** 2 + 2 * 9.81 * max(fall, 0.0))) / 9.81
    u = min(since_s, float(lands))
    return affine(left[:3, :3], place + speed * u - np.array([0.0, 9.81 * u * u / 2, 0.0]))


def _flashes(subject: Subject, gun: Callable[[float], Matrix]) -> list[MovingNode]:
    """A burst of light at the muzzle for a few hundredths of a second with every shot."""
    times = [a.start_s + s for a in subject.actions if a.action == "shoot" for s in shots(a.end_s - a.start_s)]
    if not times:
        return []
    burst = finish(
        "flash",
        ellipsoid((0.035, 0.035, 0.12), (1.0, 0.75, 0.35), (0.0, 0.0, -0.36), 1),
        ellipsoid((0.09, 0.02, 0.03), (1.0, 0.6, 0.2), (0.0, 0.0, -0.3), 1),
        emission=9.0,
    )

    def at(t: float) -> Matrix:
        m = gun(t)
        return m if any(0 <= t - s < _FLASH_S for s in times) else _small(m)

    return [MovingNode(burst, subject.object_id, subject.label, "flash", at)]
