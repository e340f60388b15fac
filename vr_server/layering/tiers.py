"""One tier of a bake: the atlas coded at one bitrate, into a packet log and a file that plays.

What each tile is worth was measured by novel views (benchmarks/README.md): both depths of what is seen are worth more bits
than its colours, what is hidden behind it is worth fewer.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from streaming.packets import AccessUnit, PacketReader, PacketWriter
from vr_server.domain.manifest import Manifest, Tier
from vr_server.media.codec import H264Encoder, H264Settings, Packet, Region, write_mp4

U8 = npt.NDArray[np.uint8]

_STEPS = {"D1": -4, "F1": -5, "C2": 8, "D2": 5}
"""Quantiser steps of the tiles against that of the picture: 0.3 dB at 25 cm, a quarter of the depth's error."""
_CAREFUL = (
    "partitions=i4x4,p8x8,p4x4",  # edges of depth part from each other within a block: +0.3 dB
    "no-dct-decimate=1:deblock=-2,-2",  # what is faint or sharp in depth is meant: +0.1 dB
    "chroma-qp-offset=-6",  # most of the atlas is grey, so that better colours cost 3 % of the bits: +0.2 dB
    "no-psy=1:trellis=1",  # grain that only looks like detail is an error here: +0.1 dB
)
"""For the best tier, whose bits are worth more time, at 4 Mb/s (720p). It is coded in main profile; who decodes baseline
only is served the tiers below it (`streaming`)."""


class TierWriter:
    """One tier's encoder and packet log, in a thread of its own."""

    def __init__(self, folder: Path, tier: Tier, manifest: Manifest, preset: str, *, careful: bool) -> None:
        self.tier = tier
        self.flushed_frames = 0
        self.bytes = 0
        self._frames = 0
        self._interval = manifest.keyframe_interval
        self._log = PacketWriter(folder / tier.packets)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"bake-{tier.name}")
        self._jobs: deque[Future[None]] = deque()
        self._encoder = H264Encoder(
            H264Settings(
                width_px=manifest.atlas.width,
                height_px=manifest.atlas.height,
                fps=Fraction(*manifest.fps),
                keyframe_interval=manifest.keyframe_interval,
                bitrate_kbps=tier.bitrate_kbps,
                preset=preset,
                adaptive_quantisation=False,  # +0.8 dB straight on, +0.5 at 25 cm, a third fewer flying pixels
                motion_refinement=4,  # folded depth moves by its own laws: up to +0.3 dB at 25 cm, 5 % fewer bits
                profile="main" if careful else "baseline",  # arithmetic coding: +0.2 dB at 25 cm
                options=_CAREFUL if careful else (),
                regions=tuple(Region(*manifest.tiles[tile], steps) for tile, steps in _STEPS.items()),
            )
        )

    def send(self, image: U8) -> None:
        """Hand over the next picture; wait while a whole GOP is queued, and raise what went wrong with one."""
        self._jobs.append(self._thread.submit(self._write, image))
        while self._jobs and (len(self._jobs) > self._interval or self._jobs[0].done()):
            self._jobs.popleft().result()

    def drain(self) -> None:
        """Wait for what is queued; raise what went wrong with it."""
        while self._jobs:
            self._jobs.popleft().result()

    def finish(self) -> None:
        """Wait for what is queued and mark the log as complete."""
        self.drain()
        self._append(self._encoder.flush())
        self._log.finish()
        self.flushed_frames = self._frames

    def close(self) -> None:
        """Drop what is queued and close the log. Idempotent."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._log.close()

    def _write(self, image: U8) -> None:
        self._append(self._encoder.encode(image))
        if self._frames % self._interval == 0:
            self._log.flush()
            self.flushed_frames = self._frames

    def _append(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._log.append(AccessUnit(packet.frame, packet.keyframe, packet.data))
            self._frames += 1
            self.bytes += len(packet.data)


def write_media(folder: Path, tier: Tier, manifest: Manifest) -> None:
    """Put a finished tier's packets into the file that plays everywhere, if it is to have one."""
    if tier.media is None:
        return
    log = PacketReader(folder / tier.packets)
    try:
        write_mp4(
            folder / tier.media,
            _packets(log),
            width_px=manifest.atlas.width,
            height_px=manifest.atlas.height,
            fps=Fraction(*manifest.fps),
        )
    finally:
        log.close()


def _packets(log: PacketReader) -> Iterator[Packet]:
    for frame in range(log.available):
        unit = log.read(frame)
        yield Packet(unit.frame, unit.keyframe, unit.data)
