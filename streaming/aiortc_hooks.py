"""The one place that touches private names of aiortc, aioice and pylibsrtp (1.16, 0.13, 1.0).

aiortc's sender spends a coroutine, a packet object and three copies on every packet, ignores picture-loss messages
for stored packets, remembers 128 packets and hides the receiver's bandwidth estimate. `Outlet` takes over writing:
header, SRTP and socket, straight from shared payloads. ICE, DTLS, SDP and the RTCP sender reports stay aiortc's.
"""
# ruff: noqa: SLF001 - reaching into private names is what this file is for

import asyncio
import contextlib
import copy
import secrets
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from aioice import stun
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpTransceiver, clock
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)
from aiortc.sdp import SessionDescription
from pylibsrtp._binding import ffi, lib

SUPPORTED_AIORTC = "1.16."
RICHER_PROFILES = ("4d001f", "640c1f", "64001f")
"""Main and High of H.264: Chromium offers Main everywhere, hardware decoders High. aiortc knows Baseline only."""
HISTORY_PACKETS = 1024  # power of two; aiortc keeps 128, less than two frames of an atlas
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

_HEADER = struct.Struct("!BBHII")
_COMPONENT = 1
_PACKET_BYTES = 2048
_SLOTS = 12  # packets sealed before a send
_UDP_SEGMENT = 103  # linux/udp.h


def check_version() -> None:
    """Raise RuntimeError when another aiortc than the one these hooks were written for is installed."""
    installed = version("aiortc")
    if not installed.startswith(SUPPORTED_AIORTC):
        raise RuntimeError(f"streaming hooks into aiortc {SUPPORTED_AIORTC}x; {installed} is installed")


def know_richer_profiles() -> None:
    """Have aiortc negotiate `RICHER_PROFILES`. Packets are stored, so that it need not encode them. Idempotent."""
    known = {codec.parameters.get("profile-level-id"): codec for codec in CODECS["video"]}
    free = max(codec.payloadType or 0 for codec in CODECS["video"]) + 1
    for profile in RICHER_PROFILES:
        if profile not in known:
            codec = copy.deepcopy(known["42e01f"])
            codec.payloadType, codec.parameters["profile-level-id"] = free, profile
            resend = RTCRtpCodecParameters("video/rtx", codec.clockRate, None, free + 1, [], {"apt": free})
            CODECS["video"] += [codec, resend]
            free += 2


class IdleTrack(MediaStreamTrack):
    """Keeps aiortc's own sender loop asleep: the packets come from the outlet."""

    kind = "video"

    async def recv(self) -> Any:  # noqa: ANN401 - never returns; the base class says Frame | Packet
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.Event().wait()


class Feedback(Protocol):
    """What a receiver says about the stream."""

    def on_lost(self, sequence_numbers: Sequence[int]) -> None: ...
    def on_picture_lost(self) -> None: ...
    def on_bandwidth(self, bits_per_s: int) -> None: ...
    def on_loss(self, fraction: float) -> None: ...


def offer_playout_delay(transceiver: RTCRtpTransceiver, offer: SessionDescription) -> None:
    """Accept the playout-delay header extension where offered: pictures are shown as they come, whatever their time.

    Call between setRemoteDescription and createAnswer.
    """
    taken = {extension.uri for extension in transceiver._headerExtensions}
    for media in offer.media:
        if media.rtp.muxId == transceiver.mid and PLAYOUT_DELAY_URI not in taken:
            transceiver._headerExtensions.extend(
                RTCRtpHeaderExtensionParameters(id=extension.id, uri=extension.uri)
                for extension in media.rtp.headerExtensions
                if extension.uri == PLAYOUT_DELAY_URI
            )


async def close_peer(peer: RTCPeerConnection) -> None:
    """Close, with what aioice 0.13 leaves behind when it is closed amid its checks: a consent task without end."""
    await peer.close()
    for transceiver in peer.getTransceivers():
        ice: Any = transceiver.sender.transport.transport
        consent: asyncio.Task[None] | None = ice._connection._query_consent_task
        if consent is not None:
            consent.cancel()


@dataclass(frozen=True, slots=True)
class _Extensions:
    """The header extension block, in the one-byte form of RFC 8285, around the send time."""

    before: bytes
    after: bytes
    timed: bool

    def block(self) -> bytes:
        if not self.timed:
            return self.before
        return self.before + struct.pack("!I", (clock.current_ntp_time() >> 14) & 0xFFFFFF)[1:] + self.after


def _extensions(transceiver: RTCRtpTransceiver) -> _Extensions:
    ids = {extension.uri: extension.id for extension in transceiver._headerExtensions if 0 < extension.id < 15}
    items = b""
    if PLAYOUT_DELAY_URI in ids:
        items += bytes((ids[PLAYOUT_DELAY_URI] << 4 | 2, 0, 0, 0))  # least and most: 0 ms
    mid = (transceiver.mid or "").encode()
    if MID_URI in ids and 0 < len(mid) <= 16:
        items += bytes((ids[MID_URI] << 4 | len(mid) - 1,)) + mid
    timed = ABS_SEND_TIME_URI in ids
    length = len(items) + (4 if timed else 0)
    if not length:
        return _Extensions(b"", b"", timed=False)
    words = (length + 3) // 4
    padding = bytes(words * 4 - length)
    head = struct.pack("!HH", 0xBEDE, words)
    if not timed:
        return _Extensions(head + items + padding, b"", timed=False)
    return _Extensions(head + items + bytes((ids[ABS_SEND_TIME_URI] << 4 | 2,)), padding, timed=True)


class _Link:
    """The nominated path of a connection: the plain socket where there is one, else the (TURN) transport."""

    def __init__(self, pair: Any) -> None:  # noqa: ANN401 - aioice's candidate pair
        self.pair = pair
        self._transport = pair.protocol.transport
        self._address = pair.remote_addr
        wrapped = getattr(self._transport.get_extra_info("socket"), "_sock", None)
        self._socket = wrapped if isinstance(wrapped, socket.socket) else None
        self._segments = self._socket is not None and sys.platform == "linux"

    def send(self, datagrams: list[memoryview]) -> int:
        """Send a run of datagrams; return how many the system took. What it did not take is lost, as on any network."""
        if self._socket is None:
            for datagram in datagrams:
                self._transport.sendto(bytes(datagram), self._address)
            return len(datagrams)
        if self._segments and len(datagrams) > 1:
            return sum(self._send_run(self._socket, run) for run in _equal_runs(datagrams))
        return self._send_each(self._socket, datagrams)

    def _send_run(self, sock: socket.socket, run: list[memoryview]) -> int:
        """One system call for datagrams of one length (the last may be shorter): UDP segmentation offload."""
        if len(run) == 1 or not self._segments:
            return self._send_each(sock, run)
        control = [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", len(run[0])))]
        try:
            sock.sendmsg(run, control, 0, self._address)
        except BlockingIOError:
            return 0
        except OSError:  # no offload on this path: go on without
            self._segments = False
            return self._send_each(sock, run)
        return len(run)

    def _send_each(self, sock: socket.socket, datagrams: list[memoryview]) -> int:
        taken = 0
        for datagram in datagrams:
            with contextlib.suppress(OSError):  # a full socket, or no route at the moment
                sock.sendto(datagram, self._address)
                taken += 1
        return taken


def _equal_runs(datagrams: list[memoryview]) -> Iterator[list[memoryview]]:
    run: list[memoryview] = []
    for datagram in datagrams:
        if run and (len(datagram) > len(run[0]) or len(run[-1]) < len(run[0])):
            yield run
            run = []
        run.append(datagram)
    if run:
        yield run


class Outlet:
    """Writes one viewer's RTP. Create it after the answer is made; it is `open` once the connection stands."""

    def __init__(self, transceiver: RTCRtpTransceiver, feedback: Feedback) -> None:
        sender: Any = transceiver.sender  # Any: the typed face of these objects does not show what is used here
        self._sender = sender
        self._transport: Any = sender.transport
        self._ice: Any = self._transport.transport._connection
        self._link: _Link | None = None
        codec: Any = transceiver._codecs[0]
        self._payload_type: int = codec.payloadType
        self._rtx_type: int | None = next(
            (c.payloadType for c in transceiver._codecs if c.parameters.get("apt") == codec.payloadType), None
        )
        self._extensions = _extensions(transceiver)
        self._sequence = secrets.randbelow(1 << 15)  # the lower half: no roll-over before the first report (RFC 3711)
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._history: list[tuple[int, int, int, bytes] | None] = [None] * HISTORY_PACKETS
        self._slots = [ffi.new("char[]", _PACKET_BYTES) for _ in range(_SLOTS)]
        self._views = [memoryview(ffi.buffer(slot)) for slot in self._slots]
        self._length = ffi.new("int *")
        self.packets_sent = 0
        self.bytes_sent = 0
        self.packets_refused = 0  # by the system: no room in the socket, no route
        self._listen(feedback)

    @property
    def open(self) -> bool:
        """DTLS is done and the keys are there."""
        return bool(self._transport.state == "connected" and self._transport._tx_srtp is not None)

    @property
    def packets_heard(self) -> int:
        """Datagrams received from the viewer so far, STUN not counted."""
        return int(self._transport._RTCDtlsTransport__rx_packets)

    def send(self, payloads: Sequence[bytes], timestamp: int, *, last: bool) -> None:
        """Send payloads of one picture; `last` sets the marker on the final one. Raise ConnectionError when closed."""
        link, srtp = self._ready()
        block = self._extensions.block()
        kind, ssrc = self._payload_type, self._sender._ssrc
        sequence, history = self._sequence, self._history
        final = len(payloads) - 1 if last else -1
        payload_bytes = 0
        datagrams: list[memoryview] = []
        for index, payload in enumerate(payloads):
            marker = 0x80 if index == final else 0
            history[sequence & (HISTORY_PACKETS - 1)] = (sequence, timestamp, marker, payload)
            datagrams.append(self._seal(srtp, len(datagrams), marker | kind, sequence, timestamp, ssrc, block, payload))
            sequence = (sequence + 1) & 0xFFFF
            payload_bytes += len(payload)
            if len(datagrams) == _SLOTS:
                self.packets_refused += len(datagrams) - link.send(datagrams)
                datagrams = []
        if datagrams:
            self.packets_refused += len(datagrams) - link.send(datagrams)
        self._sequence = sequence
        self.packets_sent += len(payloads)
        self.bytes_sent += payload_bytes
        self._report(timestamp, len(payloads), payload_bytes)

    def resend(self, sequence: int) -> bool:
        """Send a packet again (RFC 4588 where negotiated). False when it is too old or the connection is closed."""
        kept = self._history[sequence & (HISTORY_PACKETS - 1)]
        if kept is None or kept[0] != sequence or not self.open:
            return False
        link, srtp = self._ready()
        _, timestamp, marker, payload = kept
        block = self._extensions.block()
        if self._rtx_type is None:
            ssrc = self._sender._ssrc
            datagram = self._seal(srtp, 0, marker | self._payload_type, sequence, timestamp, ssrc, block, payload)
        else:
            ssrc = self._sender._rtx_ssrc
            payload = sequence.to_bytes(2, "big") + payload
            kind = marker | self._rtx_type
            datagram = self._seal(srtp, 0, kind, self._rtx_sequence, timestamp, ssrc, block, payload)
            self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return link.send([datagram]) == 1

    def _ready(self) -> tuple[_Link, Any]:
        """The path and the SRTP context. Raise ConnectionError when the connection is closed."""
        pair = self._ice._nominated.get(_COMPONENT)
        if pair is None or not self.open:
            raise ConnectionError("the viewer's connection is closed")
        if self._link is None or self._link.pair is not pair:
            self._link = _Link(pair)
        return self._link, self._transport._tx_srtp._srtp[0]

    def _seal(
        self,
        srtp: Any,  # noqa: ANN401 - libsrtp's context
        slot: int,
        kind: int,
        sequence: int,
        timestamp: int,
        ssrc: int,
        block: bytes,
        payload: bytes,
    ) -> memoryview:
        """Write one packet into a slot and protect it in place. Raise ConnectionError when SRTP refuses."""
        view, length = self._views[slot], self._length
        start = _HEADER.size + len(block)
        end = start + len(payload)
        _HEADER.pack_into(view, 0, 0x90 if block else 0x80, kind, sequence, timestamp, ssrc)
        view[_HEADER.size : start] = block
        view[start:end] = payload
        length[0] = end
        status = lib.srtp_protect(srtp, self._slots[slot], length)
        if status:
            raise ConnectionError(f"SRTP refused a packet (status {status})")
        return view[: length[0]]

    async def probe(self) -> bool:
        """Ask the viewer for a sign of life (a STUN consent check, RFC 7675)."""
        pair = self._ice._nominated.get(_COMPONENT)
        if pair is None or self._ice.remote_password is None:
            return False
        try:
            await pair.protocol.request(
                self._ice.build_request(pair, nominate=False),
                pair.remote_addr,
                integrity_key=self._ice.remote_password.encode(),
                retransmissions=0,
            )
        except stun.TransactionError:
            return False
        return True

    def _report(self, timestamp: int, packets: int, payload_bytes: int) -> None:
        """Keep the counters that aiortc's sender reports and getStats are made of."""
        sender = self._sender
        sender._RTCRtpSender__ntp_timestamp = clock.current_ntp_time()
        sender._RTCRtpSender__rtp_timestamp = timestamp
        sender._RTCRtpSender__packet_count += packets
        sender._RTCRtpSender__octet_count += payload_bytes
        self._transport._RTCDtlsTransport__tx_packets += packets
        self._transport._RTCDtlsTransport__tx_bytes += payload_bytes

    def _listen(self, feedback: Feedback) -> None:
        original: Callable[[Any], Awaitable[None]] = self._sender._handle_rtcp_packet
        ssrc = self._sender._ssrc

        async def handle(packet: Any) -> None:  # noqa: ANN401 - aiortc's union of RTCP packets
            if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                feedback.on_lost(packet.lost)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in {RTCP_PSFB_PLI, RTCP_PSFB_FIR}:
                feedback.on_picture_lost()
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                bandwidth = read_remb(packet.fci, ssrc)
                if bandwidth is not None:
                    feedback.on_bandwidth(bandwidth)
            else:
                if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
                    for report in packet.reports:
                        if report.ssrc == ssrc:
                            feedback.on_loss(report.fraction_lost / 256)
                await original(packet)

        self._sender._handle_rtcp_packet = handle


def read_remb(fci: bytes, ssrc: int) -> int | None:
    """Bits per second of a REMB message that speaks of `ssrc`, unclamped; None for anything else."""
    try:
        bitrate, ssrcs = unpack_remb_fci(fci)
    except (ValueError, struct.error):
        return None
    return bitrate if ssrc in ssrcs else None
