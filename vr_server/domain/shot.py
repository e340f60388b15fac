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
    "zoom_in", "zoom_out", "dolly_zoom",
]  # fmt: skip
Viewpoint = Literal["free", "over_the_shoulder", "pov"]
Projection = Literal["perspective", "fisheye"]
Side = Literal[
    "left", "right", "centre", "front", "behind", "beside", "on", "inside", "above", "foreground", "background"
]


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
    `target` is the key of the subject it is done to, with or on (fight, embrace, hand_over, ride, sit, point, ...).
    """

    action: str
    target: str | None = None
    weight: float = Field(default=1.0, gt=0)  # share of the shot's duration


class Placement(Model):
    """Where a subject is. `of` is another subject's key or a set-dressing id; None: the frame, seen from the camera."""

    side: Side
    of: str | None = None


class SubjectSpec(Model):
    """Somebody or something the shot is about. `kind` is a lexicon id (woman, man, astronaut, spaceship, ...).

    Things that are counted or named for their own sake (a table, three chairs, a red door) are subjects too.
    """

    key: str  # unique within the shot: "astronaut", "woman-2"
    kind: str
    label: str  # as the script names it
    count: int = Field(default=1, ge=1, le=60)
    wardrobe: str | None = None  # lexicon id: hanfu, armour, spacesuit, coat, ...
    colours: tuple[str, ...] = ()  # lexicon ids, the main one first: red, silver, ...
    scale: float = Field(default=1.0, ge=0.1, le=20)  # 1 = the kind's usual size; "giant", "tiny"
    placement: Placement | None = None
    props: tuple[str, ...] = ()
    beats: tuple[ActionBeat, ...] = (ActionBeat(action="stand"),)


class CameraBeat(Model):
    """One thing the camera does; beats follow each other in the order told. None: as the beat before, at first the intent."""

    move: CameraMove = "static"
    shot_size: ShotSize | None = None
    angle: CameraAngle | None = None
    focus: str | None = None
    weight: float = Field(default=1.0, gt=0)  # share of the shot's duration


class CameraIntent(Model):
    """What the camera is asked to do. The scales start at 1 and are what revisions turn.

    `beats` is empty while one move fills the shot (`move`); else its first beat repeats `move`, `shot_size`, `angle`.
    """

    shot_size: ShotSize = "full"
    angle: CameraAngle = "eye"
    move: CameraMove = "static"
    move_speed: float = Field(default=1.0, ge=0.1, le=10)  # 1 = the move's own amount per shot
    distance_scale: float = Field(default=1.0, ge=0.1, le=10)  # 1 = what the shot size asks for
    height_offset_m: float = Field(default=0.0, ge=-20, le=100)
    yaw_offset_rad: float = Field(default=0.0, ge=-6.3, le=6.3)  # orbit about the subject
    pitch_offset_rad: float = Field(default=0.0, ge=-1.5, le=1.5)
    lens_mm: float | None = Field(default=None, ge=8, le=400)  # full-frame equivalent, 24 mm high sensor
    roll_rad: float = Field(default=0.0, ge=-1.0, le=1.0)  # a dutch tilt on top of another angle
    viewpoint: Viewpoint = "free"
    viewer: str | None = None  # whose eyes (pov) or shoulder: a subject's key
    projection: Projection = "perspective"
    handheld: bool = False  # a shake on top of another move; `move` is "handheld" where no other is told
    focus: str | None = None  # key of the subject (else a set id) the shot is about; None: the first that matters
    beats: tuple[CameraBeat, ...] = ()


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
    moons: int = Field(default=0, ge=0, le=4)  # asked to be seen
    sky_colour: str | None = None  # lexicon colour id: a purple storm, a green sky
    weather: tuple[str, ...] = ()  # rain, snow, sand, dust, fog, leaves, wind, storm, sparks, clouds, stars, clear, ...
    style: str | None = None  # a look: lexicon id (noir, ink_wash, neon, ...)
    camera: CameraIntent = CameraIntent()
    action_speed: float = Field(default=1.0, ge=0.1, le=10)
    duration_s: float = Field(default=4.0, gt=0, le=SHOT_LIMIT_S)
    mark_overrides: tuple[MarkOverride, ...] = ()
    unknown_words: tuple[str, ...] = ()  # nouns the lexicon does not know: shown, never swallowed
    left_out: tuple[str, ...] = ()  # what could not be taken in, a line each, for the director to read
    continuity: str = (
        ""  # who and where share a look across shots of equal continuity (the project's id); "": the seed's
    )
    variant: int = Field(default=0, ge=0, le=8)  # 0: as asked; others: clearly different readings of the same words


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


class Budget(Model):
    """What a project may spend at paid engines in all."""

    limit: float = Field(ge=0)
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")


class Project(Model):
    id: str
    title: str
    created_at: datetime
    budget: Budget | None = None  # None: no limit
