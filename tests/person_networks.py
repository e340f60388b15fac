"""Small networks in ONNX with the shapes of those that give masks of people: people are what is red."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

LAYOUTS = ("probabilities", "logits last", "two classes", "two classes last")


def saved(path: Path, nodes: list[Any], given: list[Any], consts: dict[str, npt.NDArray[Any]]) -> Path:
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(v, k) for k, v in consts.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)
    return path


def mask_network(path: Path, layout: str, *, signed: bool = False) -> Path:
    """As probabilities, logits or two classes (of which the last layout gives logits), channels first or last."""
    last, classes = layout.endswith("last"), layout.startswith("two")
    gain = np.array([8, -8, 0], np.float32) / (2 if signed else 1)
    bias = -2 + (float(gain.sum()) if signed else 0.0)
    weights = np.stack([np.zeros(3, np.float32), gain]) if classes else gain[None]
    biases = np.array([0, bias] if classes else [bias], np.float32)
    turn, back = {"perm": [0, 3, 1, 2]}, {"perm": [0, 2, 3, 1]}
    end, options = {
        "probabilities": ("Sigmoid", {}), "two classes": ("Softmax", {"axis": 1}),
    }.get(layout, ("Transpose", back))  # fmt: skip
    nodes = [
        helper.make_node("Transpose" if last else "Identity", ["images"], ["pictures"], **(turn if last else {})),
        helper.make_node("Conv", ["pictures", "w", "b"], ["raw"]),
        helper.make_node(end, ["raw"], ["out"], **options),
    ]
    given = [1, 36, 64, 3] if last else [1, 3, "h", "w"]
    return saved(path, nodes, given, {"w": weights[..., None, None], "b": biases})


def no_mask_network(path: Path, kind: str) -> Path:
    """One that is no such network: takes "grey" pictures, gives a "vector", or "three" classes."""
    if kind == "vector":
        node = helper.make_node("ReduceMean", ["images", "axes"], ["out"], keepdims=0)
        return saved(path, [node], [1, 3, "h", "w"], {"axes": np.array([2, 3])})
    given = [1, 1 if kind == "grey" else 3, "h", "w"]
    return saved(path, [helper.make_node("Identity", ["images"], ["out"])], given, {})
