"""Notes, and the typed changes they ask for."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .base import Language, Model, Vec3
from .region import Region
from .shot import CameraAngle, CameraMove, ShotSize, TimeOfDay

NOTE_LIMIT_CHARS = 2000


class Note(Model):
    """A remark by a participant, anchored to a take and a frame (and, where pointed, a place in metres; where drawn, a
    region of the picture, and then only that is drawn anew)."""

    id: str
    project_id: str
    take_id: str
    frame: int = Field(ge=0)
    time_s: float = Field(ge=0)
    author: str
    text: str = Field(min_length=1, max_length=NOTE_LIMIT_CHARS)
    language: Language
    point_m: Vec3 | None = None
    ray_direction: Vec3 | None = None
    region: Region | None = None
    created_at: datetime


class SpeedChange(Model):
    """Multiply the pace of the action, the camera move, or both."""

    kind: Literal["speed"] = "speed"
    scope: Literal["action", "camera", "both"] = "both"
    factor: float = Field(gt=0, le=10)


class DistanceChange(Model):
    """Multiply the camera's distance to the subject: below 1 is closer."""

    kind: Literal["distance"] = "distance"
    factor: float = Field(gt=0, le=10)


class HeightChange(Model):
    """Raise (positive) or lower the camera, metres."""

    kind: Literal["height"] = "height"
    delta_m: float = Field(ge=-50, le=50)


class AngleChange(Model):
    """Set the camera's angle, or orbit about the subject by `yaw_delta_rad` (positive: camera goes to its left)."""

    kind: Literal["angle"] = "angle"
    angle: CameraAngle | None = None
    yaw_delta_rad: float = 0.0


class TimeOfDayChange(Model):
    kind: Literal["time_of_day"] = "time_of_day"
    time_of_day: TimeOfDay


class ShotSizeChange(Model):
    kind: Literal["shot_size"] = "shot_size"
    shot_size: ShotSize


class CameraMoveChange(Model):
    kind: Literal["camera_move"] = "camera_move"
    move: CameraMove


class DurationChange(Model):
    kind: Literal["duration"] = "duration"
    duration_s: float = Field(gt=0, le=16)


class MoveMarkChange(Model):
    """A stand-in moved by hand."""

    kind: Literal["move_mark"] = "move_mark"
    subject_key: str
    t_s: float = Field(ge=0)
    position_m: Vec3
    yaw_rad: float | None = None


class StyleChange(Model):
    """The look: a lexicon id (noir, ink_wash, ...)."""

    kind: Literal["style"] = "style"
    style: str


class WeatherChange(Model):
    """Lexicon ids of weather that comes and that goes."""

    kind: Literal["weather"] = "weather"
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class PlaceChange(Model):
    """Another place: a lexicon id. What stands there comes with it."""

    kind: Literal["place"] = "place"
    place: str
    set_dressing: tuple[str, ...] = ()


class SkyChange(Model):
    """How many suns and moons are seen; None: as before."""

    kind: Literal["sky"] = "sky"
    suns: int | None = Field(default=None, ge=0, le=4)
    moons: int | None = Field(default=None, ge=0, le=4)


class LensChange(Model):
    """Focal length, millimetres of a full-frame camera."""

    kind: Literal["lens"] = "lens"
    lens_mm: float = Field(ge=8, le=400)


class FocusChange(Model):
    """What the shot is about."""

    kind: Literal["focus"] = "focus"
    subject_key: str


class SubjectColourChange(Model):
    """Colour ids of a subject: of its clothes where it is a person."""

    kind: Literal["subject_colour"] = "subject_colour"
    subject_key: str
    colours: tuple[str, ...] = Field(min_length=1)


class SubjectScaleChange(Model):
    """Multiply a subject's size."""

    kind: Literal["subject_scale"] = "subject_scale"
    subject_key: str
    factor: float = Field(gt=0, le=20)


class SubjectCountChange(Model):
    """How many of a subject there are."""

    kind: Literal["subject_count"] = "subject_count"
    subject_key: str
    count: int = Field(ge=1, le=60)


class RegionWordsChange(Model):
    """Have an engine that draws from words draw the note's region from the note's own."""

    kind: Literal["region_words"] = "region_words"
    text: str = Field(min_length=1, max_length=NOTE_LIMIT_CHARS)


Change = Annotated[
    SpeedChange | DistanceChange | HeightChange | AngleChange | TimeOfDayChange
    | ShotSizeChange | CameraMoveChange | DurationChange | MoveMarkChange
    | StyleChange | WeatherChange | PlaceChange | SkyChange | LensChange | FocusChange
    | SubjectColourChange | SubjectScaleChange | SubjectCountChange | RegionWordsChange,
    Field(discriminator="kind"),
]  # fmt: skip


class FieldDiff(Model):
    """One line of the diff a director sees: a spec field, before and after, ready to be shown."""

    path: str  # "camera.distanceScale"
    before: str
    after: str


RevisionState = Literal["proposed", "accepted", "rejected"]


class Revision(Model):
    """What a note asks to change. Empty `changes` means: not understood; `explanation` says so."""

    id: str
    project_id: str
    shot_id: str
    note_id: str
    changes: tuple[Change, ...]
    diff: tuple[FieldDiff, ...]
    explanation: str  # in the note's language
    unknown_words: tuple[str, ...] = ()
    state: RevisionState = "proposed"
    take_id: str | None = None  # the take that came of it
