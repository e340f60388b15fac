"""RTP payloads of H.264, checked against aiortc's own depacketiser."""

import pytest
from aiortc.codecs import h264_depayload

from streaming.h264 import BASELINE, MAIN, packetise, profile_idc, split_nal_units

START = b"\x00\x00\x00\x01"


def nal(kind: int, size: int, *, importance: int = 3) -> bytes:
    """A NAL unit of `size` bytes with no start code in it."""
    return bytes([importance << 5 | kind]) + bytes(1 + i % 250 for i in range(size - 1))


def put_together(payloads: tuple[bytes, ...]) -> list[bytes]:
    return list(split_nal_units(b"".join(h264_depayload(payload) for payload in payloads)))


@pytest.mark.parametrize(
    "sizes",
    [[2], [1199], [1200], [1201], [50_000], [20, 6, 1150, 30_000], [600, 600, 600], [5] * 300, [1197, 1198, 1199]],
)
def test_every_nal_unit_arrives_whole_and_in_order(sizes):
    units = [nal(5 if size > 1000 else 1, size) for size in sizes]
    payloads = packetise(b"".join(START + unit for unit in units))
    assert all(len(payload) <= 1200 for payload in payloads)
    assert put_together(payloads) == units


def test_parameter_sets_share_a_packet():
    units = [nal(7, 20), nal(8, 6), nal(5, 5000)]
    payloads = packetise(b"".join(START + unit for unit in units))
    assert payloads[0][0] & 0x1F == 24
    assert put_together(payloads) == units


def test_fragments_are_of_one_size_but_the_last():
    payloads = packetise(START + nal(5, 10_000))
    assert {len(payload) for payload in payloads[:-1]} == {1200}
    assert payloads[0][1] & 0xC0 == 0x80
    assert payloads[-1][1] & 0xC0 == 0x40


def test_three_byte_start_codes_and_trailing_zeros_are_read():
    assert list(split_nal_units(b"\x00\x00\x01\x65abc\x00\x00\x00\x01\x41def\x00\x00")) == [b"\x65abc", b"\x41def"]


def test_delimiters_and_filler_stay_off_the_wire():
    payloads = packetise(START + nal(9, 2) + START + nal(12, 4000) + START + nal(1, 100))
    assert put_together(payloads) == [nal(1, 100)]


def test_nothing_in_nothing_out():
    assert packetise(b"") == ()
    assert packetise(b"no start code") == ()


def test_the_profile_stands_in_the_parameter_sets():
    assert profile_idc(START + nal(9, 2) + START + b"\x67\x4d\x40\x2a" + START + nal(5, 100)) == MAIN
    assert profile_idc(START + nal(5, 100)) == BASELINE
    assert profile_idc(START + b"\x67") == BASELINE
