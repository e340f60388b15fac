"""Where everything is kept, what has to run beside it, and how clips leave it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vr_server.domain.errors import InvalidInput

if TYPE_CHECKING:
    from vr_server.config import Settings
    from vr_server.export import ClipExport
    from vr_server.storage import Blobs, HotColdBlobs, Store, TakeFolders


@dataclass(frozen=True, slots=True)
class Storage:
    """Where everything is kept. `upkeep`: what has to run beside it for as long as the server lives, by name."""

    store: Store
    blobs: Blobs
    folders: TakeFolders
    cold: HotColdBlobs | None
    upkeep: dict[str, Callable[[], Coroutine[object, object, None]]]


async def open_storage(settings: Settings) -> Storage:
    """The database, the blobs (with a cold store behind them where one is set) and the rendered folders.

    Raise InvalidInput (the settings) or StorageFailed; a cold store that cannot be reached stops nobody here.
    """
    from vr_server.storage import (
        ColdSettings,
        ColdStore,
        HotColdBlobs,
        HotLimit,
        HotSource,
        KeptFolders,
        LocalBlobs,
        SqlStore,
        TakeFolders,
        approved_blobs,
    )  # fmt: skip

    cold: HotColdBlobs | None = None
    blobs: Blobs
    if settings.cold_url is None:
        blobs = LocalBlobs(settings.data / "blobs")
    else:
        key, secret = settings.cold_access_key, settings.cold_secret_key
        where = ColdSettings(
            settings.cold_url, key.get_secret_value() if key else None, secret.get_secret_value() if secret else None,
            settings.cold_endpoint, settings.cold_region,
        )  # fmt: skip
        blobs = cold = await HotColdBlobs.open(settings.data / "blobs", ColdStore(where))
    store = await SqlStore.open(settings.database_url or settings.data / "previs.sqlite")
    folders = TakeFolders(settings.data / "takes", blobs)
    upkeep: dict[str, Callable[[], Coroutine[object, object, None]]] = {}
    if cold is not None:
        upkeep["uploads"] = cold.run
    if settings.hot_limit_gb is not None:
        # Without a cold store the blobs are the only copy: what can go is the folders made from them.
        sources: list[HotSource] = [KeptFolders(folders, store, blobs)]
        if cold is not None:
            sources.append(cold)
            folders.grown = cold.grown
        limit = HotLimit(round(settings.hot_limit_gb * 1e9), sources, lambda: approved_blobs(store))
        upkeep["hot limit"] = lambda: limit.run(folders.grown)
    return Storage(store, blobs, folders, cold, upkeep)


COMPUTED_BY: Final = frozenset({"blockout"})
"""Engines that render by calculation; what others make comes from trained models, and content credentials say so."""


def clip_export(settings: Settings, storage: Storage) -> ClipExport:
    """Exports, signed where the extra ``c2pa`` is installed. Raise InvalidInput (the certificate) or StorageFailed."""
    from vr_server.export import ClipExport, Credentials, development_identity, own_identity
    from vr_server.export.credentials import available

    credentials: Credentials | None = None
    if (settings.c2pa_certificate is None) != (settings.c2pa_key is None):
        raise InvalidInput("VR_PREVIS_C2PA_CERTIFICATE and VR_PREVIS_C2PA_KEY go together: give both or none.")
    if available():
        if settings.c2pa_certificate is not None and settings.c2pa_key is not None:
            identity = own_identity(settings.c2pa_certificate, settings.c2pa_key)
        else:
            identity = development_identity(settings.data / "c2pa")
        credentials = Credentials(identity, COMPUTED_BY)
    elif settings.c2pa_certificate is not None:
        raise InvalidInput("VR_PREVIS_C2PA_CERTIFICATE needs the extra c2pa: install vr-previs[c2pa].")
    return ClipExport(storage.store, storage.blobs, storage.folders, credentials)


@asynccontextmanager
async def kept_up(storage: Storage) -> AsyncIterator[None]:
    """Uploads and the hot folder's limit, for as long as the server lives."""
    from vr_server.rooms.supervisor import TaskSupervisor

    upkeep = TaskSupervisor()
    for name, work in storage.upkeep.items():
        upkeep.spawn(name, work, restart=True)
    try:
        yield
    finally:
        await upkeep.close()
        if storage.cold is not None:
            await storage.cold.close()
