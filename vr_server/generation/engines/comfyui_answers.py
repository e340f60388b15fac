"""What a ComfyUI server's answers mean: refusals, failures and saved files, in the words of the graph. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from vr_server.domain.errors import EngineFailed
from vr_server.generation.failures import failure_of, reason_in
from vr_server.generation.port import TaskState
from vr_server.generation.redaction import Redactor

from .comfyui_workflow import title_of, told

_VIDEOS = (".mp4", ".m4v", ".mov")
_OTHER_VIDEOS = (".webm", ".mkv", ".avi", ".gif", ".webp")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a prompt ended. `file`: the clip, as ``/view`` is asked for it; set in state ``succeeded``."""

    state: TaskState
    file: dict[str, str] | None = None
    failure: EngineFailed | None = None


def refusal_in(graph: Mapping[str, Any]) -> Callable[[str], tuple[str, str]]:
    """Reads the body of a refused prompt: ``{"error": {type, message, details}, "node_errors": {node: {"errors"}}}``."""

    def read(body: str) -> tuple[str, str]:
        try:
            value: Any = json.loads(body)
        except (ValueError, RecursionError):
            return reason_in(body)
        nodes = value.get("node_errors") if isinstance(value, dict) else None
        error = value.get("error") if isinstance(value, dict) else None
        if isinstance(nodes, dict) and nodes:
            lines = [
                f"{title_of(graph, node)}: {error.get('message')}: {error.get('details')}"
                for node, found in nodes.items()
                for error in _dicts(found.get("errors") if isinstance(found, dict) else None)
            ]
            return "", told(lines) or reason_in(body)[1]
        if isinstance(error, dict) and error.get("message"):
            said = [str(error[part]) for part in ("message", "details") if error.get(part)]
            return str(error.get("type") or ""), ": ".join(said)
        return reason_in(body)

    return read


def outcome_of(entry: Mapping[str, Any], output: str, hide: Redactor) -> Outcome:
    """What an entry of the history means. `output`: the node whose video is the clip; empty: whichever saved one."""
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}
    said = {str(m[0]): m[1] for m in _pairs(status.get("messages"))}
    if "execution_interrupted" in said:
        return Outcome("cancelled")
    if status.get("status_str") == "error" or "execution_error" in said:
        return Outcome("failed", failure=_broken(said.get("execution_error", {}), _graph(entry), hide))
    files = sorted(_files(entry.get("outputs"), output), key=lambda found: found[0])
    if files and files[0][0] < _NO_MP4:
        return Outcome("succeeded", file=files[0][1])
    if files:
        name = hide(files[0][1]["filename"], 80)
        reason = f"it saved {name}, and an mp4 is needed: set the saving node's format to mp4 with h264"
    else:
        reason = "it saved no video: let it end in a node that does, such as SaveVideo"
    return Outcome("failed", failure=EngineFailed(f"The workflow ran through at comfyui, but {reason}."))


def _broken(error: Mapping[str, Any], graph: Mapping[str, Any], hide: Redactor) -> EngineFailed:
    kind, message = str(error.get("exception_type") or ""), str(error.get("exception_message") or "")
    where = title_of(graph, str(error.get("node_id"))) if error.get("node_id") is not None else "its workflow"
    if "outofmemory" in kind.lower():
        message = f"out of GPU memory: ask for a smaller size or a shorter clip ({message})"
    return failure_of("comfyui", kind, f"in {where}: {message or 'no reason given'}", hide)


_NO_MP4 = 4
"""Ranks of files from here on are of videos that cannot be taken."""


def _files(outputs: object, output: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Every video that any list of any node names, with its rank: kept before temporary, mp4 before others.

    A loading node may name its input as well: that is no result.
    """
    for node, lists in outputs.items() if isinstance(outputs, dict) else ():
        if (output and node != output) or not isinstance(lists, dict):
            continue
        for found in (item for items in lists.values() for item in _dicts(items)):
            name, kind = found.get("filename"), found.get("type", "output")
            suffix = PurePosixPath(name).suffix.lower() if isinstance(name, str) else ""
            if kind not in {"output", "temp"} or suffix not in _VIDEOS + _OTHER_VIDEOS:
                continue
            rank = (0 if suffix in _VIDEOS else _NO_MP4) + (0 if kind == "output" else 1)
            yield rank, {"filename": str(name), "subfolder": str(found.get("subfolder") or ""), "type": str(kind)}


def _graph(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The graph of a finished prompt: [number, id, graph, ..]."""
    prompt = entry.get("prompt")
    graph = prompt[2] if isinstance(prompt, list) and len(prompt) > 2 else None
    return graph if isinstance(graph, dict) else {}


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _pairs(value: object) -> Iterator[tuple[Any, dict[str, Any]]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) > 1 and isinstance(item[1], dict):
            yield item[0], item[1]
