"""What nobody should send, sent to a real server: each gets a clear answer, nothing is lost, the server goes on."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from conftest import Scene
from websockets.sync.client import connect


@pytest.fixture
def client(scene: Scene) -> Iterator[httpx.Client]:
    with scene.server.client() as client:
        yield client
        assert client.get("/health").status_code == 200, "the server went down"
        assert any(t["id"] == scene.take_id for t in scene.takes()), "the take was lost"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The RFC 9457 body of an answer with that status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert "\n" not in body["detail"]
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize(
    ("script", "filename"),
    [
        (b"", "empty.fountain"),
        (b"\x7fELF\x00\x00\x01\x02\x00\x00", "program.fountain"),
        (b"x " * 1_500_000, "huge.txt"),
    ],
)
def test_a_script_that_is_none(client: httpx.Client, script: bytes, filename: str) -> None:
    answer = client.post(f"/api/projects?filename={filename}", content=script)
    problem(answer, 413 if len(script) > 2_000_000 else 422)


def test_a_prompt_of_ten_thousand_characters(client: httpx.Client) -> None:
    """It is read as far as a prompt goes, and the shot says what was left out."""
    answer = client.post("/api/projects?filename=long.txt", content=("a man walks " * 900).encode())
    assert answer.status_code == 201, answer.text
    (shot,) = answer.json()["shots"]
    assert len(shot["spec"]["text"]) <= 4000
    assert any("the rest is left out" in line for line in shot["spec"]["leftOut"]), shot["spec"]["leftOut"]


def test_an_unknown_engine(client: httpx.Client, scene: Scene) -> None:
    answer = client.post(f"/api/shots/{scene.shot_id}/takes", json={"engine": "sora"})
    assert "sora" in problem(answer, 422)["detail"]


def test_rooms_shots_and_takes_that_do_not_exist(client: httpx.Client) -> None:
    sdp = {"content": "v=0\r\n", "headers": {"content-type": "application/sdp"}}
    problem(client.get("/api/rooms/nowhere"), 404)
    problem(client.post("/api/rooms/nowhere/whep", **sdp), 404)
    problem(client.post("/api/shots/nothing/takes"), 404)
    problem(client.get("/api/takes/nothing"), 404)
    problem(client.get("/api/takes/nothing/final/manifest.json"), 404)
    problem(client.get("/api/no-such-route"), 404)


@pytest.mark.parametrize(
    "sdp", ["", "v=0", "hello", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video", "\x00" * 400]
)
def test_an_sdp_that_is_not_one(client: httpx.Client, scene: Scene, sdp: str) -> None:
    answer = client.post(f"/api/rooms/{scene.room}/whep", content=sdp, headers={"content-type": "application/sdp"})
    problem(answer, 400)


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "launchRockets"}',
        "not json",
        "[1, 2]",
        "{}",
        '{"type": "transport", "action": "warp"}',
        '{"type": "pose", "head": [NaN, 0, 0, 0, 0, 0, 1]}',
        "\u0000",
    ],
)
def test_a_message_of_an_unknown_kind(client: httpx.Client, scene: Scene, message: str) -> None:
    with connect(f"ws://127.0.0.1:{scene.server.port}/api/rooms/{scene.room}/ws", proxy=None) as socket:
        socket.send(json.dumps({"type": "hello", "name": "Tester"}))
        assert json.loads(socket.recv(timeout=20))["type"] == "welcome"
        socket.send(message)
        error = _next(socket, "error")
        assert error["code"] == "invalid-message"
        assert error["detail"]
        socket.send(json.dumps({"type": "ping", "t": 4.0}))
        assert _next(socket, "pong")["t"] == 4.0


def test_a_room_that_does_not_exist_over_the_websocket(client: httpx.Client, scene: Scene) -> None:
    with connect(f"ws://127.0.0.1:{scene.server.port}/api/rooms/nowhere/ws", proxy=None) as socket:
        assert _next(socket, "error")["code"] == "not-found"


def _next(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of that kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if message["type"] == kind:
            return message
