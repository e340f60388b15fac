"""Do a take's facts hold? Measured on its staging and on the ids, depth and colour of its pictures."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame
from vr_server.domain.staging import CelestialBody, Staging, Subject

from .prompts import Expected, Look

F64 = npt.NDArray[np.float64]

SEEN_SHARE = 0.0003
"""A subject counts as seen in a frame where its ids cover this share of it."""
CROWD = 6
"""Of more than this many of a kind, some may stand behind others."""
CROWD_SEEN = 0.6
BRIGHTNESS = {
    "night": (0.02, 0.36),
    "dusk": (0.12, 0.46),
    "dawn": (0.2, 0.62),
    "sunset": (0.2, 0.62),
    "day": (0.3, 0.8),
}
"""Mean sRGB code of the pictures of each time of day."""


@dataclass(frozen=True)
class Fact:
    name: str
    held: bool
    told: str  # what was asked for
    found: str


def facts_of(expected: Expected, look: Look) -> list[Fact]:
    """Every fact that `expected` names, with what was found in the take."""
    return [fact for check in _CHECKS for fact in check(expected, look)]


def _is(wanted: str, found: str | None) -> bool:
    return found in wanted.split("|")


def _of_kind(staging: Staging, kind: str) -> list[Subject]:
    return [s for s in staging.subjects if _is(kind, s.kind)]


def _subjects(expected: Expected, look: Look) -> list[Fact]:
    facts = []
    for kind, count in expected.subjects.items():
        found = _of_kind(look.staging, kind)
        facts.append(Fact("subjects", len(found) == count, f"{count} {kind}", str(len(found))))
        seen = [s for s in found if any(share(frame, s.object_id) >= SEEN_SHARE for frame in look.frames)]
        enough = count if count <= CROWD else math.ceil(CROWD_SEEN * count)
        facts.append(Fact("visible", len(seen) >= enough, f"{count} {kind} seen", str(len(seen))))
    return facts


def share(frame: Frame, object_id: int) -> float:
    """How much of the picture an object covers, 0..1."""
    assert frame.ids is not None
    return float(np.count_nonzero(frame.ids == object_id)) / frame.ids.size


def _actions(expected: Expected, look: Look) -> list[Fact]:
    """Each told action begins no earlier than the one told before it; of the same subject, later."""
    facts = []
    last: tuple[str, float] = ("", -1.0)
    for kind, action in expected.actions:
        starts = [a.start_s for s in _of_kind(look.staging, kind) for a in s.actions if _is(action, a.action)]
        after = last[1] + (0.1 if last[0] == kind else -1e-3)
        held = any(start >= after for start in starts)
        found = ", ".join(f"{start:.1f} s" for start in sorted(set(starts))) or "never"
        facts.append(Fact("actions", held, f"{kind} {action}", found))
        if held:
            last = (kind, min(start for start in starts if start >= after))
    return facts


def _ids(expected: Expected, look: Look) -> list[Fact]:
    staging = look.staging
    told = (("place", expected.place, staging.place), ("style", expected.style, staging.style))
    return [Fact(name, _is(wanted, found), wanted, str(found)) for name, wanted, found in told if wanted]


def _time(expected: Expected, look: Look) -> list[Fact]:
    if not expected.time:
        return []
    hour, mean = look.staging.sky.time_of_day, brightness(look)
    low, high = BRIGHTNESS[hour]
    return [
        Fact("time", _is(expected.time, hour), expected.time, hour),
        Fact("exposure", low <= mean <= high, f"{low:.2f} to {high:.2f} at {hour}", f"{mean:.2f}"),
    ]


def brightness(look: Look) -> float:
    """Mean luma of the pictures, sRGB code 0..1."""
    return float(np.mean([frame.color @ np.array([0.2126, 0.7152, 0.0722]) for frame in look.frames]) / 255)


def _weather(expected: Expected, look: Look) -> list[Fact]:
    found = look.staging.weather
    return [
        Fact("weather", any(_is(told, w) for w in found), told, ", ".join(found) or "none") for told in expected.weather
    ]


def _bodies(expected: Expected, look: Look) -> list[Fact]:
    facts = []
    for name, count in (("suns", expected.suns), ("moons", expected.moons)):
        if count is not None:
            bodies = [b for b in look.staging.sky.bodies if b.kind == name[:-1]]
            shown = max(sum(in_sky(b, frame) for b in bodies) for frame in look.frames)
            facts.append(Fact(name, shown == count, f"{count} in the sky", f"{shown} seen of {len(bodies)}"))
    return facts


def in_sky(body: CelestialBody, frame: Frame) -> bool:
    """Whether the body's middle is in the frame with nothing before it."""
    height, width = frame.depth.shape
    local = frame.camera.t_world_camera[:3, :3].T @ np.array(body.direction)
    if local[2] >= -1e-6:
        return False
    focal = height / 2 / math.tan(frame.camera.yfov_rad / 2)
    x, y = round(width / 2 + focal * local[0] / -local[2]), round(height / 2 - focal * local[1] / -local[2])
    return 0 <= x < width and 0 <= y < height and not math.isfinite(frame.depth[y, x])


_CHECKS: tuple[Callable[[Expected, Look], list[Fact]], ...] = (_subjects, _actions, _ids, _time, _weather, _bodies)
