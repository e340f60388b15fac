"""One viewer of a room: its peer connection, its tier and the pictures on their way to it."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import SessionDescription

from streaming.aiortc_hooks import RICHER_PROFILES, IdleTrack, Outlet, close_peer, offer_playout_delay
from streaming.errors import OfferError, StreamClosed
from streaming.h264 import BASELINE, RtpFrame
from streaming.offer import PARSER_ERRORS, check_offer, parse_trickle
from streaming.supervise import log_failure
from streaming.tiers import TierState, choose_tier

logger = logging.getLogger(__name__)

OUTBOX_LIMIT_PACKETS = 1500  # about two GOPs of an atlas; beyond it the newest picture wins
RESEND_LIMIT_PER_S = 2000
_PROFILES = (*RICHER_PROFILES, "42e01f", "42001f")
"""What is answered with, best first."""


@dataclass(frozen=True, slots=True)
class ViewerStats:
    """`counter`: of the last picture handed to the network (-1: none). `rtp_origin`: wire timestamp of counter 0."""

    tier: str | None
    packets_sent: int
    bytes_sent: int
    counter: int
    rtp_origin: int
    packets_resent: int
    packets_dropped: int
    estimate_bps: int | None
    loss: float


class Viewer:
    """Made by `RoomStream.connect`. Its packets are written by the room's pacer."""

    def __init__(
        self, viewer_id: str, ice_servers: Sequence[RTCIceServer], on_closed: Callable[["Viewer"], None]
    ) -> None:
        self.id = viewer_id
        self.answer_sdp = ""
        self.tier: str | None = None
        self.profile = BASELINE  # the best that it decodes: an H.264 profile_idc
        self.joined = False  # has been sent its first keyframe
        self.picture_lost = False  # asks for a keyframe
        self.keyed_s = -math.inf  # when it was last sent one for that, on the monotonic clock
        self.tier_state = TierState()
        self.estimate_bps: int | None = None
        self.loss = 0.0
        self.born_s = self.heard_s = time.monotonic()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=list(ice_servers)))
        self._transceiver = self._peer.addTransceiver(IdleTrack(), direction="sendonly")
        self._outlet: Outlet | None = None
        self._outbox: deque[tuple[int, int, tuple[bytes, ...], int]] = deque()  # counter, timestamp, payloads, position
        self._outbox_packets = 0
        self._on_closed = on_closed
        self._on_wake: Callable[[], None] = lambda: None
        self._closing: asyncio.Task[None] | None = None
        self._counter = -1
        self._heard_packets = 0
        self._resent = self._dropped = self._resend_second = self._resent_in_second = 0

    # ------------------------------------------------------------ signalling

    async def answer(self, offer_sdp: str, on_wake: Callable[[], None]) -> None:
        """Answer an offer; ICE candidates are gathered. `on_wake` runs when the viewer wants pictures."""
        check_offer(offer_sdp)
        self._on_wake = on_wake
        h264 = [
            codec
            for profile in _PROFILES
            for codec in RTCRtpSender.getCapabilities("video").codecs
            if codec.mimeType == "video/H264" and codec.parameters.get("profile-level-id") == profile
        ]
        rtx = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType == "video/rtx"]
        self._transceiver.setCodecPreferences(h264 + rtx)
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
            for transceiver in self._peer.getTransceivers():
                if transceiver is not self._transceiver:
                    transceiver.direction = "inactive"
            offer_playout_delay(self._transceiver, SessionDescription.parse(offer_sdp))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except (*PARSER_ERRORS, OperationError, InvalidStateError, InvalidAccessError) as error:
            raise OfferError(f"the offer cannot be answered: {error}") from error
        self._outlet = Outlet(self._transceiver, self)
        self.answer_sdp = self._peer.localDescription.sdp
        self.profile = _profile(self.answer_sdp)
        self._peer.on("connectionstatechange", self._on_state)
        self._on_state()

    async def add_candidates(self, sdpfrag: str) -> None:
        """Take an application/trickle-ice-sdpfrag body. Raise OfferError when it cannot be read."""
        if self.closed:
            raise StreamClosed("this viewer has left")
        trickle = parse_trickle(sdpfrag)
        for candidate in trickle.candidates:
            try:
                await self._peer.addIceCandidate(candidate)
            except ValueError as error:
                raise OfferError(f"this ICE candidate cannot be used: {error}") from error
        if trickle.complete:
            await self._peer.addIceCandidate(None)

    @property
    def closed(self) -> bool:
        return self._closing is not None

    @property
    def connected(self) -> bool:
        return not self.closed and self._outlet is not None and self._outlet.open

    async def close(self) -> None:
        """Leave the room and free the connection. Safe to call twice."""
        await asyncio.shield(self.leave())

    def leave(self) -> asyncio.Task[None]:
        """Begin to close, without waiting for it."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name=f"close viewer {self.id}")
            self._closing.add_done_callback(log_failure)
        return self._closing

    async def _close(self) -> None:
        self._outbox.clear()
        self._outbox_packets = 0
        self._on_closed(self)
        await close_peer(self._peer)

    def _on_state(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self.heard_s = time.monotonic()
            self.tier_state = TierState(changed_s=self.heard_s)
            self._on_wake()
        elif state in {"failed", "closed"}:
            self.leave()

    # ------------------------------------------------------------ pictures

    def enqueue(self, counter: int, timestamp: int, frame: RtpFrame) -> None:
        """Queue a picture. When the queue overflows it is emptied and the viewer gets a keyframe: newest wins."""
        if self._outbox_packets + len(frame.payloads) > OUTBOX_LIMIT_PACKETS and self._outbox:
            self._dropped += self._outbox_packets
            self._outbox.clear()
            self._outbox_packets = 0
            self.picture_lost, self.keyed_s = True, -math.inf
            self._on_wake()
            return
        self._outbox.append((counter, timestamp, frame.payloads, 0))
        self._outbox_packets += len(frame.payloads)

    def supersede(self) -> None:
        """Forget the pictures not begun yet: a keyframe follows. Scrubbing does not pile up."""
        while self._outbox and self._outbox[-1][3] == 0:
            self._outbox_packets -= len(self._outbox.pop()[2])

    def flush(self, limit: int) -> bool:
        """Send up to `limit` packets; whether more wait. A broken connection closes the viewer."""
        outlet = self._outlet
        while outlet is not None and self._outbox and limit > 0:
            counter, timestamp, payloads, position = self._outbox[0]
            part = payloads[position : position + limit]
            end = position + len(part)
            try:
                outlet.send(part, timestamp, last=end == len(payloads))
            except ConnectionError as error:
                logger.info("viewer %s is gone: %s", self.id, error)
                self._outbox.clear()
                self._outbox_packets = 0
                self.leave()
                return False
            self._outbox_packets -= len(part)
            limit -= len(part)
            if end == len(payloads):
                self._outbox.popleft()
                self._counter = counter
            else:
                self._outbox[0] = (counter, timestamp, payloads, end)
        return bool(self._outbox)

    @property
    def stats(self) -> ViewerStats:
        outlet = self._outlet
        return ViewerStats(
            tier=self.tier,
            packets_sent=outlet.packets_sent if outlet else 0,
            bytes_sent=outlet.bytes_sent if outlet else 0,
            counter=self._counter,
            rtp_origin=0,
            packets_resent=self._resent,
            packets_dropped=self._dropped,
            estimate_bps=self.estimate_bps,
            loss=self.loss,
        )

    # ------------------------------------------------------------ what the receiver says (aiortc_hooks.Feedback)

    def on_lost(self, sequence_numbers: Sequence[int]) -> None:
        if self._outlet is None:
            return
        second = int(time.monotonic())
        if second != self._resend_second:
            self._resend_second, self._resent_in_second = second, 0
        for sequence in sequence_numbers:
            if self._resent_in_second >= RESEND_LIMIT_PER_S:
                return
            if self._outlet.resend(sequence & 0xFFFF):
                self._resent += 1
                self._resent_in_second += 1

    def on_picture_lost(self) -> None:
        self.picture_lost = True
        self._on_wake()

    def on_bandwidth(self, bits_per_s: int) -> None:
        self.estimate_bps = bits_per_s

    def on_loss(self, fraction: float) -> None:
        self.loss = fraction

    # ------------------------------------------------------------ care

    async def check_alive(self, now_s: float, *, silent_s: float, connect_s: float, probe_s: float) -> bool:
        """Whether the viewer may stay: heard within `silent_s`, connected within `connect_s`. Asks when quiet."""
        if not self.connected or self._outlet is None:
            return now_s - max(self.born_s, self.heard_s) < connect_s
        heard = self._outlet.packets_heard
        if heard != self._heard_packets:
            self._heard_packets = heard
            self.heard_s = now_s
        if now_s - self.heard_s > probe_s and await self._outlet.probe():
            self.heard_s = time.monotonic()
        return time.monotonic() - self.heard_s < silent_s

    def review_tier(self, rates_bps: Sequence[float], now_s: float) -> int:
        """The index of the tier to be on, from the receiver's reports."""
        self.tier_state = choose_tier(
            self.tier_state, rates_bps, estimate_bps=self.estimate_bps, loss=self.loss, now_s=now_s
        )
        return self.tier_state.tier


def _profile(answer_sdp: str) -> int:
    """profile_idc of the codec that an answer puts first: the one that is sent."""
    for media in SessionDescription.parse(answer_sdp).media:
        if media.kind == "video" and media.direction == "sendonly" and media.rtp.codecs:
            return int(str(media.rtp.codecs[0].parameters.get("profile-level-id", "42e01f"))[:2], 16)
    return BASELINE
