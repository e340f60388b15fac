"""A live room: who sees what, who may do what, and when another take comes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rooms_fixtures import FRAMES, FakeStream, House, a_house

from vr_server.bus import RenditionPlayable, TakeProgress
from vr_server.domain.errors import Conflict, Forbidden, InvalidMessage, InvalidOffer, NotFound, Unavailable
from vr_server.domain.room import Role
from vr_server.rooms import protocol
from vr_server.rooms.room import LiveRoom, RoomSettings, Seat
from vr_server.rooms.screen import Showing, wants

HEAD = (0.0, 1.6, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = RoomSettings(max_participants=3, max_viewers=2, playhead_s=0.02, poses_s=0.001)
    async with a_house(tmp_path, room=settings) as made:
        yield made


class Guest:
    """Somebody in the room, with everything that was sent to them."""

    def __init__(self, room: LiveRoom, seat: Seat) -> None:
        self.room, self.seat = room, seat
        self.heard: list[dict[str, Any]] = []

    async def say(self, message: protocol.ClientMessage) -> None:
        await self.room.handle(self.seat, message)

    async def hear(self, kind: str, **fields: object) -> dict[str, Any]:
        """The next message of that type with those fields; all others are kept in `heard`."""
        async with asyncio.timeout(5):
            while True:
                envelope = await self.seat.outbox.next()
                assert envelope is not None
                message = json.loads(envelope.text)
                self.heard.append(message)
                if message["type"] == kind and all(message.get(k) == v for k, v in fields.items()):
                    return message


async def enter(room: LiveRoom, name: str = "Li", role: Role = "director") -> Guest:
    return Guest(room, await room.enter(protocol.Hello(name=name), role))


async def settled(stream: FakeStream, loads: int) -> None:
    async with asyncio.timeout(5):
        while len(stream.loads) < loads:
            stream.loaded.clear()
            await stream.loaded.wait()


async def test_the_welcome_holds_the_whole_room(house: House) -> None:
    take = await house.complete(await house.take())
    room = await house.hub.open("default")
    guest = await enter(room)
    welcome = await guest.hear("welcome")
    assert [s["slate"] for s in welcome["shots"]] == [s.slate for s in house.shots]
    assert [t["id"] for t in welcome["takes"]] == [take.id]
    assert welcome["participant"]["role"] == "director"
    assert welcome["playhead"]["takeId"] == take.id
    assert welcome["whepPath"] == "/api/rooms/default/whep"
    manifest = await guest.hear("manifest")
    assert (manifest["takeId"], manifest["filesPath"]) == (take.id, f"/api/takes/{take.id}/draft")
    assert (await guest.hear("span"))["takeId"] == take.id
    assert [m["type"] for m in guest.heard] == ["welcome", "manifest", "span"]


async def test_a_room_opens_on_the_first_shots_best_take(house: House) -> None:
    await house.complete(await house.take(1))
    older = await house.complete(await house.take(0))
    newer = await house.complete(await house.complete(await house.take(0)), "final")
    await house.hub.open("default")
    assert house.streams[0].loads == [(f"{newer.id}/final", 0, True)]
    assert older.id != newer.id


async def test_an_empty_screen_takes_the_first_picture_there_is(house: House) -> None:
    guest = await enter(await house.hub.open("default"))
    take = await house.take()
    house.playable(take)
    await guest.hear("manifest", takeId=take.id)
    span = await guest.hear("span")
    assert (span["takeId"], span["quality"], span["playing"]) == (take.id, "draft", True)


async def test_a_take_that_grew_before_the_room_was_open_is_shown(house: House) -> None:
    take = await house.take()
    house.playable(take)
    await asyncio.sleep(0.01)
    await house.hub.open("default")
    assert house.streams[0].loads == [(f"{take.id}/draft", 0, True)]


async def test_the_final_replaces_the_draft_when_it_is_whole_and_keeps_the_frame(house: House) -> None:
    take = await house.complete(await house.take())
    room = await house.hub.open("default")
    stream = house.streams[0]
    stream.tick(17)
    stream.pause()
    house.playable(take, "final")
    await asyncio.sleep(0.03)
    assert len(stream.loads) == 1
    await house.complete(take, "final")
    await settled(stream, 2)
    assert stream.loads[1] == (f"{take.id}/final", 17, False)
    assert room.screen.playhead.quality == "final"


async def test_another_take_does_not_take_the_screen_uninvited(house: House) -> None:
    shown = await house.complete(await house.take())
    room = await house.hub.open("default")
    house.playable(await house.take(1))
    await asyncio.sleep(0.03)
    assert room.screen.playhead.take_id == shown.id


async def test_a_note_becomes_a_revision_becomes_the_take_on_screen(house: House) -> None:
    first = await house.complete(await house.take())
    room = await house.hub.open("default")
    director, other = await enter(room), await enter(room, "Mei", "collaborator")
    note = protocol.WriteNote(client_id="note-0001", take_id=first.id, frame=12, text="慢一点,镜头再近一些")
    await other.say(note)
    assert (await director.hear("noteAdded"))["note"]["author"] == "Mei"
    revision = (await director.hear("revisionUpdated"))["revision"]
    assert revision["diff"]
    await director.say(protocol.DecideRevision(revision_id=revision["id"], accept=True))
    accepted = (await director.hear("takeUpdated"))["take"]
    assert accepted["provenance"]["noteIds"] == [revision["noteId"]]
    house.playable(await house.store.take(accepted["id"]))
    await settled(house.streams[0], 2)
    assert room.screen.playhead.take_id == accepted["id"]
    await other.hear("manifest", takeId=accepted["id"])
    # the same note again is answered, and changes nothing
    await other.say(note)
    again = await other.hear("noteAdded")
    assert again["note"]["id"] == revision["noteId"]
    assert len(await house.store.notes(house.project.id)) == 1


async def test_a_shot_without_takes_is_selected_by_asking_for_one(house: House) -> None:
    await house.complete(await house.take())
    room = await house.hub.open("default")
    director, other = await enter(room), await enter(room, "Mei", "collaborator")
    await other.say(protocol.RequestTake(shot_id=house.shots[1].id))
    uninvited = (await other.hear("takeUpdated"))["take"]
    house.playable(await house.store.take(uninvited["id"]))
    await director.say(protocol.RequestTake(shot_id=house.shots[1].id))
    wanted = house.queue.enqueued[-1]
    house.playable(await house.store.take(wanted))
    await settled(house.streams[0], 2)
    assert house.streams[0].loads[1][0] == f"{wanted}/draft"


async def test_selecting(house: House) -> None:
    shown = await house.complete(await house.take())
    room = await house.hub.open("default")
    director = await enter(room)
    other = await house.complete(await house.take(1))
    await director.say(protocol.SelectTake(take_id=other.id))
    assert room.screen.playhead.take_id == other.id
    waiting = await house.take(1)
    await director.say(protocol.SelectTake(take_id=waiting.id))
    assert room.screen.playhead.take_id == other.id
    house.playable(waiting)
    await settled(house.streams[0], 3)
    cancelled = await house.production.cancel_take((await house.take()).id)
    with pytest.raises(Conflict, match="cancelled"):
        await director.say(protocol.SelectTake(take_id=cancelled.id))
    await director.say(protocol.SelectTake(take_id=shown.id))
    assert room.screen.playhead.take_id == shown.id


async def test_transport_is_everybodys(house: House) -> None:
    await house.complete(await house.take())
    room = await house.hub.open("default")
    director, viewer = await enter(room), await enter(room, "Mei", "viewer")
    await viewer.hear("span")
    await director.say(protocol.Transport(action="seek", frame=30))
    assert (await viewer.hear("span"))["frame"] == 30
    await director.say(protocol.Transport(action="pause"))
    assert (await viewer.hear("span"))["playing"] is False
    head = (await viewer.hear("playhead"))["playhead"]
    assert (head["frame"], head["playing"]) == (30, False)
    with pytest.raises(InvalidMessage, match=str(FRAMES)):
        await director.say(protocol.Transport(action="seek", frame=FRAMES))
    with pytest.raises(InvalidMessage, match="needs a frame"):
        await director.say(protocol.Transport(action="seek"))


async def test_transport_without_a_take_is_a_conflict(house: House) -> None:
    director = await enter(await house.hub.open("default"))
    with pytest.raises(Conflict):
        await director.say(protocol.Transport(action="play"))


@pytest.mark.parametrize(
    ("role", "message", "may"),
    [
        ("viewer", protocol.WriteNote(client_id="note-0001", take_id="take-1", frame=0, text="closer"), False),
        ("viewer", protocol.RequestTake(shot_id="shot-1"), False),
        ("viewer", protocol.Pose(head=HEAD), True),
        ("collaborator", protocol.Transport(action="play"), False),
        ("collaborator", protocol.DecideRevision(revision_id="revision-1", accept=True), False),
        ("collaborator", protocol.CancelTake(take_id="take-1"), False),
        ("collaborator", protocol.RequestTake(shot_id="shot-1"), True),
        ("director", protocol.CancelTake(take_id="take-1"), True),
    ],
)
async def test_roles(house: House, role: Role, message: protocol.ClientMessage, may: bool) -> None:
    guest = await enter(await house.hub.open("default"), role=role)
    if may and not isinstance(message, protocol.Pose):
        with pytest.raises(NotFound):  # allowed: what it names is what is missing
            await guest.say(message)
    elif may:
        await guest.say(message)
    else:
        with pytest.raises(Forbidden, match=role):
            await guest.say(message)


async def test_another_projects_things_are_not_found(house: House) -> None:
    other = await house.production.import_script(b"A dog sleeps.", "other.txt")
    shot = (await house.production.project_state(other.id)).shots[0]
    take = await house.production.request_take(shot.id)
    guest = await enter(await house.hub.open("default"))
    for message in (
        protocol.SelectTake(take_id=take.id),
        protocol.RequestTake(shot_id=shot.id),
        protocol.CancelTake(take_id=take.id),
        protocol.WriteNote(client_id="note-0001", take_id=take.id, frame=0, text="closer"),
    ):
        with pytest.raises(NotFound):
            await guest.say(message)
    assert (await house.store.take(take.id)).state == "queued"


async def test_presence_and_poses(house: House) -> None:
    room = await house.hub.open("default")
    first, second = await enter(room), await enter(room)
    assert first.seat.participant.id != second.seat.participant.id
    present = await first.hear("presence")
    present = await first.hear("presence")
    assert len(present["participants"]) == 2
    await second.say(protocol.Pose(head=HEAD, immersive=True))
    assert (await first.hear("presence"))["participants"][1]["immersive"] is True
    assert (await first.hear("poses"))["heads"] == {second.seat.participant.id: list(HEAD)}
    room.leave(second.seat)
    room.leave(second.seat)
    assert len((await first.hear("presence"))["participants"]) == 1


async def test_progress_and_pings(house: House) -> None:
    guest = await enter(await house.hub.open("default"))
    house.bus.publish(TakeProgress(house.project.id, "take-1", "draft", 0.5, 12, 3.0, 7))
    house.bus.publish(TakeProgress("project-other", "take-2", "draft", 0.5))
    await guest.say(protocol.Ping(t=4.5))
    assert (await guest.hear("pong"))["t"] == 4.5
    progress = await guest.hear("progress")
    assert (progress["playableFrames"], progress["preview"]) == (12, 7)
    await guest.hear("playhead")
    assert [m["takeId"] for m in guest.heard if m["type"] == "progress"] == ["take-1"]


async def test_a_damaged_rendition_is_told_and_the_room_goes_on(house: House) -> None:
    guest = await enter(await house.hub.open("default"))
    take = await house.take()
    folder = house.bake(take, frames=12)
    (folder / "high.vrpk").write_bytes(b"not a packet log")
    house.bus.publish(RenditionPlayable(take.project_id, take.shot_id, take.id, "draft", folder))
    assert (await guest.hear("error"))["code"] == "invalid-media"
    good = await house.take(1)
    house.playable(good)
    await guest.hear("manifest", takeId=good.id)


async def test_a_full_room_and_full_media(house: House) -> None:
    room = await house.hub.open("default")
    guests = [await enter(room) for _ in range(3)]
    with pytest.raises(Unavailable, match="full"):
        await enter(room)
    room.leave(guests[0].seat)
    await enter(room)
    first = await room.watch("v=0")
    await room.watch("v=0")
    with pytest.raises(Unavailable, match="2 viewers"):
        await room.watch("v=0")
    house.streams[0].on_viewer_closed(first.id)
    await room.watch("v=0")
    with pytest.raises(NotFound):
        await room.screen.disconnect(first.id)


async def test_offers_and_candidates_that_are_none(house: House) -> None:
    room = await house.hub.open("default")
    with pytest.raises(InvalidOffer, match="This is no SDP offer"):
        await room.watch("hello")
    viewer = await room.watch("v=0")
    with pytest.raises(InvalidOffer):
        await room.screen.add_candidates(viewer.id, "hello")
    with pytest.raises(NotFound):
        await room.screen.add_candidates("viewer-9", "a=candidate:1")


async def test_closing_ends_everything(house: House) -> None:
    room = await house.hub.open("default")
    guest = await enter(room)
    await house.hub.close()
    assert house.streams[0].closed
    assert await guest.seat.outbox.next() is None
    with pytest.raises(Unavailable):
        await house.hub.open("default")


async def test_the_number_of_rooms_is_bounded_and_empty_ones_make_way(tmp_path: Path) -> None:
    async with a_house(tmp_path, max_rooms=1) as house:
        await house.hub.create(house.project.id, "Second", room_id="second")
        first = await house.hub.open("default")
        guest = await enter(first)
        with pytest.raises(Unavailable, match="1 rooms"):
            await house.hub.open("second")
        first.leave(guest.seat)
        await asyncio.sleep(0.01)
        await house.hub.open("second")
        assert [r.room.id for r in house.hub.live] == ["second"]
        assert house.streams[0].closed


def test_wants() -> None:
    draft = Showing("take-1", "draft", 48)
    assert wants(None, set(), "take-1", "draft", complete=False)
    assert not wants(draft, set(), "take-1", "draft", complete=True)
    assert not wants(draft, set(), "take-1", "final", complete=False)
    assert wants(draft, set(), "take-1", "final", complete=True)
    assert not wants(draft, set(), "take-2", "final", complete=True)
    assert wants(draft, {"take-2"}, "take-2", "draft", complete=False)
