"""The room's websocket against a real server on a real port."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from rooms_fixtures import House, a_house
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vr_server.api import socket as room_socket
from vr_server.api.access import COOKIE
from vr_server.bootstrap import remote_engines
from vr_server.config import Settings
from vr_server.rooms.protocol import MESSAGE_LIMIT_BYTES

TOKEN = "let-me-in-please"
HELLO = {"type": "hello", "name": "Li", "language": "zh"}


@asynccontextmanager
async def served(house: House) -> AsyncIterator[str]:
    """The house on a free port; gives the websocket address of its rooms."""
    config = uvicorn.Config(house.app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws_max_size=1 << 20)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/api/rooms"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as made:
        yield made


@pytest.fixture
async def rooms(house: House) -> AsyncIterator[str]:
    async with served(house) as address:
        yield address


async def say(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def test_two_browsers_see_the_same_take_note_and_frame(house: House, rooms: str) -> None:
    take = await house.complete(await house.take())
    async with connect(f"{rooms}/default/ws") as one, connect(f"{rooms}/default/ws") as two:
        welcomes = []
        for socket in (one, two):
            await say(socket, HELLO)
            welcomes.append(await hear(socket, "welcome"))
        assert welcomes[0]["participant"]["id"] != welcomes[1]["participant"]["id"]
        assert {w["playhead"]["takeId"] for w in welcomes} == {take.id}
        await say(one, {"type": "transport", "action": "seek", "frame": 20})
        await say(
            one, {"type": "writeNote", "clientId": "note-0001", "takeId": take.id, "frame": 20, "text": "镜头再近一些"}
        )
        spans = [await hear(two, "span"), await hear(two, "span")]
        assert spans[-1]["frame"] == 20
        notes = [(await hear(socket, "noteAdded"))["note"] for socket in (one, two)]
        assert notes[0] == notes[1]
        assert notes[0]["frame"] == 20
        heads = [(await hear(socket, "playhead"))["playhead"] for socket in (one, two)]
        assert heads[0] == heads[1]
    async with connect(f"{rooms}/default/ws") as again:
        await say(again, HELLO)
        welcome = await hear(again, "welcome")
        assert [n["id"] for n in welcome["notes"]] == [notes[0]["id"]]
        assert welcome["participant"]["id"] not in {w["participant"]["id"] for w in welcomes}


async def test_another_take_is_held_against_this_one_at_the_same_frame(house: House, rooms: str) -> None:
    one, two = [await house.complete(await house.take()) for _ in range(2)]
    async with connect(f"{rooms}/default/ws") as socket:
        await say(socket, HELLO)
        shown = (await hear(socket, "welcome"))["playhead"]["takeId"]
        other = ({one.id, two.id} - {shown}).pop()
        await say(socket, {"type": "transport", "action": "pause", "frame": 9})

        async def told(**wanted: object) -> dict[str, Any]:
            while True:
                head: dict[str, Any] = (await hear(socket, "playhead"))["playhead"]
                if all(head[key] == value for key, value in wanted.items()):
                    return head

        await told(frame=9, playing=False)
        await say(socket, {"type": "selectTake", "takeId": other, "frame": 9})
        head = await told(takeId=other)
        assert (head["frame"], head["playing"]) == (9, False)
        await say(socket, {"type": "selectTake", "takeId": shown, "frame": 10_000})
        head = await told(takeId=shown)
        assert (head["frame"] > 9, head["playing"]) == (True, False), "a shorter take is shown at its end"
        await say(socket, {"type": "selectTake", "takeId": other})
        assert (await told(takeId=other))["playing"], "chosen by itself it runs"


async def test_a_request_may_be_for_three_takes_and_its_error_says_which_request_it_was(
    house: House, rooms: str
) -> None:
    ask = {"type": "requestTake", "shotId": house.shots[0].id, "variants": 3, "differ": "seed", "clientId": "ask-1"}
    async with connect(f"{rooms}/default/ws") as socket:
        await say(socket, HELLO)
        await hear(socket, "welcome")
        await say(socket, ask)
        takes = [(await hear(socket, "takeUpdated"))["take"]["provenance"] for _ in range(3)]
        assert len({take["seed"] for take in takes}) == 3
        assert [take["variant"]["index"] for take in takes] == [0, 1, 2]
        await say(socket, ask | {"differ": "style", "styles": ["cubist", "noir", "neon"], "clientId": "ask-2"})
        error = await hear(socket, "error")
        assert (error["code"], error["re"], error["clientId"]) == ("invalid-input", "requestTake", "ask-2")
        assert "cubist" in error["detail"]


async def test_a_request_may_say_what_the_take_is_to_follow(tmp_path: Path) -> None:
    options = Settings.load({"VR_PREVIS_DASHSCOPE_KEY": "sk-0123456789abcdef"}).engine_options
    async with a_house(tmp_path, paid=remote_engines(options)) as house, served(house) as rooms:
        ask = {"type": "requestTake", "shotId": house.shots[0].id, "engine": "dashscope"}
        async with connect(f"{rooms}/default/ws") as socket:
            await say(socket, HELLO)
            await hear(socket, "welcome")
            used = []
            for guidance in ("pose", "off", "auto"):
                await say(socket, ask | {"guidance": guidance})
                told = (await hear(socket, "takeUpdated"))["take"]["provenance"]["guidance"]
                assert told["asked"] == guidance
                used.append(told["used"])
            assert used == ["pose", None, "depth"]
            await say(socket, ask | {"guidance": "sideways", "clientId": "ask-1"})
            error = await hear(socket, "error")
            assert (error["re"], "guidance" in error["detail"]) == ("requestTake", True)


@pytest.mark.parametrize(
    ("raw", "re", "says"),
    [
        ("not json", None, "JSON"),
        ('"text"', None, ""),
        ("[" * 5000, None, ""),
        ('{"type": "dance"}', "dance", "dance"),
        ('{"type": "transport", "action": "rewind"}', "transport", "action"),
        ('{"type": "ping", "t": 1, "extra": true}', "ping", "extra"),
        (json.dumps({"type": "ping", "t": 1, "pad": "x" * MESSAGE_LIMIT_BYTES}), None, "65536"),
        (b"\x00\x01", None, "binary"),
        ('{"type": "hello", "name": "Li"}', "hello", "already"),
        ('{"type": "selectTake", "takeId": "take-none"}', "selectTake", "take-none"),
    ],
)
async def test_what_the_protocol_does_not_know_is_answered_and_the_connection_goes_on(
    rooms: str, caplog: pytest.LogCaptureFixture, raw: str | bytes, re: str | None, says: str
) -> None:
    async with connect(f"{rooms}/default/ws") as socket:
        await say(socket, HELLO)
        await hear(socket, "welcome")
        caplog.clear()
        with caplog.at_level(logging.INFO, "vr_server"):
            await socket.send(raw)
            error = await hear(socket, "error")
        assert error.get("re") == re
        assert error["code"] in {"invalid-message", "not-found"}
        assert says in error["detail"]
        assert len(error["detail"]) <= 500
        lines = [r for r in caplog.records if r.name == "vr_server.api.socket"]
        assert len(lines) == 1
        await say(socket, {"type": "ping", "t": 7})
        assert (await hear(socket, "pong"))["t"] == 7


async def test_hello_comes_first_and_in_this_version(rooms: str) -> None:
    async with connect(f"{rooms}/default/ws") as socket:
        await say(socket, {"type": "ping", "t": 1})
        assert "hello" in (await hear(socket, "error"))["detail"]
        await say(socket, HELLO | {"protocolVersion": 99})
        assert "reload" in (await hear(socket, "error"))["detail"]
        await say(socket, HELLO)
        await hear(socket, "welcome")


async def test_a_room_that_does_not_exist(rooms: str) -> None:
    async with connect(f"{rooms}/nowhere/ws") as socket:
        error = await hear(socket, "error")
        assert (error["code"], error["re"]) == ("not-found", "hello")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404


async def test_silence_ends_the_connection(house: House, rooms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_socket, "SILENCE_S", 0.2)
    async with connect(f"{rooms}/default/ws") as silent, connect(f"{rooms}/default/ws") as mute:
        await say(silent, HELLO)
        await hear(silent, "welcome")
        for socket in (silent, mute):  # before the hello and after it
            with pytest.raises(ConnectionClosed) as closed:
                await hear(socket, "nothing")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4408
    assert house.hub.live[0].participants == ()


async def test_leaving_is_told_to_the_others(house: House, rooms: str) -> None:
    async with connect(f"{rooms}/default/ws") as one:
        await say(one, HELLO)
        await hear(one, "welcome")
        async with connect(f"{rooms}/default/ws") as two:
            await say(two, HELLO)
            await hear(two, "welcome")
            while len((await hear(one, "presence"))["participants"]) != 2:
                pass
        assert len((await hear(one, "presence"))["participants"]) == 1
    assert len(house.hub.live[0].participants) <= 1


async def test_closing_the_room_closes_its_sockets(house: House, rooms: str) -> None:
    async with connect(f"{rooms}/default/ws") as socket:
        await say(socket, HELLO)
        await hear(socket, "welcome")
        await house.hub.close()
        with pytest.raises(ConnectionClosed) as closed:
            await hear(socket, "nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001


async def test_other_sites_and_strangers_get_no_socket(tmp_path: Path) -> None:
    async with a_house(tmp_path, token=TOKEN) as house, served(house) as rooms:
        address = f"{rooms}/default/ws"
        with pytest.raises(InvalidStatus):
            await connect(address)
        with pytest.raises(InvalidStatus):
            await connect(f"{address}?token=wrong-token")
        with pytest.raises(InvalidStatus):
            await connect(f"{address}?token={TOKEN}", additional_headers={"Origin": "http://evil.example"})
        assert not house.streams
        async with connect(address, additional_headers={"Cookie": f"{COOKIE}={TOKEN}"}) as socket:
            await say(socket, HELLO)
            assert (await hear(socket, "welcome"))["participant"]["role"] == "director"
