"""Rows and files that survive: the ports, their in-memory twins and the adapters for real disks."""

from .blobs import LocalBlobs
from .folders import TakeFolders
from .memory import MemoryBlobs, MemoryStore
from .port import Blobs, Reading, Store, Unit
from .sql import SqlStore

__all__ = [
    "Blobs",
    "LocalBlobs",
    "MemoryBlobs",
    "MemoryStore",
    "Reading",
    "SqlStore",
    "Store",
    "TakeFolders",
    "Unit",
]
