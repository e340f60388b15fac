"""From a flat clip to one with depth: its cuts, and for each shot the camera, whichever estimator can, and the scale."""

from collections.abc import Sequence

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose

from .auto import choose
from .camera import LensPrior, estimate_camera
from .clip import EstimatedClip, FoundShot
from .hints import ScaleHints
from .port import CameraTrack, DepthEstimator, Pictures, Report, silent
from .scale import tied
from .shots import shots_of

_STILL_M = 0.005


def find_depth(
    pictures: Pictures,
    estimators: Sequence[DepthEstimator],
    *,
    cameras: tuple[CameraPose, ...] | None = None,
    lens: LensPrior | None = None,
    hints: ScaleHints | None = None,
    report: Report = silent,
) -> EstimatedClip:
    """Depth of `pictures` by the first of `estimators` that does not refuse, shot by shot where the clip cuts.

    `cameras`: known poses, metres; else the way is estimated, leaning on `lens`. `hints`: what was planned of the clip; what
    it says of the camera holds for an uncut clip only.

    Raise NoDepth when every estimator refuses, InvalidMedia when poses and pictures do not go together.
    """
    if cameras is not None and len(cameras) != pictures.frame_count:
        raise InvalidMedia(f"The camera file has {len(cameras)} poses for {pictures.frame_count} pictures.")
    report("looking for cuts", 0.0)
    shots = shots_of(pictures)
    hints = hints or ScaleHints()
    found = []
    for shot in shots:
        known = None if cameras is None else cameras[shot.first : shot.stop]
        track = estimate_camera(shot, lens, report) if known is None else _known(known)
        depth = choose(shot, track, estimators, report)
        scaled = tied(shot, track, depth, hints if len(shots) == 1 else hints.of_people(), report)
        found.append(FoundShot(shot.first, scaled.camera, scaled.depth, scaled.unit_m))
    return EstimatedClip(pictures, found)


def _known(cameras: tuple[CameraPose, ...]) -> CameraTrack:
    start = cameras[0].t_world_camera[:3, 3]
    moves = any(float(abs(c.t_world_camera[:3, 3] - start).max()) > _STILL_M for c in cameras)
    return CameraTrack(cameras, moves, True, 1.0, "the camera came with the clip")
