"""Typed changes applied to a ShotSpec, and the diff a director reads. Pure."""

import math
from collections.abc import Iterator
from typing import assert_never

from pydantic import BaseModel

from .note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    FieldDiff,
    FocusChange,
    HeightChange,
    LensChange,
    MoveMarkChange,
    PlaceChange,
    RegionWordsChange,
    ShotSizeChange,
    SkyChange,
    SpeedChange,
    StyleChange,
    SubjectColourChange,
    SubjectCountChange,
    SubjectScaleChange,
    TimeOfDayChange,
    WeatherChange,
)
from .shot import CameraBeat, CameraIntent, MarkOverride, ShotSpec, SubjectSpec

_SCALE_RANGE = (0.1, 10.0)
_SIZE_RANGE = (0.1, 20.0)
_MOST_SUBJECTS = 60  # on screen, all together
_HEIGHT_RANGE_M = (-20.0, 100.0)


def apply_changes(spec: ShotSpec, changes: tuple[Change, ...]) -> ShotSpec:
    """The spec after all changes, in order; numbers are held inside what a spec allows."""
    for change in changes:
        spec = _apply(spec, change)
    return spec


def diff_specs(before: ShotSpec, after: ShotSpec) -> tuple[FieldDiff, ...]:
    """One line per leaf field that differs, in the spec's own order, paths as on the wire (camelCase)."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    paths = dict.fromkeys([*old, *new])
    return tuple(_line(p, old.get(p), new.get(p)) for p in paths if (p in old, old.get(p)) != (p in new, new.get(p)))


def _line(path: str, old: object, new: object) -> FieldDiff:
    """The values as people read them; in full where the short form would hide what differs."""
    before, after = _shown(old), _shown(new)
    if before == after:
        before, after = repr(old), repr(new)
    return FieldDiff(path=path, before=before, after=after)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _apply(spec: ShotSpec, change: Change) -> ShotSpec:
    camera = spec.camera
    match change:
        case SpeedChange(scope=scope, factor=factor):
            updates: dict[str, object] = {}
            if scope != "camera":
                updates["action_speed"] = _hold(spec.action_speed * factor, _SCALE_RANGE)
            if scope != "action":
                updates["camera"] = _camera(camera, move_speed=_hold(camera.move_speed * factor, _SCALE_RANGE))
            return spec.model_copy(update=updates)
        case DistanceChange(factor=factor):
            return _with_camera(spec, distance_scale=_hold(camera.distance_scale * factor, _SCALE_RANGE))
        case HeightChange(delta_m=delta):
            return _with_camera(spec, height_offset_m=_hold(camera.height_offset_m + delta, _HEIGHT_RANGE_M))
        case AngleChange(angle=angle, yaw_delta_rad=yaw):
            # an orbit past half a turn is the shorter orbit the other way: it wraps and never sticks at a limit
            turned = round(math.remainder(camera.yaw_offset_rad + yaw, math.tau), 6)
            angle = angle or camera.angle
            return _with_camera(spec, angle=angle, yaw_offset_rad=turned, beats=_first(camera, angle=angle))
        case TimeOfDayChange(time_of_day=time_of_day):
            return spec.model_copy(update={"time_of_day": time_of_day})
        case ShotSizeChange(shot_size=shot_size):
            return _with_camera(spec, shot_size=shot_size, beats=_first(camera, shot_size=shot_size))
        case CameraMoveChange(move=move):
            return _with_camera(spec, move=move, beats=())  # one move asked for takes the place of several
        case DurationChange(duration_s=duration):
            return spec.model_copy(update={"duration_s": duration})
        case MoveMarkChange(subject_key=key, t_s=t, position_m=position, yaw_rad=yaw_rad):
            kept = tuple(o for o in spec.mark_overrides if (o.subject_key, o.t_s) != (key, t))
            mark = MarkOverride(subject_key=key, t_s=t, position_m=position, yaw_rad=yaw_rad)
            return spec.model_copy(update={"mark_overrides": (*kept, mark)})
        case SubjectColourChange() | SubjectScaleChange() | SubjectCountChange():
            return _with_subject(spec, change)
        case RegionWordsChange():
            return spec  # of one take's region, not of the shot
        case _:
            return _apply_look(spec, change)


def _apply_look(
    spec: ShotSpec, change: StyleChange | WeatherChange | PlaceChange | SkyChange | LensChange | FocusChange
) -> ShotSpec:
    match change:
        case StyleChange(style=style):
            return spec.model_copy(update={"style": style})
        case WeatherChange(add=add, remove=remove):
            kept_weather = tuple(w for w in dict.fromkeys((*spec.weather, *add)) if w not in remove)
            return spec.model_copy(update={"weather": kept_weather})
        case PlaceChange(place=place, set_dressing=dressing):
            return spec.model_copy(update={"place": place, "set_dressing": dressing})
        case SkyChange(suns=suns, moons=moons):
            told = {name: number for name, number in (("suns", suns), ("moons", moons)) if number is not None}
            return spec.model_copy(update=told)
        case LensChange(lens_mm=lens_mm):
            return _with_camera(spec, lens_mm=lens_mm)
        case FocusChange(subject_key=key):
            known = any(s.key == key for s in spec.subjects)
            return _with_camera(spec, focus=key) if known else spec
        case _:
            assert_never(change)


def _with_subject(spec: ShotSpec, change: SubjectColourChange | SubjectScaleChange | SubjectCountChange) -> ShotSpec:
    """The spec with that subject changed; as it was where nobody has the key."""
    others = sum(s.count for s in spec.subjects if s.key != change.subject_key)
    subjects: list[SubjectSpec] = []
    for subject in spec.subjects:
        if subject.key != change.subject_key:
            subjects.append(subject)
            continue
        match change:
            case SubjectColourChange(colours=colours):
                update: dict[str, object] = {"colours": colours}
            case SubjectScaleChange(factor=factor):
                update = {"scale": _hold(subject.scale * factor, _SIZE_RANGE)}
            case SubjectCountChange(count=count):
                update = {"count": max(1, min(count, _MOST_SUBJECTS - others))}
        subjects.append(subject.model_copy(update=update))
    return spec.model_copy(update={"subjects": tuple(subjects)})


def _first(camera: CameraIntent, **updates: object) -> tuple[CameraBeat, ...]:
    """The camera's beats with the first one changed: it repeats what the intent says."""
    return tuple(b.model_copy(update=updates) if n == 0 else b for n, b in enumerate(camera.beats))


def _with_camera(spec: ShotSpec, **updates: object) -> ShotSpec:
    return spec.model_copy(update={"camera": _camera(spec.camera, **updates)})


def _camera(camera: CameraIntent, **updates: object) -> CameraIntent:
    return camera.model_copy(update=updates)


def _hold(value: float, limits: tuple[float, float]) -> float:
    return round(min(max(value, limits[0]), limits[1]), 6)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _leaves(getattr(value, name), f"{path}.{field.alias or name}" if path else field.alias or name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value
