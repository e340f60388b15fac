"""What strangers send as an offer or as candidates."""

import pytest

from streaming.errors import OfferError
from streaming.offer import check_offer, parse_trickle

CHROMIUM_LIKE = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 103 104 107 108
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F
a=setup:actpass
a=mid:0
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtpmap:103 H264/90000
a=rtcp-fb:103 goog-remb
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:108 rtx/90000
a=fmtp:108 apt=107
""".replace("\n", "\r\n")


def without(*starts: str) -> str:
    return "\r\n".join(line for line in CHROMIUM_LIKE.split("\r\n") if not line.startswith(starts))


def test_a_browsers_offer_is_accepted():
    check_offer(CHROMIUM_LIKE)


@pytest.mark.parametrize(
    ("offer", "says"),
    [
        ("", "must begin with v=0"),
        ("{}", "must begin with v=0"),
        ("v=0 " * 300_000, "larger than 64 KiB"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no video section"),
        (without("m=video").replace("\r\nc=IN", "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN"), "no video section"),
        (without("a=ice-ufrag"), "ICE credentials"),
        (without("a=ice-pwd"), "ICE credentials"),
        (without("a=fingerprint", "a=setup"), "DTLS"),
        (without("a=rtcp-mux"), "RTCP"),
        (without("a=rtpmap:103", "a=fmtp:103", "a=rtpmap:107", "a=fmtp:107"), "no H.264"),
        (without("a=rtpmap:103", "a=fmtp:103"), "packetization-mode 1"),
        (CHROMIUM_LIKE.replace("a=recvonly", "a=sendonly"), "recvonly"),
        (CHROMIUM_LIKE.replace("a=recvonly", "a=inactive"), "recvonly"),
        (CHROMIUM_LIKE.replace("m=video 9", "m=text 9"), "video"),
        (CHROMIUM_LIKE.replace("m=video 9 ", "m=video nine "), "cannot be read"),
    ],
)
def test_says_what_is_wrong_with_an_offer(offer, says):
    with pytest.raises(OfferError, match=says):
        check_offer(offer)


def test_an_offer_cut_anywhere_is_accepted_or_refused_but_never_anything_else():
    refused = 0
    for cut in range(0, len(CHROMIUM_LIKE), 3):
        try:
            check_offer(CHROMIUM_LIKE[:cut])
        except OfferError:
            refused += 1
    assert refused > len(CHROMIUM_LIKE) / 3 * 0.6


def test_candidates_are_read_with_their_media_id():
    trickle = parse_trickle(
        "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2113937151 192.168.1.7 51234 typ host\r\n"
        "a=candidate:2 1 udp 1677729535 203.0.113.9 51234 typ srflx raddr 0.0.0.0 rport 0\r\na=end-of-candidates\r\n"
    )
    assert [(c.sdpMid, c.ip, c.port, c.type) for c in trickle.candidates] == [
        ("0", "192.168.1.7", 51234, "host"),
        ("0", "203.0.113.9", 51234, "srflx"),
    ]
    assert trickle.complete


def test_without_a_media_id_the_first_section_is_meant():
    (candidate,) = parse_trickle("a=candidate:1 1 udp 1 10.0.0.1 9 typ host").candidates
    assert (candidate.sdpMid, candidate.sdpMLineIndex) == (None, 0)


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "hello",
        "a=candidate:",
        "a=candidate:1 1 udp",
        "a=candidate:1 one udp x 10.0.0.1 9 typ host",
        "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\n" * 33,
        "x" * 70_000,
    ],
    ids=["empty", "words", "bare", "short", "letters", "too many", "too long"],
)
def test_refuses_other_bodies(fragment):
    with pytest.raises(OfferError):
        parse_trickle(fragment)
