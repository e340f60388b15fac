"""A shot longer than an engine's longest clip, cut into parts that the engine makes one after the other. Pure."""

import math
from itertools import pairwise

from vr_server.domain.shot import ShotSpec
from vr_server.language.moments import spans_of

_SHORTEST_S = 1.0
_REACH = 0.3
"""How far a cut may go for a beat, as a share of an even part."""


def beat_times(spec: ShotSpec) -> tuple[float, ...]:
    """When something new begins in the shot, seconds, without its start: actions first, then the camera's moves."""
    rows = [subject.beats for subject in spec.subjects if subject.beats] + (
        [spec.camera.beats] if spec.camera.beats else []
    )
    starts = (span[0] for beats in rows for span in spans_of(tuple(b.weight for b in beats), spec.duration_s)[1:])
    return tuple(dict.fromkeys(round(start, 3) for start in starts))


def split(
    duration_s: float, longest_s: float, further_s: float, *, beats_s: tuple[float, ...] = (), fps: int = 24
) -> tuple[tuple[float, float], ...]:
    """Parts (start, end) in seconds that cover the shot, as few as can be and about equally long.

    The first lasts at most `longest_s`, each further one `further_s`. A cut goes to the nearest of `beats_s` where one
    is close; all lie on frames of `fps`.
    """
    if duration_s <= longest_s:
        return ((0.0, duration_s),)
    count = 1 + math.ceil((duration_s - longest_s) / further_s - 1e-9)
    even = duration_s / count
    shortest = min(_SHORTEST_S, even / 2)
    cuts = [0.0]
    for part in range(1, count):
        latest = cuts[-1] + (longest_s if part == 1 else further_s)
        earliest = max(cuts[-1] + shortest, duration_s - (count - part) * further_s)
        latest = min(latest, duration_s - (count - part) * shortest)
        cut = min(max(part * even, earliest), latest)
        near = [b for b in beats_s if earliest <= b <= latest and abs(b - cut) <= _REACH * even]
        cut = min(near, key=lambda b: (abs(b - cut), b), default=cut)
        on_frame = round(cut * fps) / fps
        cuts.append(on_frame if earliest <= on_frame <= latest else math.floor(latest * fps) / fps)
    return tuple(pairwise([*cuts, duration_s]))
