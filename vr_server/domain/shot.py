"""The film's own tree and what a shot asks for."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Language, Model, Vec3

PROMPT_LIMIT_CHARS = 4000
SHOT_LIMIT_S = 16.0
SHOT_DEFAULT_LIMIT_S = 10.0

TimeOfDay = Literal["dawn", "day", "sunset", "dusk", "night"]
ShotSize = Literal[
    "extreme_close_up", "close_up", "medium_close_up", "medium", "medium_full", "full", "wide", "extreme_wide"
]
CameraAngle = Literal["low", "eye", "high", "overhead", "dutch"]
CameraMove = Literal[
    "static", "dolly_in", "dolly_out", "truck_left", "truck_right", "pan_left", "pan_right",
    "tilt_up", "tilt_down", "crane_up", "crane_down", "orbit_left", "orbit_right", "follow", "handheld",
]  # fmt: skip


class PromptSlots(Model):
    """The five slots of a director's prompt, in the words of the script."""

    atmosphere: str = ""
    subject_action: str = ""
    environment: str = ""
    camera_language: str = ""
    colour: str = ""


class ActionBeat(Model):
    """One thing a subject does; beats follow each other in the order told.

    `action` is a lexicon id (stand, walk, run, turn, sword_dance, land, take_off, exit_hatch, wave, ...).
    """

    action: str
    weight: float = Field(default=1.0, gt=0)  # share of the shot's duration


class SubjectSpec(Model):
    """Somebody or something the shot is about. `kind` is a lexicon id (woman, man, astronaut, spaceship, ...)."""

    key: str  # unique within the shot: "astronaut", "woman-2"
    kind: str
    label: str  # as the script names it
    count: int = Field(default=1, ge=1, le=60)
    wardrobe: str | None = None  # lexicon id: hanfu, armour, spacesuit, coat, ...
    props: tuple[str, ...] = ()
    beats: tuple[ActionBeat, ...] = (ActionBeat(action="stand"),)


class CameraIntent(Model):
    """What the camera is asked to do. The scales start at 1 and are what revisions turn."""

    shot_size: ShotSize = "full"
    angle: CameraAngle = "eye"
    move: CameraMove = "static"
    move_speed: float = Field(default=1.0, ge=0.1, le=10)  # 1 = the move's own amount per shot
    distance_scale: float = Field(default=1.0, ge=0.1, le=10)  # 1 = what the shot size asks for
    height_offset_m: float = Field(default=0.0, ge=-20, le=100)
    yaw_offset_rad: float = Field(default=0.0, ge=-6.3, le=6.3)  # orbit about the subject
    pitch_offset_rad: float = Field(default=0.0, ge=-1.5, le=1.5)
    lens_mm: float | None = Field(default=None, ge=8, le=400)  # full-frame equivalent, 24 mm high sensor


class MarkOverride(Model):
    """A stand-in moved by hand: the subject's path is shifted so that it passes this point at `t_s`."""

    subject_key: str
    t_s: float = Field(ge=0)
    position_m: Vec3
    yaw_rad: float | None = None


class ShotSpec(Model):
    """What a shot asks for, in terms every engine can be given. Immutable; a revision makes a new one."""

    text: str = Field(min_length=1, max_length=PROMPT_LIMIT_CHARS)
    language: Language
    slots: PromptSlots = PromptSlots()
    subjects: tuple[SubjectSpec, ...] = ()
    place: str = "plain"  # lexicon id: red_planet, bamboo_grove, street, forest, desert, ...
    set_dressing: tuple[str, ...] = ()  # further lexicon ids: rocks, lamp, car, ...
    time_of_day: TimeOfDay = "day"
    suns: int = Field(default=1, ge=0, le=4)
    weather: tuple[str, ...] = ()
    style: str | None = None
    camera: CameraIntent = CameraIntent()
    action_speed: float = Field(default=1.0, ge=0.1, le=10)
    duration_s: float = Field(default=4.0, gt=0, le=SHOT_LIMIT_S)
    mark_overrides: tuple[MarkOverride, ...] = ()
    unknown_words: tuple[str, ...] = ()  # nouns the lexicon does not know: shown, never swallowed


class Shot(Model):
    id: str
    project_id: str
    sequence_id: str
    order: int
    slate: str  # "12A"
    heading: str = ""  # the scene heading it stands under
    spec: ShotSpec


class Sequence(Model):
    id: str
    project_id: str
    order: int
    title: str


class Project(Model):
    id: str
    title: str
    created_at: datetime
