"""Clips whose neighbourhood is known: frames with depth and camera, and true pictures from beside the camera.

Three shots of the embedded engine stand for what layers meet: thin poles, people, slanted ground, a camera that stands
and one that travels. Nothing but people moves in them: what the wind has turned elsewhere is nobody's background. Any
other clip comes as a file (see `from_file`).
"""

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vr_server import blockout
from vr_server.domain.errors import InvalidInput, InvalidMedia
from vr_server.domain.frame import CameraPose, ClipPlan, Frame, is_rigid
from vr_server.domain.shot import ActionBeat, CameraIntent, ShotSpec, SubjectSpec
from vr_server.domain.staging import SetPiece, Staging
from vr_server.staging import build_scene, compose

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Offset = tuple[float, float, float]

FPS = Fraction(24)
DISTANCES_CM = (10, 25, 50)
DIRECTIONS: tuple[Offset, ...] = ((1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
_SEED = 7


@dataclass(frozen=True, slots=True)
class TrueView:
    """What a head at `offset_m` (metres in the camera's own axes) sees at frame `frame`: uint8 [h, w, 3].

    `counted`: bool [h, w], pixels whose surface stands within the source's frame; None where that is not known.
    """

    frame: int
    offset_m: Offset
    rgb: U8
    counted: Bools | None


@dataclass(frozen=True, slots=True)
class GroundTruth:
    name: str
    plan: ClipPlan
    frames: Sequence[Frame]
    views: Sequence[TrueView]


def _walker(key: str, kind: str) -> SubjectSpec:
    return SubjectSpec(key=key, kind=kind, label=key, beats=(ActionBeat(action="walk"),))


def _still(spec: ShotSpec, left_out: tuple[str, ...], added: Sequence[SetPiece]) -> Staging:
    staging = compose(spec, _SEED)
    pieces = tuple(p for p in staging.set_pieces if p.asset not in left_out)
    return staging.model_copy(update={"set_pieces": (*pieces, *added), "wind_m_s": (0.0, 0.0, 0.0)})


def _row(asset: str, size_m: Offset, places: Sequence[tuple[float, float]], first_id: int) -> list[SetPiece]:
    return [
        SetPiece(object_id=first_id + i, asset=asset, label=asset, position_m=(x, 0.0, z), size_m=size_m, seed=i)
        for i, (x, z) in enumerate(places)
    ]


def ruin() -> Staging:
    """Columns and blocks on sand; a man walks between them, the camera travels sideways."""
    spec = ShotSpec(
        text="A man walks through a ruin.",
        language="en",
        subjects=(_walker("man", "man"),),
        place="ruins",
        camera=CameraIntent(shot_size="wide", move="truck_right"),
    )
    columns = _row("column", (0.07, 3.0, 0.07), [(-1.9, 1.4), (-0.6, 2.2), (0.9, 1.0), (1.7, 2.4), (2.6, 0.4)], 3000)
    return _still(spec, ("grass",), columns)


def fence() -> Staging:
    """A woman before a fence on grass, seen from above, so that the ground slants; the camera stands."""
    spec = ShotSpec(
        text="A woman walks along a fence.",
        language="en",
        subjects=(_walker("woman", "woman"),),
        place="mountain",
        camera=CameraIntent(shot_size="full", angle="high", move="static"),
    )
    rails = _row("fence", (2.4, 1.1, 0.08), [(-3.6, -1.6), (-1.2, -1.6), (1.2, -1.6), (3.6, -1.6)], 3000)
    posts = _row("column", (0.08, 2.2, 0.08), [(-1.5, 1.6), (1.1, 1.9), (2.2, 0.9)], 3100)
    return _still(spec, ("grass", "flowers", "shrub", "tree"), rails + posts)


def lamps() -> Staging:
    """Two people walk down a street between lamp posts; the camera travels after them."""
    spec = ShotSpec(
        text="Two people walk down a street.",
        language="en",
        subjects=(_walker("woman", "woman"), _walker("man", "man")),
        place="street",
        camera=CameraIntent(shot_size="full", move="truck_left"),
    )
    posts = _row("street_lamp", (0.5, 4.2, 0.5), [(-1.8, 2.2), (1.5, 2.6), (2.6, -0.6), (-2.9, -1.2)], 3000)
    return _still(spec, ("tree",), posts)


SHOTS = {"ruin": ruin, "fence": fence, "lamps": lamps}


def beside(camera: CameraPose, offset_m: Offset) -> CameraPose:
    """`camera` moved by `offset_m` in its own axes (x right, y up, z back)."""
    moved = camera.t_world_camera.copy()
    moved[:3, 3] += moved[:3, :3] @ np.array(offset_m)
    return CameraPose(moved, camera.yfov_rad)


def rendered(name: str, staging: Staging, size: tuple[int, int], frame_count: int, looks: int = 1) -> GroundTruth:
    """`frame_count` frames around the middle of the shot; the last of each of `looks` equal spans is looked at from the
    right, the left and above."""
    clip = blockout.render(build_scene(staging), width_px=size[0], height_px=size[1], fps=FPS, quality="final")
    whole = clip.plan
    count = min(frame_count, whole.frame_count)
    first = min(max(whole.frame_count // 2 - count + 1, 0), whole.frame_count - count)
    numbers = range(first, first + count)
    cameras = tuple(whole.cameras[i] for i in numbers)
    offsets = [_scaled(d, cm / 100) for cm in DISTANCES_CM for d in DIRECTIONS]
    looked_at = [count * (i + 1) // looks - 1 for i in range(looks)]
    seats = [(i, offset) for i in looked_at for offset in offsets]
    eyes = [(numbers[i], beside(cameras[i], offset)) for i, offset in seats]
    pictures = list(clip.seen_from([*zip(numbers, cameras, strict=True), *eyes]))
    views = [
        TrueView(i, offset, truth.color, within_source(truth, cameras[i]))
        for (i, offset), truth in zip(seats, pictures[count:], strict=True)
    ]
    frames = [replace(f, index=i) for i, f in enumerate(pictures[:count])]
    return GroundTruth(name, ClipPlan(*size, FPS, count, whole.near_m, whole.far_m, cameras), frames, views)


def _scaled(direction: Offset, length: float) -> Offset:
    x, y, z = direction
    return x * length, y * length, z * length


def within_source(truth: Frame, source: CameraPose) -> Bools:
    """bool [h, w]: whose surface point, seen from `truth`, stands within the picture that `source` takes."""
    height, width = truth.depth.shape
    tan = np.tan(truth.camera.yfov_rad / 2)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, 1 - (np.arange(height) + 0.5) / height * 2)
    z = np.where(np.isfinite(truth.depth), truth.depth, 1e5)
    local = np.stack([x * z * tan * width / height, y * z * tan, -z, np.ones_like(z)], axis=-1)
    seen = local @ (np.linalg.inv(source.t_world_camera) @ truth.camera.t_world_camera).T
    ahead = np.maximum(-seen[..., 2], 1e-6)
    tan_source = np.tan(source.yfov_rad / 2)
    inside = np.abs(seen[..., 1]) < ahead * tan_source
    return np.asarray(inside & (np.abs(seen[..., 0]) < ahead * tan_source * width / height) & (seen[..., 2] < 0))


_SHAPES: dict[str, tuple[type[np.generic], int]] = {
    "color": (np.uint8, 4), "depth": (np.floating, 3), "camera": (np.floating, 3), "views": (np.uint8, 4),
    "offsets": (np.floating, 2), "view_frames": (np.integer, 1),
}  # fmt: skip
_WIDEST_YFOV_RAD = 2.9
_NEAREST_M, _FARTHEST_M = 1e-3, 1e6


def from_file(path: Path) -> GroundTruth:
    """Read an npz: `color` uint8 [n, h, w, 3], `depth` float32 [n, h, w] (planar, metres; what is infinite, NaN or not above
    0 is sky), `camera` float64 [n, 4, 4] T_world_camera, `yfov` radians, one or [n]; `views` uint8 [k, h, w, 3] from
    `offsets` float64 [k, 3] at frames `view_frames` int [k]. Raise InvalidInput with one line where that is not what it
    holds."""
    arrays = _arrays(path)
    color, seats = arrays["color"], arrays["view_frames"]
    count, height, width = arrays["depth"].shape
    fits = (
        color.shape == (count, height, width, 3)
        and arrays["camera"].shape == (count, 4, 4)
        and arrays["views"].shape == (len(seats), height, width, 3)
        and arrays["offsets"].shape == (len(seats), 3)
        and arrays["yfov"].size in {1, count}
    )
    if not fits:
        told = ", ".join(f"{key} {list(arrays[key].shape)}" for key in (*_SHAPES, "yfov"))
        raise InvalidInput(f"{path}: its arrays do not go together: {told}.")
    if not len(seats) or seats.min() < 0 or seats.max() >= count:
        raise InvalidInput(f"{path}: view_frames must name some of its {count} frames.")
    offsets = arrays["offsets"].astype(np.float64)
    if not np.isfinite(offsets).all():
        raise InvalidInput(f"{path}: offsets must be finite, metres.")
    cameras = _cameras(path, arrays["camera"], np.broadcast_to(arrays["yfov"].reshape(-1), (count,)))
    depth = arrays["depth"].astype(np.float32)
    depth = np.where(depth > 0, depth, np.float32(np.inf))  # NaN is above nothing
    finite = depth[np.isfinite(depth)]
    if not finite.size:
        raise InvalidInput(f"{path}: its depth is infinite everywhere.")
    near, far = float(finite.min()), float(finite.max())
    if near < _NEAREST_M or far > _FARTHEST_M:
        raise InvalidInput(f"{path}: depth from {near:.3g} to {far:.3g} cannot be metres.")
    try:
        plan = ClipPlan(width, height, FPS, count, near, max(far, near * 1.001), cameras)
    except InvalidMedia as error:
        raise InvalidInput(f"{path}: {error}") from error
    frames = [Frame(i, color[i], depth[i], None, cameras[i]) for i in range(count)]
    views = [
        TrueView(int(i), (float(o[0]), float(o[1]), float(o[2])), rgb, None)
        for i, o, rgb in zip(seats, offsets, arrays["views"], strict=True)
    ]
    return GroundTruth(path.stem, plan, frames, views)


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """What the file holds, each of the kind and with the axes that it should have."""
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise InvalidInput(f"{path} is no scene: it is no npz file, or it is cut short.")
        with np.load(path) as held:
            arrays = {key: np.asarray(held[key]) for key in (*_SHAPES, "yfov")}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
        raise InvalidInput(f"{path} is no scene: {str(error).splitlines()[0]}") from error
    for key, (dtype, axes) in _SHAPES.items():
        if not np.issubdtype(arrays[key].dtype, dtype) or arrays[key].ndim != axes:
            raise InvalidInput(f"{path}: {key} is {arrays[key].dtype} with {arrays[key].ndim} axes.")
    if not np.issubdtype(arrays["yfov"].dtype, np.number) or np.iscomplexobj(arrays["yfov"]):
        raise InvalidInput(f"{path}: yfov is {arrays['yfov'].dtype}, not an angle in radians.")
    return arrays


def _cameras(path: Path, poses: npt.NDArray[Any], yfov: npt.NDArray[Any]) -> tuple[CameraPose, ...]:
    if not ((yfov > 0) & (yfov <= _WIDEST_YFOV_RAD)).all():
        raise InvalidInput(f"{path}: yfov must be radians, above 0 and at most {_WIDEST_YFOV_RAD}.")
    for n, pose in enumerate(poses):
        if not is_rigid(pose):
            raise InvalidInput(
                f"{path}: camera {n} is no T_world_camera: a rotation and a place, finite, without scale."
            )
    return tuple(CameraPose(pose.astype(np.float64), float(angle)) for pose, angle in zip(poses, yfov, strict=True))
