"""Hanging things as rigid pieces that lag behind what carries them: skirts, hair, sashes. Pure functions of time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vr_server.staging.geometry import UP, Array, affine, frame_along, unit, vec, wobble
from vr_server.staging.meshes.core import capsule, finish, lathe, merge, times
from vr_server.staging.scene import Matrix, Mesh

from .performance import Performance
from .skeleton import Joints
from .wardrobe import Wardrobe


@dataclass(frozen=True, eq=False)
class Wind:
    """`strength` 0 (still air) to about 1.6 (a storm); `toward`: the unit vector it blows along."""

    strength: float
    toward: Array

    def gust(self, t: float, seed: int, hz: float) -> Array:
        """The push at a time, float64 [3]: it comes and goes along the wind and swings across it."""
        along = 0.5 + 0.5 * wobble(t, seed, hz)
        across = np.cross(self.toward, UP) * (0.45 * wobble(t, seed + 5, 0.85 * hz))
        return np.asarray((self.toward * along + across + UP * (0.12 * wobble(t, seed + 1, 1.5 * hz))) * self.strength)


Piece = tuple[str, Mesh, Callable[[float], Matrix]]
_LAG_S = 0.125
_GIVES = (0.0, 0.35, 0.8)
"""How much each bell of a full skirt widens with a stride, from the waist down."""


def skirt_pieces(act: Performance, w: Wardrobe, wind: Wind) -> list[Piece]:
    """Three overlapping bells from the waist: the lower, the later and the wider; the hem always covers both shins."""
    b = act.build
    h = b.height_m
    hem = {"hanfu": 0.06, "dress": 0.22, "coat": 0.23}[w.skirt] * h
    top = b.hip_height + 0.055 * h
    flare = {"hanfu": 0.2, "dress": 0.155, "coat": 0.16}[w.skirt] * h
    narrow = w.skirt != "hanfu"
    cuts = [1.0, 0.62, 0.3, 0.0]
    pieces: list[Piece] = []
    colours = (
        (w.legs, times(w.legs, 1.06), times(w.legs, 1.12))
        if w.skirt == "hanfu"
        else (w.legs if w.skirt == "dress" else w.top,) * 3
    )
    for i in range(3):
        hi, lo = cuts[i], cuts[i + 1]
        rings = (lo, (hi + lo) / 2, hi - 0.2 * (hi - lo), hi + ((0.16 if narrow else 0.035) if i else 0.0))
        rows = [(_bell(1 - k, 0.084 * h, flare) * (1.0 - 0.02 * i), (k - hi) * (top - hem)) for k in rings]
        bell = lathe(rows, colours[i], 20, cap=False).tinted(
            lambda p, _: 0.88 + 0.12 * np.sin(9 * np.arctan2(p[:, 0], p[:, 2]))
        )
        parts = [bell]
        if i == 2:
            r, y = rows[0]
            parts.append(
                lathe(
                    [(r * 1.012, y), (r * 1.0, y + 0.03 * h)],
                    times(w.top, 0.85) if w.jacket else w.accent,
                    20,
                    cap=False,
                )
            )
        mesh = finish(f"skirt-{i}", *parts, two_sided=True)
        pieces.append((f"skirt_{i}", mesh, _bell_at(act, i, hi, lo, top - hem, wind, flare if narrow else None)))
    return pieces


def _bell(k: float, waist: float, flare: float) -> float:
    return float(waist + (flare - waist) * k**0.6)


def _hang(act: Performance, t: float, k: float, length: float, wind: Wind, *, narrow: bool) -> Array:
    """A point of the skirt's axis, `k` of its length under the waist: dragged behind the pelvis, drawn to the feet;
    a narrow cut hangs about the legs."""
    now, then = act.at(t), act.at(max(t - _LAG_S * 1.6 * k, 0.0))
    waist = now["pelvis"][:3, 3] + now["pelvis"][:3, 1] * 0.055 * act.build.height_m
    drag = (then["pelvis"][:3, 3] - now["pelvis"][:3, 3]) * (0.12 if narrow else 0.4)
    breeze = wind.gust(t, 5, 0.5) * (0.03 if narrow else 0.07) * k
    if narrow:
        left, right = (_leg_at(now, side, float(waist[1]) - length * k) for side in "lr")
        side = (left + right) / 2 - waist + drag * k
    else:
        feet = (now["foot_l"][:3, 3] + now["foot_r"][:3, 3]) / 2
        side = (drag + (feet - waist) * 0.55 * k) * k
    return np.asarray(waist + vec(float(side[0]), -length * k, float(side[2])) + breeze)


def _leg_at(joints: Joints, side: str, height_m: float) -> Array:
    """Where a leg holds cloth at a height, float64 [3]: along the thigh; from the knee on it hangs."""
    hip, knee = joints[f"thigh_{side}"][:3, 3], joints[f"shin_{side}"][:3, 3]
    k = (float(hip[1]) - height_m) / max(float(hip[1] - knee[1]), 1e-3)
    return np.asarray(hip + (knee - hip) * min(max(k, 0.0), 1.0))


def _bell_at(
    act: Performance, index: int, hi: float, lo: float, length: float, wind: Wind, flare: float | None
) -> Callable[[float], Matrix]:
    narrow = flare is not None
    h = act.build.height_m

    def spread_at(joints: Joints, a: Array) -> tuple[float, Array]:
        """How much wider than round, and along which horizontal unit vector."""
        if flare is None:
            apart, give = joints["foot_l"][:3, 3] - joints["foot_r"][:3, 3], _GIVES[index]
            more = max(0.0, float(np.hypot(apart[0], apart[2])) / (0.3 * h) - 0.7) * give
            # a knee that is lifted or bent pushes the cloth out before it
            k = 1 - (hi + lo) / 2
            for side in "lr":
                knee = joints[f"shin_{side}"][:3, 3]
                at = _leg_at(joints, side, float(a[1]) - length * (k - (1 - hi)))
                out = (at if at[1] < knee[1] else knee) - a
                need = (float(np.hypot(out[0], out[2])) + 0.05 * h) / _bell(k, 0.084 * h, 0.2 * h) - 1
                if need > more:
                    apart, more = out, need
        else:
            k = 1 - (0.3 * hi + 0.7 * lo)
            low = float(a[1]) - length * (k - (1 - hi))
            apart = _leg_at(joints, "l", low) - _leg_at(joints, "r", low)
            half = float(np.hypot(apart[0], apart[2])) / 2 + 0.05 * h
            more = max(0.0, half / _bell(k, 0.084 * h, flare) - 1)
        flat = vec(float(apart[0]), 0.0, float(apart[2]))
        return min(more, 0.7), unit(flat) if float(np.linalg.norm(flat)) > 1e-6 else vec(1.0, 0.0, 0.0)

    def world(t: float) -> Matrix:
        a, c = (_hang(act, t, 1 - k, length, wind, narrow=narrow) for k in (hi, lo))
        late = act.at(max(t - _LAG_S * index, 0.0))
        spread, across = spread_at(act.at(t), a)
        frame = frame_along(a - c, -late["pelvis"][:3, 2])
        return affine((np.eye(3) + spread * np.outer(across, across)) @ frame, a)

    return world


def hair_pieces(act: Performance, w: Wardrobe, wind: Wind) -> list[Piece]:
    """Long hair: four links down the back, each later than the one above."""
    h = act.build.height_m
    links, length = 4, 0.088 * h
    pieces: list[Piece] = []
    for i in range(links):
        wide = (0.044, 0.05, 0.047, 0.036)[i] * h
        end = (0.05, 0.047, 0.036, 0.008)[i] * h
        strand = capsule(vec(0, 0, 0), vec(0, -length, 0), wide, end, w.hair_colour, 10).scaled(1.0, 1.0, 0.42)
        pieces.append(
            (
                f"hair_{i}",
                finish("hair", strand),
                _chain_at(act, "head", vec(0.0, 0.055 * h, 0.04 * h), i, length, wind, 0.5),
            )
        )
    return pieces


def sash_pieces(act: Performance, w: Wardrobe, wind: Wind) -> list[Piece]:
    """Two ribbons from the belt that stream behind a turn."""
    h = act.build.height_m
    length = 0.1 * h
    pieces: list[Piece] = []
    for side in (-1.0, 1.0):
        for i in range(4):
            ribbon = lathe([(0.016 * h, -length), (0.015 * h, 0.02)], w.accent, 8).scaled(1.0, 1.0, 0.16)
            knot = merge([ribbon])
            at = _chain_at(
                act,
                "pelvis",
                vec(side * 0.03 * h, 0.055 * h, -0.075 * h if side < 0 else 0.078 * h),
                i,
                length,
                Wind(wind.strength * 1.5, wind.toward),
                0.9,
            )
            pieces.append((f"sash_{'l' if side < 0 else 'r'}_{i}", finish("sash", knot, two_sided=True), at))
    return pieces


def _chain_at(
    act: Performance, part: str, at: Array, index: int, length: float, wind: Wind, give: float
) -> Callable[[float], Matrix]:
    """Link `index` of a chain fixed at `at` in `part`: joint n hangs below joint n-1, dragged by where the part was."""

    def joint(t: float, n: int) -> Array:
        now = act.at(t)[part]
        anchor = now[:3, :3] @ at + now[:3, 3]
        for j in range(1, n + 1):
            then = act.at(max(t - 0.07 * j, 0.0))[part]
            drag = (then[:3, :3] @ at + then[:3, 3]) - (now[:3, :3] @ at + now[:3, 3])
            back = now[:3, 2] if part == "head" else vec(0.0, 0.0, 0.0)
            fall = vec(0.0, -1.0, 0.0) + drag * (give * 5.0) + back * (0.16 if j == 1 else 0.04)
            fall = fall + wind.gust(t - 0.1 * j, 3, 0.6) * (0.35 * j / 4)
            anchor = anchor + unit(fall) * length
        return np.asarray(anchor)

    def world(t: float) -> Matrix:
        a, c = joint(t, index), joint(t, index + 1)
        return affine(frame_along(a - c, -act.at(t)[part][:3, 2]), a)

    return world
