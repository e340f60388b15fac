"""The manifest of a clip, known in full before its first frame."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose
from vr_server.domain.manifest import (
    AtlasInfo,
    Barcode,
    Calibration,
    FramePose,
    HeadBox,
    Layer,
    LayerTiles,
    Manifest,
    Tier,
)

from .depth_code import depth_code
from .layout import PATCH_LUMA, AtlasLayout
from .shapes import USUAL_SPHERE_PX, Shape
from .strip import rendition_tag
from .surround import SURROUND
from .thumbs import THUMBS, planned

_REFERENCE_PIXELS = 1280 * 720
_LEAST_KBPS = 120
MANIFEST, POSTER, REPORT = "manifest.json", "poster.jpg", "report.json"


@dataclass(frozen=True, slots=True)
class TierSettings:
    """`kbps_720p`: bitrate for a 1280x720 source. Other sizes get it by the square root of their area: a smaller
    picture shows the same edges in fewer pixels, and depth edges are what the bits go to."""

    name: str
    kbps_720p: int


@dataclass(frozen=True, slots=True)
class BakeSettings:
    """How a clip is baked. `tiers` best first; `head_box_m`: half side of the box the head may move in;
    `sphere_width_px`: the most that an all-round picture is wide (`shapes.LARGEST_SPHERE_PX` where headsets decode 8 MP).

    A still shot is clean at 2 Mb/s; a grove in the wind gains 0.5 dB at 25 cm with each step from 2.5 to 4 to 6 Mb/s.
    """

    tiers: tuple[TierSettings, ...] = (
        TierSettings("high", 6000),
        TierSettings("medium", 2500),
        TierSettings("low", 1000),
    )
    head_box_m: float = 0.25
    sphere_width_px: int = USUAL_SPHERE_PX
    preset: str = "superfast"


def describe(shape: Shape, layout: AtlasLayout, settings: BakeSettings, *, shot_id: str, take_id: str) -> Manifest:
    """The manifest of a bake of a clip of that shape on `layout`."""
    plan = shape.plan
    scale = math.sqrt(plan.width_px * plan.height_px / _REFERENCE_PIXELS)
    tiers = tuple(
        Tier(
            name=t.name,
            bitrate_kbps=max(round(t.kbps_720p * scale), _LEAST_KBPS),
            packets=f"{t.name}.vrpk",
            media=f"{t.name}.mp4",
        )
        for t in settings.tiers
    )
    tag = rendition_tag(take_id, plan.width_px, plan.height_px)
    box = settings.head_box_m
    return Manifest(
        shot_id=shot_id,
        take_id=take_id,
        frame_count=plan.frame_count,
        fps=(plan.fps.numerator, plan.fps.denominator),
        keyframe_interval=max(1, round(plan.fps / 2)),
        source_width=plan.width_px,
        source_height=plan.height_px,
        atlas=AtlasInfo(
            width=layout.width_px,
            height=layout.height_px,
            barcode=Barcode(rect=layout.barcode, tag=tag),
            calibration=Calibration(rects=layout.patches, luma=PATCH_LUMA),
        ),
        projection=shape.projection,
        depth=depth_code(plan),
        layers=(
            Layer(order=0, role="background", tiles=LayerTiles(color="C2", depth="D2")),
            Layer(order=1, role="foreground", edge="splat", tiles=LayerTiles(color="C1", depth="D1", fine="F1")),
        ),
        tiles=layout.tiles,
        head_box=HeadBox(min=(-box, -box, -box), max=(box, box, box)),
        poses=tuple(_frame_pose(camera) for camera in plan.cameras),
        tiers=tiers,
        poster=POSTER,
        surround=SURROUND,
        thumbs=planned(plan.frame_count, *shape.front_px),
        files=(MANIFEST, POSTER, SURROUND, THUMBS, REPORT, *(f for t in tiers for f in (t.packets, t.media) if f)),
    )


def _frame_pose(camera: CameraPose) -> FramePose:
    x, y, z = (float(v) for v in camera.t_world_camera[:3, 3])
    return FramePose(position=(x, y, z), rotation=quaternion_xyzw(camera.t_world_camera[:3, :3]), yfov=camera.yfov_rad)


def quaternion_xyzw(rotation: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Unit quaternion of a rotation matrix float64 [3, 3] (Bar-Itzhack 2000: the eigenvector holds all four)."""
    r = rotation
    k = (
        np.array(
            [
                [r[0, 0] - r[1, 1] - r[2, 2], 0, 0, 0],
                [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], 0, 0],
                [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], 0],
                [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], r.trace()],
            ]
        )
        / 3
    )
    x, y, z, w = np.linalg.eigh(k)[1][:, -1]
    sign = -1.0 if w < 0 else 1.0
    return float(sign * x), float(sign * y), float(sign * z), float(sign * w)
