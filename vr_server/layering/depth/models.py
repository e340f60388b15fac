"""The model store: networks for depth and for person masks by name (fetched once, held to their hash) or by path (a file or a folder of the user's)."""

import hashlib
import os
import tomllib
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

import httpx
from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import InvalidModel, StorageFailed, Unavailable

from .port import Report

Finds = Literal["depth", "people"]
"""What a network is for."""

_CHUNK = 1 << 20
_TIMEOUT_S = 30.0


class ModelEntry(Model):
    """A network that can be fetched by name; see models.toml."""

    url: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int | None = None
    gives: Literal["inverse", "metres", "people"]
    multiple: int = 14
    side: int = 518
    signed: bool = False
    licence: str

    @property
    def finds(self) -> Finds:
        return "people" if self.gives == "people" else "depth"


@cache
def catalogue() -> dict[str, ModelEntry]:
    """Every network that has a name."""
    text = (resources.files(__package__) / "models.toml").read_text(encoding="utf-8")
    return {name: ModelEntry.model_validate(fields) for name, fields in tomllib.loads(text).items()}


class ModelStore:
    """Keeps fetched networks under `folder`. `transport`: for tests, as httpx takes it."""

    def __init__(
        self,
        folder: Path,
        entries: dict[str, ModelEntry] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._folder, self._transport = folder, transport
        self._entries = catalogue() if entries is None else entries

    def has(self, name: str) -> bool:
        """Whether the network can be had without fetching anything."""
        entry = self._entries.get(name)
        return self._path(entry).exists() if entry else _own(Path(name)) is not None

    def get(self, name: str, report: Report, *, finds: Finds = "depth") -> tuple[Path, ModelEntry | None]:
        """The file of a network that `finds` it, fetched first where need be, and its entry (None for a file of the user's own).

        Raise InvalidModel (unknown name, one of another kind, wrong hash, cut off), Unavailable (no way to the network's
        home) or StorageFailed (the disk is full).
        """
        entry = self._entries.get(name)
        if entry is None and (own := _own(Path(name))) is not None:
            return own, None
        if entry is None or entry.finds != finds:
            known = ", ".join(sorted(n for n, e in self._entries.items() if e.finds == finds))
            raise InvalidModel(
                f"There is no {finds} model {name!r}: name a .onnx file or its folder, or one of {known}."
            )
        path = self._path(entry)
        if not path.exists():
            self._fetch(name, entry, path, report)
        elif _digest(path) != entry.sha256:
            path.unlink()
            raise InvalidModel(
                f"The stored file of model {name} is damaged and was removed: ask again to fetch it anew."
            )
        return path, entry

    def _path(self, entry: ModelEntry) -> Path:
        return self._folder / f"{entry.sha256}.onnx"

    def _fetch(self, name: str, entry: ModelEntry, path: Path, report: Report) -> None:
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            found = self._download(name, entry, part, report)
            if found != entry.sha256:
                raise InvalidModel(
                    f"What came for model {name} is not the pinned file (SHA-256 {found[:12]}…, "
                    f"expected {entry.sha256[:12]}…): it was thrown away."
                )
            part.replace(path)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"Model {name} cannot be fetched ({error or type(error).__name__}): check the network."
            ) from error
        except OSError as error:
            raise StorageFailed(f"Model {name} cannot be stored: {error.strerror or error}.") from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _download(self, name: str, entry: ModelEntry, part: Path, report: Report) -> str:
        """Write the body to `part`; its SHA-256."""
        digest = hashlib.sha256()
        with (
            httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S, transport=self._transport) as client,
            client.stream("GET", entry.url) as answer,
            part.open("wb") as file,
        ):
            answer.raise_for_status()
            total = entry.bytes or int(answer.headers.get("content-length", 0) or 0)
            done = 0
            for chunk in answer.iter_bytes(_CHUNK):
                done += len(chunk)
                if entry.bytes is not None and done > entry.bytes:
                    raise InvalidModel(
                        f"What came for model {name} is longer than the pinned file: it was thrown away."
                    )
                digest.update(chunk)
                file.write(chunk)
                report(f"fetching {name}", done / total if total else 0.0)
        if entry.bytes is not None and done < entry.bytes:
            raise InvalidModel(f"Model {name} broke off after {done} of {entry.bytes} bytes: try again.")
        return digest.hexdigest()


def _own(path: Path) -> Path | None:
    """A file of the user's, or the only network in a folder of theirs."""
    if path.is_file():
        return path
    found = sorted(path.glob("*.onnx")) if path.is_dir() else []
    if len(found) > 1:
        raise InvalidModel(f"{path} holds {len(found)} .onnx files: name one of them.")
    return found[0] if found else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
