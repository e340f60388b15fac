"""From a flat clip to one with depth: its cuts, and for each shot the camera, whichever estimator can, and the scale."""

from collections.abc import Sequence

from vr_server.domain.errors import InvalidMedia, InvalidModel, Unavailable
from vr_server.domain.frame import CameraPose

from .auto import choose
from .camera import LensPrior, estimate_camera
from .clip import NO_MASKS, EstimatedClip, FoundShot
from .hints import ScaleHints
from .people import PeopleTrack, follow_people, upright
from .port import F16, CameraTrack, DepthEstimator, PersonMasks, Pictures, Report, silent
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
    masks: PersonMasks | str | None = None,
    report: Report = silent,
) -> EstimatedClip:
    """Depth of `pictures` by the first of `estimators` that does not refuse, shot by shot where the clip cuts.

    `cameras`: known poses, metres; else the way is estimated, leaning on `lens`. `hints`: what was planned of the clip; what
    it says of the camera holds for an uncut clip only. `masks`: who finds the people that are to be cut out, or in one line why
    nobody does; masks that fail are done without, and the report says so.

    Raise NoDepth when every estimator refuses, InvalidMedia when poses and pictures do not go together.
    """
    if cameras is not None and len(cameras) != pictures.frame_count:
        raise InvalidMedia(f"The camera file has {len(cameras)} poses for {pictures.frame_count} pictures.")
    report("looking for cuts", 0.0)
    shots = shots_of(pictures)
    hints = hints or ScaleHints()
    finder = _People(masks, report)
    found = []
    for shot in shots:
        known = None if cameras is None else cameras[shot.first : shot.stop]
        track = estimate_camera(shot, lens, report) if known is None else _known(known)
        depth = choose(shot, track, estimators, report)
        people = finder.of(shot, None if depth.approximate else depth.inverse)
        depth = depth if people is None else upright(depth, people)
        scaled = tied(shot, track, depth, hints if len(shots) == 1 else hints.of_people(), report)
        found.append(FoundShot(shot.first, scaled.camera, scaled.depth, scaled.unit_m, people))
    return EstimatedClip(pictures, found, finder.told(sum(shot.people is not None for shot in found), len(found)))


class _People:
    """The people of shot after shot, as long as the masks do not fail."""

    def __init__(self, masks: PersonMasks | str | None, report: Report) -> None:
        self._masks = None if isinstance(masks, str) else masks
        self._why = masks if isinstance(masks, str) else ""
        self._report, self._found = report, 0

    def of(self, shot: Pictures, inverse: F16 | None) -> PeopleTrack | None:
        if self._masks is None or self._why:
            return None
        try:
            track = follow_people(shot, inverse, self._masks, self._report, self._found + 1)
        except (InvalidModel, Unavailable) as error:
            self._why = str(error)
            return None
        self._found += track.found
        return track

    def told(self, done: int, of: int) -> str:
        if self._why:
            return f"{'no masks of people' if not done else f'masks of people in {done} of {of} shots'}: {self._why}"
        if self._masks is None:
            return NO_MASKS
        return f"cut out by the masks of the network {self._masks.name}"


def _known(cameras: tuple[CameraPose, ...]) -> CameraTrack:
    start = cameras[0].t_world_camera[:3, 3]
    moves = any(float(abs(c.t_world_camera[:3, 3] - start).max()) > _STILL_M for c in cameras)
    return CameraTrack(cameras, moves, True, 1.0, "the camera came with the clip")
