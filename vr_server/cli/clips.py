"""Where the clips are, in a line for `doctor`."""

from vr_server.bootstrap import open_storage
from vr_server.config import Settings
from vr_server.storage import LocalBlobs


async def where_clips_are(settings: Settings) -> str:
    """How full the hot folder is, its limit, and what the cold store has yet to get.

    Raise InvalidInput, or StorageFailed when the cold store cannot be used.
    """
    if settings.cold_url is None and not (settings.data / "blobs").is_dir():
        return "none yet; all of them will be kept on this disk"
    storage = await open_storage(settings)
    try:
        folders_gb = sum(item.size_bytes for item in await storage.folders.items()) / 1e9
        limit = "no limit" if settings.hot_limit_gb is None else f"limit {settings.hot_limit_gb:g} GB"
        if storage.cold is None:
            found = await LocalBlobs(settings.data / "blobs").everything()
            blobs_gb = sum(blob.size_bytes for blob in found.values()) / 1e9
            return f"{blobs_gb:.2f} GB here and {folders_gb:.2f} GB of folders made from them, {limit}; no cold store"
        state = storage.cold.state()
        await storage.cold.cold.size("0" * 64)  # does it answer?
        waiting = f"{state.waiting} files ({state.waiting_bytes / 1e9:.2f} GB) are not there yet"
        return (
            f"{state.hot_bytes / 1e9:.2f} GB here and {folders_gb:.2f} GB of folders made from them, {limit}; "
            f"cold store {storage.cold.cold.url} answers, {waiting if state.waiting else 'and has all of them'}"
        )
    finally:
        await storage.store.close()
