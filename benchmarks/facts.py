"""Do a take's facts hold? Measured on its staging and on the ids, depth and colour of its pictures."""

import math
from collections.abc import Callable

import numpy as np

from vr_server.domain.frame import Frame
from vr_server.domain.staging import Staging, Subject
from vr_server.staging import compose

from .cameras import camera_facts
from .discs import LUMA, discs, in_sky
from .fact import Fact, is_one_of
from .prompts import Expected, Look, look_at_staging

SEEN_SHARE = 0.00012
"""A subject counts as seen in a frame where its ids cover this share of it."""
CROWD = 6
"""Of more than this many of a kind, some may stand behind others."""
CROWD_SEEN = 0.6
BRIGHTNESS = {
    "night": (0.02, 0.34),
    "dusk": (0.1, 0.46),
    "dawn": (0.2, 0.62),
    "sunset": (0.2, 0.62),
    "day": (0.3, 0.85),
}
"""Mean sRGB code of the pictures of each time of day."""
PAPER = {"ink_wash": 0.2, "bleached": 0.15}
"""Looks that lift a picture towards white paper."""
WARM = {"sunset": 1.1, "dawn": 0.9}
"""Least red over blue of the pictures of a time of day, where no look and no told sky tints them."""
CHANGED_CODES, CHANGED_SHARE, CHANGED_MEAN = 6, 0.0006, 0.2
"""Taking its weather away changes this share of a picture by more than so many sRGB codes, or all of it a little."""
UNSEEN_WEATHER = {"wind", "clear"}
"""Weather that moves things or leaves them alone, and shows in no single picture."""


def facts_of(expected: Expected, look: Look) -> list[Fact]:
    """Every fact that `expected` names, with what was found in the take."""
    return [fact for check in _CHECKS for fact in check(expected, look)]


def _of_kind(staging: Staging, kind: str) -> list[Subject]:
    return [s for s in staging.subjects if is_one_of(kind, s.kind)]


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
        starts = [a.start_s for s in _of_kind(look.staging, kind) for a in s.actions if is_one_of(action, a.action)]
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
    return [Fact(name, is_one_of(wanted, found), wanted, str(found)) for name, wanted, found in told if wanted]


def _time(expected: Expected, look: Look) -> list[Fact]:
    if not expected.time:
        return []
    hour, mean = look.staging.sky.time_of_day, brightness(look)
    low, high = BRIGHTNESS[hour]
    high += PAPER.get(look.staging.style or "", 0.0)
    facts = [
        Fact("time", is_one_of(expected.time, hour), expected.time, hour),
        Fact("exposure", low <= mean <= high, f"{low:.2f} to {high:.2f} at {hour}", f"{mean:.2f}"),
    ]
    if hour in WARM and look.staging.style is None and look.spec.sky_colour is None:
        warm = warmth(look)
        facts.append(Fact("warmth", warm >= WARM[hour], f"red over blue at least {WARM[hour]:.2f}", f"{warm:.2f}"))
    return facts


def brightness(look: Look) -> float:
    """Mean luma of the pictures, sRGB code 0..1."""
    return float(np.mean([frame.color @ LUMA for frame in look.frames]) / 255)


def warmth(look: Look) -> float:
    """Red over blue of the pictures' mean."""
    red, _, blue = np.mean([frame.color.reshape(-1, 3).mean(axis=0) for frame in look.frames], axis=0)
    return float(red / max(blue, 1.0))


def _weather(expected: Expected, look: Look) -> list[Fact]:
    found = look.staging.weather
    facts = []
    for told in expected.weather:
        here = [w for w in found if is_one_of(told, w)]
        facts.append(Fact("weather", bool(here), told, ", ".join(found) or "none"))
        if here and here[0] not in UNSEEN_WEATHER:
            changed, mean = without(look, here[0])
            seen = changed >= CHANGED_SHARE or mean >= CHANGED_MEAN
            facts.append(Fact("weather_seen", seen, f"{here[0]} in the picture", f"{changed:.1%}, {mean:.2f} codes"))
    return facts


def without(look: Look, weather: str) -> tuple[float, float]:
    """How the middle frame changes when the same shot is staged without this weather: the share of pixels that change
    clearly, and the mean change in sRGB codes."""
    frame = look.frames[len(look.frames) // 2]
    spec = look.spec.model_copy(update={"weather": tuple(w for w in look.spec.weather if w != weather)})
    staging = compose(spec, look.staging.seed).model_copy(update={"camera": look.staging.camera})
    size = (look.plan.width_px, look.plan.height_px)
    (other,) = look_at_staging(spec, staging, frames=[frame.index], size=size, quality="draft").frames
    change = np.abs(frame.color.astype(np.int16) - other.color).max(axis=2)
    return float((change > CHANGED_CODES).mean()), float(change.mean())


def _bodies(expected: Expected, look: Look) -> list[Fact]:
    """Suns and moons: so many in the staging's sky where the frame shows it, and so many discs in the picture."""
    facts, bodies = [], look.staging.sky.bodies
    for name, count in (("suns", expected.suns), ("moons", expected.moons)):
        if count is not None:
            mine = [b for b in bodies if b.kind == name[:-1]]
            shown = max(sum(in_sky(b, frame) for b in mine) for frame in look.frames)
            facts.append(Fact(name, shown == count, f"{count} in the sky", f"{shown} seen of {len(mine)}"))
    wanted = (expected.suns or 0) + (expected.moons or 0)
    if wanted:
        counted = [len(_discs(look, frame)) for frame in look.frames]
        half = sum(n == wanted for n in counted) * 2 >= len(counted)
        facts.append(Fact("discs", half, f"{wanted} bright discs in the sky", str(counted)))
    return facts


def _discs(look: Look, frame: Frame) -> list[tuple[float, float, float]]:
    focal = frame.depth.shape[0] / 2 / math.tan(min(frame.camera.yfov_rad, 3.1) / 2)
    radii = [focal * math.tan(b.angular_radius_rad) for b in look.staging.sky.bodies] or [0.016 * focal]
    return discs(frame, min(radii), max(radii))


_CHECKS: tuple[Callable[[Expected, Look], list[Fact]], ...] = (
    _subjects,
    _actions,
    _ids,
    _time,
    _weather,
    _bodies,
    camera_facts,
)
