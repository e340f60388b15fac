"""From a flat clip to one with depth: its camera, then whichever estimator can."""

from collections.abc import Sequence

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose

from .auto import choose
from .camera import LensPrior, estimate_camera
from .clip import EstimatedClip
from .port import CameraTrack, DepthEstimator, Pictures, Report, silent


def find_depth(
    pictures: Pictures,
    estimators: Sequence[DepthEstimator],
    *,
    cameras: tuple[CameraPose, ...] | None = None,
    lens: LensPrior | None = None,
    report: Report = silent,
) -> EstimatedClip:
    """Depth of `pictures` by the first of `estimators` that does not refuse. `cameras`: known poses, metres; else the way
    is estimated, leaning on `lens`.

    Raise NoDepth when every estimator refuses, InvalidMedia when poses and pictures do not go together.
    """
    if cameras is None:
        track = estimate_camera(pictures, lens, report)
    elif len(cameras) != pictures.frame_count:
        raise InvalidMedia(f"The camera file has {len(cameras)} poses for {pictures.frame_count} pictures.")
    else:
        moves = any(
            float(abs(c.t_world_camera[:3, 3] - cameras[0].t_world_camera[:3, 3]).max()) > _STILL_M for c in cameras
        )
        track = CameraTrack(cameras, moves, True, 1.0, "the camera came with the clip")
    return EstimatedClip(pictures, track, choose(pictures, track, estimators, report))


_STILL_M = 0.005
