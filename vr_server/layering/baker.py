"""Frames in, a folder that plays out: baked GOP by GOP, watchable from the first half second."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import ClipPlan, Frame

from .ahead import Ahead
from .atlas import AtlasPainter
from .depth.clip import KNOWN, Found
from .describe import MANIFEST, POSTER, REPORT, BakeSettings, describe
from .layers import Layers
from .layout import atlas_layout
from .shapes import shape_of
from .surround import write_surround
from .thumbs import ThumbStrip, planned
from .tiers import TierWriter, write_media

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class BakeReport:
    """What a bake did; the same stands in report.json. `tier_bytes`: packet payload per tier; `depth`: how its depth came;
    `remarks`: what was changed when the clip was taken in, a line each."""

    frames: int
    cpu_s: float
    wall_s: float
    tier_bytes: dict[str, int]
    depth: Found
    remarks: tuple[str, ...] = ()


class Baker:
    """Bakes one clip into `out`: push frames in order, then `finish`. Not thread-safe.

    The first half second is baked as it comes, later frames once those after them have been seen (`ahead`). Layers and atlas are made in the calling thread; each tier is encoded in a thread of its own, at most a GOP behind.
    A sphere is baked as a sphere, a fisheye as the part of it that it shows (`shapes`). Raise InvalidMedia for a size that
    no atlas holds.
    """

    def __init__(
        self,
        out: Path,
        plan: ClipPlan,
        *,
        shot_id: str,
        take_id: str,
        settings: BakeSettings | None = None,
        depth: Found = KNOWN,
        remarks: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings or BakeSettings()
        self._depth, self._remarks, self._out, self._source = depth, remarks, out, plan
        self._shape = shape_of(plan, self._settings.sphere_width_px)
        plan = self._plan = self._shape.plan
        layout = atlas_layout(plan.width_px, plan.height_px)
        self.manifest = describe(self._shape, layout, self._settings, shot_id=shot_id, take_id=take_id)
        out.mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).write_text(self.manifest.model_dump_json(by_alias=True, indent=1), encoding="utf-8")
        self._painter = AtlasPainter(layout, self.manifest)
        self._tiers = [
            TierWriter(out, t, self.manifest, self._settings.preset, careful=i == 0)
            for i, t in enumerate(self.manifest.tiers)
        ]
        self._ahead = Ahead(
            self._shape, self._settings.head_box_m, at_once=self.manifest.keyframe_interval, cuts=depth.cuts
        )
        self._thumbs = ThumbStrip(planned(plan.frame_count, *self._shape.front_px))
        self._next = 0
        self._started_cpu_s, self._started_s = time.process_time(), time.monotonic()

    @property
    def playable_frames(self) -> int:
        """Frames that stand on disk in every tier."""
        return min(t.flushed_frames for t in self._tiers)

    def add(self, frame: Frame) -> None:
        """Bake the next frame. Raise InvalidMedia when it is out of order or of another size."""
        if frame.index != self._next or self._next >= self._plan.frame_count:
            raise InvalidMedia(
                f"Frame {frame.index} came where frame {self._next} of {self._plan.frame_count} was due."
            )
        if frame.depth.shape != (self._source.height_px, self._source.width_px):
            raise InvalidMedia(
                f"Frame {frame.index} is {frame.depth.shape[1]}x{frame.depth.shape[0]}, "
                f"the clip {self._source.width_px}x{self._source.height_px}."
            )
        frame = self._shape.taken(frame)
        self._send(self._ahead.push(frame))
        if self._next == 0:
            self._write_poster(self._shape.front(frame))
            write_surround(self._out, self._shape.surround(frame))
        if self._thumbs.wants(frame.index):
            self._thumbs.see(frame.index, self._shape.front(frame))
        self._next += 1

    def _send(self, ready: Iterator[tuple[int, Layers]]) -> None:
        for index, layers in ready:
            atlas = self._painter.paint(layers, index)
            for tier in self._tiers:
                tier.send(atlas)

    def surround(self, rgb: U8) -> None:
        """Give the shot's own panorama, uint8 [h, 2 h, 3], in place of what the first frame suggests: equirectangular,
        level, facing where the first camera heads. Raise InvalidMedia for another shape."""
        write_surround(self._out, rgb)

    def finish(self) -> BakeReport:
        """Complete the folder. Raise InvalidMedia when frames are missing: whole GOPs of what came stay readable."""
        missing = self._next != self._plan.frame_count
        try:
            self._send(self._ahead.flush())
            for tier in self._tiers:
                if missing:
                    tier.drain()
                else:
                    tier.finish()
        finally:
            self.abort()
        if missing:
            raise InvalidMedia(f"The clip ended after {self._next} of {self._plan.frame_count} frames.")
        self._thumbs.write(self._out)
        for described in self.manifest.tiers:
            write_media(self._out, described, self.manifest)
        report = BakeReport(
            frames=self._next,
            cpu_s=round(time.process_time() - self._started_cpu_s, 3),
            wall_s=round(time.monotonic() - self._started_s, 3),
            tier_bytes={t.tier.name: t.bytes for t in self._tiers},
            depth=self._depth,
            remarks=self._remarks,
        )
        (self._out / REPORT).write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
        return report

    def abort(self) -> None:
        """Stop and close every file; what was flushed stays. Idempotent."""
        for tier in self._tiers:
            tier.close()

    def _write_poster(self, color: U8) -> None:
        if not cv2.imwrite(str(self._out / POSTER), color[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]):
            raise InvalidMedia(f"The poster cannot be written to {self._out}.")
