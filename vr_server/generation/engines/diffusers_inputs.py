"""What a clip is made from, as a Wan pipeline wants it: pictures of the clip's size, and for VACE a video and its mask.

VACE (arXiv 2503.07598) is given frames and masks: black keeps a frame's pixels, white has them made anew, and what a
white pixel shows is what it should follow (a depth or pose picture), middle grey where it is free.
"""

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidInput, InvalidMedia
from vr_server.generation.fitting import frame_count
from vr_server.generation.port import GenerationRequest, InputRole, MaskEdit, Repaint
from vr_server.media.clip import probe
from vr_server.media.codec import as_i420, decode_video
from vr_server.media.colour import i420_to_rgb

from .diffusers_orders import Kind, OrderFolder

U8 = npt.NDArray[np.uint8]

_FREE = 128
_VIDEO = "video/mp4"
_FEATHER_PX = 6
"""Over how many pixels inside a mask's border the new picture comes in: outside, nothing changes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The clip that an edit leaves alone outside its masks: pictures uint8 [n, h, w, 3], masks uint8 [n, h, w], 255 = anew."""

    pictures: U8
    masks: U8

    def around(self, made: U8) -> Iterator[U8]:
        """`made`'s pictures inside the masks, the clip's own outside, as many as it has. uint8 [h, w, 3] each."""
        for old, new, mask in zip(self.pictures, made, self.masks, strict=False):
            inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)[..., None]
            share = np.clip(inside / _FEATHER_PX, 0, 1)
            yield cast("U8", np.rint(old + (new.astype(np.float32) - old) * share).astype(np.uint8))


@dataclass(frozen=True, slots=True)
class Conditions:
    """`frames`: how many to make, 4k+1. Pictures are uint8 [h, w, 3] of the clip's size, sRGB.

    `video` uint8 [frames, h, w, 3] and `mask` uint8 [frames, h, w] go together and are VACE's; `scale`: how closely
    they are followed.
    """

    frames: int
    fps: Fraction
    first: U8 | None = None
    last: U8 | None = None
    references: tuple[U8, ...] = ()
    video: U8 | None = None
    mask: U8 | None = None
    scale: float = 1.0
    kept: Kept | None = None


def check(request: GenerationRequest, kind: Kind) -> None:
    """What can be said against a fitted request before it becomes an order. Raise InvalidInput."""
    edit = request.edit
    mask = request.input("mask")
    moves = mask is not None and mask.media_type == _VIDEO
    if isinstance(edit, MaskEdit) and edit.tracking and not moves:
        raise InvalidInput(
            "Engine diffusers keeps a mask where it was drawn: ask for one that does not follow or send a video of it, a "
            "mask for each frame."
        )
    if request.mode == "repaint":
        if request.guide is None:
            raise InvalidInput("Engine diffusers repaints a clip by its depth or pose: send that along as the guide.")
        if isinstance(edit, Repaint) and edit.control.removesuffix("_face") != request.guide:
            raise InvalidInput(f"The guide is {request.guide}, and {edit.control} is to be followed: send that one.")
    if request.guide is not None and kind != "vace":
        raise InvalidInput("Only VACE models follow a guide: set VR_PREVIS_DIFFUSERS_MODEL to one.")


def conditions_of(folder: OrderFolder) -> Conditions:
    """Read an order's files. Raise InvalidInput, InvalidMedia or StorageFailed."""
    order = folder.order()
    request, step, most = order.request, 4, order.how.max_frames
    size = request.size
    paths: dict[InputRole, list[Path]] = {}
    for given, name in zip(request.inputs, order.inputs, strict=True):
        paths.setdefault(given.role, []).append(folder.path / name)
    frames, fps = frame_count(request.duration_s, request.fps, step), Fraction(request.fps)
    first, last, *_ = (
        _picture(paths[role][0], size) if role in paths else None for role in ("first_frame", "last_frame")
    )
    references = tuple(_picture(path, size, whole=True) for path in paths.get("reference", []))
    if request.mode == "edit_mask":
        clip, fps = _video(paths["source_video"][0], size, most + 1)
        if len(clip) > most:
            raise InvalidInput(f"The clip has more than {most} frames, the most that {order.how.model} takes.")
        frames = -(-(len(clip) - 1) // step) * step + 1
        guide = _guide(paths, size, frames, fps)
        return _edit(clip, paths["mask"][0], request, frames, fps, guide)
    guide = _guide(paths, size, frames, fps)
    if order.how.kind != "vace":
        return Conditions(frames, fps, first, last)
    scale = request.edit.strength if isinstance(request.edit, Repaint) else 1.0
    before = _at_times(paths["source_video"][0], size, frames - 1, fps) if request.mode == "extend" else None
    if guide is None and first is None and before is None:
        return Conditions(frames, fps, references=references)
    video = np.full((frames, size[1], size[0], 3), _FREE, np.uint8) if guide is None else guide
    mask = np.full(video.shape[:3], 255, np.uint8)
    for index, picture in ((0, first), (-1, last)):
        if picture is not None:
            video[index], mask[index] = picture, 0
    if before is not None:  # the clip begins with what it goes on from
        video[: len(before)], mask[: len(before)] = before, 0
    return Conditions(frames, fps, references=references, video=video, mask=mask, scale=scale)


def _edit(
    clip: U8, mask_path: Path, request: GenerationRequest, frames: int, fps: Fraction, guide: U8 | None
) -> Conditions:
    masks = _masks(mask_path, request, len(clip))
    if not masks.any():
        raise InvalidInput("The mask is black all over: nothing would be made anew.")
    index = np.minimum(np.arange(frames), len(clip) - 1)  # the last picture stands while the count is made up
    video, every = clip[index], masks[index]
    white = every > 0
    video[white] = _FREE if guide is None else guide[white]
    return Conditions(frames, fps, video=video, mask=every, kept=Kept(clip, masks))


def _masks(path: Path, request: GenerationRequest, frames: int) -> U8:
    """A mask for each of the clip's frames, uint8 [frames, h, w], 0 or 255. Coding and scaling are undone by a cut at half."""
    edit = request.edit if isinstance(request.edit, MaskEdit) else MaskEdit(tracking=False)
    given = request.input("mask")
    if given is None or given.media_type != _VIDEO:
        still = _cut(_picture(path, request.size, smooth=False), edit)
        return np.broadcast_to(still, (frames, *still.shape))
    video, _ = _video(path, request.size, frames + 1)
    if len(video) != frames:
        raise InvalidInput(f"The mask has not as many frames as its clip, which has {frames}.")
    return np.stack([_cut(picture, edit) for picture in video])


def _cut(picture: U8, edit: MaskEdit) -> U8:
    return grown(np.where(picture[..., 0] > 127, 255, 0).astype(np.uint8), edit)


def grown(mask: U8, edit: MaskEdit) -> U8:
    """A mask (uint8 [h, w], 0 or 255) in the shape asked for, wider by its share of the picture's shorter side."""
    shape = np.zeros_like(mask)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        if edit.expand_shape == "hull":
            cv2.fillConvexPoly(shape, cv2.convexHull(outline), (255,))
        elif edit.expand_shape == "bbox":
            x, y, w, h = cv2.boundingRect(outline)
            shape[y : y + h, x : x + w] = 255
    shape |= mask
    reach = round(edit.expand_ratio * min(mask.shape))
    if reach:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        shape = cast("U8", cv2.dilate(shape, disc))
    return shape


def _guide(paths: dict[InputRole, list[Path]], size: tuple[int, int], frames: int, fps: Fraction) -> U8 | None:
    """The guide at the clip's own frame times; where it ends early, its last picture stands."""
    if "guide" not in paths:
        return None
    video = _at_times(paths["guide"][0], size, frames, fps)
    return video[np.minimum(np.arange(frames), len(video) - 1)]


def _at_times(path: Path, size: tuple[int, int], most: int, fps: Fraction) -> U8:
    """A video's pictures at another rate, as far as it goes, uint8 [<= most, h, w, 3]. Raise InvalidMedia."""
    video, own = _video(path, size, math.ceil(most / fps * probe(path)[2]) + 1)
    at = [round(index / fps * own) for index in range(most)]
    return video[[index for index in at if index < len(video)]]


def _video(path: Path, size: tuple[int, int], most: int) -> tuple[U8, Fraction]:
    """A video's first pictures, uint8 [n, h, w, 3], and its rate. Raise InvalidMedia."""
    width, height, fps = probe(path)
    with closing(decode_video(path)) as frames:
        pictures = [_sized(i420_to_rgb(as_i420(frame), width, height), size) for frame in islice(frames, most)]
    return np.stack(pictures), fps


def _picture(path: Path, size: tuple[int, int], *, whole: bool = False, smooth: bool = True) -> U8:
    """A picture file of the clip's size. Raise InvalidMedia."""
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if read is None:
        raise InvalidMedia(f"{path.name} is not a picture that can be read.")
    return _sized(cast("U8", cv2.cvtColor(read, cv2.COLOR_BGR2RGB)), size, whole=whole, smooth=smooth)


def _sized(picture: U8, size: tuple[int, int], *, whole: bool = False, smooth: bool = True) -> U8:
    """Scaled so that it fills `size` (width, height), and cut about its middle; `whole`: on white instead, uncut."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    ratios = size[0] / width, size[1] / height
    scale = min(ratios) if whole else max(ratios)
    wide, high = (max(1, round(side * scale)) for side in (width, height))
    way = (cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC) if smooth else cv2.INTER_NEAREST
    scaled = cast("U8", cv2.resize(picture, (wide, high), interpolation=way))
    if whole:
        page = np.full((size[1], size[0], 3), 255, np.uint8)
        left, top = (size[0] - wide) // 2, (size[1] - high) // 2
        page[top : top + high, left : left + wide] = scaled[: size[1], : size[0]]
        return page
    left, top = max(0, (wide - size[0]) // 2), max(0, (high - size[1]) // 2)
    return scaled[top : top + size[1], left : left + size[0]]
