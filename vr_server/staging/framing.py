"""What a shot is about, moment by moment: bodies with their telling parts, and the point that the camera keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vr_server.domain.shot import CameraAngle, CameraMove, ShotSize
from vr_server.domain.staging import PathKey, SetPiece, Subject

from .body.performance import Performance
from .geometry import Array, forward, turn_between
from .kinds import KINDS
from .lenses import ASPECT, GROUP_SIZES, SIZES

Mode = Literal["still", "pan", "track"]
"""still: framed where it is over the beat; pan: the camera turns after it; track: the camera goes along."""

_CLOSE_RATE_HZ = 8.0
_GROUP_RATE_HZ = 3.0
_ACTED = 8
"""So many people are framed by what they do; more of them as upright figures."""
_CROWD = 12
_TWO_SHOTS: set[ShotSize] = {"medium", "medium_full"}
_THREE_SHOT = 3
_EYES_M = (0.073, -0.05)
_CROWN_M = 0.138
_ALONG: set[CameraMove] = {"follow", "handheld"}
_FIXED: set[CameraMove] = {"static", "dolly_in", "dolly_out", "crane_up", "crane_down", "zoom_in", "zoom_out"}
_HEADS = {
    "quadruped": (0.86, -0.42),
    "dragon": (0.8, -0.42),
    "fish": (0.5, -0.38),
    "snake": (0.5, -0.4),
    "bird": (0.6, -0.35),
}
"""Where the head of an animal is: share of its height, share of its length."""
_DETAIL, _ACROSS = 1.5, 0.8
"""A thing's details are larger than a face beside a body; of what is long the frame's width shows most, seen aslant."""


@dataclass(frozen=True, eq=False)
class Body:
    """A subject at the shot's `n` moments. Metres, float64.

    `height_m`: of the body standing; `unit_m`: what shares of a shot size are counted in (a body's height; less than
    the length of what is long). `base` [n, 3]; `yaw` [n] unwrapped; `points` [n, p, 3]: its outline, all of which a full
    shot holds; `tell` [n, 3]: eyes, or the head or front of what is no person; `down` [n, 3]: unit, along the body
    from there.
    """

    subject: Subject
    person: bool
    height_m: float
    unit_m: float
    base: Array
    yaw: Array
    points: Array
    tell: Array
    down: Array

    @property
    def whole_m(self) -> float:
        """The height of a frame that the body just fills."""
        return self.height_m if self.person else self.unit_m / _DETAIL

    def facing(self, k: int) -> Array:
        return forward(float(self.yaw[k]))


def is_person(subject: Subject) -> bool:
    return subject.kind in KINDS and KINDS[subject.kind].family == "person"


def trail(subject: Subject, times: Array) -> tuple[Array, Array]:
    """A subject's place [n, 3] and unwrapped yaw [n] at `times` [n]."""
    at = [k.t_s for k in subject.path]
    yaws = [subject.path[0].yaw_rad]
    for key in subject.path[1:]:
        yaws.append(yaws[-1] + turn_between(yaws[-1], key.yaw_rad))
    places = np.array([k.position_m for k in subject.path])
    return np.stack([np.interp(times, at, places[:, i]) for i in range(3)], axis=1), np.interp(times, at, yaws)


def bodies_of(subjects: tuple[Subject, ...], times: Array, close: set[str]) -> tuple[Body, ...]:
    """Every subject at `times` [n]; those whose keys are in `close` finely enough to follow a head."""
    people = 0
    found = []
    for s in subjects:
        rate = None
        if is_person(s):
            people += 1
            rate = _CLOSE_RATE_HZ if s.key in close else _GROUP_RATE_HZ if people <= _ACTED else None
        found.append(_person(s, times, rate) if is_person(s) else _thing(s, times))
    return tuple(found)


def _person(s: Subject, times: Array, rate_hz: float | None) -> Body:
    base, yaw = trail(s, times)
    h = s.size_m[1]
    if rate_hz is None:
        up = np.array([(x * h, y * h, 0.0) for x in (-0.16, 0.16) for y in (0.0, 0.5, 1.0)])
        tell = base + np.array([0.0, 0.936 * h, 0.0])
        down = np.broadcast_to(np.array([0.0, -1.0, 0.0]), base.shape)
        return Body(s, True, h, h, base, yaw, base[:, None] + up, tell, down)
    count = max(2, math.ceil((times[-1] - times[0]) * rate_hz) + 1)
    moments = np.linspace(times[0], times[-1], count)
    act = Performance(s)
    joints = [act.at(float(t)) for t in moments]
    head = np.array([j["head"] for j in joints])
    at, up, ahead = head[:, :3, 3], head[:, :3, 1], -head[:, :3, 2]
    pelvis = np.array([j["pelvis"][:3, 3] for j in joints])
    eyes = at + up * (_EYES_M[0] * h) - ahead * (_EYES_M[1] * h)
    crown = at + up * (_CROWN_M * h)
    spine = pelvis - eyes
    spine /= np.maximum(np.linalg.norm(spine, axis=1, keepdims=True), 1e-6)
    limbs = [np.array([j[part][:3, 3] for j in joints]) for part in ("foot_l", "foot_r", "hand_l", "hand_r")]
    soles = [foot - np.array([0.0, 0.04 * h, 0.0]) for foot in limbs[:2]]
    toes = [
        sole - np.array([j[part][:3, 2] for j in joints]) * (0.1 * h)
        for sole, part in zip(soles, ("foot_l", "foot_r"), strict=True)
    ]
    outline = np.stack([crown, eyes, pelvis, *limbs[2:], *soles, *toes], axis=1)

    def dense(values: Array) -> Array:
        flat = values.reshape(count, -1)
        full = np.stack([np.interp(times, moments, flat[:, i]) for i in range(flat.shape[1])], axis=1)
        return full.reshape(len(times), *values.shape[1:])

    return Body(s, True, h, h, base, yaw, dense(outline), dense(eyes), dense(spine))


def _thing(s: Subject, times: Array) -> Body:
    base, yaw = trail(s, times)
    w, h, d = s.size_m
    built = KINDS[s.kind].builder if s.kind in KINDS else ""
    if built in _HEADS:
        up, along = _HEADS[built]
    else:
        up, along = (0.5, -0.36) if d > 1.3 * h and d > 0.9 * w else (0.6, 0.0)
    c, n = np.cos(yaw)[:, None], np.sin(yaw)[:, None]

    def placed(local: Array) -> Array:
        """Local points [p, 3] in the world, [n, p, 3]."""
        x, y, z = local[:, 0], local[:, 1], local[:, 2]
        return np.asarray(
            base[:, None] + np.stack([c * x + n * z, np.broadcast_to(y, (len(times), len(y))), -n * x + c * z], axis=-1)
        )

    corners = np.array([(x * w, y * h, z * d) for x in (-0.5, 0.5) for y in (0.0, 1.0) for z in (-0.5, 0.5)])
    tell = placed(np.array([(0.0, up * h, along * d)]))[:, 0]
    middle = base + np.array([0.0, 0.5 * h, 0.0])
    down = middle - tell
    down /= np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-6)
    unit = _DETAIL * max(h, _ACROSS * max(w, d) / ASPECT)
    return Body(s, False, h, unit, base, yaw, placed(corners), tell, down)


def piece_body(piece: SetPiece, times: Array) -> Body:
    """A set piece as something to look at."""
    at = PathKey(t_s=0.0, position_m=piece.position_m, yaw_rad=piece.yaw_rad)
    stand_in = Subject(
        object_id=piece.object_id, key=piece.label, kind="set_piece", label=piece.label, size_m=piece.size_m, path=(at,)
    )  # fmt: skip
    return _thing(stand_in, times)


@dataclass(frozen=True, eq=False)
class Target:
    """What a beat frames: `shown` bodies; `frame_m`: height of the frame at the target, `seen_m`: of the target in it;
    `aim` [n, 3]: the point in the middle of the picture, `base` [n, 3]: what the camera keeps its distance from;
    `floor` [n]: the ground under it, `tall_m`: the height of what stands on it. `one`: framed by its telling part."""

    shown: tuple[Body, ...]
    frame_m: float
    seen_m: float
    aim: Array
    base: Array
    floor: Array
    tall_m: float
    mode: Mode
    one: bool


def nothing(times: Array) -> Target:
    """A shot of the place itself."""
    aim = np.broadcast_to(np.array([0.0, 1.6, -4.0]), (len(times), 3))
    return Target((), 4.2, 3.2, aim, aim, np.zeros(len(times)), 3.2, "still", one=False)


def target_of(
    shown: tuple[Body, ...], size: ShotSize, angle: CameraAngle, move: CameraMove, window: slice, times: Array
) -> Target:
    """`shown[0]` is the one that a close shot is about; a full or wide shot holds all. `window`: the beat's moments."""
    if not shown:
        return nothing(times)
    lead, one = shown[0], size not in GROUP_SIZES
    if one:
        frame = SIZES[size].shows * lead.unit_m
        mode = _mode(lead.tell, frame, move, angle, window, one=True)
        shown = _beside(shown, window)
        heads = np.array([b.tell[window] for b in shown])
        spread = float(np.linalg.norm(np.ptp(heads, axis=0)[:, [0, 2]], axis=1).max())
        frame = max(frame, 1.05 * (spread + 0.5 * lead.unit_m) / ASPECT) if len(shown) > 1 else frame
        aim = _followed(np.mean([_close_aim(b, size) for b in shown], axis=0), frame, times, window, mode)
        base = aim if mode == "track" else np.broadcast_to(_middle(aim[window]), aim.shape)
        floor = lead.base[:, 1] if mode == "track" else np.full(len(aim), lead.base[window, 1].mean())
        return Target(shown, frame, min(frame, lead.unit_m), aim, base, floor, lead.height_m, mode, one=True)
    shown = _together(shown, window)
    points = np.concatenate([b.points for b in shown], axis=1)
    low, high = points.min(axis=1), points.max(axis=1)
    # a leap or a landing is held whole where it is small beside the body, and followed where it is not
    tallest = max(b.height_m for b in shown)
    tall = min(max(float((high - low)[window, 1].max()), tallest), 1.0e3)
    feet = np.mean([b.base for b in shown], axis=0)
    # limbs swing; the camera goes by the middle of where bodies are, over the lowest of them
    stood = np.array([b.base for b in shown])
    centre = 0.5 * (stood.min(axis=0) + stood.max(axis=0))
    centre[:, 1] = stood[:, :, 1].min(axis=0)
    mode = _mode(feet, max(tall, float((high - low)[window][:, [0, 2]].max()) / 2), move, angle, window, one=False)
    if mode == "still":
        block = points[window]
        low, high = block.min(axis=(0, 1)), block.max(axis=(0, 1))
        tall = max(min(float(high[1] - low[1]), 1.22 * tall), tallest)
        flat = 0.5 * (low + high)
        centre = np.broadcast_to(np.array([flat[0], low[1], flat[2]]), centre.shape)
    # of what is long or spread the width counts too: a wide shot of a whale is wider than a full one
    span = float((high - low)[[0, 2]].max()) if mode == "still" else float((high - low)[window][:, [0, 2]].max())
    whole = max([tall, 0.5 * span / ASPECT, *(b.whole_m for b in shown)])
    frame = SIZES[size].shows * whole
    share = SIZES[size].centre if all(b.person for b in shown) or tall < 3 else min(SIZES[size].centre, 0.5)
    aim = centre + np.array([0.0, share * tall, 0.0])
    aim = aim if mode == "still" else _followed(aim, frame, times, window, mode)
    base = aim if mode != "pan" else np.broadcast_to(_middle(aim[window]), aim.shape)
    return Target(shown, frame, whole, aim, base, base[:, 1] - share * tall, tall, mode, one=False)


def _together(shown: tuple[Body, ...], window: slice) -> tuple[Body, ...]:
    """The lead and those who stay with it: no frame holds one who leaps from a cliff and one who does not."""
    lead = shown[0]
    kept = [lead]
    for body in shown[1:]:
        off = (body.base - lead.base)[window]
        if float(np.linalg.norm(off - off[0], axis=1).max()) <= 5 * max(lead.height_m, body.height_m):
            kept.append(body)
    return tuple(kept)


_REACH, _ENGAGED_REACH = 1.1, 1.5
"""Heights of the lead within which somebody shares its frame; and who does something with it: both sides of a table."""


def _beside(shown: tuple[Body, ...], window: slice) -> tuple[Body, ...]:
    """The lead of a two- or three-shot and the people who stay within its reach."""
    lead = shown[0]
    near = [
        b for b in shown[1:]
        if b.person and float(np.linalg.norm((b.base - lead.base)[window], axis=1).max())
        < (_ENGAGED_REACH if _engaged(b, lead) else _REACH) * lead.height_m
    ]  # fmt: skip
    return (lead, *near[: _THREE_SHOT - 1])


def _close_aim(body: Body, size: ShotSize) -> Array:
    shape = SIZES[size]
    if body.person:
        return np.asarray(body.tell + body.down * ((0.936 - shape.centre) * body.height_m))
    middle = body.base + np.array([0.0, 0.5 * body.height_m, 0.0])
    k = 0.55 * min(max((shape.shows - 0.3) / 0.54, 0.0), 1.0)  # the head stays in
    return np.asarray(body.tell + (middle - body.tell) * k)


def _middle(points: Array) -> Array:
    return np.asarray(0.5 * (points.min(axis=0) + points.max(axis=0)))


def _mode(way: Array, size_m: float, move: CameraMove, angle: CameraAngle, window: slice, *, one: bool) -> Mode:
    part = way[window]
    gone = float(np.linalg.norm((part[-1] - part[0])[[0, 2]]))
    reach = float(np.linalg.norm(part - part[0], axis=1).max())
    if move in _ALONG:
        return "track"
    if one:
        return "track" if reach > 0.9 * size_m else "pan"
    fallen = float(np.ptp(part[:, 1]))
    # round who goes the camera goes along, or the circle would be about a place that is left
    if max(gone, fallen) > 4 * size_m or (move.startswith("orbit") and gone > 0.5 * size_m):
        return "track"
    if fallen > 2.5 * size_m and move in _FIXED and angle != "overhead":
        return "pan"
    aside = float(np.ptp(part[:, 0]))
    if move not in _FIXED or aside <= 1.2 * size_m:
        return "still"
    # straight down there is no turning after anybody: the picture would spin
    return "track" if angle == "overhead" else "pan"


def _followed(way: Array, frame_m: float, times: Array, window: slice, mode: Mode) -> Array:
    """`way` [n, 3] as an operator keeps it in frame: held still while it hardly moves, else as smooth as it may be."""
    part = way[window]
    still = _middle(part)
    slack = 0.07 * frame_m
    if mode != "track" and float(np.abs(part - still).max()) < slack:
        return np.broadcast_to(still, way.shape)
    step = float(times[1] - times[0])
    for sigma_s in (0.7, 0.45, 0.28, 0.16, 0.09):
        smooth = smoothed(way, sigma_s / step)
        if float(np.abs(smooth - way)[window].max()) < slack:
            return smooth
    return smoothed(way, 0.06 / step)


def smoothed(values: Array, sigma: float) -> Array:
    """Gaussian over the first axis, `sigma` in steps; ends are continued by point reflection, so that a straight way
    stays straight."""
    reach = min(max(1, math.ceil(3 * sigma)), 8 * len(values))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    flat = values.reshape(len(values), -1)
    n = len(flat)
    # beyond one length of the shot, the reflected way goes on with the reflection's own end
    index = np.clip(np.arange(1, reach + 1), 0, n - 1)
    head = 2 * flat[0] - flat[index[::-1]]
    tail = 2 * flat[-1] - flat[(n - 1 - index)]
    padded = np.concatenate([head, flat, tail])
    out = np.stack([np.convolve(padded[:, i], kernel, mode="valid") for i in range(flat.shape[1])], axis=1)
    return out.reshape(values.shape)


def _engaged(a: Body, b: Body) -> bool:
    """Whether two do something with each other."""
    for one, other in ((a.subject, b.subject), (b.subject, a.subject)):
        names = {other.key, other.key.split("#")[0]}
        if any(act.target in names for act in one.actions):
            return True
    shared = {act.action for act in a.subject.actions} & {act.action for act in b.subject.actions}
    return bool(shared & {"talk", "fight", "embrace"})


def shown_at(size: ShotSize, bodies: tuple[Body, ...], focus: Body | None, *, only: bool) -> tuple[Body, ...]:
    """Who must be in the frame, the lead first: everybody in full and wide shots, unless `only` the focus is asked."""
    if not bodies:
        return ()
    people = [b for b in bodies if b.person]
    lead = focus or (people or list(bodies))[0]
    if only or size not in GROUP_SIZES:
        family = lead.subject.key.split("#")[0]
        mates = [b for b in bodies if b is not lead and b.subject.key.split("#")[0] == family]
        if size in GROUP_SIZES:
            return (lead, *mates)
        # two who fight or talk make a two-shot, unless a beat turns to one of them
        if only or size not in _TWO_SHOTS:
            return (lead,)
        return (lead, *(b for b in people if b is not lead and (focus is None or _engaged(b, lead))))
    rest = [b for b in bodies if b is not lead]
    if len(bodies) > _CROWD:
        # of a crowd the outermost may be cut
        at = np.array([b.base.mean(axis=0) for b in rest])
        middle = np.median(at, axis=0)
        order = np.argsort(np.linalg.norm((at - middle)[:, [0, 2]], axis=1), kind="stable")
        rest = [rest[i] for i in order[: math.ceil(0.85 * len(rest))]]
    return (lead, *rest)
