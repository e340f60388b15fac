"""What the Wan models on DashScope take: sizes in px, seconds, frames a second. Facts of the public documentation."""

from dataclasses import dataclass
from typing import Literal

from vr_server.generation.port import Guide, Mode

Size = tuple[int, int]
_480P: tuple[Size, ...] = ((832, 480), (480, 832), (624, 624))
_720P: tuple[Size, ...] = ((1280, 720), (720, 1280), (960, 960), (1088, 832), (832, 1088))
_1080P: tuple[Size, ...] = ((1920, 1080), (1080, 1920), (1440, 1440), (1632, 1248), (1248, 1632))
_RATIOS = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0, "4:3": 4 / 3, "3:4": 3 / 4}
_EDITS: tuple[Mode, ...] = ("repaint", "edit_mask", "extend", "outpaint", "reference")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`durations_s` empty: whole seconds from `min_duration_s` to `max_duration_s`. `fps` empty: not documented."""

    modes: tuple[Mode, ...]
    sizes: tuple[Size, ...]
    fps: tuple[int, ...]
    durations_s: tuple[float, ...] = ()
    min_duration_s: float = 1.0
    max_duration_s: float = 15.0
    protocol: Literal["legacy", "new"] = "legacy"
    two_frames: bool = False  # first and last frame have a path of their own
    vace: bool = False
    guides: tuple[Guide, ...] = ()


_VACE = ModelFacts(
    _EDITS, _720P, (30,), min_duration_s=1, max_duration_s=5, vace=True, guides=("depth", "pose", "scribble")
)
_MODELS: dict[str, ModelFacts] = {
    "wan2.2-t2v-plus": ModelFacts(("text",), _480P + _1080P, (30,), (5.0,)),
    "wan2.5-t2v-preview": ModelFacts(("text",), _480P + _720P + _1080P, (24,), (5.0, 10.0)),
    "wan2.6-t2v": ModelFacts(("text",), _720P + _1080P, (), min_duration_s=2),
    "wan2.7-t2v": ModelFacts(("text",), _720P + _1080P, (30,), min_duration_s=2, protocol="new"),
    "wan2.2-i2v-plus": ModelFacts(("image",), _480P + _1080P, (30,), (5.0,)),
    "wan2.5-i2v-preview": ModelFacts(("image",), _480P + _720P + _1080P, (24,), (5.0, 10.0)),
    "wan2.6-i2v": ModelFacts(("image",), _720P + _1080P, (), min_duration_s=2),
    "wan2.7-i2v": ModelFacts(("image", "first_last"), _720P + _1080P, (30,), min_duration_s=2, protocol="new"),
    "wan2.2-kf2v-flash": ModelFacts(("first_last",), _480P + _720P + _1080P, (30,), (5.0,), two_frames=True),
    "wanx2.1-kf2v-plus": ModelFacts(("first_last",), _720P, (30,), (5.0,), two_frames=True),
    "wanx2.1-vace-plus": _VACE,
    "wan2.1-vace-plus": _VACE,
}


def facts_of(model: str) -> ModelFacts:
    """The model's facts; for one that is not in the table, what its name says of its kind, carefully."""
    if model in _MODELS:
        return _MODELS[model]
    new = model.startswith("wan") and model[3:6] >= "2.7" and model[3:4].isdigit()
    if "vace" in model:
        return _VACE
    if "kf2v" in model:
        return ModelFacts(("first_last",), _720P, (), (5.0,), two_frames=True)
    modes: tuple[Mode, ...] = (("image", "first_last") if new else ("image",)) if "i2v" in model else ("text",)
    return ModelFacts(modes, _720P + _1080P, (), (5.0,), protocol="new" if new else "legacy")


def resolution_of(size: Size) -> str:
    """480P, 720P or 1080P."""
    return "480P" if size in _480P else "1080P" if size in _1080P else "720P"


def ratio_of(size: Size) -> str:
    """The nearest of the ratios that the new protocol names."""
    return min(_RATIOS, key=lambda name: abs(_RATIOS[name] - size[0] / size[1]))
