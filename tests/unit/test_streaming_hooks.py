"""The private names that aiortc_hooks relies on. When aiortc changes one, this fails by name."""

import inspect
import struct

import pytest
from aioice.ice import Connection
from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtp import pack_remb_fci
from pylibsrtp import Policy, Session
from pylibsrtp._binding import lib

from streaming import aiortc_hooks
from streaming.aiortc_hooks import IdleTrack, check_version, read_remb

SENDER = [
    "_handle_rtcp_packet", "_ssrc", "_rtx_ssrc",
    "_RTCRtpSender__ntp_timestamp", "_RTCRtpSender__rtp_timestamp",
    "_RTCRtpSender__packet_count", "_RTCRtpSender__octet_count",
]  # fmt: skip
TRANSPORT = [
    "_tx_srtp", "state", "_RTCDtlsTransport__rx_packets", "_RTCDtlsTransport__tx_packets", "_RTCDtlsTransport__tx_bytes"
]  # fmt: skip
ICE = ["_nominated", "remote_password", "build_request", "_query_consent_task"]


async def test_aiortc_still_has_the_private_names():
    peer = RTCPeerConnection()
    transceiver = peer.addTransceiver(IdleTrack(), direction="sendonly")
    sender, transport = transceiver.sender, transceiver.sender.transport
    missing = [
        f"{type(thing).__name__}.{name}"
        for thing, names in (
            (transceiver, ["_codecs", "_headerExtensions", "mid"]),
            (sender, SENDER),
            (transport, TRANSPORT),
            (transport.transport, ["_connection"]),
            (transport.transport._connection, ICE),
        )
        for name in names
        if not hasattr(thing, name)
    ]
    await peer.close()
    assert missing == []
    assert isinstance(transport.transport._connection, Connection)


def test_aiortc_still_uses_them_as_the_hooks_assume():
    report = inspect.getsource(RTCRtpSender._run_rtcp)
    assert all(name in report for name in ("__ntp_timestamp", "__rtp_timestamp", "__packet_count", "__octet_count"))
    assert "await recipient._handle_rtcp_packet(packet)" in inspect.getsource(RTCDtlsTransport._handle_rtcp_data)
    assert "self.__rx_packets += 1" in inspect.getsource(RTCDtlsTransport._recv_next)
    assert "await self.__track.recv()" in inspect.getsource(RTCRtpSender._next_encoded_frame)
    assert "self._nominated.get(component)" in inspect.getsource(Connection.sendto)


def test_libsrtp_is_reached_below_its_wrapper():
    policy = Policy(key=bytes(30), ssrc_type=Policy.SSRC_ANY_OUTBOUND)
    assert hasattr(Session(policy), "_srtp")
    assert callable(lib.srtp_protect)


def test_another_aiortc_is_refused(monkeypatch):
    check_version()
    monkeypatch.setattr(aiortc_hooks, "version", lambda _: "1.17.0")
    with pytest.raises(RuntimeError, match=r"1\.17\.0"):
        check_version()


@pytest.mark.parametrize("bits_per_s", [0, 100_000, 7_000_000, 250_000_000])
def test_the_bandwidth_estimate_is_read_unclamped(bits_per_s):
    got = read_remb(pack_remb_fci(bits_per_s, [7, 9]), 9)
    assert got == pytest.approx(bits_per_s, rel=1e-5)


@pytest.mark.parametrize("fci", [b"", b"REMB", b"ABCD" + bytes(8), b"REMB" + struct.pack("!BBH", 3, 0, 0)])
def test_other_messages_are_no_estimate(fci):
    assert read_remb(fci, 9) is None
    assert read_remb(pack_remb_fci(1000, [7]), 9) is None


def test_runs_of_one_length_are_sent_together():
    def lengths(*sizes: int) -> list[list[int]]:
        return [[len(part) for part in run] for run in aiortc_hooks._equal_runs([memoryview(bytes(n)) for n in sizes])]

    assert lengths(30, 1200, 1200, 400) == [[30], [1200, 1200, 400]]
    assert lengths(1200, 400, 1200) == [[1200, 400], [1200]]
    assert lengths(1200, 400, 400) == [[1200, 400], [400]]
    assert lengths() == []
