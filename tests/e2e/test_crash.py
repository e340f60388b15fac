"""kill -9 in the middle of a generation: after a restart the take is finished and the note is still there."""

from pathlib import Path

from server import Server, wait_for
from websockets.sync.client import connect

from vr_server.rooms.protocol import Hello, NoteAdded, Welcome, WriteNote, server_messages


def test_a_killed_server_finishes_its_take_and_keeps_the_note(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.start()
    try:
        project = server.import_script()
        with server.client() as client:
            room = client.post("/api/rooms", json={"projectId": project["project"]["id"], "name": "Stage"}).json()["id"]
            take = client.post(f"/api/shots/{project['shots'][0]['id']}/takes").json()["id"]

            def drafted() -> bool:
                return bool(client.get(f"/api/takes/{take}").json()["renditions"])

            wait_for("a draft", drafted)
        note_id = write_note(server, room, take)
        server.kill()

        server.start()
        with server.client() as client:
            state = client.get(f"/api/projects/{project['project']['id']}").json()
            assert [n["id"] for n in state["notes"]] == [note_id]
            assert state["takes"][0]["state"] in {"queued", "generating"}, "it was killed in the middle"

            def ready() -> bool:
                return client.get(f"/api/takes/{take}").json()["state"] == "ready"

            wait_for("the take to be finished", ready)
            renditions = client.get(f"/api/takes/{take}").json()["renditions"]
            assert {r["quality"] for r in renditions} == {"draft", "final"}
    finally:
        server.stop()


def write_note(server: Server, room: str, take: str) -> str:
    """Write a note over the room's websocket; return its id once the server has said that it is kept."""
    with connect(f"ws://127.0.0.1:{server.port}/api/rooms/{room}/ws", proxy=None) as socket:
        socket.send(Hello(name="Director").model_dump_json(by_alias=True))
        wanted = WriteNote(client_id="note-of-the-test", take_id=take, frame=3, text="机位再低一点")
        welcome = server_messages.validate_json(socket.recv(timeout=20))
        assert isinstance(welcome, Welcome)
        socket.send(wanted.model_dump_json(by_alias=True))
        while True:
            message = server_messages.validate_json(socket.recv(timeout=20))
            if isinstance(message, NoteAdded):
                assert message.client_id == "note-of-the-test"
                return message.note.id
