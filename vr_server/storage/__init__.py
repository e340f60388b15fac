"""Rows and files that survive: the ports, their in-memory twins and the adapters for real disks."""

from .folders import TakeFolders
from .memory import MemoryBlobs, MemoryStore
from .port import Blobs, Reading, Store, Unit

__all__ = ["Blobs", "MemoryBlobs", "MemoryStore", "Reading", "Store", "TakeFolders", "Unit"]
