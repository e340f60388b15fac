"""Flat clips for the depth tests: pictures in memory, and tiny networks in ONNX with the real models' shapes."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from benchmarks import scenes
from vr_server.domain.frame import CameraPose, Frame

U8 = npt.NDArray[np.uint8]


@dataclass
class Stills:
    """Implements `Pictures` over a list."""

    pictures: list[U8]
    fps: Fraction = Fraction(24)

    @property
    def width_px(self) -> int:
        return self.pictures[0].shape[1]

    @property
    def height_px(self) -> int:
        return self.pictures[0].shape[0]

    @property
    def frame_count(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[U8]:
        return iter(self.pictures)


def filmed(cameras: list[CameraPose], size: tuple[int, int] = (320, 180)) -> list[Frame]:
    """The solids' scene through each camera."""
    return [scenes.render(camera, *size, index=n, samples=2) for n, camera in enumerate(cameras)]


def network(
    path: Path, shape: list[object], *, gives: str | None = None, out: str = "mean", scale: float = 1.0
) -> Path:
    """An ONNX file whose "depth" is the mean of the colour channels times `scale`: input `shape` [b, 3, h, w] or
    [b, t, 3, h, w], names where free. `out`: "mean" keeps maps, "vector" gives one number a picture (no depth network)."""
    video = len(shape) == 5
    axes = [2 if video else 1] if out == "mean" else ([2, 3, 4] if video else [1, 2, 3])
    kept = [s for i, s in enumerate(shape) if i not in axes]
    nodes = [
        helper.make_node("ReduceMean", ["pictures", "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "lift"], ["depth"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, kept)],
        [
            helper.make_tensor("axes", TensorProto.INT64, [len(axes)], axes),
            helper.make_tensor("scale", TensorProto.FLOAT, [], [scale]),
            helper.make_tensor("lift", TensorProto.FLOAT, [], [3.0 * scale]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if gives is not None:
        helper.set_model_props(model, {"gives": gives})
    onnx.save(model, str(path))
    return path
