"""What is left of Chinese halls: broken walls, lacquered columns, a roof fallen in, rubble. Unit: metres; footprint
centred, front at +Z, base at y = 0."""

import math

import numpy as np

from vr_server.domain.staging import Rgb
from vr_server.staging.geometry import Array
from vr_server.staging.scene import Mesh

from .architecture import curved_roof
from .core import Part, boulder, box, finish, lathe, times
from .shapes import rod

_STONE: Rgb = (0.44, 0.40, 0.33)
_LACQUER: Rgb = (0.27, 0.075, 0.045)
_PLASTER: Rgb = (0.47, 0.39, 0.29)
_CHARRED: Rgb = (0.11, 0.075, 0.05)
_TILE: Rgb = (0.13, 0.14, 0.15)


def _turned(yaw: float, roll: float) -> Array:
    """A roll about Z, then a yaw about Y."""
    c, s, a, b = math.cos(yaw), math.sin(yaw), math.cos(roll), math.sin(roll)
    turn: Array = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ np.array([[a, -b, 0], [b, a, 0], [0, 0, 1]])
    return turn


def pillar(seed: int, height: float = 4.0) -> tuple[Mesh, ...]:
    """A hall's timber column on its round stone base, snapped off askew; its upper part lies beside it."""
    rng = np.random.default_rng(seed)
    r = 0.055 * height
    stands = height * 0.94
    parts = [
        box((r * 4.0, 0.14, r * 4.0), _STONE, (0.0, 0.07, 0.0)),
        lathe([(r * 1.8, 0.12), (r * 1.9, 0.3), (r * 1.2, 0.42)], _STONE, 14),
        lathe([(r, 0.4), (r * 0.94, stands)], _LACQUER, 14),
    ]
    for k in range(4):  # splinters
        a = math.pi / 2 * k + float(rng.uniform(-0.4, 0.4))
        foot = (0.6 * r * math.sin(a), stands - 0.1, 0.6 * r * math.cos(a))
        tip = (foot[0] * 1.2, stands + height * float(rng.uniform(0.02, 0.06)), foot[2] * 1.2)
        parts.append(rod(foot, tip, 0.3 * r, _CHARRED, 5))
    yaw = float(rng.uniform(0, math.pi))
    parts.append(
        rod((2.6 * r, r * 0.9, 0.0), (2.6 * r + 0.4 * height * math.sin(yaw), r * 0.9, 0.4 * height * math.cos(yaw)), r, _LACQUER)
    )  # fmt: skip
    return (finish("pillar", *parts),)


def _broken_wall(rng: np.random.Generator, w: float, h: float, x: float, z: float, yaw: float) -> list[Part]:
    """Plastered panels of uneven height over a stone foot: the top runs up and down as a break does."""
    n = max(4, round(w / 0.5))
    level = float(rng.uniform(0.5, 0.9))
    parts = []
    c, s = math.cos(yaw), math.sin(yaw)
    for i in range(n):
        level = float(np.clip(level + rng.uniform(-0.24, 0.22), 0.14, 1.0))
        along = -w / 2 + w * (i + 0.5) / n
        at = (x + c * along, 0.0, z - s * along)
        tone = times(_PLASTER, float(rng.uniform(0.86, 1.04)))
        parts.append(box((w / n, h * level, 0.34), tone, (0.0, h * level / 2, 0.0)).moved(at, _turned(yaw, 0.0)))
        parts.append(box((w / n, 0.5, 0.46), times(_STONE, 0.85), (0.0, 0.25, 0.0)).moved(at, _turned(yaw, 0.0)))
    return parts


def _fallen_roof(rng: np.random.Generator, w: float, d: float, rise: float) -> Part:
    """The part of a roof beyond a ragged line across it; what lies on this side of the line has come down."""
    roof = curved_roof(w, d, rise, 0.14 * d)
    middle = roof.positions[roof.triangles].mean(axis=1)
    phase = float(rng.uniform(0, 6))
    edge = 0.05 * w * np.sin(0.9 * middle[:, 2] + phase) - 0.02 * w
    holed = np.sin(1.7 * middle[:, 0] + phase) * np.sin(2.1 * middle[:, 2] + 2 * phase) > 0.86
    kept = np.ascontiguousarray(roof.triangles[(middle[:, 0] > edge) & ~holed])
    return Part(roof.positions, roof.normals, roof.colours, kept)


def ruined_hall(seed: int, size: tuple[float, float, float]) -> tuple[Mesh, ...]:
    """A hall half down: terrace and steps, walls eaten away, some columns, one half of the roof sunk on its posts, the
    other bare rafters and rubble."""
    rng = np.random.default_rng(seed)
    w, h, d = size
    base, post = h * 0.09, h * 0.46
    bw, bd = 0.82 * w, 0.76 * d
    top = base + post
    parts = [box((w * 0.96, base, d * 0.96), _STONE, (0.0, base / 2, 0.0))]
    parts += [box((bw * 0.3, base * (1 - i / 3), 0.4), times(_STONE, 0.9), (0.0, base * (1 - i / 3) / 2, d * 0.48 + 0.4 * (i + 0.5))) for i in range(3)]  # fmt: skip
    walls = _broken_wall(rng, bw * 0.94, post, 0.0, -bd * 0.42, 0.0)
    walls += _broken_wall(rng, bd * 0.8, post * 1.15, bw * 0.47, 0.0, math.pi / 2)
    walls += _broken_wall(rng, bd * 0.7, post * 0.7, -bw * 0.47, 0.0, math.pi / 2)
    parts += [p.moved((0.0, base, 0.0)) for p in walls]
    bays = max(3, round(bw / 3.0))
    for i in range(bays + 1):
        x = -bw / 2 + bw * i / bays
        for z in (bd / 2, -bd / 2):
            share = 1.0 if x > 0 else float(rng.uniform(0.15, 0.95))
            parts.append(lathe([(0.34, base), (0.28, base + 0.18)], _STONE, 10).moved((x, 0.0, z)))
            parts.append(lathe([(0.2, base), (0.17, base + post * share)], _LACQUER, 9).moved((x, 0.0, z)))
    parts += [box((bw * 0.52, 0.28, 0.26), _CHARRED, (bw * 0.25, top, z)) for z in (bd / 2, -bd / 2)]
    for _ in range(7):  # beams that came down at one end, and rafters with nothing on them
        x = float(rng.uniform(-0.48, 0.05)) * bw
        z = float(rng.uniform(-0.4, 0.45)) * bd
        high = float(rng.uniform(0.5, 1.1)) * post
        foot = (x - float(rng.uniform(0.8, 2.2)), base + 0.1, z + float(rng.uniform(-1.4, 1.4)))
        parts.append(rod(foot, (x + 0.12 * bw, base + high, z), 0.13, times(_CHARRED, float(rng.uniform(0.8, 1.6))), 6))
    for _ in range(34):
        s = float(rng.uniform(0.16, 0.6))
        at = (float(rng.uniform(-0.52, 0.2)) * bw, base + 0.2 * s, float(rng.uniform(-0.5, 0.62)) * bd)
        at = (at[0], at[1] if at[2] < 0.48 * d else 0.2 * s, at[2])
        tone = (_TILE, _STONE, _PLASTER, _CHARRED)[int(rng.integers(4))]
        if rng.uniform() < 0.5:
            turn = _turned(float(rng.uniform(0, 3)), float(rng.uniform(-0.5, 0.5)))
            parts.append(box((1.8 * s, 0.4 * s, s), tone).moved(at, turn))
        else:
            parts.append(boulder((s, 0.6 * s, s), tone, int(rng.integers(2**16)), 0.4, 1).moved(at))
    roof = _fallen_roof(rng, bw, bd, h - top).moved((0.0, top - 0.02 * h, 0.0), _turned(0.0, 0.05))
    return (finish("ruined-hall", *parts), finish("ruined-roof", roof, two_sided=True))


def dead_tree(seed: int, height: float = 6.0) -> tuple[Mesh, ...]:
    """A bare tree: a leaning trunk whose limbs fork three times, no leaf left."""
    rng = np.random.default_rng(seed)
    bark = (0.16, 0.13, 0.105)
    parts: list[Part] = []

    def grow(
        at: tuple[float, float, float], way: tuple[float, float, float], long: float, r: float, forks: int
    ) -> None:
        tip = (at[0] + way[0] * long, at[1] + way[1] * long, at[2] + way[2] * long)
        parts.append(rod(at, tip, r, bark, 6))
        for _ in range(3 if forks > 1 else 2):
            if forks == 0:
                return
            bend = rng.normal(0.0, 0.55, 3) + np.array([way[0], 0.75 * way[1] + 0.15, way[2]])
            bend /= max(float(np.linalg.norm(bend)), 1e-6)
            grow(tip, (float(bend[0]), float(bend[1]), float(bend[2])), long * 0.72, r * 0.6, forks - 1)

    lean = float(rng.uniform(-0.15, 0.15))
    grow((0.0, 0.0, 0.0), (lean, math.sqrt(1 - lean * lean), 0.0), 0.36 * height, 0.032 * height, 3)
    return (finish("dead-tree", *parts),)
