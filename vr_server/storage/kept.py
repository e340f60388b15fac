"""What the store says about what may leave the hot disk: which blobs are pinned, which rendered folders come back."""

from vr_server.domain.errors import NotFound
from vr_server.domain.take import QUALITIES

from .folders import TakeFolders
from .limit import HotItem
from .port import Blobs, Store


async def approved_blobs(store: Store) -> frozenset[str]:
    """The blobs of approved takes: they stay at hand."""
    takes = await store.approved_takes()
    return frozenset(digest for take in takes for rendition in take.renditions for digest in rendition.files.values())


class KeptFolders:
    """`HotSource` of the folders whose take is finished and whose files are all among the blobs."""

    def __init__(self, folders: TakeFolders, store: Store, blobs: Blobs) -> None:
        self._folders = folders
        self._store = store
        self._blobs = blobs

    async def items(self) -> tuple[HotItem, ...]:
        return await self._folders.items()

    async def evict(self, key: str) -> bool:
        take_id, _, name = key.partition("/")
        quality = next(q for q in QUALITIES if q == name)

        async def comes_back() -> bool:
            try:
                take = await self._store.take(take_id)
            except NotFound:
                return False
            if take.state in {"queued", "generating"}:  # a worker may be in it
                return False
            files = next((r.files for r in take.renditions if r.quality == quality), {})
            return bool(files) and all([await self._blobs.exists(digest) for digest in files.values()])

        return await self._folders.evict(take_id, quality, comes_back)
