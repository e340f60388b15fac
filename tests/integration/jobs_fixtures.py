"""A small engine and small tasks for tests of the jobs: importable by name in a worker process."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from vr_server.domain.errors import Cancelled, InvalidPrompt
from vr_server.domain.frame import CameraPose, ClipPlan, Frame
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import CameraKey, CameraPath, Sky, Staging
from vr_server.generation.port import Capabilities, ClipRequest, EmbeddedClip, EmbeddedEngine
from vr_server.generation.progress import MakingProgress, Report
from vr_server.generation.worker import Engines

TINY = Capabilities(
    name="tiny", model="ramp", version="1", embedded=True, gives_depth=True, gives_ids=True, gives_camera=True
)


def a_staging(spec: ShotSpec, seed: int) -> Staging:
    return Staging(
        duration_s=spec.duration_s,
        place="plain",
        ground="sand",
        ground_colour=(0.5, 0.4, 0.3),
        set_pieces=(),
        subjects=(),
        camera=CameraPath(
            keys=(CameraKey(t_s=0, position_m=(0, 1.6, 4), rotation=(0, 0, 0, 1), yfov_rad=0.8),), lens_mm=28
        ),
        sky=Sky(
            time_of_day="day",
            bodies=(),
            zenith=(0.2, 0.4, 0.8),
            horizon=(0.7, 0.8, 0.9),
            ground_bounce=(0.3, 0.3, 0.3),
            fog_density_per_m=0,
            fog_colour=(0.7, 0.8, 0.9),
            exposure=1,
        ),
        seed=seed,
    )


class Ramp:
    """Frames of a moving ramp over a near square; `frame_s` seconds each."""

    def __init__(self, request: ClipRequest, frame_s: float) -> None:
        count = max(1, round(request.spec.duration_s * request.fps))
        self._pose = CameraPose(np.eye(4), 0.8)
        self._frame_s = frame_s
        self.plan = ClipPlan(
            request.width_px, request.height_px, Fraction(request.fps), count, 2.0, 10.0, (self._pose,) * count
        )

    def __iter__(self) -> Iterator[Frame]:
        h, w = self.plan.height_px, self.plan.width_px
        for index in range(self.plan.frame_count):
            time.sleep(self._frame_s)
            color = np.zeros((h, w, 3), np.uint8)
            color[..., 0] = (np.arange(w) + 2 * index) % 256
            depth = np.full((h, w), 10.0, np.float32)
            depth[h // 3 : 2 * h // 3, w // 3 : 2 * w // 3] = 2.0
            yield Frame(index, color, depth, np.zeros((h, w), np.uint16), self._pose)


class TinyEngine:
    """Slow when the prompt says ``slow``; refuses ``refuse``; is killed on ``crash`` and breaks off on ``bug``."""

    def capabilities(self) -> Capabilities:
        return TINY

    def warm(self) -> None:
        return None

    def open(self, request: ClipRequest) -> EmbeddedClip:
        text = request.spec.text
        if "refuse" in text:
            raise InvalidPrompt("The engine will not make this.")
        if "crash" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "bug" in text:
            raise ZeroDivisionError("seven by nought")
        frames = Ramp(request, 0.1 if "slow" in text and request.quality == "final" else 0.0)
        return EmbeddedClip(a_staging(request.spec, request.seed), frames)


def make_engine(name: str) -> EmbeddedEngine:
    assert name == "tiny"
    return TinyEngine()


def make_broken_engine(name: str) -> EmbeddedEngine:
    raise RuntimeError(f"{name} has no licence")


@dataclass(frozen=True)
class Whoami:
    """Returns the worker's process id, niceness and engine."""

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> tuple[int, int, str]:
        report(MakingProgress("draft", 1, 2, 0))
        report(MakingProgress("draft", 2, 2, 2))
        return os.getpid(), os.nice(0), engines("tiny").capabilities().name


@dataclass(frozen=True)
class Wait:
    """Runs until it is cancelled; touches `started` first. `deaf`: does not even look."""

    started: Path
    deaf: bool = False

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> None:
        self.started.write_text(str(os.getpid()))
        while self.deaf or not cancelled():
            time.sleep(0.01)
        raise Cancelled("It was cancelled.")


@dataclass(frozen=True)
class Note:
    """Appends its name to a file, so that the order of tasks shows."""

    name: str
    file: Path

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> None:
        with self.file.open("a") as file:
            file.write(self.name)


@dataclass(frozen=True)
class Die:
    """Ends as `how` says."""

    how: str

    def __call__(self, engines: Engines, report: Report, cancelled: Callable[[], bool]) -> None:
        match self.how:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(3)
            case "bug":
                raise ZeroDivisionError("seven by nought")
            case _:
                raise InvalidPrompt("not this one")
