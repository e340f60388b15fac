"""Frames, packets and clocks: stored H.264 packets out to WebRTC viewers. Knows nothing of films.

A take is encoded once, when it is baked (`packets`); a room replays its packets to every viewer (`room`). One
playhead (`timeline`), one clock, one packing per picture (`h264`); per viewer only header, encryption and socket
(`aiortc_hooks`).
"""

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streaming.clip import ClipSource
    from streaming.errors import OfferError, RoomFull, StreamClosed
    from streaming.packets import AccessUnit, PacketLogError, PacketReader, PacketWriter
    from streaming.room import RoomStream, StreamSettings
    from streaming.timeline import Playhead, Span, rtp_timestamp
    from streaming.viewer import Viewer, ViewerStats

_HOMES: Final = {
    "AccessUnit": "streaming.packets",
    "ClipSource": "streaming.clip",
    "OfferError": "streaming.errors",
    "PacketLogError": "streaming.packets",
    "PacketReader": "streaming.packets",
    "PacketWriter": "streaming.packets",
    "Playhead": "streaming.timeline",
    "RoomFull": "streaming.errors",
    "RoomStream": "streaming.room",
    "Span": "streaming.timeline",
    "StreamClosed": "streaming.errors",
    "StreamSettings": "streaming.room",
    "Viewer": "streaming.viewer",
    "ViewerStats": "streaming.viewer",
    "rtp_timestamp": "streaming.timeline",
}
"""Where each public name lives; imported when first used, so that a worker which only writes packets loads no WebRTC."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


__all__ = [
    "AccessUnit",
    "ClipSource",
    "OfferError",
    "PacketLogError",
    "PacketReader",
    "PacketWriter",
    "Playhead",
    "RoomFull",
    "RoomStream",
    "Span",
    "StreamClosed",
    "StreamSettings",
    "Viewer",
    "ViewerStats",
    "rtp_timestamp",
]
