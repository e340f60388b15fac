"""What subjects do to the air and to themselves: explosions with flash, fire, smoke and debris; smoke of chimneys and camp
fires; dust behind what runs on loose soil. Pure functions of time."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from vr_server.domain.staging import Staging, Subject

from .body.track import Track
from .geometry import Array, affine, rot_y, unit, vec
from .kinds import KINDS, UNKNOWN
from .meshes.core import ellipsoid, finish
from .meshes.rail import CHIMNEY
from .scene import Matrix, Mesh, MovingNode, Puffs, no_puffs

_G_M_S2 = 9.81
_FIRE_S, _SMOKE_S = 1.7, 4.5
_CHARRED = 0.25
_GONE: Matrix = np.diag([1e-4, 1e-4, 1e-4, 1.0])
"""Shown no more; a matrix of rank three all the same."""
_PIECE_M, _CUTS = 0.75, 6
_HALVINGS, _MOST_TRIANGLES = 8, 6000
_WHOLE = 60
"""Meshes of fewer triangles fly off in one piece, unless they are large."""
_GLARE = {"day": 1.6, "dawn": 2.4, "sunset": 2.2, "dusk": 4.0, "night": 7.0}
"""Fire shines by itself; puffs are lit by the sky: how much paler than white they must be to glow."""
PuffsAt = Callable[[float], Puffs]


def blast_time(subject: Subject) -> float | None:
    """When it bursts: a little after `explode` begins, so that it is seen whole first."""
    action = next((a for a in subject.actions if a.action == "explode"), None)
    return None if action is None else action.start_s + min(0.9, 0.22 * (action.end_s - action.start_s))


def _middle(subject: Subject, t: float) -> Array:
    track = Track(subject.path, subject.size_m[1])
    return track.position(t) + vec(0.0, 0.45 * subject.size_m[1], 0.0)


def _reach(subject: Subject) -> float:
    return float(min(max(0.42 * max(subject.size_m), 0.6), 11.0))


def shattered(subject: Subject, nodes: list[MovingNode]) -> list[MovingNode]:
    """The nodes of a subject that explodes: pieces that fly apart on ballistic paths and come to rest, and the flash.

    People are thrown by nothing of this: they act. Nodes that belong to the ground stay.
    """
    t0 = blast_time(subject)
    if t0 is None or KINDS.get(subject.kind, UNKNOWN).builder == "person":
        return nodes
    rng = np.random.default_rng((subject.seed, 61))
    found = []
    for node in nodes:
        if node.object_id != subject.object_id:
            found.append(node)
            continue
        found.append(replace(node, world_at=_until(node, t0)))
        for i, chunk in enumerate(_chunks(node.mesh)):
            found.append(
                replace(
                    node, mesh=chunk, part=f"{node.part}_debris_{i}", world_at=_thrown(node, chunk, subject, t0, rng)
                )
            )
    return [*found, _flash(subject, t0)]


def _until(node: MovingNode, t0: float) -> Callable[[float], Matrix]:
    """The whole part, until its pieces take its place."""
    return lambda t: node.world_at(t) if t < t0 else node.world_at(t0) @ _GONE


@lru_cache(maxsize=256)
def _chunks(mesh: Mesh) -> tuple[Mesh, ...]:
    """A mesh cut along a grid through its bounding box, and charred; large panels are cut up first."""
    whole = _cut_up(mesh)
    burnt = np.ascontiguousarray(whole.colours * np.float32(_CHARRED))
    extent = np.ptp(whole.positions, axis=0)
    if len(mesh.triangles) < _WHOLE and float(extent.max()) < 2 * _PIECE_M:
        return (replace(mesh, colours=np.ascontiguousarray(mesh.colours * np.float32(_CHARRED)), emission=0.0),)
    centres = whole.positions[whole.triangles].mean(axis=1)
    low, size = centres.min(axis=0), np.maximum(np.ptp(centres, axis=0), 1e-6)
    counts = np.clip(np.ceil(size / _PIECE_M), 1, _CUTS).astype(int)
    cell = np.minimum(((centres - low) / size * counts).astype(int), counts - 1)
    key = cell[:, 0] + _CUTS * (cell[:, 1] + _CUTS * cell[:, 2])
    pieces = []
    for k in np.unique(key):
        triangles = whole.triangles[key == k]
        used, index = np.unique(triangles, return_inverse=True)
        cut = index.reshape(-1, 3).astype(np.int32)
        pieces.append(Mesh(mesh.name, whole.positions[used], whole.normals[used], burnt[used], cut, True, 0.0))
    return tuple(pieces)


def _cut_up(mesh: Mesh) -> Mesh:
    """The mesh with every edge longer than a piece halved, again and again."""
    p, n, c, t = mesh.positions, mesh.normals, mesh.colours, mesh.triangles
    for _ in range(_HALVINGS):
        corners = p[t]
        edges = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)  # edge k goes from corner k to k + 1
        longest = edges.argmax(axis=1)
        large = edges.max(axis=1) > _PIECE_M
        if not large.any() or len(t) > _MOST_TRIANGLES:
            break
        rows = np.flatnonzero(large)
        i, j, k = (t[rows, (longest[rows] + step) % 3] for step in range(3))
        middle = np.arange(len(rows), dtype=np.int32) + np.int32(len(p))
        p, n, c = (np.concatenate([a, (a[i] + a[j]) / 2]).astype(np.float32) for a in (p, n, c))
        halves = np.concatenate([np.stack([i, middle, k], axis=1), np.stack([middle, j, k], axis=1)])
        t = np.concatenate([t[~large], halves]).astype(np.int32)
    return replace(mesh, positions=p, normals=n, colours=c, triangles=t)


def _thrown(
    node: MovingNode, chunk: Mesh, subject: Subject, t0: float, rng: np.random.Generator
) -> Callable[[float], Matrix]:
    start = node.world_at(t0)
    middle = (start @ np.append(chunk.positions.mean(axis=0).astype(np.float64), 1.0))[:3]
    reach = _reach(subject)
    away = unit(middle - _middle(subject, t0) + rng.normal(scale=0.25 * reach, size=3) + vec(0.0, 0.35 * reach, 0.0))
    speed = float(rng.uniform(0.55, 1.25)) * 5.2 * math.sqrt(max(reach, 0.6))
    velocity = away * speed
    axis, rate = unit(rng.normal(size=3)), float(rng.uniform(2.0, 8.0)) / math.sqrt(max(reach, 1.0))
    thick = 0.25 * float(np.ptp(chunk.positions, axis=0).min() * np.linalg.norm(start[:3, 0]))
    fall = max(float(middle[1]) - thick, 0.0)
    rest_s = (float(velocity[1]) + math.sqrt(max(float(velocity[1]) ** 2 + 2 * _G_M_S2 * fall, 0.0))) / _G_M_S2

    def at(t: float) -> Matrix:
        if t < t0:
            return node.world_at(t) @ _GONE
        u = min(t - t0, rest_s)
        place = middle + velocity * u - vec(0.0, 0.5 * _G_M_S2 * u * u, 0.0)
        turn = _about(axis, rate * u)
        return affine(turn, place - turn @ middle) @ start

    return at


def _about(axis: Array, angle: float) -> Array:
    """Rodrigues' rotation, [3, 3]."""
    x, y, z = (float(v) for v in axis)
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * (k @ k))


def _flash(subject: Subject, t0: float) -> MovingNode:
    """A ball of light that is there for a third of a second; lamps take their light from it."""
    ball = finish("flash", ellipsoid((1.0, 1.0, 1.0), (1.0, 0.72, 0.38), level=2), emission=6.0)
    centre, reach = _middle(subject, t0), _reach(subject)

    def at(t: float) -> Matrix:
        u = (t - t0) / 0.38
        size = 0.42 * reach * math.sin(math.pi * min(u, 1.0)) ** 0.6 if 0 < u < 1 else 0.0
        return affine(np.eye(3) * max(size, 1e-4), centre)

    return MovingNode(ball, subject.object_id, subject.label, "flash", at)


def subject_puffs(staging: Staging) -> list[PuffsAt]:
    """Fire, smoke and dust of all subjects; each function gives float64 [n, 8] as `Scene.puffs_at` does."""
    found: list[PuffsAt] = []
    for s in staging.subjects:
        t0 = blast_time(s)
        if t0 is not None:
            found += [_explosion(s, t0, staging), _wreck_fire(s, t0, staging)]
        if s.kind == "train":
            found.append(_trail(s, vec(*CHIMNEY), 1.5, (0.62, 0.61, 0.60), 0.5))
        if s.kind == "campfire":
            found.append(_trail(s, vec(0.0, 0.75, 0.0), 0.32, (0.30, 0.29, 0.28), 0.2))
        if (
            staging.ground in _LOOSE
            and KINDS.get(s.kind, UNKNOWN).family in {"vehicle", "quadruped"}
            and s.kind != "train"
        ):
            dust = _dust(s, staging)
            found += [dust] if dust is not None else []
    return found


_LOOSE = {"sand", "red_soil", "snow"}


def _explosion(subject: Subject, t0: float, staging: Staging) -> PuffsAt:
    """A fireball of puffs that roll outwards and up, turn to black smoke, and a ring of dust along the ground."""
    rng = np.random.default_rng((subject.seed, 67))
    reach, centre = 1.35 * _reach(subject), _middle(subject, t0)
    n_fire, n_smoke, n_ring = 60, 80, 36
    glare = _GLARE[staging.sky.time_of_day]

    def ways(n: int, up: float) -> Array:
        d = rng.normal(size=(n, 3))
        d[:, 1] = np.abs(d[:, 1]) * up
        return np.asarray(d / np.linalg.norm(d, axis=1, keepdims=True))

    fire_way, fire_far = ways(n_fire, 1.2), rng.uniform(0.15, 1.0, n_fire)
    fire_born, fire_size = rng.uniform(0.0, 0.22, n_fire), rng.uniform(0.24, 0.46, n_fire)
    heat = rng.uniform(0.6, 1.0, n_fire)
    smoke_way, smoke_far = ways(n_smoke, 1.6), rng.uniform(0.2, 1.15, n_smoke)
    smoke_born, smoke_size, tone = (
        rng.uniform(0.12, 1.1, n_smoke),
        rng.uniform(0.3, 0.6, n_smoke),
        rng.uniform(0.035, 0.1, n_smoke),
    )
    ring = rng.uniform(0, 2 * math.pi, n_ring)
    soil = np.minimum(np.array(staging.ground_colour) * 1.4, 0.8)

    def fire(u: float) -> Puffs:
        k = np.clip((u - fire_born) / _FIRE_S, 0.0, 1.0)
        out = 1 - np.exp(-4.5 * k)
        at = centre + fire_way * (fire_far * out * reach)[:, None]
        at[:, 1] += 0.8 * reach * k**1.5
        radius = reach * fire_size * (0.35 + 0.9 * np.sqrt(k))
        alpha = np.minimum(k / 0.04, 1.0) * np.clip(1.25 - 1.35 * k, 0.0, 1.0)
        hot = np.clip(1.15 - 1.5 * k, 0.12, 1.0) * heat
        colour = np.stack([hot, 0.48 * hot**1.5, 0.10 * hot**2.4], axis=1) * glare
        return np.column_stack([at, radius, alpha, colour])[(k > 0) & (k < 1)]

    def smoke(u: float) -> Puffs:
        k = np.clip((u - smoke_born) / _SMOKE_S, 0.0, 1.0)
        out = 1 - np.exp(-3.2 * k)
        at = centre + smoke_way * (smoke_far * out * reach)[:, None]
        at[:, 1] += reach * (2.2 * k + 0.3 * out)
        at[:, 0] += staging.wind_m_s[0] * (u - smoke_born) * 0.6
        at[:, 2] += staging.wind_m_s[2] * (u - smoke_born) * 0.6
        radius = reach * smoke_size * (0.4 + 1.5 * np.sqrt(k))
        alpha = 0.78 * np.minimum(k / 0.05, 1.0) * (1 - k) ** 1.2
        return np.column_stack([at, radius, alpha, np.repeat(tone[:, None], 3, axis=1)])[(k > 0) & (k < 1)]

    def dust(u: float) -> Puffs:
        if centre[1] > 2.5 * reach:
            return np.zeros((0, 8))  # too high over the ground to raise any
        k = np.full(n_ring, np.clip(u / 2.2, 0.0, 1.0))
        way = reach * (0.4 + 2.0 * (1 - np.exp(-3 * k)))
        radius = reach * (0.12 + 0.36 * np.sqrt(k))
        at = np.stack([centre[0] + np.sin(ring) * way, 0.5 * radius, centre[2] + np.cos(ring) * way], axis=1)
        alpha = 0.5 * np.minimum(k / 0.05, 1.0) * (1 - k) ** 1.3
        return np.column_stack([at, radius, alpha, np.tile(soil, (n_ring, 1))])[(k > 0) & (k < 1)]

    def at(t: float) -> Puffs:
        u = t - t0
        return np.concatenate([dust(u), smoke(u), fire(u)]) if u > 0 else np.zeros((0, 8))

    return at


def _wreck_fire(subject: Subject, t0: float, staging: Staging) -> PuffsAt:
    """What burns on where it burst, with a column of black smoke; nothing where that was high over the ground."""
    reach, centre = _reach(subject), _middle(subject, t0)
    if centre[1] > 2.5 * reach:
        return no_puffs
    rng = np.random.default_rng((subject.seed, 79))
    born = np.arange(t0 + 0.35, staging.duration_s, 0.05)
    aside = rng.normal(scale=0.32 * reach, size=(len(born), 2))
    size, tone = rng.uniform(0.7, 1.25, len(born)), rng.uniform(0.03, 0.08, len(born))
    hot = rng.uniform(0.7, 1.0, len(born)) * _GLARE[staging.sky.time_of_day]

    def layer(t: float, life_s: float, high: float, wide: tuple[float, float], alpha: float, colour: Array) -> Puffs:
        k = (t - born) / life_s
        alive = (k > 0) & (k < 1)
        u = k[alive]
        drift = np.outer(u * life_s, np.array(staging.wind_m_s)) * 0.6
        at = (
            np.column_stack([centre[0] + aside[alive, 0], reach * (0.15 + high * u), centre[2] + aside[alive, 1]])
            + drift
        )
        radius = reach * size[alive] * (wide[0] + wide[1] * u)
        cover = alpha * np.minimum(u / 0.1, 1.0) * (1 - u)
        return np.column_stack([at, radius, cover, colour[alive]])

    flame = np.stack([hot, 0.42 * hot, 0.07 * hot], axis=1)
    soot = np.repeat(tone[:, None], 3, axis=1)

    def at(t: float) -> Puffs:
        return np.concatenate(
            [layer(t, 3.2, 3.4, (0.2, 0.55), 0.5, soot), layer(t, 0.8, 0.75, (0.24, -0.14), 0.8, flame)]
        )

    return at


def _trail(subject: Subject, mouth: Array, size: float, colour: tuple[float, float, float], density: float) -> PuffsAt:
    """Smoke from a mouth in the subject's frame: puffs stay behind where they were born, rise, swell and thin out."""
    life, every = 4.0, 0.09
    track = Track(subject.path, subject.size_m[1])
    scale = subject.size_m[1] / KINDS[subject.kind].size_m[1]
    born = np.arange(-life, subject.path[-1].t_s + every, every)
    rng = np.random.default_rng((subject.seed, 71))
    drift, shade = rng.normal(scale=0.2, size=(len(born), 3)), rng.uniform(0.8, 1.1, len(born))
    speed0 = (track.position(0.2) - track.position(0.0)) / 0.2

    def origin(b: float) -> Array:
        back = speed0 * min(b, 0.0)
        return track.position(max(b, 0.0)) + back + rot_y(track.yaw(max(b, 0.0))) @ mouth * scale

    start = np.array([origin(float(b)) for b in born])

    def at(t: float) -> Puffs:
        k = (t - born) / life
        alive = (k > 0) & (k < 1)
        u = k[alive]
        place = start[alive] + drift[alive] * (size * 3 * u)[:, None] * scale
        place[:, 1] += scale * size * 3.0 * np.sqrt(u)
        radius = scale * size * (0.25 + 1.0 * u)
        alpha = density * np.minimum(u / 0.04, 1.0) * (1 - u) ** 1.2
        return np.column_stack([place, radius, alpha, shade[alive][:, None] * np.array(colour)])

    return at


def _dust(subject: Subject, staging: Staging) -> PuffsAt | None:
    """Behind wheels and hooves that go faster than a walk on loose soil."""
    track = Track(subject.path, subject.size_m[1])
    life = 2.0
    times = np.arange(0.0, staging.duration_s, 0.06)
    speed = np.array(
        [float(np.linalg.norm(track.position(float(t) + 0.1) - track.position(float(t) - 0.1))) / 0.2 for t in times]
    )
    low = np.array([track.position(float(t))[1] < 0.3 for t in times])
    born = times[(speed > 2.4) & low]
    if not len(born):
        return None
    rng = np.random.default_rng((subject.seed, 73))
    strength = np.clip((speed[(speed > 2.4) & low] - 2.0) / 8.0, 0.15, 1.0)
    w, _, d = subject.size_m
    side = rng.uniform(-0.5, 0.5, len(born)) * w
    start = np.array(
        [
            track.position(float(b)) + rot_y(track.yaw(float(b))) @ vec(float(x), 0.0, 0.42 * d)
            for b, x in zip(born, side, strict=True)
        ]
    )
    soil = np.minimum(np.array(staging.ground_colour) * 1.5, 0.9)
    size = 0.28 * math.sqrt(w + 0.3)

    def at(t: float) -> Puffs:
        k = (t - born) / life
        alive = (k > 0) & (k < 1)
        u = k[alive]
        radius = size * (0.5 + 2.4 * np.sqrt(u)) * (0.6 + 0.7 * strength[alive])
        place = start[alive] + np.column_stack(
            [staging.wind_m_s[0] * u, 0.55 * radius + 0.3 * u, staging.wind_m_s[2] * u]
        )
        alpha = 0.34 * strength[alive] * np.minimum(u / 0.06, 1.0) * (1 - u) ** 1.4
        return np.column_stack([place, radius, alpha, np.tile(soil, (len(u), 1))])

    return at
