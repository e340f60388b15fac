"""One server for the end-to-end tests, with a project whose first take is ready."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from film_engine import FilmEngine, in_a_thread
from server import SMALL, Server, wait_for


@dataclass(frozen=True)
class Scene:
    """A room on a project of two shots; the first shot's first take is ready."""

    server: Server
    project_id: str
    room: str
    shot_id: str
    take_id: str

    def takes(self) -> list[dict[str, Any]]:
        with self.server.client() as client:
            takes: list[dict[str, Any]] = (
                client.get(f"/api/projects/{self.project_id}").raise_for_status().json()["takes"]
            )
        return takes


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmEngine]:
    """The paid engine of `server`."""
    engine = FilmEngine(tmp_path_factory.mktemp("engine"))
    with in_a_thread(engine):
        yield engine


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, engine: FilmEngine) -> Iterator[Server]:
    server = Server(Path(tmp_path_factory.mktemp("previs")), environment=SMALL | engine.environment())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def scene(server: Server) -> Scene:
    return make_scene(server)


def make_scene(server: Server) -> Scene:
    """Import the script, open a room, ask for the first shot's take and wait until it is ready."""
    project = server.import_script()
    project_id, shot_id = str(project["project"]["id"]), str(project["shots"][0]["id"])
    with server.client() as client:
        room = client.post("/api/rooms", json={"projectId": project_id, "name": "Stage 1"}).raise_for_status().json()
        take = client.post(f"/api/shots/{shot_id}/takes").raise_for_status().json()

        def ready() -> bool:
            state: str = client.get(f"/api/takes/{take['id']}").raise_for_status().json()["state"]
            assert state in {"queued", "generating", "ready"}, f"the take is {state}:\n{server.tail()}"
            return state == "ready"

        wait_for("the first take", ready, limit_s=280)
    return Scene(server, project_id, str(room["id"]), shot_id, str(take["id"]))
