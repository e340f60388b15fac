"""Where people are in a picture, by a network in ONNX: MediaPipe's selfie segmentation, PP-HumanSeg and their like."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vr_server.domain.errors import InvalidModel

from ..networks import PictureNetwork
from .port import F32, U8

_FREE_SIDE_PX = 256
_BLACK: U8 = np.zeros((36, 64, 3), np.uint8)
"""Shown to a network when it is opened: one of another kind is told there."""


@dataclass(frozen=True, slots=True)
class PersonModel:
    """A network's file and how it is fed (`PictureNetwork`). Pickles: it is opened where it is used."""

    path: Path
    name: str
    signed: bool = False


class NetworkMasks:
    """Implements `PersonMasks` over a network that gives probabilities or logits [1, 1, h, w], [1, h, w, 1], or two classes
    of which the second is people, channels first or last."""

    def __init__(self, model: PersonModel) -> None:
        """Raise InvalidModel when the file is damaged or no such network, Unavailable without onnxruntime."""
        self.name = model.name
        self._network = PictureNetwork(model.path, free_side_px=_FREE_SIDE_PX, signed=model.signed)
        self._logits = False
        self.people(_BLACK)

    def people(self, picture: U8) -> F32:
        """Raise InvalidModel when the network cannot work on the picture or gives no mask."""
        small = np.asarray(cv2.resize(picture, self._network.size, interpolation=cv2.INTER_AREA), np.uint8)
        raw = self._network.run(small)
        maps = raw[0] if raw.ndim == 4 and len(raw) == 1 else raw
        if maps.ndim == 3:
            maps = maps if maps.shape[0] <= 2 else maps.transpose(2, 0, 1)
        if maps.ndim == 2:
            maps = maps[None]
        if maps.ndim != 3 or len(maps) not in (1, 2) or min(maps.shape[1:]) < 2:
            raise InvalidModel(f"{self._network.name} gives no mask [h, w] of people.")
        if not np.isfinite(maps).all():
            raise InvalidModel(f"{self._network.name} gave numbers that are none: it is damaged.")
        height, width = picture.shape[:2]
        share = np.asarray(
            cv2.resize(self._probable(maps), (width, height), interpolation=cv2.INTER_LINEAR), np.float32
        )
        return np.clip(share, 0, 1, out=share)

    def _probable(self, maps: F32) -> F32:
        """float32 [h, w] in 0..1 of one or two maps. What once leaves 0..1 gives logits, also where they happen to lie in it."""
        self._logits = self._logits or bool(maps.min() < -1e-3 or maps.max() > 1 + 1e-3)
        if not self._logits:
            return np.ascontiguousarray(maps[-1])
        logit = maps[0] if len(maps) == 1 else maps[1] - maps[0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), np.float32)
