"""What says how large a shot is: the plan's camera and people over the ground that is found, and people as such.

Each piece of evidence is the unit's likely length with a sigma (of its logarithm). The sigmas are of experience, not of
statistics: an engine that is asked for a camera at a man's eyes puts it within a third; a grown person is known to a tenth.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose

from .figures import Figure, movers, overlap, standing
from .flow import greys
from .ground import EYE_M
from .hints import PlannedFigure, ScaleHints
from .level import Level, find_level
from .parallax import work_size
from .port import F32, F64, TRUSTED, CameraTrack, DepthTrack, Pictures

_EYE_SIGMA = 0.5
"""Doubt about how high a camera is of which nothing is known."""
PERSON_M = 1.70
_PLANNED_EYE_SIGMA, _PLANNED_WAY_SIGMA = 0.3, 0.35
_HEIGHT_SIGMA, _GROUND_SIGMA, _SOMEBODY_SIGMA, _STRANGER_SIGMA = 0.06, 0.1, 0.2, 0.3
_FEW_SIGMA = 0.15
_LOOKS, _APART_S = 8, 0.12
_SAME_PLACE = 0.3
"""Least overlap (intersection over union) of a figure and the place planned for it."""
_UNLIKE_WAY = 0.3
"""Most that the way may leave the planned one, as a share of its length."""
_LEAST_WAY_M = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """`unit_m`: metres to the depth's unit; `sigma` of its logarithm; `source`: as the report names it."""

    unit_m: float
    sigma: float
    source: str


def gathered(clip: Pictures, camera: CameraTrack, depth: DepthTrack, hints: ScaleHints) -> list[Evidence]:
    """All that speaks for a scale of `depth`, which shares its unit with the camera's way, best first."""
    count = len(depth.inverse)
    looks = [int(n) for n in np.unique(np.linspace(0, count - 1, min(_LOOKS, count)).astype(int))]
    levels = {n: level for n in looks if (level := find_level(_inverse(depth, n), camera.cameras[n].yfov_rad))}
    found: list[Evidence] = []
    if 2 * len(levels) >= len(looks):
        found += _people(clip, camera, depth, hints, levels)
        found += _camera_height(levels, hints)
    found += _way(camera, hints)
    return found


def _inverse(depth: DepthTrack, n: int) -> F32:
    return np.asarray(depth.inverse[n], np.float32)


def _camera_height(levels: dict[int, Level], hints: ScaleHints) -> Iterator[Evidence]:
    if not hints.cameras:
        yield Evidence(
            EYE_M / float(np.median([level.height for level in levels.values()])),
            _EYE_SIGMA,
            f"an assumed camera height of {EYE_M} m",
        )
        return
    heights = [hints.cameras[min(n, len(hints.cameras) - 1)].t_world_camera[1, 3] for n in levels]
    units = [h / level.height for h, level in zip(heights, levels.values(), strict=True) if h > 0]
    if units:
        spread = float(np.std(np.log(units)))
        height = float(np.median(heights))
        source = f"the staging's camera height {height:.2f} m"
        yield Evidence(float(np.median(units)), float(np.hypot(_PLANNED_EYE_SIGMA, spread)), source)


def _way(camera: CameraTrack, hints: ScaleHints) -> Iterator[Evidence]:
    """The planned way's length, where the camera went the planned way; both seen from their first pose."""
    if not camera.moves or camera.confidence < TRUSTED or len(hints.cameras) < len(camera.cameras):
        return
    planned, found = (_from_first(cameras) for cameras in (hints.cameras[: len(camera.cameras)], camera.cameras))
    long, square = float(np.linalg.norm(planned)), float((found * found).sum())
    if np.ptp(planned, axis=0).max() < _LEAST_WAY_M or square < 1e-9:
        return
    unit = float((planned * found).sum()) / square
    apart = float(np.linalg.norm(planned - unit * found)) / long
    if unit > 0 and apart < _UNLIKE_WAY:
        gone = float(np.linalg.norm(np.diff(planned, axis=0), axis=1).sum())
        yield Evidence(unit, _PLANNED_WAY_SIGMA + apart, f"the staging's camera path of {gone:.1f} m")


def _from_first(cameras: tuple[CameraPose, ...]) -> F64:
    first = np.linalg.inv(cameras[0].t_world_camera)
    return np.stack([(first @ c.t_world_camera)[:3, 3] for c in cameras])


def _people(
    clip: Pictures, camera: CameraTrack, depth: DepthTrack, hints: ScaleHints, levels: dict[int, Level]
) -> Iterator[Evidence]:
    """Who stands whole in the picture, measured over the ground: by name where the plan has somebody there, else what moves
    is taken for the people who are planned, or for anybody."""
    known: dict[str, list[float]] = defaultdict(list)
    strangers: list[float] = []
    alike = _alike(hints)
    for n, figure in _measured(clip, camera, depth, levels):
        places = _places(n, clip, hints)
        there = max(places, key=lambda place: overlap(figure, place[1]), default=None)
        if there is not None and overlap(figure, there[1]) > _SAME_PLACE:
            known[there[0].label].append(there[0].height_m / figure.tall)
        elif figure.moves and (places or not hints.cameras):
            strangers.append((alike or PERSON_M) / figure.tall)
    if known:
        middles, doubts = (np.array(v) for v in zip(*(_middle(units) for units in known.values()), strict=True))
        middle = float(np.average(middles, weights=1 / (doubts + _HEIGHT_SIGMA) ** 2))
        sigma = float(np.linalg.norm([_GROUND_SIGMA, _HEIGHT_SIGMA, doubts.min(), np.std(middles)]))
        yield Evidence(float(np.exp(middle)), sigma, f"the height of {', '.join(sorted(known))}")
    elif len(strangers) > 1:
        middle, doubt = _middle(strangers)
        sigma = float(np.hypot(_STRANGER_SIGMA if alike is None else _SOMEBODY_SIGMA, doubt))
        yield Evidence(float(np.exp(middle)), sigma, "the height of what moves like a person")


def _middle(units: list[float]) -> tuple[float, float]:
    """Median of the logarithms, and its standard error by their median deviation: a wrong figure among them is no matter."""
    logs = np.log(units)
    middle = float(np.median(logs))
    if len(logs) < 3:
        return middle, _FEW_SIGMA
    return middle, float(1.25 * 1.48 * np.median(np.abs(logs - middle)) / np.sqrt(len(logs)))


def _alike(hints: ScaleHints) -> float | None:
    """How tall all who are planned are, where that is one height, m."""
    heights = [f.height_m for f in hints.figures]
    upright = all(all(f.upright) for f in hints.figures)
    return float(np.mean(heights)) if heights and upright and max(heights) < 1.2 * min(heights) else None


def _measured(
    clip: Pictures, camera: CameraTrack, depth: DepthTrack, levels: dict[int, Level]
) -> Iterator[tuple[int, Figure]]:
    """Each standing figure that is found, and its frame."""
    size = work_size(clip.width_px, clip.height_px)
    pictures = greys(clip, size)
    step = max(1, round(_APART_S * float(clip.fps)))
    for n, level in levels.items():
        other = n + step if n + step < len(pictures) else n - step
        if other < 0:
            continue
        inverse = np.asarray(cv2.resize(_inverse(depth, n), size, interpolation=cv2.INTER_LINEAR), np.float32)
        moving = movers((pictures[n], pictures[other]), inverse, camera, (n, other))
        for figure in standing(inverse, level, camera.cameras[n].yfov_rad, moving):
            yield n, figure


def _places(n: int, clip: Pictures, hints: ScaleHints) -> list[tuple[PlannedFigure, Figure]]:
    """Who is planned to stand upright and wholly in frame `n`, and where in the picture."""
    if not hints.cameras:
        return []
    width, height = work_size(clip.width_px, clip.height_px)
    camera = hints.cameras[min(n, len(hints.cameras) - 1)]
    found = []
    for planned in hints.figures:
        m = min(n, len(planned.base_m) - 1)
        box = _box(planned.base_m[m], planned.height_m, planned.width_m, camera, width, height)
        if box is not None and planned.upright[m] and box.top > 0 and box.foot < height:
            found.append((planned, box))
    return found


def _box(base: F64, tall: float, wide: float, camera: CameraPose, width: int, height: int) -> Figure | None:
    """Where somebody at `base` shows, px; None behind the camera."""
    ends = np.array([[*base, 1.0], [base[0], base[1] + tall, base[2], 1.0]])
    foot, head = (ends @ np.linalg.inv(camera.t_world_camera).T)[:, :3]
    if foot[2] > -0.1 or head[2] > -0.1:
        return None
    f = height / 2 / np.tan(camera.yfov_rad / 2)
    x = width / 2 + f * foot[0] / -foot[2]
    half = f * wide / -foot[2] / 2
    return Figure(x - half, x + half, height / 2 - f * head[1] / -head[2], height / 2 - f * foot[1] / -foot[2])
