"""H.264 access units to RTP payloads, packetization-mode 1 (RFC 6184): single NAL units, STAP-A and FU-A.

Fragments are all of one size but the last, so that a run of them can leave in one segmented send.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack

PAYLOAD_LIMIT_BYTES = 1200  # what browsers use: fits any path that carries IPv6, with SRTP, TURN and a tunnel

BASELINE, MAIN, HIGH = 66, 77, 100
"""profile_idc (ITU-T H.264, annex A); who decodes one of them decodes those below it, as they are coded here: progressive,
without reordering, arbitrary slice orders or redundant slices."""

_STAP_A = 24
_FU_A = 28
_ACCESS_UNIT_DELIMITER = 9
_FILLER = 12
_SEQUENCE_PARAMETERS = 7


@dataclass(frozen=True, slots=True)
class RtpFrame:
    """One picture, ready for the wire."""

    payloads: tuple[bytes, ...]
    keyframe: bool


def split_nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an annex-B byte stream, without start codes and trailing zeros."""
    start = data.find(b"\x00\x00\x01")
    while start >= 0:
        start += 3
        following = data.find(b"\x00\x00\x01", start)
        unit = data[start:] if following < 0 else data[start:following]
        unit = unit.rstrip(b"\x00")
        if unit:
            yield unit
        start = following


def profile_idc(keyframe: bytes) -> int:
    """The profile that an annex-B access unit with parameter sets names; `BASELINE` where it has none."""
    for unit in split_nal_units(keyframe):
        if unit[0] & 0x1F == _SEQUENCE_PARAMETERS and len(unit) > 1:
            return unit[1]
    return BASELINE


def packetise(data: bytes, limit: int = PAYLOAD_LIMIT_BYTES) -> tuple[bytes, ...]:
    """RTP payloads of at most `limit` bytes for one annex-B access unit, in order."""
    payloads: list[bytes] = []
    small: list[bytes] = []
    small_bytes = 1
    for unit in split_nal_units(data):
        if unit[0] & 0x1F in {_ACCESS_UNIT_DELIMITER, _FILLER}:
            continue
        if small and (len(unit) + 2 + small_bytes > limit):
            payloads.append(_aggregate(small))
            small, small_bytes = [], 1
        if len(unit) + 3 > limit:
            payloads.extend(_fragment(unit, limit) if len(unit) > limit else (unit,))
        else:
            small.append(unit)
            small_bytes += 2 + len(unit)
    if small:
        payloads.append(_aggregate(small))
    return tuple(payloads)


def _aggregate(units: list[bytes]) -> bytes:
    if len(units) == 1:
        return units[0]
    importance = max(unit[0] & 0x60 for unit in units)
    forbidden = max(unit[0] & 0x80 for unit in units)
    return bytes((forbidden | importance | _STAP_A,)) + b"".join(pack("!H", len(unit)) + unit for unit in units)


def _fragment(unit: bytes, limit: int) -> Iterator[bytes]:
    indicator = (unit[0] & 0xE0) | _FU_A
    kind = unit[0] & 0x1F
    size = limit - 2
    for offset in range(1, len(unit), size):
        first = 0x80 if offset == 1 else 0
        last = 0x40 if offset + size >= len(unit) else 0
        yield bytes((indicator, first | last | kind)) + unit[offset : offset + size]
