"""What a ComfyUI workflow is given to edit: the clip as it is, and its masks as the workflow takes them."""

from fractions import Fraction
from itertools import repeat
from pathlib import Path

from vr_server.domain.errors import InvalidInput, StorageFailed
from vr_server.generation.mask_video import write_masks
from vr_server.generation.masks import read_mask
from vr_server.generation.port import GenerationRequest, MaskEdit, MaskKind
from vr_server.media.inspect import VideoFacts, inspect_video

from .comfyui_workflow import Workflow


def clip_of(source: Path, workflow: Workflow) -> VideoFacts:
    """What a clip is that something is made from. Raise InvalidInput or InvalidMedia."""
    clip, most = inspect_video(source), workflow.bindings.max_frames
    if clip.frame_count > most:
        raise InvalidInput(f"The clip has {clip.frame_count} frames; workflow {workflow.name} takes at most {most}.")
    return clip


def mask_kind(request: GenerationRequest) -> MaskKind | None:
    """What of a workflow the request's mask needs; None: it brings none."""
    mask = request.input("mask")
    if request.mode != "edit_mask" or mask is None:
        return None
    if mask.media_type == "video/mp4":
        return "video"
    edit = request.edit if isinstance(request.edit, MaskEdit) else MaskEdit()
    return "tracked" if edit.tracking else "still"


def check_masks(path: Path, clip: VideoFacts) -> None:
    """The server's nodes would repeat what is missing in silence. Raise InvalidInput or InvalidMedia."""
    masks = inspect_video(path)
    if masks.frame_count != clip.frame_count:
        raise InvalidInput(f"The mask has {masks.frame_count} frames, and its clip {clip.frame_count}.")


def repeat_mask(path: Path, clip: VideoFacts, to: Path) -> None:
    """Write a mask that is a picture of the clip's size once for each of the clip's frames.

    Raise InvalidInput or StorageFailed.
    """
    size, rate = (clip.width_px, clip.height_px), Fraction(clip.fps).limit_denominator(1001)
    try:
        write_masks(to, repeat(read_mask(path.read_bytes(), {size}), clip.frame_count), size, rate)
    except OSError as error:
        raise StorageFailed(f"The mask cannot be written as a video: {error.strerror or error}.") from error
