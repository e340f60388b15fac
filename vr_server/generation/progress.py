"""What a worker says while it makes a rendition, and when it has. Light to import: the server reads it too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vr_server.domain.take import Finding, Kept, Quality


@dataclass(frozen=True, slots=True)
class MakingProgress:
    """How far a rendition is. The first `playable_frames` frames can be watched already."""

    stage: Literal["staging", "draft", "final"]
    frames_done: int
    frame_count: int  # 0 while the shot is being staged
    playable_frames: int


@dataclass(frozen=True, slots=True)
class Made:
    """What a worker has made and is whole: a rendition in its folder, or one file. Pickles."""

    quality: Quality
    width_px: int
    height_px: int
    frame_count: int
    findings: tuple[Finding, ...] = ()
    kept: Kept | None = None


Report = Callable[[MakingProgress], None]
