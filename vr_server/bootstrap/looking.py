"""What takes are looked at with: depth estimators, judges and networks, and the blockout that guides are drawn from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from vr_server.domain.errors import InvalidInput

from .options import told

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vr_server.config import Settings
    from vr_server.domain.staging import Staging
    from vr_server.generation.guidance import Blockout
    from vr_server.layering.depth import DepthEstimator, ModelStore, PersonMasks, PersonModel
    from vr_server.review.aids import Aids
    from vr_server.review.semantic import SemanticMatch

log = logging.getLogger(__name__)


def semantic_match(options: Mapping[str, SecretStr]) -> SemanticMatch | None:
    """Who judges whether pictures show their words: the vision-language model that is set up, if one is.

    Raise InvalidInput as `remote_engines` does.
    """
    from vr_server.generation.vision import VisionMatch, VisionSettings

    given = told(VisionMatch.name, VisionSettings, options)
    if not isinstance(given, VisionSettings):
        return None
    made = VisionMatch(given)
    if (problem := made.problem()) is not None:
        log.warning("%s is not used: %s", made.name, problem)
        return None
    return made


def aids_of(settings: Settings) -> Aids:
    """The networks that takes are looked at with, each opened once so that a wrong one is told at the start.

    Raise InvalidInput with one line that names the variable.
    """
    from vr_server.review.aids import Aids

    if settings.people_model is None and settings.content_check is None:
        return Aids()
    from importlib.util import find_spec
    from pathlib import Path

    from vr_server.domain.errors import InvalidModel, StorageFailed, Unavailable
    from vr_server.layering.depth import NetworkMasks
    from vr_server.review.networks import NudityFinder

    content: Path | None = None
    if settings.content_check == "nudenet":
        spec = find_spec("nudenet")  # its weights are used, its code is not run
        if spec is None or spec.origin is None:
            raise InvalidInput("VR_PREVIS_CONTENT_CHECK: nudenet is not installed: pip install 'vr-previs[content]'.")
        content = Path(spec.origin).with_name("320n.onnx")
    elif settings.content_check is not None:
        content = Path(settings.content_check)
    people: PersonModel | None = None
    name = "PEOPLE_MODEL"
    try:
        if settings.people_model is not None:
            people = person_model(settings.people_model, lambda _, __: None)
            NetworkMasks(people)
        name = "CONTENT_CHECK"
        if content is not None:
            NudityFinder(content)
    except (InvalidModel, Unavailable, StorageFailed) as error:
        raise InvalidInput(f"VR_PREVIS_{name}: {error}") from error
    return Aids(people_model=people, content_model=content)


def _models() -> ModelStore:
    import platformdirs

    from vr_server.layering.depth import ModelStore

    return ModelStore(platformdirs.user_cache_path("vr-previs", appauthor=False) / "models")


def person_model(wanted: str, report: Callable[[str, float], None]) -> PersonModel:
    """The network that gives masks of people by its name, which is fetched where need be, or its file.

    Raise InvalidModel, Unavailable or StorageFailed where it cannot be had.
    """
    from vr_server.layering.depth import PersonModel

    path, entry = _models().get(wanted, report, finds="people")
    return PersonModel(path, path.stem) if entry is None else PersonModel(path, wanted, entry.signed)


def person_masks(wanted: str, report: Callable[[str, float], None]) -> PersonMasks | str:
    """Masks by that network, or why there are none where it cannot be had just now.

    Raise InvalidModel where it is named wrongly or is another kind of network.
    """
    from vr_server.domain.errors import StorageFailed, Unavailable
    from vr_server.layering.depth import NetworkMasks

    try:
        return NetworkMasks(person_model(wanted, report))
    except (Unavailable, StorageFailed) as error:
        return str(error)


DEPTH_MODEL: Final = "depth-anything-v2-small"
"""The network that `auto` takes where it has been fetched already."""


def depth_estimators(wanted: str, report: Callable[[str, float], None]) -> tuple[DepthEstimator, ...]:
    """Ways to find a flat clip's depth, best first. `wanted`: auto, parallax, ground-plane, or a network's name or file,
    which is fetched where need be.

    Raise InvalidModel, Unavailable or StorageFailed where the network cannot be had.
    """
    from vr_server.layering.depth import GroundPlane, MotionParallax, NetworkDepth

    store = _models()

    def network(name: str) -> DepthEstimator:
        path, entry = store.get(name, report)
        if entry is None:
            return NetworkDepth(path, name=path.stem)
        return NetworkDepth(
            path,
            name=name,
            gives="metres" if entry.gives == "metres" else "inverse",
            multiple=entry.multiple,
            side=entry.side,
        )

    named: dict[str, tuple[DepthEstimator, ...]] = {
        "auto": (MotionParallax(), GroundPlane()),
        "parallax": (MotionParallax(),),
        "ground-plane": (GroundPlane(),),
    }
    if wanted not in named:
        return (network(wanted),)
    if wanted == "auto" and store.has(DEPTH_MODEL):
        return (network(DEPTH_MODEL), *named[wanted])
    return named[wanted]


def automatic_depth() -> tuple[DepthEstimator, ...]:
    """What a worker finds the depth of an engine's flat video with."""
    return depth_estimators("auto", lambda _, __: None)


AUTOMATIC_DEPTH: Final = "vr_server.bootstrap:automatic_depth"


def blockout_clip(staging: Staging, width_px: int, height_px: int, fps: Fraction) -> Blockout:
    """What a worker draws the guides of paid engines from."""
    from vr_server.blockout import render
    from vr_server.staging import build_scene

    return render(build_scene(staging), width_px=width_px, height_px=height_px, fps=fps, quality="draft")


BLOCKOUT: Final = "vr_server.bootstrap:blockout_clip"
