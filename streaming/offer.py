"""Reading what a viewer sends: the WHEP offer and trickled candidates. Everything here comes from strangers."""

from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import SessionDescription, candidate_from_sdp

from streaming.errors import OfferError

OFFER_LIMIT_BYTES = 64 * 1024
_MEDIA_LIMIT = 8
_CANDIDATE_LIMIT = 32

# aiortc's parser trusts its input: these are what it lets out on the way through a broken description
PARSER_ERRORS = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)


@dataclass(frozen=True, slots=True)
class Trickle:
    """One PATCH body: candidates with their media id, and whether they were the last."""

    candidates: tuple[RTCIceCandidate, ...]
    complete: bool


def check_offer(sdp: str) -> None:
    """Raise OfferError unless this offer can be answered with one H.264 video stream."""
    if len(sdp) > OFFER_LIMIT_BYTES:
        raise OfferError(f"the offer is larger than {OFFER_LIMIT_BYTES // 1024} KiB")
    if not sdp.lstrip().startswith("v=0"):
        raise OfferError("this is no SDP offer: it must begin with v=0")
    try:
        description = SessionDescription.parse(sdp)
    except PARSER_ERRORS as error:
        raise OfferError("the SDP offer cannot be read: is it cut off?") from error
    if len(description.media) > _MEDIA_LIMIT:
        raise OfferError(f"the offer has more than {_MEDIA_LIMIT} media sections")
    videos = [media for media in description.media if media.kind == "video"]
    if not videos:
        raise OfferError("the offer has no video section: add a recvonly video transceiver")
    mids = [media.rtp.muxId for media in description.media]
    if len(set(mids)) != len(mids):
        raise OfferError("two media sections of the offer have the same a=mid")
    for media in description.media:
        if media.kind not in {"audio", "video", "application"}:
            raise OfferError(f"media of kind {media.kind} is not served here")
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise OfferError("the offer has no ICE credentials: is it cut off?")
        if media.dtls is None or not media.dtls.fingerprints:
            raise OfferError("the offer has no DTLS fingerprint: is it cut off?")
        if media.kind != "application" and not media.rtcp_mux:
            raise OfferError("the offer must allow RTCP multiplexing (a=rtcp-mux)")
    if videos[0].direction not in {"recvonly", "sendrecv"}:
        raise OfferError("the offer's video section must be recvonly")
    if not any(
        codec.mimeType.lower() == "video/h264" and str(codec.parameters.get("packetization-mode", "0")) == "1"
        for codec in videos[0].rtp.codecs
    ):
        raise OfferError("this viewer offers no H.264 (packetization-mode 1), the only codec streamed here")


def parse_trickle(fragment: str) -> Trickle:
    """Read an application/trickle-ice-sdpfrag body (RFC 8840). Raise OfferError."""
    if len(fragment) > OFFER_LIMIT_BYTES:
        raise OfferError(f"the candidate list is larger than {OFFER_LIMIT_BYTES // 1024} KiB")
    candidates: list[RTCIceCandidate] = []
    mid: str | None = None
    complete = False
    for line in fragment.splitlines():
        if line.startswith("a=mid:"):
            mid = line[6:].strip()
        elif line.startswith("a=end-of-candidates"):
            complete = True
        elif line.startswith("a=candidate:"):
            if len(candidates) == _CANDIDATE_LIMIT:
                raise OfferError(f"more than {_CANDIDATE_LIMIT} candidates at once")
            try:
                candidate = candidate_from_sdp(line[len("a=candidate:") :])
            except PARSER_ERRORS as error:
                raise OfferError(f"this ICE candidate cannot be read: {line[:120]}") from error
            candidate.sdpMid = mid
            candidate.sdpMLineIndex = 0 if mid is None else None
            candidates.append(candidate)
    if not candidates and not complete:
        raise OfferError("the body holds no ICE candidate")
    return Trickle(tuple(candidates), complete)
