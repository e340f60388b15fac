"""Depth from a network in ONNX: Depth Anything V2 and V3 (a picture at a time) or Video Depth Anything (a window of them).

Inputs are float32 [b, 3, h, w] or [b, t, 3, h, w], ImageNet-normalised; outputs [b, h, w], [b, 1, h, w] or [b, t, h, w].
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from vr_server.domain.errors import InvalidModel

from ..networks import open_network
from .flow import grey
from .port import F16, F32, U8, CameraTrack, DepthTrack, Pictures, Report
from .steady import align_windows, steady

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnxruntime as ort

_MEAN, _STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_BATCH, _WINDOW, _SHARED = 4, 32, 8
_LARGEST_SIDE_PX, _MOST_AT_ONCE = 2048, 128
"""Of a network whose shape is fixed: what goes beyond is no depth network and would take all memory there is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network takes: `window` pictures at once (0: single pictures), `batch` or 0 where free, fixed `size`
    (width, height) or None."""

    window: int
    video: bool
    batch: int
    size: tuple[int, int] | None


class NetworkDepth:
    """Implements `DepthEstimator`. `gives`: what the output means; None: told by the file's metadata, else "inverse"."""

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        gives: Literal["inverse", "metres"] | None = None,
        multiple: int = 14,
        side: int = 518,
    ) -> None:
        """Open the network on CUDA where there is one, else on the CPU.

        Raise InvalidModel when the file is damaged or no depth network, Unavailable without the `depth` extra.
        """
        self.name = name
        self._multiple, self._side = multiple, side
        self._session = open_network(path)
        self._shape = _shape(self._session, path.name)
        told = self._session.get_modelmeta().custom_metadata_map.get("gives")
        self._gives = gives or ("metres" if told == "metres" else "inverse")

    def estimate(self, clip: Pictures, camera: CameraTrack, report: Report) -> DepthTrack:
        """Raise InvalidModel when the network gives no depth of the pictures' shape."""
        del camera
        size = self._shape.size or _fitting(clip.width_px, clip.height_px, self._side, self._multiple)
        inverse, small = self._run(clip, size, report)
        inverse = steady(inverse, small, align=self._gives == "inverse")
        metric = self._gives == "metres"
        return DepthTrack(
            inverse=inverse,
            metric=metric,
            approximate=False,
            estimator=self.name,
            reason=f"estimated by the network {self.name}",
            scale_reason="the network's own metres" if metric else "none: the network's depth has no unit",
        )

    def _run(self, clip: Pictures, size: tuple[int, int], report: Report) -> tuple[F16, list[U8]]:
        """Inverse depth at the network's size, and the pictures as grey at that size."""
        count = clip.frame_count
        found: F16 = np.zeros((count, size[1], size[0]), np.float16)
        pictures = [np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.uint8) for p in clip]
        last: tuple[int, F32] | None = None
        for start, stop in self._spans(len(pictures)):
            report("estimating depth", start / max(count, 1))
            depth = self._infer(np.stack(pictures[start:stop]))
            inverse = _inverse(depth, metres=self._gives == "metres")
            if self._shape.video and last is not None:
                inverse = align_windows(last[1][start - last[0] :], inverse)
            last = (start, inverse)
            found[start:stop] = inverse
        return found, [grey(p, size) for p in pictures]

    def _spans(self, count: int) -> Iterator[tuple[int, int]]:
        if not self._shape.video:
            step = self._shape.batch or _BATCH
            for start in range(0, count, step):
                yield start, min(start + step, count)
            return
        window = self._shape.window or min(_WINDOW, count)
        start = 0
        while True:
            stop = min(start + window, count)
            yield start, stop
            if stop == count:
                return
            start = stop - min(_SHARED, window // 2)

    def _infer(self, pictures: U8) -> F32:
        """Raw output float32 [n, h, w] for uint8 [n, h, w, 3], padded with the last picture where the network's batch or
        window is fixed."""
        n = len(pictures)
        wanted = (self._shape.window if self._shape.video else self._shape.batch) or n
        padded = np.concatenate([pictures, np.repeat(pictures[-1:], wanted - n, axis=0)]) if wanted > n else pictures
        x = np.ascontiguousarray(((padded.astype(np.float32) / 255 - _MEAN) / _STD).transpose(0, 3, 1, 2))
        given = self._session.get_inputs()[0].name
        try:
            raw = self._session.run(None, {given: x[None] if self._shape.video else x})[0]
        except Exception as error:  # onnxruntime's errors share no base class
            raise InvalidModel(
                f"The depth network {self.name} cannot work on these pictures: {str(error).splitlines()[0]}"
            ) from error
        depth = np.asarray(raw, np.float32)
        depth = depth.reshape(-1, *depth.shape[-2:])
        if len(depth) != len(padded):
            raise InvalidModel(
                f"The network {self.name} gave {len(depth)} maps for {len(padded)} pictures: it is no depth network."
            )
        if depth.shape[1:] != pictures.shape[1:3]:
            size = (pictures.shape[2], pictures.shape[1])
            depth = np.stack(
                [np.asarray(cv2.resize(d, size, interpolation=cv2.INTER_LINEAR), np.float32) for d in depth]
            )
        if not np.isfinite(depth).all():
            raise InvalidModel(
                f"The network {self.name} gave numbers that are none: it is damaged or not meant for this machine."
            )
        return depth[:n]


def _shape(session: ort.InferenceSession, name: str) -> Shape:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    shape = inputs[0].shape if inputs else []
    video = len(shape) == 5
    channels = shape[2 if video else 1] if len(shape) in {4, 5} else None
    if len(inputs) != 1 or channels != 3 or "float" not in inputs[0].type:
        raise InvalidModel(
            f"{name} is no depth network: it does not take one batch of pictures [b, 3, h, w] or [b, t, 3, h, w]."
        )
    if not outputs or len(outputs[0].shape) not in {3, 4, 5}:
        raise InvalidModel(f"{name} is no depth network: it does not give maps [b, h, w].")

    def fixed(value: object) -> int:
        return value if isinstance(value, int) and value > 0 else 0

    height, width = fixed(shape[-2]), fixed(shape[-1])
    if max(height, width) > _LARGEST_SIDE_PX or max(map(fixed, shape[:-3])) > _MOST_AT_ONCE:
        raise InvalidModel(
            f"{name} takes pictures of {width}x{height}, {max(map(fixed, shape[:-3]))} at once: more than {_LARGEST_SIDE_PX} px or {_MOST_AT_ONCE} are refused."
        )
    return Shape(
        fixed(shape[1]) if video else 0,
        video,
        0 if video else fixed(shape[0]),
        (width, height) if width and height else None,
    )


def _fitting(width_px: int, height_px: int, side: int, multiple: int) -> tuple[int, int]:
    """Shorter side about `side`, both multiples of `multiple`, the picture's shape kept."""
    scale = side / min(width_px, height_px)

    def near(n: int) -> int:
        return max(multiple, round(n * scale / multiple) * multiple)

    return near(width_px), near(height_px)


def _inverse(depth: F32, *, metres: bool) -> F32:
    if not metres:
        return np.maximum(depth, 0)
    return np.asarray(1 / np.maximum(depth, 1e-2), np.float32)
