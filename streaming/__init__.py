"""Frames, packets and clocks: stored H.264 packets out to WebRTC viewers. Knows nothing of films.

A take is encoded once, when it is baked (`packets`); a room replays its packets to every viewer (`room`). One
playhead (`timeline`), one clock, one packing per picture (`h264`); per viewer only header, encryption and socket
(`aiortc_hooks`).
"""

from streaming.clip import ClipSource
from streaming.errors import OfferError, RoomFull, StreamClosed
from streaming.packets import AccessUnit, PacketLogError, PacketReader, PacketWriter
from streaming.room import RoomStream, StreamSettings
from streaming.timeline import Playhead, Span, rtp_timestamp
from streaming.viewer import Viewer, ViewerStats

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
