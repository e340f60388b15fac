"""Where a rendition's files are: finished ones from the workshop, growing ones from whoever bakes them."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from streaming import ClipSource
from streaming.packets import PacketLogError, PacketReader
from vr_server.bus import Event, RenditionPlayable, TakeChanged
from vr_server.domain.errors import InvalidMedia, NotFound, StorageFailed
from vr_server.domain.manifest import Manifest, parse_manifest
from vr_server.domain.take import QUALITIES, Quality, Take
from vr_server.rooms.ports import Workshop
from vr_server.storage import Lease


@dataclass(frozen=True, slots=True)
class Located:
    """A rendition's folder. `complete`: its files will not change any more. It stays until it is released."""

    folder: Path
    complete: bool
    lease: Lease | None = None

    def release(self) -> None:
        """It is read no more. Safe to call twice."""
        if self.lease is not None:
            self.lease.release()


@dataclass(frozen=True, slots=True)
class Opened:
    """A rendition ready to be streamed; the stream that loads `source` owns it."""

    manifest: Manifest
    source: ClipSource


class Renditions:
    """Finds rendition folders. Told of every bus event, it knows the growing ones too."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._growing: dict[str, dict[Quality, Path]] = {}

    def notice(self, event: Event) -> None:
        """Remember what can be watched already; forget it when the take is finished one way or the other."""
        match event:
            case RenditionPlayable(take_id=take_id, quality=quality, folder=folder):
                self._growing.setdefault(take_id, {})[quality] = folder
            case TakeChanged(take=take) if take.state in {"ready", "failed", "cancelled", "unknown"}:
                self._growing.pop(take.id, None)
            case _:
                pass

    async def locate(self, take_id: str, quality: Quality) -> Located:
        """Where it is, held there. Raise NotFound when the take has no such rendition, StorageFailed as the workshop does."""
        try:
            lease = await self._workshop.lease(take_id, quality)
            return Located(lease.folder, complete=True, lease=lease)
        except NotFound:
            growing = self._growing.get(take_id, {}).get(quality)
            if growing is None:
                raise
            return self.growing(take_id, quality, growing)

    def growing(self, take_id: str, quality: Quality, folder: Path) -> Located:
        """A rendition that is being baked into `folder`, held there for when it is finished."""
        return Located(folder, complete=False, lease=self._workshop.hold(take_id, quality))

    def best(self, take: Take) -> Quality | None:
        """The quality of `take` to show now: the best complete one, else one that grows."""
        complete = take.best()
        if complete is not None:
            return complete.quality
        growing = self._growing.get(take.id, {})
        return next((q for q in reversed(QUALITIES) if q in growing), None)


def open_rendition(located: Located) -> Opened:
    """Read the manifest and open every tier's packet log, best first. Blocking: call it in a thread.

    The folder is released when the source is closed; on an error that is the caller's business. Raise InvalidMedia when the files are not what they say, StorageFailed when they are not there.
    """
    folder, readers = located.folder, dict[str, PacketReader]()
    try:
        manifest = parse_manifest((folder / "manifest.json").read_bytes(), f"{folder.name}/manifest.json")
        for tier in manifest.tiers:
            readers[tier.name] = PacketReader(folder / Path(tier.packets).name)
        source = ClipSource(readers, Fraction(*manifest.fps), manifest.frame_count, on_close=located.release)
        return Opened(manifest, source)
    except OSError as error:
        _close(readers)
        raise StorageFailed(f"A file of the rendition cannot be read: {error.strerror or error}.") from error
    except (PacketLogError, ValueError) as error:
        _close(readers)
        raise InvalidMedia(f"The rendition in {folder.name} is damaged: {str(error).splitlines()[0]}.") from error


def _close(readers: dict[str, PacketReader]) -> None:
    for reader in readers.values():
        reader.close()
