"""Clips of a film for whoever works on: which take of each shot, and its mp4 with where it comes from."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vr_server.domain.errors import BlobDamaged, InvalidInput, NotFound, PrevisError, StorageFailed
from vr_server.domain.shot import Project, Shot
from vr_server.domain.take import Take
from vr_server.storage import Blobs, Lease, Store, TakeFolders

from .credentials import Credentials, Parent

CLIP: Final = "clip/clip.mp4"
"""A final rendition's file that is the engine's picture as it is."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The take that stands for a shot. `place`: the shot's in the film, from 1."""

    place: int
    shot: Shot
    take: Take

    @property
    def filename(self) -> str:
        """Sorts in the film's order."""
        slate = re.sub(r"[^\w-]+", "-", self.shot.slate).strip("-") or "shot"
        return f"{self.place:03d}_{slate}_t{self.take.number}.mp4"


@dataclass(frozen=True, slots=True)
class Missing:
    """A shot without a clip, and why. `take_id`: the take that should have given it, if there was one."""

    slate: str
    reason: str
    take_id: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    project: Project
    chosen: tuple[Chosen, ...]
    missing: tuple[Missing, ...]


class ClipExport:
    """Finds, signs and hands out clips. `credentials`: None where the extra ``c2pa`` is not installed."""

    def __init__(
        self, store: Store, blobs: Blobs, folders: TakeFolders, credentials: Credentials | None = None
    ) -> None:
        self.credentials = credentials
        self._store = store
        self._blobs = blobs
        self._folders = folders
        self._signing: dict[str, asyncio.Lock] = {}

    async def select(self, project: str, *, shot: str | None = None, take: str | None = None) -> Selection:
        """The takes to export of a project (id or title): all shots, or one by id or slate, or one take by id.

        A shot's approved take goes before others; then one without findings; then the latest. Raise NotFound.
        """
        found = await self._project(project)
        shots, takes = await self._store.shots(found.id), await self._store.takes(found.id)
        wanted = [
            (place, s) for place, s in enumerate(shots, 1)
            if (shot is None or shot in {s.id, s.slate}) and (take is None or any(t.id == take and t.shot_id == s.id for t in takes))
        ]  # fmt: skip
        if not wanted:
            raise NotFound(
                f"Project {found.title!r} has no {f'take {take}' if take else f'shot {shot}' if shot else 'shots'}."
            )
        chosen: list[Chosen] = []
        missing: list[Missing] = []
        for place, one in wanted:
            of_shot = [t for t in takes if t.shot_id == one.id and take in {None, t.id}]
            best = max((t for t in of_shot if _clip_of(t) is not None), key=_rank, default=None)
            if best is None:
                missing.append(Missing(one.slate, _why(of_shot)))
            else:
                chosen.append(Chosen(place, one, best))
        return Selection(found, tuple(chosen), tuple(missing))

    async def clip(self, take_id: str) -> tuple[Path, Lease]:
        """The take's clip, with credentials where there are any to give; it stays until the lease is released.

        Raise NotFound when the take has no final clip, else as the blobs and `Credentials.sign` do.
        """
        return await self._clip(await self._store.take(take_id))

    async def write(self, chosen: Sequence[Chosen], targets: Sequence[Path]) -> tuple[Missing, ...]:
        """Write each clip to its target, whole or not at all; what could not be had, and why."""
        missing = []
        for one, target in zip(chosen, targets, strict=True):
            try:
                path, lease = await self.clip(one.take.id)
                try:
                    await asyncio.to_thread(_copy, path, target)
                finally:
                    lease.release()
            except PrevisError as error:
                missing.append(Missing(one.shot.slate, str(error), one.take.id))
        return tuple(missing)

    async def _clip(self, take: Take) -> tuple[Path, Lease]:
        digest = _clip_of(take)
        if digest is None:
            raise NotFound(f"Take {take.number} has no clip: {_why([take])}")
        lease = self._folders.hold(take.id, "final")
        try:
            async with self._signing.setdefault(take.id, asyncio.Lock()):
                plain = lease.folder / CLIP
                if not await asyncio.to_thread(plain.is_file):
                    await self._blobs.copy_to(digest, plain)
                path = plain if self.credentials is None else await self._signed(plain, take, self.credentials)
        except BaseException:
            lease.release()
            raise
        return path, lease

    async def _signed(self, plain: Path, take: Take, credentials: Credentials) -> Path:
        """The signed clip lies beside the plain one, is evicted with it, and is made again when it is asked for."""
        signed = plain.with_name(f"signed-{credentials.identity.fingerprint[:16]}.mp4")
        if await asyncio.to_thread(signed.is_file):
            return signed
        slate = (await self._store.shot(take.shot_id)).slate
        part = signed.with_suffix(".part")
        parent_id = take.provenance.parent_take_id
        parents: list[Parent] = []
        leases: list[Lease] = []
        try:
            if parent_id is not None:
                with suppress(NotFound, BlobDamaged):  # failed, only a draft, or lost: its id stands in the record
                    parent = await self._store.take(parent_id)
                    path, lease = await self._clip(parent)
                    leases.append(lease)
                    parents.append(Parent(parent, path))
            await asyncio.to_thread(credentials.sign, plain, part, take, slate, parents)
            await asyncio.to_thread(part.replace, signed)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            for lease in leases:
                lease.release()
        return signed

    async def _project(self, wanted: str) -> Project:
        named = [p for p in await self._store.projects() if wanted == p.id or wanted.casefold() == p.title.casefold()]
        if not named:
            raise NotFound(f"There is no project {wanted!r}.")
        if len(named) > 1:
            raise InvalidInput(
                f"{len(named)} projects are called {wanted!r}; name one by its id: {', '.join(p.id for p in named)}."
            )
        return named[0]


def _clip_of(take: Take) -> str | None:
    """SHA-256 of the take's clip, if it is finished."""
    if take.state != "ready":
        return None
    return next((r.files[CLIP] for r in take.renditions if r.quality == "final" and CLIP in r.files), None)


def _rank(take: Take) -> tuple[bool, str, bool, int]:
    approved = take.approval
    return approved is not None, approved.at.isoformat() if approved else "", not take.findings, take.number


def _why(takes: Sequence[Take]) -> str:
    if not takes:
        return "no take was made of it yet."
    last = takes[-1]
    if last.state == "ready":
        return f"take {last.number} has no final clip."
    return f"take {last.number} is {last.state}{f' ({last.error})' if last.error else ''}."


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageFailed(f"{target} cannot be written: {error.strerror or error}.") from error
