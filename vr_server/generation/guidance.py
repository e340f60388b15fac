"""Guides: a shot's blockout drawn as what engines follow (depth, poses, outlines, the camera's path). In a worker.

The clip is the one that the director saw: same staging, same camera, from the recipe's spec and seed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import Cancelled, InvalidInput

from .progress import Made, MakingProgress, Report
from .recipes import GuideRecipe
from .worker import Engines

if TYPE_CHECKING:
    from vr_server.domain.frame import CameraPose, ClipPlan, Frame
    from vr_server.domain.staging import Staging

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_CRF = 12
_NEAREST, _FARTHEST = 0.998, 0.01
"""Shares of the shot's inverse depths that become white and black: one blade of grass before the lens sets no range."""
_SURVEYED = 7
_EDGES = (60, 150)


class Blockout(Protocol):
    """A staging's clip, of which any frames can be had."""

    @property
    def plan(self) -> "ClipPlan": ...

    def frames(self, indices: Iterable[int]) -> "Iterator[Frame]": ...


Renderer = Callable[["Staging", int, int, Fraction], Blockout]
"""Opens the blockout of a staging: width and height in px, frames a second."""


@dataclass(frozen=True, slots=True)
class GuideTask:
    """`draw_guide` on its way to a worker. `renderer`: ``module:function``, a `Renderer` that is importable there."""

    recipe: GuideRecipe
    to: Path
    renderer: str

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> Made:  # noqa: ARG002
        module, _, function = self.renderer.partition(":")
        renderer: Renderer = getattr(import_module(module), function)
        return draw_guide(self.recipe, self.to, renderer, report=report, cancelled=cancelled)


def draw_guide(
    recipe: GuideRecipe, to: Path, renderer: Renderer, *, report: Report, cancelled: Callable[[], bool]
) -> Made:
    """Write the recipe's guide to `to`: an mp4, or for ``camera`` a text.

    Raise Cancelled, InvalidInput (a picture that cannot be drawn or followed) or StorageFailed.
    """
    from vr_server.media import write_film
    from vr_server.staging import compose

    from .pipeline import disk_told

    report(MakingProgress("staging", 0, 0, 0))
    staging = compose(recipe.spec, recipe.seed)
    if recipe.show not in {"picture", "scribble"} and staging.camera.projection != "perspective":
        raise InvalidInput("No engine follows a fisheye's depth, poses or camera: ask for the take without guidance.")
    clip = renderer(staging, recipe.width_px, recipe.height_px, Fraction(recipe.fps))
    with disk_told(to.parent):
        if recipe.show == "camera":
            to.write_text(camera_text(recipe, clip.plan.cameras), encoding="ascii")
        else:
            write_film(
                to, _watched(_pictures(recipe, staging, clip), recipe, report, cancelled),
                (recipe.width_px, recipe.height_px), Fraction(recipe.fps), crf=_CRF,
            )  # fmt: skip
    return Made("final", recipe.width_px, recipe.height_px, recipe.frames)


def _watched(
    pictures: Iterator[U8], recipe: GuideRecipe, report: Report, cancelled: Callable[[], bool]
) -> Iterator[U8]:
    for done, picture in enumerate(pictures, 1):
        if cancelled():
            raise Cancelled("The take was cancelled.")
        yield picture
        report(MakingProgress("draft", done, recipe.frames, 0))


def _pictures(recipe: GuideRecipe, staging: "Staging", clip: Blockout) -> Iterator[U8]:
    """uint8 [h, w, 3], one per frame of the recipe."""
    indices = moments(recipe, clip.plan.frame_count)
    frames = clip.frames(indices)
    match recipe.show:
        case "depth":
            yield from _depths(frames, _range_of(clip, indices))
        case "pose":
            from .skeletons import Skeletons

            skeletons = Skeletons(staging)
            for frame in frames:
                yield skeletons.draw(frame, frame.index / recipe.fps)
        case "scribble":
            for frame in frames:
                yield _outlines(frame)
        case _:
            for frame in frames:
                yield frame.color


def moments(recipe: GuideRecipe, frame_count: int) -> list[int]:
    """Frame numbers of the blockout's clip for each frame of the guide; the last is held."""
    first = round(recipe.start_s * recipe.fps)
    return [min(first + n, frame_count - 1) for n in range(recipe.frames)]


def _range_of(clip: Blockout, indices: list[int]) -> tuple[float, float]:
    """Inverse depths, 1/m, that are black and white over the whole of the guide, so that nothing pumps."""
    picks = sorted({indices[round(k * (len(indices) - 1) / (_SURVEYED - 1))] for k in range(_SURVEYED)})
    found = np.concatenate([_inverse(frame.depth)[::3, ::3].ravel() for frame in clip.frames(picks)])
    low, high = (float(np.quantile(found, share)) for share in (_FARTHEST, _NEAREST))
    return low, max(high, low + 1e-6)


def _inverse(depth: F32) -> F32:
    """1/m, 0 = sky."""
    return np.asarray(1.0 / depth, np.float32)


def _depths(frames: "Iterator[Frame]", limits: tuple[float, float]) -> Iterator[U8]:
    low, high = limits
    for frame in frames:
        grey = np.clip((_inverse(frame.depth) - low) / (high - low), 0.0, 1.0)
        yield np.repeat(np.rint(grey * 255).astype(np.uint8)[..., None], 3, axis=2)


def _outlines(frame: "Frame") -> U8:
    """White lines over black where the picture or what it shows changes (Canny 1986)."""
    import cv2

    lines = np.asarray(cv2.Canny(cv2.GaussianBlur(frame.color, (0, 0), 1.2), *_EDGES), np.uint8)
    if frame.ids is not None:
        lines[:, 1:][frame.ids[:, 1:] != frame.ids[:, :-1]] = 255
        lines[1:][frame.ids[1:] != frame.ids[:-1]] = 255
    return np.repeat(lines[..., None], 3, axis=2)


def camera_text(recipe: GuideRecipe, path: "tuple[CameraPose, ...]") -> str:
    """The camera's path as RealEstate10K and Fun-Control-Camera write it: a heading, then a line per frame.

    ``id fx fy cx cy 0 0`` and 12 numbers of the world-to-camera matrix [3, 4], row by row, metres, in OpenCV's axes (X right,
    Y down, Z forward); the focal lengths are shares of width and height.
    """
    lines = [f"camera of {recipe.frames} frames at {recipe.fps} fps"]
    lines += [_pose_line(n, path[at], recipe) for n, at in enumerate(moments(recipe, len(path)))]
    return "\n".join(lines) + "\n"


def _pose_line(number: int, pose: "CameraPose", recipe: GuideRecipe) -> str:
    fy = 0.5 / np.tan(0.5 * pose.yfov_rad)
    fx = fy * recipe.height_px / recipe.width_px
    flip = np.diag([1.0, -1.0, -1.0, 1.0])
    world_to_camera = np.linalg.inv(pose.t_world_camera @ flip)[:3].ravel()
    numbers = (fx, fy, 0.5, 0.5, 0.0, 0.0, *world_to_camera)
    return f"{number} " + " ".join(f"{value:.9g}" for value in numbers)
