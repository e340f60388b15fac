"""The layered clip's manifest: the same JSON beside the stored clip and on the wire (shared words: ARCHITECTURE.md)."""

import math
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from .base import Model, Vec3
from .errors import InvalidMedia

Rect = tuple[int, int, int, int]
"""x, y, width, height in atlas pixels; origin top left."""

_FILE_NAME = re.compile(r"\w[\w.-]*")
_WIDEST_YFOV_RAD, _ROTATION_TOLERANCE = 3.3, 0.01
_MOST_FOLDS, _BARCODE_BITS, _LEAST_CELL_PX, _PATCH_BORDER_PX = 64, 32, 5, 8


class Barcode(Model):
    """Frame identity in 8 px luma blocks, most significant bit first, written row by row.

    The 32-bit word is ``frame (16) | tag (8) | crc8 (8)``; the crc (poly 0x07, init 0) covers the first three bytes.
    `tag` is the manifest's own, so that a frame names the rendition it belongs to.
    The word stands twice: in the upper row of cells as it is, in the lower row inverted.
    """

    rect: Rect
    cell: int = 8
    bits: int = 32
    tag: int = Field(ge=0, le=255)


class Calibration(Model):
    """Flat grey patches whose code values are known, to undo a range or matrix mistake of the decoder."""

    rects: tuple[Rect, ...]
    luma: tuple[int, ...]  # limited-range luma written, 16..235


class AtlasInfo(Model):
    width: int
    height: int
    range: Literal["limited"] = "limited"
    matrix: Literal["bt709"] = "bt709"
    barcode: Barcode
    calibration: Calibration

    def holds(self, rect: Rect) -> bool:
        """Whether a rectangle has pixels, all of them in the atlas."""
        x, y, width, height = rect
        inside = x + width <= self.width and y + height <= self.height
        return min(x, y) >= 0 and min(width, height) > 0 and inside


class CoordinateSystem(Model):
    handedness: Literal["right"] = "right"
    up: Literal["+Y"] = "+Y"
    forward: Literal["-Z"] = "-Z"
    unit: Literal["m"] = "m"


class Perspective(Model):
    """Names of the glTF camera. `yfov` in radians is frame 0's; poses carry their own."""

    type: Literal["perspective"] = "perspective"
    yfov: float
    aspect_ratio: float
    principal_point: tuple[float, float] = (0.5, 0.5)
    depth_measure: Literal["planarZ"] = "planarZ"


class Equirectangular(Model):
    """A sphere about the camera, or a part of it; the pose says how it is turned, -Z being the whole sphere's middle.

    The bounds are those of the `equi` box (Spherical Video V2, sv3d): what is cropped from each side of the sphere, as a
    share of its whole width or height. A pixel's place is linear in longitude and latitude between them.
    """

    type: Literal["equirectangular"] = "equirectangular"
    projection_bounds_top: float = Field(default=0.0, ge=0, lt=1)
    projection_bounds_bottom: float = Field(default=0.0, ge=0, lt=1)
    projection_bounds_left: float = Field(default=0.0, ge=0, lt=1)
    projection_bounds_right: float = Field(default=0.0, ge=0, lt=1)
    depth_measure: Literal["radial"] = "radial"

    @model_validator(mode="after")
    def _shows_something(self) -> "Equirectangular":
        if (
            self.projection_bounds_top + self.projection_bounds_bottom >= 1
            or self.projection_bounds_left + self.projection_bounds_right >= 1
        ):
            raise ValueError("the bounds of the sphere leave nothing of it")
        return self


Projection = Annotated[Perspective | Equirectangular, Field(discriminator="type")]


class DepthCode(Model):
    """``1/z = u (1/near - 1/far) + 1/far``, u in 0..1 from luma 16..235; u = 0 exactly means sky. z is the projection's
    `depth_measure`: planar Z, or the distance to the camera.

    `fine_folds`: the fine tile holds ``fold(u * fine_folds)``, fold being the triangle wave of half-period 1.
    """

    code: Literal["inverse"] = "inverse"
    near: float
    far: float
    fine_folds: int = 4
    scale: Literal["metric", "relative"]

    @model_validator(mode="after")
    def _spans_something(self) -> "DepthCode":
        if not 0 < self.near < self.far:
            raise ValueError("near must be above 0 and nearer than far")
        if not 1 <= self.fine_folds <= _MOST_FOLDS:
            raise ValueError(f"the fine tile has 1 to {_MOST_FOLDS} folds")
        return self


class LayerTiles(Model):
    """Names of tiles. Which samples of the background are real needs no tile: those with 1/z2 < 0.95/z1."""

    color: str
    depth: str
    fine: str | None = None


class Layer(Model):
    order: int
    role: Literal["background", "foreground"]
    edge: Literal["stretch", "splat"] = "stretch"
    tiles: LayerTiles


class HeadBox(Model):
    min: Vec3 = (-0.25, -0.25, -0.25)
    max: Vec3 = (0.25, 0.25, 0.25)


class Tier(Model):
    """One bitrate of the same atlas. Keyframes stand at the same frames in every tier."""

    name: str  # "high", "medium", "low"
    bitrate_kbps: int
    packets: str  # file name: streaming/packets.py
    media: str | None = None  # file name of the same packets as mp4, when complete


class FramePose(Model):
    """T_world_camera of one frame: metres, quaternion xyzw; vertical field of view in radians (of a sphere: how much of its
    height is shown)."""

    position: Vec3
    rotation: tuple[float, float, float, float]
    yfov: float


class Thumbs(Model):
    """A strip of small frames side by side, each `width` x `height` px, in the order of `frames`."""

    file: str
    frames: tuple[int, ...]
    width: int
    height: int


class Manifest(Model):
    """`poster`, `surround`, `thumbs`: pictures beside it, None where a bake made none. The surround is equirectangular,
    level, its middle where frame 0's camera heads. `files`: all that the folder holds when the bake is complete."""

    version: Literal[1] = 1
    shot_id: str
    take_id: str
    frame_count: int = Field(ge=1, le=65535)
    fps: tuple[int, int]
    keyframe_interval: int  # frames: half a second
    source_width: int
    source_height: int
    atlas: AtlasInfo
    coordinate_system: CoordinateSystem = CoordinateSystem()
    projection: Projection
    depth: DepthCode
    layers: tuple[Layer, ...]
    tiles: dict[str, Rect]
    head_box: HeadBox = HeadBox()
    poses: tuple[FramePose, ...]
    tiers: tuple[Tier, ...]
    poster: str | None = None
    surround: str | None = None
    thumbs: Thumbs | None = None
    files: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Manifest":
        named = {n for layer in self.layers for n in layer.tiles.model_dump().values() if n is not None}
        if missing := named - set(self.tiles):
            raise ValueError(f"layers name tiles that the atlas lacks: {', '.join(sorted(missing))}")
        if len(self.poses) != self.frame_count:
            raise ValueError(f"{self.frame_count} frames but {len(self.poses)} poses")
        if not self.tiers:
            raise ValueError("it has no tier")
        if min(self.fps) < 1 or self.keyframe_interval < 1:
            raise ValueError("its frame rate and keyframes must be above 0")
        for name in (*(t.packets for t in self.tiers), *(t.media for t in self.tiers), self.poster, self.surround):
            if name is not None and not _FILE_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a file in its folder")
        for n, pose in enumerate(self.poses):
            if not 0 < pose.yfov <= _WIDEST_YFOV_RAD or abs(math.hypot(*pose.rotation) - 1) > _ROTATION_TOLERANCE:
                raise ValueError(f"pose {n} is none: a unit quaternion and a field of view above 0 are wanted")
        return self

    @model_validator(mode="after")
    def _fits(self) -> "Manifest":
        """Every rectangle stands in the atlas, and depth tiles are as large as those that are read with them."""
        atlas = self.atlas
        code, patches = atlas.barcode, atlas.calibration
        x, y = code.rect[:2]
        word = (x, y, code.bits * code.cell, 2 * code.cell)
        if code.bits != _BARCODE_BITS or code.cell < _LEAST_CELL_PX or not atlas.holds(word):
            raise ValueError("its barcode does not stand in the atlas")
        if len(patches.rects) != len(patches.luma) or len(set(patches.luma)) < 2:
            raise ValueError("its calibration wants two patches or more, each with its luma")
        if not all(atlas.holds(r) and min(r[2:]) > _PATCH_BORDER_PX for r in patches.rects):
            raise ValueError("its calibration does not stand in the atlas")
        for name, rect in self.tiles.items():
            if not atlas.holds(rect):
                raise ValueError(f"tile {name} does not stand in the atlas")
        sizes = {
            self.tiles[n][2:] for layer in self.layers for n in (layer.tiles.depth, layer.tiles.fine) if n is not None
        }
        if len(sizes) > 1:
            raise ValueError("its depth tiles are not of one size")
        return self


def parse_manifest(data: bytes, name: str) -> Manifest:
    """The manifest in the JSON `data` of the file `name`. Raise InvalidMedia with the first thing that is wrong with it."""
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = first["msg"].removeprefix("Value error, ")
        raise InvalidMedia(f"{name} is not a manifest: {where + ': ' if where else ''}{why}.") from error
