"""Networks in ONNX: opened, and fed one picture at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidModel, Unavailable

if TYPE_CHECKING:
    import onnxruntime as ort

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]


def open_network(path: Path, *, light: bool = False) -> ort.InferenceSession:
    """The network in a file, on CUDA where there is one, else on the CPU; a `light` one on one thread of the CPU.

    Raise InvalidModel when the file cannot be read, Unavailable without onnxruntime.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise Unavailable("Networks need onnxruntime: pip install 'vr-previs[depth]'.") from error
    options = ort.SessionOptions()
    options.log_severity_level = 4
    wanted = ("CPUExecutionProvider",) if light else ("CUDAExecutionProvider", "CPUExecutionProvider")
    if light:
        options.intra_op_num_threads = 1
    try:
        return ort.InferenceSession(
            str(path), options, providers=[p for p in wanted if p in ort.get_available_providers()]
        )
    except Exception as error:  # onnxruntime's errors share no base class
        raise InvalidModel(
            f"{path.name} cannot be read as an ONNX network: it is damaged or something else."
        ) from error


class PictureNetwork:
    """A light network that takes one picture: float32 [1, 3, h, w] or [1, h, w, 3], RGB of 0..1, or of -1..1 where it is
    `signed`. `size`: the picture's (width, height); `free_side_px` where the network leaves a side open."""

    def __init__(self, path: Path, *, free_side_px: int, signed: bool = False) -> None:
        """Raise InvalidModel or, without onnxruntime, Unavailable."""
        self.name = path.name
        self._signed = signed
        self._session = open_network(path, light=True)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or 3 not in (shape[1], shape[3]) or "float" not in inputs[0].type:
            raise InvalidModel(f"{path.name} does not take one picture [1, 3, h, w] or [1, h, w, 3].")
        self._first = shape[1] == 3
        height, width = (shape[2], shape[3]) if self._first else (shape[1], shape[2])
        self.size = _side(width, free_side_px), _side(height, free_side_px)

    def run(self, picture: U8) -> F32:
        """The first output for a picture uint8 [h, w, 3] of the network's size. Raise InvalidModel."""
        given = picture.astype(np.float32)[None] / 255
        given = given * 2 - 1 if self._signed else given
        given = np.ascontiguousarray(given.transpose(0, 3, 1, 2)) if self._first else given
        try:
            raw = self._session.run(None, {self._session.get_inputs()[0].name: given})[0]
        except Exception as error:  # onnxruntime's errors share no base class
            raise InvalidModel(f"{self.name} cannot work on these pictures: {str(error).splitlines()[0]}") from error
        return np.asarray(raw, np.float32)


def _side(told: object, free_side_px: int) -> int:
    return told if isinstance(told, int) and told > 0 else free_side_px
