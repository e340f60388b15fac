"""Clearly different readings of the same words: another side, lens, framing, hour and look, wherever none was told."""

from collections.abc import Sequence
from typing import Any

from vr_server.domain.shot import CameraIntent, ShotSize, ShotSpec, TimeOfDay
from vr_server.domain.take import MOST_VARIANTS

from .lexicon import Lexicon, load_lexicon
from .scan import prompt_categories, scan
from .slots import read_slots

_SIZES: tuple[ShotSize, ...] = (
    "extreme_close_up", "close_up", "medium_close_up", "medium", "medium_full", "full", "wide", "extreme_wide",
)  # fmt: skip
_SIDES_RAD = (0.0, 0.75, -0.95)
"""Round the subject from where the shot as asked is taken; less where the words say who faces the camera."""
_FACING_RAD = (0.0, 0.3, -0.35)
_TO_CAMERA = (
    "the camera",
    "the lens",
    "the viewer",
    "镜头",
    "迎面",
    "正面",
    "观众",
    "front view",
    "profile",
    "侧面",
    "背影",
)
_STEPS = (0, -1, 1)
"""Shot sizes tighter (below 0) or wider."""
_ANGLES = ("eye", "eye", "low")
_MOVES = ("static", "dolly_in", "truck_right")
_LENS_GAIN = (1.0, 1.7, 0.7)
_HOURS: tuple[TimeOfDay, ...] = ("day", "sunset", "day")
"""Where no hour is told; indoors the lamps make it."""
_STYLES = (None, "warm_golden", "blue_grey")
"""Where no look is told; a low sun is golden enough."""
_LOOKS = ("warm_golden", "blue_grey", "noir")
"""The first of them that are not the shot's own are its other looks: far from each other in hue and contrast."""
_INDOORS = frozenset({"room", "office", "bar", "corridor", "spaceship_interior", "stage"})


def variants(
    spec: ShotSpec, n: int = MOST_VARIANTS, *, heading: str = "", lexicon: Lexicon | None = None
) -> tuple[ShotSpec, ...]:
    """`n` readings (1 to MOST_VARIANTS); the first is the spec as it is. Pure and deterministic.

    What the words tell is in all of them: subjects, actions, place, weather, and whatever of size, angle, move, lens, hour
    and look is said in the text or in the scene `heading`, or was set by a revision (differs from what a spec is without a
    word). Raise ValueError for another n.
    """
    if not 1 <= n <= MOST_VARIANTS:
        raise ValueError(f"Between 1 and {MOST_VARIANTS} variants can be asked for, not {n}.")
    told = told_fields(spec, heading=heading, lexicon=lexicon)
    return (spec, *(_reading(spec, told, k) for k in range(1, n)))


def looks(
    spec: ShotSpec, n: int = MOST_VARIANTS, *, styles: Sequence[str] = (), lexicon: Lexicon | None = None
) -> tuple[ShotSpec, ...]:
    """The same reading in `n` looks (1 to MOST_VARIANTS): the spec's own first, then others; or in the `styles` named, which
    are ids of the lexicon and as many as `n`. Pure and deterministic. Raise ValueError for another n, or styles that are
    unknown, twice there, or not as many.
    """
    if not 1 <= n <= MOST_VARIANTS:
        raise ValueError(f"Between 1 and {MOST_VARIANTS} variants can be asked for, not {n}.")
    if not styles:
        others = [style for style in _LOOKS if style != spec.style]
        return (spec, *(spec.model_copy(update={"style": style}) for style in others[: n - 1]))
    known = (lexicon or load_lexicon()).ids("style")
    if unknown := [style for style in styles if style not in known]:
        raise ValueError(f"There is no style {unknown[0]!r}; there are: {', '.join(known)}.")
    if len(styles) != n or len(set(styles)) != n:
        raise ValueError(f"{n} takes in different styles need {n} different styles, not {', '.join(styles)}.")
    return tuple(spec.model_copy(update={"style": style}) for style in styles)


def told_fields(spec: ShotSpec, *, heading: str = "", lexicon: Lexicon | None = None) -> frozenset[str]:
    """Which of shot_size, angle, move, lens, time, style, side the words or a revision have settled."""
    lexicon = lexicon or load_lexicon()
    categories = prompt_categories(lexicon) | {"heading_time"}
    _, spoken = read_slots(spec.text, lexicon)
    clauses = [*scan(spoken, lexicon, categories), *scan(heading, lexicon, categories)]
    said = {s.entry.category for c in clauses for m in c.matches if not m.negated for s in m.senses}
    camera, plain = spec.camera, CameraIntent()
    told: set[str] = {"shot_size", "angle", "move", "style"} & said
    told |= {name for name in ("shot_size", "angle", "move") if getattr(camera, name) != getattr(plain, name)}
    if camera.beats:
        told |= {"shot_size", "angle", "move"}
    if camera.lens_mm or camera.projection != "perspective":
        told.add("lens")
    if {"time", "heading_time", "sky"} & said or spec.time_of_day != "day" or spec.suns != 1 or spec.moons:
        told.add("time")
    if spec.style or spec.slots.colour or spec.sky_colour:
        told.add("style")
    in_frame = any(s.placement and s.placement.of is None for s in spec.subjects)
    if camera.viewpoint != "free" or camera.yaw_offset_rad or spec.mark_overrides or in_frame:
        told.add("side")
    return frozenset(told)


def _reading(spec: ShotSpec, told: frozenset[str], k: int) -> ShotSpec:
    camera = spec.camera
    changed: dict[str, Any] = {}
    if "side" not in told:
        faces = any(word in spec.text.lower() for word in _TO_CAMERA)
        changed["yaw_offset_rad"] = (_FACING_RAD if faces else _SIDES_RAD)[k]
    if "shot_size" not in told:
        at = _SIZES.index(camera.shot_size) + _STEPS[k]
        changed["shot_size"] = _SIZES[min(max(at, 0), len(_SIZES) - 1)]
    if "angle" not in told:
        changed["angle"] = _ANGLES[k]
    if "move" not in told:
        changed["move"] = _MOVES[k]
    if "lens" not in told:
        changed["lens_mm"] = _lens(changed.get("shot_size", camera.shot_size), k)
    seen: dict[str, Any] = {"variant": k, "camera": camera.model_copy(update=changed)}
    if "time" not in told and spec.place not in _INDOORS:
        seen["time_of_day"] = _HOURS[k]
    if "style" not in told:
        low_sun = seen.get("time_of_day", spec.time_of_day) in {"sunset", "dawn"}
        seen["style"] = None if low_sun and _STYLES[k] == "warm_golden" else _STYLES[k]
    return spec.model_copy(update=seen)


def _lens(size: ShotSize, k: int) -> float:
    """A longer or a wider lens than is usual for the size, mm."""
    usual = 85.0 - 9.0 * _SIZES.index(size)
    return float(round(min(max(usual * _LENS_GAIN[k], 16.0), 135.0)))
