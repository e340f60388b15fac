"""A room stream watched by real aiortc receivers: ICE, DTLS, SRTP, RTCP, decoding."""

import asyncio
import logging
from fractions import Fraction
from itertools import pairwise

import pytest
from aiortc import RTCPeerConnection
from streaming_fixtures import GOP, Watcher, encode, source, write

from streaming import (
    ClipSource,
    OfferError,
    PacketReader,
    PacketWriter,
    RoomFull,
    RoomStream,
    Span,
    StreamClosed,
    StreamSettings,
)
from streaming.tiers import TierState

NUMBERS = range(1, 49)  # frame n shows n + 1: a frame number is never mistaken for what the picture says
UNITS = encode(NUMBERS)


class House:
    """A room, its spans and its watchers; everything is closed at the end."""

    def __init__(self, settings: StreamSettings) -> None:
        self.spans: list[Span] = []
        self.gone: list[str] = []
        self.room = RoomStream(self.spans.append, on_viewer_closed=self.gone.append, settings=settings)
        self.watchers: list[Watcher] = []

    async def watch(self, *, baseline_only=False):
        watcher = Watcher(baseline_only=baseline_only)
        self.watchers.append(watcher)
        return watcher, await watcher.join(self.room)

    def frame_of(self, timestamp: int) -> int:
        """What a client computes: timestamp -> counter -> span -> frame."""
        counter = round(Fraction(timestamp) * 24 / 90_000)
        return [span for span in self.spans if span.counter <= counter][-1].frame_at(counter)

    async def close(self) -> None:
        await self.room.close()
        for watcher in self.watchers:
            await watcher.close()


@pytest.fixture
async def house(request):
    houses = [House(getattr(request, "param", StreamSettings()))]
    yield houses[0]
    await houses[0].close()


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("clip") / "full.vrpk", UNITS)


async def test_pictures_arrive_in_order_loop_and_decode(house, clip_path):
    watcher, viewer = await house.watch()
    await watcher.until(lambda: viewer.connected)
    house.room.load(source(clip_path), tag="take")
    numbers = await watcher.pictures(54)
    assert numbers == [*NUMBERS, *NUMBERS][:54]
    assert watcher.shown[:50] == numbers[:50]
    assert house.spans == [Span(0, "take", 0, 48, Fraction(24), playing=True)]


async def test_wire_time_tells_the_frame_through_seek_pause_load_and_loop(house, clip_path):
    watcher, viewer = await house.watch()
    await watcher.until(lambda: viewer.connected)
    house.room.load(source(clip_path), tag="take", frame=40)
    await watcher.pictures(14)
    house.room.seek(21)
    await watcher.pictures(22)
    house.room.pause()
    house.room.seek(3)
    await watcher.quiet()
    house.room.play()
    await watcher.pictures(34)
    house.room.load(source(clip_path), tag="again", frame=9)
    await watcher.pictures(42)
    assert [house.frame_of(timestamp) + 1 for timestamp, _ in watcher.wire] == [number for _, number in watcher.wire]
    assert all(later[0] > earlier[0] for earlier, later in pairwise(watcher.wire))
    assert house.spans[-1].tag == "again"


async def test_a_late_joiner_begins_with_the_keyframe_before_what_is_shown(house, clip_path):
    first, _ = await house.watch()
    house.room.load(source(clip_path), tag="take")
    await first.pictures(9)
    second, _ = await house.watch()
    await second.pictures(8)
    assert set(second.first_kinds) & {24, 7, 28}
    assert (second.wire[0][1] - 1) % GOP == 0
    assert [number for _, number in second.wire[:8]] == list(range(second.wire[0][1], second.wire[0][1] + 8))
    times = dict(first.wire)
    assert all(times.get(timestamp, number) == number for timestamp, number in second.wire)
    assert len(house.spans) == 1


async def test_a_paused_room_shows_a_late_joiner_its_picture(house, clip_path):
    house.room.load(source(clip_path), tag="take", frame=15, playing=False)
    watcher, _ = await house.watch()
    assert await watcher.quiet() == [13, 14, 15, 16]
    assert house.room.playhead.frame == 15


async def test_pause_sends_nothing_and_play_goes_on_where_it_stopped(house, clip_path):
    watcher, _ = await house.watch()
    house.room.load(source(clip_path), tag="take")
    await watcher.pictures(5)
    house.room.pause()
    held = (await watcher.quiet())[-1]
    assert house.spans[-1] == Span(held - 1, "take", held - 1, 48, Fraction(24), playing=False)
    house.room.play()
    numbers = await watcher.pictures(held + 4)
    assert numbers == list(range(1, held + 5))


async def test_a_seek_ends_on_the_frame_that_was_asked_for(house, clip_path):
    watcher, _ = await house.watch()
    house.room.load(source(clip_path), tag="take", playing=False)
    assert await watcher.quiet() == [1]
    house.room.seek(28)
    assert await watcher.quiet() == [1, 25, 26, 27, 28, 29]


async def test_a_growing_clip_is_followed_to_its_end(house, tmp_path):
    watcher, _ = await house.watch()
    with PacketWriter(tmp_path / "full.vrpk") as writer:
        for unit in UNITS[:7]:
            writer.append(unit)
        writer.flush()
        house.room.load(source(tmp_path / "full.vrpk"), tag="take")
        assert await watcher.quiet() == list(range(1, 8))
        for unit in UNITS[7:10]:
            writer.append(unit)
        writer.finish()
    assert (await watcher.pictures(13)) == [*range(1, 11), 1, 2, 3]  # planned 48, ended at 10
    assert [house.frame_of(timestamp) + 1 for timestamp, _ in watcher.wire] == [number for _, number in watcher.wire]


async def test_a_damaged_clip_holds_its_picture_and_the_room_lives_on(house, tmp_path, clip_path, caplog):
    watcher, _ = await house.watch()
    path = tmp_path / "full.vrpk"
    with PacketWriter(path) as writer:
        for unit in UNITS[:4]:
            writer.append(unit)
    house.room.load(source(path), tag="take")
    assert await watcher.quiet() == [1, 2, 3, 4]
    with path.open("ab") as file:
        file.write(b"\xff" * 40)
    await watcher.until(lambda: not house.room.playhead.playing)
    house.room.load(source(clip_path), tag="good")
    assert (await watcher.pictures(7))[4:] == [1, 2, 3]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "the clip cannot be read on; the room holds its picture"
    ]


async def test_a_lost_packet_is_sent_again(house, clip_path):
    watcher, viewer = await house.watch()
    arrived = []

    def lose(packet) -> bool:
        arrived.append(packet.sequence_number)
        return len(arrived) in {20, 33}

    watcher.lose = lose
    house.room.load(source(clip_path), tag="take")
    await watcher.until(lambda: len(watcher.shown) >= 30)
    assert len(watcher.lost) == 2
    assert viewer.stats.packets_resent == 2
    assert watcher.shown[:30] == list(range(watcher.shown[0], watcher.shown[0] + 30))


async def test_a_lost_picture_is_answered_with_a_keyframe_for_that_viewer_once(house, clip_path):
    watcher, viewer = await house.watch()
    other, _ = await house.watch()
    house.room.load(source(clip_path), tag="take", frame=8, playing=False)
    assert await watcher.quiet() == [7, 8, 9]
    await other.until(lambda: len(other.wire) == 3)
    for _ in range(3):
        await watcher.receiver._send_rtcp_pli(watcher.ssrc)
    assert await watcher.quiet() == [7, 8, 9, 7, 8, 9]
    assert len(other.wire) == 3
    assert [house.frame_of(timestamp) + 1 for timestamp, _ in watcher.wire] == [7, 8, 9, 7, 8, 9]
    await watcher.receiver._send_rtcp_pli(watcher.ssrc)
    assert await watcher.quiet() == [7, 8, 9] * 3
    assert viewer.stats.counter == house.room.playhead.counter


async def test_scrubbing_does_not_pile_up(house, clip_path):
    watcher, viewer = await house.watch()
    house.room.load(source(clip_path), tag="take", playing=False)
    assert await watcher.quiet() == [1]
    for frame in range(48):
        house.room.seek(frame)
        await asyncio.sleep(0)
    numbers = await watcher.quiet()
    assert numbers[-1] == 48
    assert [house.frame_of(timestamp) + 1 for timestamp, _ in watcher.wire] == numbers
    assert viewer.stats.packets_dropped == 0


async def test_a_viewer_changes_tier_at_a_keyframe(house, clip_path, tmp_path):
    low = write(tmp_path / "low.vrpk", encode(range(101, 149)))
    watcher, viewer = await house.watch()
    house.room.load(source(clip_path, low), tag="take")
    await watcher.pictures(3)
    assert viewer.stats.tier == "full"
    viewer.tier_state = TierState(1)
    await watcher.until(lambda: watcher.wire[-1][1] > 110)
    numbers = [number for _, number in watcher.wire]
    switch = next(index for index, number in enumerate(numbers) if number > 100)
    assert switch % GOP == 0
    assert [number % 100 for number in numbers] == list(range(1, len(numbers) + 1))
    assert viewer.stats.tier == "low"


async def test_a_tier_of_main_profile_goes_to_those_who_decode_it_only(house, clip_path, tmp_path):
    rich = write(tmp_path / "rich.vrpk", encode(range(101, 149), profile="main"))
    able, its_viewer = await house.watch()
    plain, other_viewer = await house.watch(baseline_only=True)
    house.room.load(source(rich, clip_path), tag="take")
    assert await able.pictures(14) == list(range(101, 115))
    assert await plain.pictures(14) == list(range(1, 15))
    assert (its_viewer.stats.tier, other_viewer.stats.tier) == ("rich", "full")


async def test_a_clip_without_a_tier_for_somebody_is_shown_all_the_same(house, tmp_path):
    rich = write(tmp_path / "rich.vrpk", encode(NUMBERS, profile="main"))
    plain, _ = await house.watch(baseline_only=True)
    house.room.load(source(rich), tag="take")
    assert await plain.pictures(3) == [1, 2, 3]


async def test_reports_go_both_ways(house, clip_path):
    watcher, viewer = await house.watch()
    house.room.load(source(clip_path), tag="take")
    reports = {}

    async def heard() -> bool:
        reports.update({entry.type: entry for entry in (await watcher.peer.getStats()).values()})
        reports.update({entry.type: entry for entry in (await viewer._peer.getStats()).values()})
        return reports.keys() >= {"remote-outbound-rtp", "remote-inbound-rtp"}

    async with asyncio.timeout(20):
        while not await heard():  # noqa: ASYNC110 - what is waited for comes over the network
            await asyncio.sleep(0.1)
    assert 0 < reports["remote-outbound-rtp"].packetsSent <= viewer.stats.packets_sent
    assert reports["outbound-rtp"].bytesSent == viewer.stats.bytes_sent
    assert reports["remote-inbound-rtp"].packetsLost == 0


QUICK = StreamSettings(silent_s=1.5, probe_s=0.4, care_s=0.2, connect_s=1.0)


@pytest.mark.parametrize("house", [QUICK], indirect=True)
async def test_a_viewer_that_vanishes_is_dropped_and_the_others_stay(house, clip_path):
    house.room.load(source(clip_path), tag="take", playing=False)
    stays, staying = await house.watch()
    goes, going = await house.watch()
    await stays.until(lambda: len(stays.wire) == 1 and len(goes.wire) == 1)
    goes.vanish()
    await stays.until(lambda: house.gone == [going.id])
    await asyncio.sleep(2 * QUICK.silent_s)
    assert house.room.viewers == (staying,)


@pytest.mark.parametrize("house", [QUICK], indirect=True)
async def test_a_viewer_that_never_comes_is_dropped(house):
    watcher = Watcher()
    house.watchers.append(watcher)
    await watcher.peer.setLocalDescription(await watcher.peer.createOffer())
    viewer = await house.room.connect(watcher.peer.localDescription.sdp)
    await watcher.until(lambda: house.gone == [viewer.id])


async def test_a_viewer_that_says_goodbye_is_gone_at_once(house, clip_path):
    house.room.load(source(clip_path), tag="take")
    watcher, viewer = await house.watch()
    await watcher.pictures(2)
    await watcher.peer.close()
    await watcher.until(lambda: house.gone == [viewer.id])
    with pytest.raises(StreamClosed):
        await viewer.add_candidates("a=end-of-candidates")


@pytest.mark.parametrize("house", [StreamSettings(viewer_limit=1)], indirect=True)
async def test_a_full_room_says_so_and_has_room_again_later(house):
    _, viewer = await house.watch()
    with pytest.raises(RoomFull, match="1 viewers"):
        await house.watch()
    await viewer.close()
    await viewer.close()
    assert house.gone == [viewer.id]
    await house.watch()


async def test_offers_that_cannot_be_answered_leave_nothing_behind(house):
    peer = RTCPeerConnection()
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp
    await peer.close()
    lines = offer.splitlines(keepends=True)
    bad = ["", "hello", "v=0" + "x" * 1_000_000, offer.replace("H264", "H265")]
    bad += ["".join(lines[:count]) for count in range(0, len(lines) // 2, 3)]
    bad += [offer.replace("a=mid:0", "a=mid:7"), offer.replace("a=ice-ufrag:", "a=ice-ufrag:!"), offer + offer]
    said = []
    for body in bad:
        try:
            viewer = await house.room.connect(body)
        except OfferError as error:
            said.append(str(error))
        else:
            await viewer.close()
    assert len(said) >= len(bad) - 2
    assert all(line and "\n" not in line for line in said)
    assert house.room.viewers == ()
    with pytest.raises(OfferError, match=r"no H\.264"):
        await house.room.connect(bad[3])


async def test_sound_from_the_viewer_is_declined_and_the_picture_comes(house, clip_path):
    watcher = Watcher()
    house.watchers.append(watcher)
    watcher.peer.addTransceiver("audio", direction="sendrecv")
    viewer = await watcher.join(house.room)
    assert viewer.answer_sdp.index("a=inactive") > viewer.answer_sdp.index("m=audio")
    house.room.load(source(clip_path), tag="take")
    assert await watcher.pictures(3) == [1, 2, 3]


async def test_candidates_may_trickle_in(house, clip_path):
    watcher = Watcher()
    house.watchers.append(watcher)
    await watcher.peer.setLocalDescription(await watcher.peer.createOffer())
    lines = watcher.peer.localDescription.sdp.splitlines(keepends=True)
    late = ("a=candidate", "a=end-of-candidates")
    viewer = await house.room.connect("".join(line for line in lines if not line.startswith(late)))
    await watcher.peer.setRemoteDescription(type(watcher.peer.localDescription)(viewer.answer_sdp, "answer"))
    await viewer.add_candidates("a=mid:0\r\n" + "".join(line for line in lines if line.startswith(late)))
    with pytest.raises(OfferError):
        await viewer.add_candidates("a=candidate:nonsense")
    house.room.load(source(clip_path), tag="take")
    assert await watcher.pictures(3) == [1, 2, 3]


async def test_a_defect_in_the_clock_is_logged_once_and_the_show_goes_on(clip_path, caplog):
    failures = iter([ValueError("a listener's mistake")])

    def listen(_span: Span) -> None:
        for failure in failures:
            raise failure

    room, watcher = RoomStream(listen), Watcher()
    await watcher.join(room)
    room.load(source(clip_path), tag="take")
    await watcher.pictures(5)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "room clock failed"
    ]
    await room.close()
    await watcher.close()


async def test_a_closed_room_takes_nobody(clip_path):
    room, watcher = RoomStream(lambda _span: None), Watcher()
    clip = source(clip_path)
    room.load(clip, tag="take")
    await room.close()
    await room.close()
    with pytest.raises(StreamClosed):
        await watcher.join(room)
    with pytest.raises(StreamClosed):
        room.load(clip, tag="take")
    with pytest.raises(ValueError, match="closed file"):
        clip.rtp_frame("full", 0)
    await watcher.close()


def test_a_clip_must_be_playable(clip_path):
    with pytest.raises(ValueError, match="at least one tier"):
        ClipSource({}, Fraction(24), 48)
    reader = PacketReader(clip_path)
    with pytest.raises(ValueError, match="cannot be played"):
        ClipSource({"full": reader}, Fraction(0), 48)
    reader.close()
