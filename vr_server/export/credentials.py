"""Content credentials (C2PA) of a clip: what made it, from what, signed, inside the file itself.

Specification: https://spec.c2pa.org (2.x: claim v2, actions v2, ingredient v3); source types are IPTC's.
"""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vr_server import __version__
from vr_server.domain.errors import InvalidMedia, StorageFailed
from vr_server.domain.take import Take

from .identity import SigningIdentity

MEDIA_TYPE: Final = "video/mp4"
ASSERTION: Final = "vr-previs.take"
_IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED: Final = f"{_IPTC}trainedAlgorithmicMedia"
"""Made by a model that was trained on samples."""
COMPUTED: Final = f"{_IPTC}algorithmicMedia"
"""Made by an algorithm alone, without training data: a rendering."""
_CONTEXT: Final = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}  # nobody is asked over the network


@dataclass(frozen=True, slots=True)
class Parent:
    """The clip of a take that this one was made from, with its own credentials where it has them."""

    take: Take
    clip: Path


def available() -> bool:
    """Is the extra ``c2pa`` installed?"""
    return importlib.util.find_spec("c2pa") is not None


class Credentials:
    """Signs clips with one identity. Blocking: call it in a thread."""

    def __init__(self, identity: SigningIdentity, computed_by: frozenset[str]) -> None:
        """`computed_by`: the engines that render and were not trained."""
        self.identity = identity
        self._computed_by = computed_by

    def sign(self, source: Path, target: Path, take: Take, slate: str, parents: Sequence[Parent]) -> None:
        """Write `source`, an mp4 of `take`, with its credentials to `target`.

        Raise InvalidMedia when the clip cannot carry them, StorageFailed when a file cannot be read or written.
        """
        import c2pa

        definition = self._definition(take, slate, parents)
        told = self.identity
        try:
            context = c2pa.Context.from_dict(_CONTEXT)
            info = c2pa.C2paSignerInfo(told.algorithm.encode(), told.chain, told.key, None)
            with c2pa.Builder(definition, context=context) as builder, c2pa.Signer.from_info(info) as signer:
                for parent in parents:
                    with parent.clip.open("rb") as stream:
                        builder.add_ingredient(_ingredient(parent.take), MEDIA_TYPE, stream)
                with source.open("rb") as stream, target.open("w+b") as signed:
                    builder.sign(signer, MEDIA_TYPE, stream, signed)
        except OSError as error:
            raise StorageFailed(f"The clip cannot be signed: {error.strerror or error}.") from error
        except c2pa.C2paError as error:
            raise InvalidMedia(f"The clip of take {take.number} cannot carry credentials: {error}.") from error

    def _definition(self, take: Take, slate: str, parents: Sequence[Parent]) -> dict[str, Any]:
        made = take.provenance
        kind = COMPUTED if made.engine in self._computed_by else TRAINED
        agent = made.engine if made.model == made.engine else f"{made.engine} {made.model}"
        created: dict[str, Any] = {
            "action": "c2pa.created",
            "when": take.created_at.isoformat(),
            "digitalSourceType": kind,
            "softwareAgent": {"name": agent, "version": made.engine_version},
        }
        if parents:
            created["parameters"] = {"ingredientIds": [parent.take.id for parent in parents]}
        sent = "\n".join(part.prompt_sent for part in made.parts) or made.prompt_sent
        record = {
            "take": take.id, "number": take.number, "slate": slate, "engine": made.engine, "model": made.model,
            "engineVersion": made.engine_version, "seed": made.seed,
            "promptSha256": hashlib.sha256(sent.encode()).hexdigest(),
            "parentTake": made.parent_take_id,
        }  # fmt: skip
        return {
            "claim_generator_info": [{"name": "vr-previs", "version": __version__}],
            "title": f"{slate} take {take.number}",
            "format": MEDIA_TYPE,
            "assertions": [
                {"label": "c2pa.actions", "data": {"actions": [created]}},
                {"label": ASSERTION, "kind": "Json", "data": record},
            ],
        }


def read_credentials(clip: Path) -> dict[str, Any] | None:
    """The manifest store of a clip with its ``validation_state`` and ``validation_results``; None where it has none.

    Raise InvalidMedia when the file cannot be read as an mp4.
    """
    import c2pa

    try:
        context = c2pa.Context.from_dict(_CONTEXT)
        with clip.open("rb") as stream, c2pa.Reader(MEDIA_TYPE, stream, context=context) as reader:
            found: dict[str, Any] = json.loads(reader.json())
            return found
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        raise InvalidMedia(f"The credentials of {clip.name} cannot be read: {error}.") from error


def _ingredient(parent: Take) -> dict[str, str]:
    title = f"take {parent.number} ({parent.id})"
    return {"title": title, "relationship": "inputTo", "instance_id": parent.id, "label": parent.id}
