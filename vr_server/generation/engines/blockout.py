"""The embedded engine: blockout clips with exact depth, ids and camera, rendered in the worker's own process."""

from fractions import Fraction

from vr_server import __version__, blockout
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import FrameSource
from vr_server.generation.port import Capabilities, ClipRequest, EmbeddedClip
from vr_server.staging import compose

_CAPABILITIES = Capabilities(
    name="blockout",
    model="blockout",
    version=__version__,
    embedded=True,
    modes=("text", "edit_mask"),
    gives_depth=True,
    gives_ids=True,
    gives_camera=True,
    max_size=(1920, 1080),
    fps=(24, 25, 30),
    min_duration_s=0.5,
    max_duration_s=16.0,
)


class BlockoutEngine:
    """Implements `generation.port.EmbeddedEngine`."""

    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    def warm(self) -> None:
        """Compile the renderer's kernels, or load them from the cache."""
        blockout.warm()

    def open(self, request: ClipRequest) -> EmbeddedClip:
        """Stage the shot and open its clip. Raise InvalidInput for a request outside the capabilities."""
        _check(request)
        staging, fps, quality = compose(request.spec, request.seed), Fraction(request.fps), request.quality
        like = request.like
        if like is not None:
            staging = staging.model_copy(update={"camera": like.camera})
            like = like if like.sky == staging.sky and like.style == staging.style else None
        size = {"width_px": request.width_px, "height_px": request.height_px}
        frames = blockout.open_clip(staging, **size, fps=fps, quality=quality, exposed_like=like)

        def panorama(height_px: int) -> FrameSource:
            return blockout.open_panorama(staging, height_px=height_px, fps=fps, quality=quality)

        return EmbeddedClip(staging, frames, panorama)


def _check(request: ClipRequest) -> None:
    able = _CAPABILITIES
    width, height = request.width_px, request.height_px
    if width % 2 or height % 2 or width < 16 or height < 16 or width > able.max_size[0] or height > able.max_size[1]:
        raise InvalidInput(
            f"The blockout engine cannot make {width}x{height}: "
            f"ask for even sides from 16 up to {able.max_size[0]}x{able.max_size[1]}."
        )
    if request.fps not in able.fps:
        offered = ", ".join(str(fps) for fps in able.fps)
        raise InvalidInput(f"The blockout engine cannot make {request.fps} frames a second: ask for one of {offered}.")
    if not able.min_duration_s <= request.spec.duration_s <= able.max_duration_s:
        raise InvalidInput(
            f"The blockout engine cannot make a shot of {request.spec.duration_s:g} s: "
            f"ask for {able.min_duration_s:g} to {able.max_duration_s:g} s."
        )
