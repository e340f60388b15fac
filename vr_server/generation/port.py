"""The engine port: what can be asked of whatever makes clips."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vr_server.domain.base import Model
from vr_server.domain.frame import FrameSource
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Quality


class Capabilities(Model):
    """What an engine declares. A request outside it is refused before any work is done."""

    name: str
    model: str
    version: str
    embedded: bool  # runs in our own worker processes
    gives_depth: bool
    gives_ids: bool
    gives_camera: bool
    modes: tuple[str, ...] = ("text",)
    sizes: tuple[tuple[int, int], ...] = ()  # empty: any even size up to max_size
    max_size: tuple[int, int] = (1920, 1080)
    fps: tuple[int, ...] = (24,)
    min_duration_s: float = 0.5
    max_duration_s: float = 16.0
    languages: tuple[str, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Everything an engine may need. Pickles: embedded engines run in worker processes."""

    spec: ShotSpec
    prompt: str
    seed: int
    width_px: int
    height_px: int
    fps: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class EmbeddedClip:
    """A clip being made: frames as they come, and the staging they show.

    `panorama` opens the same shot as an equirectangular clip with radial depth, its argument pixels high and twice as
    wide; None where the engine makes none.
    """

    staging: Staging
    frames: FrameSource
    panorama: Callable[[int], FrameSource] | None = None


class Engine(Protocol):
    def capabilities(self) -> Capabilities: ...


class EmbeddedEngine(Engine, Protocol):
    """Makes frames in the calling (worker) process; remote engines get a port of their own beside this one."""

    def warm(self) -> None:
        """Compile and load what the first frame would otherwise wait for. Idempotent."""

    def open(self, request: ClipRequest) -> EmbeddedClip:
        """Stage the shot and return its clip; frames are rendered while they are iterated.

        Raise InvalidPrompt or EngineFailed.
        """
        ...
