"""A clip whose pictures say their number, and a real aiortc peer that watches a room over the local network stack."""

import asyncio
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.codecs import h264_depayload
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from streaming import AccessUnit, ClipSource, PacketReader, PacketWriter, RoomStream, Viewer
from streaming.aiortc_hooks import close_peer

WIDTH_PX, HEIGHT_PX, BITS = 160, 64, 8
GOP = 6


def picture(number: int) -> np.ndarray:
    """uint8 [64, 160, 3]: the number in eight white or black bars over moving noise that costs some bytes."""
    rgb = np.random.default_rng(number).integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    for bit in range(BITS):
        rgb[:32, bit * 20 : bit * 20 + 20] = 235 if number >> bit & 1 else 16
    return rgb


def number_in(frame: av.VideoFrame) -> int:
    luma = frame.to_ndarray(format="gray")
    return sum(int(luma[4:28, bit * 20 + 4 : bit * 20 + 16].mean() > 128) << bit for bit in range(BITS))


def encode(numbers: Iterable[int], *, gop: int = GOP, profile: str = "baseline") -> list[AccessUnit]:
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, 24), Fraction(24)
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": profile,
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:annexb=1"
        + (":cabac=1" if profile == "main" else ""),  # without it x264 says baseline, and is right
    }
    packets = []
    for index, number in enumerate(numbers):
        frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
        frame.pts = index
        packets += codec.encode(frame)
    packets += codec.encode(None)
    return [AccessUnit(index, packet.is_keyframe, bytes(packet)) for index, packet in enumerate(packets)]


def write(path: Path, units: Iterable[AccessUnit]) -> Path:
    with PacketWriter(path) as writer:
        for unit in units:
            writer.append(unit)
        writer.finish()
    return path


def source(*paths: Path, fps: int = 24, frame_count: int = 48) -> ClipSource:
    return ClipSource({path.stem: PacketReader(path) for path in paths}, Fraction(fps), frame_count)


class Watcher:
    """`shown`: numbers that aiortc's own receiver decoded. `wire`: (timestamp, number) of every whole picture, at once."""

    def __init__(self, *, baseline_only: bool = False) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self.peer.addTransceiver("video", direction="recvonly")
        self.receiver = transceiver.receiver
        if baseline_only:
            offered = RTCRtpReceiver.getCapabilities("video").codecs
            transceiver.setCodecPreferences(
                [c for c in offered if str(c.parameters.get("profile-level-id", "42"))[:2] == "42"]
            )
        self.shown: list[int] = []
        self.wire: list[tuple[int, int]] = []
        self.first_kinds: list[int] = []  # NAL unit types of the first packets
        self.lose: Callable[[RtpPacket], bool] = lambda _: False
        self.lost: list[int] = []
        self.ssrc = 0
        self._codec = av.CodecContext.create("h264", "r")
        self._parts: list[bytes] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._pass_on = self.receiver._handle_rtp_packet
        self.receiver._handle_rtp_packet = self._tap
        self.peer.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._watch(track))))

    async def join(self, room: RoomStream) -> Viewer:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        viewer = await room.connect(self.peer.localDescription.sdp)
        await self.peer.setRemoteDescription(RTCSessionDescription(viewer.answer_sdp, "answer"))
        return viewer

    async def _watch(self, track) -> None:
        while True:
            try:
                self.shown.append(number_in(await track.recv()))
            except MediaStreamError:
                return

    async def _tap(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self.lose(packet):
            self.lost.append(packet.sequence_number)
            return
        if packet.ssrc == (self.ssrc or packet.ssrc):
            self.ssrc = packet.ssrc
            if len(self.first_kinds) < 3:
                self.first_kinds.append(packet.payload[0] & 0x1F)
            self._parts.append(h264_depayload(packet.payload))
            if packet.marker and not self.lost:  # with losses, only aiortc's own receiver can tell
                coded = av.Packet(b"".join(self._parts))
                self._parts = []
                self.wire += [(packet.timestamp, number_in(frame)) for frame in self._codec.decode(coded)]
        await self._pass_on(packet, arrival_time_ms=arrival_time_ms)

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not met():  # noqa: ASYNC110 - what is waited for comes over the network
                await asyncio.sleep(0.01)

    async def pictures(self, count: int) -> list[int]:
        """The numbers of the first `count` pictures on the wire."""
        await self.until(lambda: len(self.wire) >= count)
        return [number for _, number in self.wire[:count]]

    async def quiet(self) -> list[int]:
        """Wait until nothing has come for a while; the numbers so far."""
        count = -1
        while count != len(self.wire):
            count = len(self.wire)
            await asyncio.sleep(0.3)
        return [number for _, number in self.wire]

    def vanish(self) -> None:
        """As when a headset's battery dies: no goodbye, no answer."""
        for protocol in self.receiver.transport.transport._connection._protocols:
            protocol.transport.abort()

    async def close(self) -> None:
        await close_peer(self.peer)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
