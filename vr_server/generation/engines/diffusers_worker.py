"""The process that makes diffusers' clips: it loads a model once, takes orders from a folder, and outlives the server.

    python -m vr_server.generation.engines.diffusers_worker FOLDER IDLE_S

It takes the folder's lock, then goes on by itself in the background; where another one has the lock, nothing happens.
A server that comes back finds the worker, and its orders, where it left them. With nothing to do for IDLE_S seconds it
ends and frees the device. An order in whose middle a worker died is taken up once more, and given up after that.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vr_server.domain.errors import Cancelled, EngineFailed, PrevisError

from .diffusers_orders import Order, OrderFolder, Progress, Report, Shelf, Stage

if TYPE_CHECKING:
    from vr_server.media.codec import Packet

    from .diffusers_inputs import U8, Conditions

_log = logging.getLogger("vr_server.diffusers_worker")
_NICENESS = 10
_LOOK_EVERY_S = 0.2
_SAY_EVERY_S = 0.1
_PRUNE_EVERY_S = 3600.0
_ATTEMPTS = 2


class Studio(Protocol):
    """Makes clips, and holds on to the model between them."""

    revision: str | None  # the commit of the model that is loaded

    def make(self, order: Order, given: "Conditions", report: Report) -> "U8":
        """The clip's pictures, uint8 [n, h, w, 3], sRGB. Raise EngineFailed and its kinds, or Cancelled."""
        ...


class Worker:
    """Brings a folder's orders to their ends, one at a time."""

    def __init__(self, shelf: Shelf, studio: Callable[[], Studio], idle_s: float) -> None:
        self._shelf = shelf
        self._open = studio
        self._studio: Studio | None = None
        self._idle_s = idle_s
        self._pruned_s = 0.0

    def run(self) -> None:
        """Work until there is nothing to do for `idle_s`."""
        idle_since = time.monotonic()
        while True:
            if self.work_once():
                idle_since = time.monotonic()
                continue
            if time.monotonic() - self._pruned_s > _PRUNE_EVERY_S or not self._pruned_s:
                self._shelf.prune()
                self._pruned_s = time.monotonic()
            if time.monotonic() - idle_since > self._idle_s:
                _log.info("nothing to do for %.0f s: the worker ends", self._idle_s)
                return
            time.sleep(_LOOK_EVERY_S)

    def work_once(self) -> bool:
        """Bring the oldest open order to its end; False: there is none."""
        waiting = self._shelf.open_orders()
        if waiting:
            self._bring(waiting[0])
        return bool(waiting)

    def _bring(self, folder: OrderFolder) -> None:
        before = folder.progress()
        now = before.model_copy(update={"worker": os.getpid(), "state": "running", "attempts": before.attempts + 1})
        try:
            if before.attempts >= _ATTEMPTS:
                raise self._given_up(before)  # noqa: TRY301 - told like any other failure
            told = _Told(folder, now)
            told("waiting", None)
            _log.info("order %s, attempt %d", folder.id, now.attempts)
            self._make(folder, told)
            now = told.progress.model_copy(update={"state": "succeeded", "share": 1.0})
        except Cancelled:
            now = now.model_copy(update={"state": "cancelled"})
        except PrevisError as error:
            now = now.model_copy(update={"state": "failed", "code": error.code, "message": str(error)})
        except Exception as error:  # noqa: BLE001 - one order's failure is not the next one's
            _log.exception("order %s broke off", folder.id)
            line = f"The worker of engine diffusers broke off: {type(error).__name__}. See {self._shelf.log}."
            now = now.model_copy(update={"state": "failed", "code": EngineFailed.code, "message": line})
        _log.info("order %s: %s %s", folder.id, now.state, now.message or "")
        folder.say(now)

    def _given_up(self, before: Progress) -> EngineFailed:
        return EngineFailed(
            f"The worker of engine diffusers died {before.attempts} times in the middle of this order; no memory left is "
            f"the usual reason. Its last words are in {self._shelf.log}."
        )

    def _make(self, folder: OrderFolder, told: "_Told") -> None:
        from .diffusers_inputs import conditions_of

        order, given = folder.order(), conditions_of(folder)
        if self._studio is None:
            self._studio = self._open()
        made = self._studio.make(order, given, told)
        told("writing", None)
        pictures = iter(made) if given.kept is None else given.kept.around(made)
        part = folder.path / "clip.part"
        _write(part, pictures, given)
        told.progress = told.progress.model_copy(update={"revision": self._studio.revision})
        part.replace(folder.clip)


class _Told:
    """Keeps what is reported of an order, not more often than it is read, and hears when it is called off."""

    def __init__(self, folder: OrderFolder, progress: Progress) -> None:
        self.progress = progress
        self._folder = folder
        self._said_s = 0.0

    def __call__(self, stage: Stage, share: float | None) -> None:
        if self._folder.called_off:
            raise Cancelled("The order was called off.")
        now = self.progress.model_copy(update={"stage": stage, "share": share})
        if stage != self.progress.stage or time.monotonic() - self._said_s > _SAY_EVERY_S:
            self._folder.say(now)
            self._said_s = time.monotonic()
        self.progress = now


def _write(path: Path, pictures: "Iterator[U8]", given: "Conditions") -> None:
    """An mp4 of the pictures. Raise InvalidMedia or OSError."""
    from vr_server.media.codec import H264Encoder, H264Settings, write_mp4
    from vr_server.media.colour import rgb_to_i420

    packets: list[Packet] = []
    encoder: H264Encoder | None = None
    height = width = 0
    for picture in pictures:
        if encoder is None:
            height, width = picture.shape[:2]
            encoder = H264Encoder(H264Settings(width, height, given.fps, max(1, round(given.fps)), crf=12,
                                               preset="medium", profile="high"))  # fmt: skip
        packets += encoder.encode(rgb_to_i420(picture))
    if encoder is None:
        raise EngineFailed("The pipeline gave no pictures.")
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=width, height_px=height, fps=given.fps)


def _studio() -> Studio:
    from .diffusers_pipelines import Pipelines

    return Pipelines()


def main(folder: str, idle_s: str) -> int:
    """Become the folder's worker, in the background; 0 too where there is one already."""
    shelf = Shelf(Path(folder))
    shelf.prepare()
    if not shelf.take_worker_lock() or os.fork():  # before anything that starts threads
        return 0
    os.setsid()  # what stops the server does not stop the worker
    os.nice(_NICENESS)  # streaming keeps its beat
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _log.setLevel(logging.INFO)  # the libraries' own lines hold signed addresses
    _log.info("worker %d begins", os.getpid())
    try:
        Worker(shelf, _studio, float(idle_s)).run()
    except Exception:  # noqa: BLE001 - nobody else hears of it
        _log.exception("the worker ends")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
