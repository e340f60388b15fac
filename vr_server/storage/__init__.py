"""Rows and files that survive: the ports, their in-memory twins and the adapters for real disks."""

from .blobs import LocalBlobs
from .cold import ColdSettings, ColdStore
from .folders import Lease, TakeFolders
from .hot import HotColdBlobs, HotColdSettings
from .kept import KeptFolders, approved_blobs
from .limit import HotLimit, HotSource
from .memory import MemoryBlobs, MemoryStore
from .port import Blobs, Reading, Store, Unit
from .sql import SqlStore

__all__ = [
    "Blobs",
    "ColdSettings",
    "ColdStore",
    "HotColdBlobs",
    "HotColdSettings",
    "HotLimit",
    "HotSource",
    "KeptFolders",
    "Lease",
    "LocalBlobs",
    "MemoryBlobs",
    "MemoryStore",
    "Reading",
    "SqlStore",
    "Store",
    "TakeFolders",
    "Unit",
    "approved_blobs",
]
