"""ComfyUI workflows as templates: a graph in API format, and bindings that say where a request's values go.

A template is two files: NAME.json, the graph as ComfyUI's "Export (API)" writes it, and NAME.toml, whose `[inputs]` name
"node.input" places in it. The shipped ones lie in `generation/workflows`; a production gives its own by path. A graph
is checked against what the server itself says of its nodes (``/object_info``) before anything is queued. Pure but for
`load`.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from vr_server.domain.errors import InvalidInput
from vr_server.generation.port import Dialect, Guide, MaskKind, MediaInput, Mode

Slot = Literal[
    "prompt", "negative_prompt", "width", "height", "frames", "fps", "seconds", "seed", "file_prefix",
    "first_frame", "last_frame", "reference", "source_video", "mask", "mask_video", "guide", "mask_grow_px",
]  # fmt: skip
"""What of a request a workflow can be told. Pictures and videos are the names that the server gave them at upload. `mask`
is a picture, `mask_video` one for each frame of the clip."""

Graph = dict[str, dict[str, Any]]
_NEEDED: dict[Mode, tuple[Slot, ...]] = {
    "image": ("first_frame",), "first_last": ("first_frame", "last_frame"), "reference": ("reference",),
    "repaint": ("source_video",), "edit_mask": ("source_video",), "extend": ("source_video",),
}  # fmt: skip
_SUFFIX = ".toml"
_TELL = 4
"""How many missing things one line names."""


class Bindings(BaseModel):
    """The .toml beside a graph. `graph`: the graph's file, NAME.json where it is not said.

    `max_frames`: of one clip; frame counts are k * `frames_step` + 1. `progress`: the nodes whose steps are the work, in
    order. `output`: the node whose video is the clip; empty: whichever saved one. `mask_follows`: the workflow itself
    moves a still mask with what it covers. `needs`: what runs it, for a person whose server lacks a node. `models`:
    where a model file belongs and comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: str = Field(min_length=1)
    graph: str = ""
    model: str = Field(min_length=1)
    modes: tuple[Mode, ...] = Field(default=("text",), min_length=1)
    guides: tuple[Guide, ...] = ()
    dialect: Dialect = "plain"
    sizes: tuple[tuple[int, int], ...] = ()
    max_size: tuple[int, int] = (1280, 720)
    size_step_px: int = Field(default=16, ge=1)
    fps: int = Field(ge=1, le=120)
    frames_step: int = Field(default=1, ge=1)
    max_frames: int = Field(ge=1)
    output: str = ""
    progress: tuple[str, ...] = ()
    mask_follows: bool = False
    needs: str = ""
    inputs: dict[Slot, tuple[str, ...]]
    models: dict[str, str] = Field(default_factory=dict)

    @field_validator("inputs")
    @classmethod
    def _written(cls, inputs: dict[Slot, tuple[str, ...]]) -> dict[Slot, tuple[str, ...]]:
        for slot, places in inputs.items():
            if not places or not all(node and name for node, name in map(_split, places)):
                raise ValueError(f'{slot} must name places such as "6.text"')
        return inputs


@dataclass(frozen=True, slots=True)
class Workflow:
    """A template whose bindings fit its graph."""

    name: str
    bindings: Bindings
    graph: Graph

    def serves(self, mode: Mode, guide: Guide | None) -> bool:
        """Whether it makes clips this way, following this (None: nothing but its prompt)."""
        guided = guide in self.bindings.guides if guide is not None else "guide" not in self.bindings.inputs
        return mode in self.bindings.modes and guided

    @property
    def masks(self) -> tuple[MaskKind, ...]:
        """What the mask of an edit may be: a still one is repeated for a workflow that takes one for each frame."""
        bound = self.bindings
        video: tuple[MaskKind, ...] = ("still", "video") if "mask_video" in bound.inputs else ()
        picture: tuple[MaskKind, ...] = ("still",) if "mask" in bound.inputs else ()
        tracked: tuple[MaskKind, ...] = ("tracked",) if picture and bound.mask_follows else ()
        return tuple(dict.fromkeys((*picture, *tracked, *video)))

    def slot_of(self, given: MediaInput) -> Slot | None:
        """Where a request's file goes; None: it has no place in this workflow."""
        slot = cast("Slot", given.role)
        if slot == "mask" and (given.media_type == "video/mp4" or "mask" not in self.bindings.inputs):
            slot = "mask_video"
        return slot if slot in self.bindings.inputs else None

    @property
    def classes(self) -> tuple[str, ...]:
        """The node classes that the graph is made of."""
        return tuple(sorted({str(node["class_type"]) for node in self.graph.values()}))

    def filled(self, values: Mapping[Slot, JsonValue]) -> Graph:
        """The graph with the values in their places; those it has no place for are left out."""
        graph: Graph = {key: {**node, "inputs": dict(node["inputs"])} for key, node in self.graph.items()}
        for slot, value in values.items():
            for node, name in map(_split, self.bindings.inputs.get(slot, ())):
                graph[node]["inputs"][name] = value
        return graph

    def lacks(self, known: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """What the server needs before it can run this, a line each; empty: nothing.

        `known`: node class -> its entry of ``/object_info``. Places that a request fills are not held against lists.
        """
        bound = {place for places in self.bindings.inputs.values() for place in map(_split, places)}
        found: list[str] = []
        for key, node in self.graph.items():
            kind = str(node["class_type"])
            info = known.get(kind)
            if info is None:
                found.append(f"the node {kind} ({self._installed(kind)})")
                continue
            required, taken = _inputs_of(info)
            given = node["inputs"]
            found += [
                f"a value for {name!r} of {title_of(self.graph, key)} (the template is for another version of the node)"
                for name in required
                if name not in given and (key, name) not in bound
            ]
            for name, value in given.items():
                base = name.partition(".")[0]
                if (key, name) in bound:
                    if base not in taken:
                        found.append(f"the input {name!r} of {title_of(self.graph, key)}, which a request must fill")
                elif isinstance(value, str) and not _offered(value, taken.get(name)):
                    found.append(f"{value} for {title_of(self.graph, key)} ({self._placed(value, name)})")
        return tuple(dict.fromkeys(found))

    def _installed(self, kind: str) -> str:
        return f"it comes with {self.bindings.needs}" if self.bindings.needs else f"install what brings {kind}"

    def _placed(self, value: str, name: str) -> str:
        where = self.bindings.models.get(value)
        return f"put it into {where}" if where else f"{name} offers no such choice there"


def told(lacking: Iterable[str]) -> str:
    """The first few of what is missing, and how many more."""
    lines = list(lacking)
    more = f"; and {len(lines) - _TELL} more" if len(lines) > _TELL else ""
    return "; ".join(lines[:_TELL]) + more


def title_of(graph: Mapping[str, Any], key: str) -> str:
    """A node as a person knows it: its title and class."""
    node = graph.get(key)
    if not isinstance(node, dict):
        return f"node {key}"
    meta, kind = node.get("_meta"), str(node.get("class_type") or "unknown")
    title = meta.get("title") if isinstance(meta, dict) else None
    return f"{str(title)[:80]!r} ({kind})" if title and title != kind else kind


def load(name: str) -> Workflow:
    """A shipped template by its name, or a production's by the path of its .toml. Raise InvalidInput."""
    own = name.endswith(_SUFFIX)
    source: Traversable = (
        Path(name) if own else resources.files("vr_server.generation") / "workflows" / f"{name}{_SUFFIX}"
    )
    if not own and not (name.replace("-", "").isalnum() and source.is_file()):
        raise InvalidInput(f"There is no workflow {name!r}; there are: {', '.join(shipped())}, or the path of a .toml.")
    try:
        bindings = Bindings.model_validate(tomllib.loads(source.read_text("utf-8")))
        folder: Traversable = Path(name).parent if own else resources.files("vr_server.generation") / "workflows"
        beside = bindings.graph or Path(source.name).stem + ".json"
        graph = json.loads((folder / beside).read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"Workflow {name}: {error.filename or source.name} cannot be read: {error.strerror}."
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"Workflow {name}: {field}: {first['msg'].removeprefix('Value error, ')}.") from None
    except ValueError as error:  # neither TOML nor JSON nor UTF-8
        raise InvalidInput(f"Workflow {name}: {error}.") from None
    return _joined(Path(source.name).stem, bindings, graph)


def shipped() -> tuple[str, ...]:
    """The names of the templates that come along."""
    files = (resources.files("vr_server.generation") / "workflows").iterdir()
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in files if f.name.endswith(_SUFFIX)))


def _joined(name: str, bindings: Bindings, graph: object) -> Workflow:
    """Every place that is bound must be in the graph. Raise InvalidInput."""
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        raise InvalidInput(f"Workflow {name} is as ComfyUI's editor saves it: export it again with 'Export (API)'.")
    if not isinstance(graph, dict) or not graph or not all(map(_is_node, graph.values())):
        raise InvalidInput(f"Workflow {name} is no graph in ComfyUI's API format (node -> class_type and inputs).")
    named = [node for places in bindings.inputs.values() for node, _ in map(_split, places)]
    for node in (*named, *bindings.progress, *((bindings.output,) if bindings.output else ())):
        if node not in graph:
            raise InvalidInput(f"Workflow {name} has no node {node!r}, which its bindings name.")
    needed: list[Slot] = ["prompt", *(slot for mode in bindings.modes for slot in _NEEDED.get(mode, ()))]
    needed += ["guide"] if bindings.guides else []
    for slot in needed:
        if slot not in bindings.inputs:
            raise InvalidInput(f"Workflow {name} does not say where {slot} goes: add it to [inputs].")
    if "edit_mask" in bindings.modes and not {"mask", "mask_video"} & set(bindings.inputs):
        raise InvalidInput(f"Workflow {name} does not say where mask or mask_video goes: add one to [inputs].")
    if "outpaint" in bindings.modes:
        raise InvalidInput(f"Workflow {name} offers 'outpaint', which cannot be bound yet.")
    return Workflow(name, bindings, graph)


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)


def _split(place: str) -> tuple[str, str]:
    """ "6.text" -> node and input. An input may have dots of its own, a node has none."""
    node, _, name = place.partition(".")
    return node, name


def _inputs_of(info: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names that must be given, and every input with what it takes."""
    told_of = info.get("input")
    groups = [told_of.get(group) if isinstance(told_of, dict) else None for group in ("required", "optional")]
    required, optional = ({} if not isinstance(group, dict) else group for group in groups)
    return tuple(required), {**optional, **required}


def _offered(value: str, told_of: object) -> bool:
    """Whether an input takes a value: one that is a list must have it. Servers say lists in three ways:

    ``[["a", "b"], {}]``, ``["COMBO", {"options": ["a", "b"]}]`` and ``[.., {"options": [{"key": "a", ..}]}]``.
    """
    if not isinstance(told_of, list) or not told_of:
        return True
    options = told_of[0]
    if not isinstance(options, list):
        options = told_of[1].get("options") if len(told_of) > 1 and isinstance(told_of[1], dict) else None
    if not isinstance(options, list):
        return True
    return value in {str(option.get("key")) if isinstance(option, dict) else str(option) for option in options}
