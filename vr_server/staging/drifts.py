"""Ambient air: leaves that drift down, banks of smoke, mist and blown sand. Pure functions of time."""

from collections.abc import Callable

import numpy as np

from vr_server.domain.staging import Rgb, Staging

from .geometry import Array, affine, rot_x, rot_y, rot_z, vec, wobble
from .meshes.core import finish, leaf
from .places import PLACES
from .scene import Matrix, MovingNode, Puffs

_LEAFY = {"bamboo_grove", "forest", "street", "courtyard", "temple", "river"}
_GREEN: tuple[Rgb, ...] = ((0.34, 0.42, 0.10), (0.45, 0.40, 0.10), (0.24, 0.34, 0.08))
_AUTUMN: tuple[Rgb, ...] = ((0.58, 0.22, 0.04), (0.62, 0.40, 0.05), (0.42, 0.09, 0.03), (0.50, 0.32, 0.06))
_FEW, _MANY = 46, 120
_BANKS: dict[str, tuple[int, float, float, float, Rgb | None]] = {  # how many, radius, height, alpha, colour (None: the ground's)
    "smoke": (34, 1.7, 2.6, 0.20, (0.42, 0.41, 0.40)), "fog": (26, 3.4, 1.1, 0.11, (0.85, 0.88, 0.9)), "sand": (30, 2.4, 1.6, 0.20, None),
    "dust": (22, 2.0, 1.2, 0.12, None),
}  # fmt: skip
_ACROSS_M = 24.0
_DEEP_M = 20.0


def leaf_nodes(staging: Staging) -> list[MovingNode]:
    """Many where the words have them fall, a few where trees stand in a wind."""
    told = "leaves" in staging.weather
    place = PLACES.get(staging.place)
    if place is not None and place.interior is not None:
        return []
    if not told and not (staging.place in _LEAFY and {"wind", "storm"} & set(staging.weather)):
        return []
    rng = np.random.default_rng((staging.seed, 41))
    tones = _AUTUMN if told and staging.place != "bamboo_grove" else _GREEN
    size = 1.25 if told else 1.0
    blades = [
        finish(
            "falling-leaf",
            leaf(vec(-0.06 * size, 0, 0), vec(1, 0, 0), vec(0, 1, 0), 0.12 * size, wide * size, tone, vec(0, 1, 0)),
            two_sided=True,
        )
        for tone, wide in zip(tones, (0.035, 0.05, 0.06, 0.045), strict=False)
    ]
    wind = vec(*staging.wind_m_s)
    nodes = []
    for n in range(_MANY if told else _FEW):
        start = vec(float(rng.uniform(-6, 6)), float(rng.uniform(0, 6)), float(rng.uniform(-6, 3.5)))
        nodes.append(MovingNode(blades[n % len(blades)], 0, "leaf", f"leaf_{n}", _fluttering(start, n, wind)))
    return nodes


def _fluttering(start: Array, seed: int, wind: Array) -> Callable[[float], Matrix]:
    """Falls 0.55 m/s, drifts with the wind, tumbles; begins again at the top when it has reached the ground."""
    drift_m_s = np.clip(0.28 * wind, -1.6, 1.6)

    def at(t: float) -> Matrix:
        height = (float(start[1]) - 0.55 * t) % 6.0
        place = start + drift_m_s * t
        place[0] = (place[0] + 0.35 * wobble(t, seed, 0.4) + 6.0) % 12.0 - 6.0
        place[1] = height + 0.03
        place[2] = (place[2] + 0.35 * wobble(t, seed + 3, 0.35) + 6.0) % 9.5 - 6.0
        spin = rot_y(2.1 * t + seed) @ rot_x(0.9 * wobble(t, seed, 1.1)) @ rot_z(0.8 * wobble(t, seed + 1, 0.9))
        return affine(spin, place)

    return at


def banks(staging: Staging) -> list[Callable[[float], Puffs]]:
    """What drifts in soft banks over the ground: one function of time for each weather that has them."""
    return [_bank(staging, name, n) for n, name in enumerate(sorted(set(staging.weather) & _BANKS.keys()))]


def _bank(staging: Staging, name: str, number: int) -> Callable[[float], Puffs]:
    count, radius, high, alpha, colour = _BANKS[name]
    rng = np.random.default_rng((staging.seed, 53, number))
    x, z = rng.uniform(0, _ACROSS_M, count), rng.uniform(-16.0, _DEEP_M - 16.0, count)
    r = radius * rng.uniform(0.6, 1.4, count)
    y = np.abs(rng.normal(scale=0.5, size=count)) * high + 0.3 * r
    soil = np.array(staging.ground_colour)
    tone = np.array(colour) if colour is not None else np.minimum(0.5 * 1.7 * soil + 0.5 * 1.9 * soil.mean(), 0.9)
    shade = rng.uniform(0.8, 1.15, count)[:, None] * tone
    wind = 0.5 * np.array(staging.wind_m_s)
    phase = rng.uniform(0, 2 * np.pi, count)

    def at(t: float) -> Puffs:
        across = np.mod(x + wind[0] * t, _ACROSS_M)
        # thin at both ends, so that none pops up where the bank begins again
        thin = np.clip(np.minimum(across, _ACROSS_M - across) / 4.0, 0.0, 1.0)
        lift = y + 0.12 * r * np.sin(0.9 * t + phase)
        return np.column_stack([across - _ACROSS_M / 2, lift, z + wind[2] * t, r, alpha * thin, shade])

    return at
