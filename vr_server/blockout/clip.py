"""A shot as frames: the plan is known at once, pictures are drawn while it is iterated."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import CameraPose, ClipPlan, Frame, FrameSource
from vr_server.domain.staging import Staging
from vr_server.domain.take import Quality
from vr_server.staging import build_scene
from vr_server.staging.scene import Scene

from .camera import poses, view_of
from .exposure import LUMA, MEAN_CODE, metered
from .finish import Finish
from .geometry import Geometry
from .grades import grade_of, make_print
from .jit import U8
from .lens import CubeLens, Lens, lens_for
from .renderer import METER, SETTINGS, Look, Picture, make_look
from .sphere import level
from .survey import survey
from .tiny import tiny_scene
from .workers import Workers

METER_HEIGHT_PX = 72
FILL_LEAST = 1.0
"""Exposed light that a face gets at least, as a share of the picture's mean code."""
FILL_WARMTH = np.array([1.08, 1.0, 0.9])


class RenderedClip:
    """Implements `FrameSource`. Iterating renders; it may be iterated again and gives the same frames."""

    def __init__(
        self, scene: Scene, size: tuple[int, int], fps: Fraction, quality: Quality, cameras: tuple[CameraPose, ...], lens: Lens,
        exposed_like: "RenderedClip | None" = None,
    ) -> None:  # fmt: skip
        """A clip of `size` (width, height): one frame per camera, through `lens`. `exposed_like`: it is metered on that one."""
        self._exposed_like = exposed_like
        self._scene, self._quality, self._lens = scene, quality, lens
        self._geometry = Geometry(scene)
        self._grade = grade_of(scene.staging.style)
        flat = lens.projection != "equirectangular"
        self._finish = Finish(self._grade, self._geometry.surfaces.grain, flat=flat)
        with Workers() as workers:
            self._survey = survey(self._geometry, cameras, fps, lens, workers)
        self._plan = ClipPlan(
            *size, fps, len(cameras), self._survey.near_m, self._survey.far_m * lens.reach, cameras,
            projection=lens.projection,
        )  # fmt: skip

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        return self.frames(range(self._plan.frame_count))

    def frames(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Render the frames of these numbers only, each as it is in the whole clip."""
        return self.seen_from((index, self._plan.cameras[index]) for index in indices)

    def seen_from(self, pairs: Iterable[tuple[int, CameraPose]]) -> Iterator[Frame]:
        """Frames of these numbers, each from the pose given with it, lit and exposed as they are in the clip."""
        plan, lens, settings = self._plan, self._lens, SETTINGS[self._quality]
        with Workers() as workers:
            look = make_look(self._scene, self._geometry, self._survey, settings, self._grade, workers)
            look = self._developed(look, workers)
            picture = Picture(self._geometry, look, self._survey, lens.drawn_size, settings, workers)
            for index, camera in pairs:
                picture.move(float(index / plan.fps))
                drawn = [picture.draw(view_of(eye, *lens.drawn_size)) for eye in lens.eyes(camera)]
                color, depth, ids = lens.join(camera, drawn, workers)
                self._finish.apply(color, depth, ids, index, workers)
                yield Frame(index, color, depth, ids, camera)

    def exposure(self, workers: Workers, look: Look | None = None) -> float:
        """The exposure that three small pictures of the shot ask for; `look`: the shot's own, where it is made already."""
        plan, lens = self._plan, self._lens
        settings = SETTINGS[self._quality]
        look = look or make_look(self._scene, self._geometry, self._survey, settings, self._grade, workers)
        size = (max(16, round(METER_HEIGHT_PX * lens.drawn_size[0] / lens.drawn_size[1] / 2) * 2), METER_HEIGHT_PX)
        last = plan.frame_count - 1

        def prints(exposure: float) -> list[U8]:
            lit = replace(look, lights=look.lights._replace(exposure=exposure))
            picture = Picture(self._geometry, lit, self._survey, size, METER, workers)
            found = []
            for index in (0, last // 2, last):
                picture.move(float(index / plan.fps))
                found += [picture.draw(view_of(eye, *size))[0] for eye in lens.eyes(plan.cameras[index])]
            return found

        return metered(prints, look.lights.exposure, self._grade.mean or MEAN_CODE[self._scene.staging.sky.time_of_day])

    def _developed(self, look: Look, workers: Workers) -> Look:
        """The look at the metered exposure, times the factors of sky and grade, on the grade's print."""
        sky, lens, like = self._scene.staging.sky, self._lens, self._exposed_like
        usual = MEAN_CODE[sky.time_of_day]
        exposure = self.exposure(workers, look) if like is None else like.exposure(workers)
        # a face that neither sun nor sky reaches (a room at night) still gets the bounce board that a crew brings
        least = FILL_LEAST * usual * self._grade.fill / exposure
        fill = look.lights.fill + max(least - float(look.lights.fill @ LUMA), 0.0) * FILL_WARMTH
        # what is dark already is not darkened as much again
        factor = self._grade.exposure ** (usual / MEAN_CODE["day"] if self._grade.exposure < 1 else 1)
        exposure *= sky.exposure * factor
        lights = look.lights._replace(exposure=exposure, fill=fill, mirrors=lens.projection == "perspective")
        return replace(look, lights=lights, prints=make_print(self._grade))


def _checked(width_px: int, height_px: int) -> tuple[int, int]:
    if width_px < 16 or height_px < 16 or width_px % 2 or height_px % 2:
        raise InvalidInput(
            f"A picture of {width_px}x{height_px} cannot be rendered: both sides must be even and at least 16."
        )
    return width_px, height_px


def _poses(scene: Scene, fps: Fraction) -> tuple[CameraPose, ...]:
    return poses(scene.staging.camera, fps, max(1, round(scene.staging.duration_s * fps)))


def render(
    scene: Scene, *, width_px: int, height_px: int, fps: Fraction, quality: Quality, exposed_like: Scene | None = None
) -> RenderedClip:
    """The clip of a scene that is built already. Raise InvalidInput where its size cannot be rendered."""
    size = _checked(width_px, height_px)
    lens = lens_for(scene.staging.camera, size)
    like = (
        None
        if exposed_like is None
        else RenderedClip(exposed_like, size, fps, quality, _poses(exposed_like, fps), lens)
    )
    return RenderedClip(scene, size, fps, quality, _poses(scene, fps), lens, like)


def open_clip(
    staging: Staging,
    *,
    width_px: int,
    height_px: int,
    fps: Fraction,
    quality: Quality,
    exposed_like: Staging | None = None,
) -> FrameSource:
    """Build `staging` and return its clip; `.plan` is ready, frames are rendered while iterated.

    `exposed_like`: a staging of the same shot, on which the exposure is metered, so that both can stand in one picture.
    A fisheye's depth is radial: see `ClipPlan.projection`. Raise InvalidInput where the picture's size cannot be rendered.
    """
    like = None if exposed_like is None else build_scene(exposed_like)
    return render(
        build_scene(staging), width_px=width_px, height_px=height_px, fps=fps, quality=quality, exposed_like=like
    )


def open_panorama(staging: Staging, *, height_px: int, fps: Fraction, quality: Quality) -> FrameSource:
    """The whole sphere around the shot's camera, 2 * height_px wide, equirectangular, with radial depth.

    It is level whatever the camera does, and faces where the first frame does. Raise InvalidInput where the picture's
    size cannot be rendered.
    """
    return panorama(build_scene(staging), height_px=height_px, fps=fps, quality=quality)


def panorama(scene: Scene, *, height_px: int, fps: Fraction, quality: Quality) -> RenderedClip:
    """`open_panorama` of a scene that is built already."""
    size = _checked(2 * height_px, height_px)
    path = _poses(scene, fps)
    cameras = tuple(level(pose, path[0]) for pose in path)
    return RenderedClip(scene, size, fps, quality, cameras, CubeLens(size, equirectangular=True, widest_rad=math.pi))


def warm() -> None:
    """Compile (or load from the cache) every kernel by drawing one tiny frame of each kind: both qualities use the same."""
    scene = tiny_scene()
    stage = scene.staging.model_copy(update={"weather": ("rain",), "duration_s": 0.1, "style": "ink_wash"})
    haze = np.array([[0.0, 1.0, 1.0, 0.5, 0.1, 0.5, 0.5, 0.5]])
    scene = replace(scene, staging=stage, puffs_at=lambda _: haze)
    for _ in render(scene, width_px=64, height_px=32, fps=Fraction(10), quality="draft"):
        pass
    scene = replace(scene, staging=stage.model_copy(update={"style": "neon"}))  # the one glows, the other draws lines
    for _ in panorama(scene, height_px=16, fps=Fraction(10), quality="draft"):
        pass
