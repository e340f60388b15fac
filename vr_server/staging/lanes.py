"""Nobody walks through anybody: paths that come too near are moved aside before the shot, whole, so that gaits stay true."""

import math

import numpy as np

from vr_server.domain.staging import PathKey

from .cast import Actor
from .geometry import Array, vec
from .meshes.ground import ledge
from .pairs import Floor
from .paths import shifted
from .people import Planned
from .places import find_place
from .places.base import Interior

_MOMENTS = 17
_ROOM_M = 0.3
"""Half the room a person of 1.75 m takes."""
_BRINK_M = 0.5
"""How near to an edge a body may come."""
_TRIES = (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.3, -2.3, 3.2, -3.2, 4.2, -4.2)


def keep_clear(floor: Floor, planned: dict[str, Planned]) -> dict[str, Planned]:
    """Paths moved sideways (or, for who stands, to either side) until no two people are closer than arm's width and nobody
    is inside a vehicle, an animal or a thing. Who meets somebody stays where they meet."""
    times = np.linspace(0.0, floor.spec.duration_s, _MOMENTS)
    tracks = {a.key: _sampled(planned[a.key][0], times) for a in floor.cast}
    found = dict(planned)
    solid = [
        a
        for a in floor.cast
        if not a.is_person and min(a.size_m[0], a.size_m[2]) > 0.2 and a.kind.family != "spaceship"
    ]
    people = [a for a in floor.cast if a.is_person]
    room = find_place(floor.spec.place)[0].interior
    if room is not None:
        for a in people:
            inside = _indoors(tracks[a.key], room, 0.25 + a.size_m[0] / 2)
            found[a.key] = (shifted(found[a.key][0], inside), found[a.key][1])
            tracks[a.key] = tracks[a.key] + np.append(inside, 0.0)
    people.sort(key=lambda a: (not _tied(floor, a), a.number))
    settled: list[Actor] = []
    for a in people:
        if not _tied(floor, a):
            by = _free(a, tracks, settled, [s for s in solid if not _related(a, s)])
            if by is not None and float(np.abs(by).max()) > 0:
                found[a.key] = (shifted(found[a.key][0], by), found[a.key][1])
                tracks[a.key] = tracks[a.key] + np.append(by, 0.0)
        settled.append(a)
    return _off_the_brink(floor, found, tracks)


def _off_the_brink(floor: Floor, planned: dict[str, Planned], tracks: dict[str, Array]) -> dict[str, Planned]:
    """Nobody but who leaps comes nearer than half a metre to an edge. Those who act on others go back together."""
    edge = ledge(find_place(floor.spec.place)[0].ground)
    if edge is None:
        return planned
    walkers = [a for a in floor.cast if a.is_person and "jump_off" not in a.actions and not _carried(floor, a)]
    way = {
        a.key: max(edge.edge_z_m + _BRINK_M + a.size_m[2] / 2 - float(tracks[a.key][:, 2].min()), 0.0) for a in walkers
    }
    tied = [a.key for a in walkers if _tied(floor, a) or any(b.target == a.key for o in floor.cast for b in o.beats)]
    together = max((way[k] for k in tied), default=0.0)
    found = dict(planned)
    for key, own in way.items():
        back = together if key in tied else own
        if back > 0:
            found[key] = (shifted(planned[key][0], vec(0.0, 0.0, back)), planned[key][1])
    return found


def _carried(floor: Floor, a: Actor) -> bool:
    return any(b.action in {"ride", "drive"} and b.target in floor.by_key for b in a.beats)


def _indoors(own: Array, room: Interior, margin_m: float) -> Array:
    """What brings a path between a room's walls, float64 [3]; a path longer than the room is centred in it."""
    by = np.zeros(3)
    for axis, (low, high) in ((0, room.x_m), (2, room.z_m)):
        least, most = float(own[:, axis].min()), float(own[:, axis].max())
        if most - least > high - low - 2 * margin_m:
            by[axis] = (low + high) / 2 - (least + most) / 2
        else:
            by[axis] = max(low + margin_m - least, 0.0) - max(most - (high - margin_m), 0.0)
    return by


def _tied(floor: Floor, a: Actor) -> bool:
    """Whether the place is what the action needs: at another's side, on a mount, out of a hatch, over an edge."""
    if a.spec.placement is not None and a.spec.placement.of is not None:
        return True
    return bool(a.actions & {"exit_hatch", "jump_off"}) or any(b.target in floor.by_key for b in a.beats)


def _related(a: Actor, other: Actor) -> bool:
    p, q = a.spec.placement, other.spec.placement
    return (p is not None and p.of == other.key) or (q is not None and q.of == a.key)


def _sampled(path: tuple[PathKey, ...], times: Array) -> Array:
    """float64 [t, 4]: x, y, z, yaw."""
    at = [k.t_s for k in path]
    rows = [np.interp(times, at, [k.position_m[i] for k in path]) for i in range(3)]
    rows.append(np.interp(times, at, np.unwrap([k.yaw_rad for k in path])))
    return np.stack(rows, axis=1)


def _free(a: Actor, tracks: dict[str, Array], people: list[Actor], solid: list[Actor]) -> Array | None:
    """The smallest step aside that is free, float64 [3]; None where there is none."""
    own = tracks[a.key]
    line = own[-1, :3] - own[0, :3]
    aside = vec(-float(line[2]), 0.0, float(line[0])) if math.hypot(line[0], line[2]) > 0.5 else vec(1.0, 0.0, 0.0)
    aside = aside / float(np.linalg.norm(aside))
    for k in _TRIES:
        by = aside * k
        if _clear(own[:, :3] + by, a, tracks, people, solid):
            return by
    return None


def _clear(own: Array, a: Actor, tracks: dict[str, Array], people: list[Actor], solid: list[Actor]) -> bool:
    half = _ROOM_M * a.size_m[1] / 1.75
    if people:
        others = np.stack([tracks[o.key][:, :3] for o in people])
        room = np.array([half + _ROOM_M * o.size_m[1] / 1.75 for o in people])[:, None]
        apart = np.hypot(others[:, :, 0] - own[:, 0], others[:, :, 2] - own[:, 2])
        if bool((apart < room).any()):
            return False
    for o in solid:
        row = tracks[o.key]
        c, s = np.cos(row[:, 3]), np.sin(row[:, 3])
        dx, dz = own[:, 0] - row[:, 0], own[:, 2] - row[:, 2]
        u, v = c * dx - s * dz, s * dx + c * dz
        low = (own[:, 1] < row[:, 1] + o.size_m[1]) & (own[:, 1] + a.size_m[1] > row[:, 1])
        if bool(((np.abs(u) < o.size_m[0] / 2 + half) & (np.abs(v) < o.size_m[2] / 2 + half) & low).any()):
            return False
    return True
