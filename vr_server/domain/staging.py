"""The shot in metres: set pieces, subjects with timed paths, camera path and lens, sky.

World frame: WebXR axes, metres, ground at y = 0, origin at the shot's centre of attention.
A yaw turns about +Y; yaw 0 faces -Z; positive yaw turns left (counter-clockwise seen from above).
"""

from typing import Literal

from pydantic import Field

from .base import Model, Quat, Vec3
from .shot import Projection, TimeOfDay

Rgb = tuple[float, float, float]
"""Linear Rec.709, 1.0 = diffuse white."""


class SetPiece(Model):
    """Something that does not move. `asset` names a mesh builder of vr_server/staging."""

    object_id: int = Field(ge=1, le=65535)
    asset: str
    label: str
    position_m: Vec3
    yaw_rad: float = 0.0
    size_m: Vec3  # bounding box: width (x), height (y), depth (z)
    colours: tuple[Rgb, ...] = ()  # empty: the asset's own
    seed: int = 0


class PathKey(Model):
    t_s: float = Field(ge=0)
    position_m: Vec3  # where the subject's origin (between the feet, on the ground) is
    yaw_rad: float


class TimedAction(Model):
    """`target` is the key of the subject it is done to, with or on."""

    action: str
    start_s: float = Field(ge=0)
    end_s: float
    target: str | None = None


class Subject(Model):
    """Somebody or something that acts. Paths are linear between keys, yaw by the shorter way."""

    object_id: int = Field(ge=1, le=65535)
    key: str
    kind: str
    label: str
    size_m: Vec3
    wardrobe: str | None = None
    colours: tuple[Rgb, ...] = ()
    props: tuple[str, ...] = ()
    path: tuple[PathKey, ...] = Field(min_length=1)
    actions: tuple[TimedAction, ...] = ()
    seed: int = 0
    placeholder: bool = False  # the lexicon did not know it: a labelled stand-in of plausible size


class CameraKey(Model):
    """Pose and lens at a time. `rotation` is the camera's T_world_camera rotation, -Z forward.

    `focus_m`: distance to what the picture is about. With a fisheye `yfov_rad` is the whole angle of the frame's height.
    """

    t_s: float = Field(ge=0)
    position_m: Vec3
    rotation: Quat
    yfov_rad: float = Field(gt=0.01, lt=3.2)
    focus_m: float | None = Field(default=None, gt=0)


class CameraPath(Model):
    """Sampled densely enough (>= 4 keys a second) that linear interpolation with slerp is the move."""

    keys: tuple[CameraKey, ...] = Field(min_length=1)
    lens_mm: float  # full-frame equivalent, sensor 24 mm high
    projection: Projection = "perspective"  # fisheye: equidistant, r = f * theta


class CelestialBody(Model):
    kind: Literal["sun", "moon"]
    direction: Vec3  # unit vector from the ground towards the body
    angular_radius_rad: float
    colour: Rgb
    illuminance: float  # relative; the key light is the first body


class Sky(Model):
    time_of_day: TimeOfDay
    bodies: tuple[CelestialBody, ...]
    zenith: Rgb
    horizon: Rgb
    ground_bounce: Rgb
    fog_density_per_m: float = Field(ge=0)
    fog_colour: Rgb
    exposure: float = Field(gt=0)
    cloud_cover: float = Field(default=0.0, ge=0, le=1)
    cloud_colour: Rgb = (0.8, 0.8, 0.8)
    stars: float = Field(default=0.0, ge=0, le=1)  # 0: none, 1: a clear night far from any town


class Staging(Model):
    duration_s: float = Field(gt=0)
    place: str
    ground: str  # sand, red_soil, grass, leaf_litter, asphalt, stone, snow
    ground_colour: Rgb
    set_pieces: tuple[SetPiece, ...]
    subjects: tuple[Subject, ...]
    camera: CameraPath
    sky: Sky
    weather: tuple[str, ...] = ()
    wind_m_s: Vec3 = (0.6, 0.0, 0.2)
    wetness: float = Field(default=0.0, ge=0, le=1)  # 1: puddles that mirror
    style: str | None = None  # the look that grades the picture
    remarks: tuple[str, ...] = ()  # what was guessed or replaced, for the director to read
    seed: int
