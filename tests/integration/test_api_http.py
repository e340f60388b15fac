"""The HTTP API: what it serves, what it refuses and how, and what the gate lets through."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from fastapi.routing import APIRoute
from rooms_fixtures import House, a_house

from vr_server.api.access import COOKIE, JoinTokens
from vr_server.domain.errors import PrevisError
from vr_server.generation.port import Preview
from vr_server.jobs import Previews

TOKEN = "let-me-in-please"
SDP = {"content-type": "application/sdp"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as made:
        yield made


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, token=TOKEN) as made:
        yield made


def check_problem(response: httpx.Response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert "\n" not in body["detail"]
    detail: str = body["detail"]
    return detail


# ---------------------------------------------------------------- what it serves


async def test_projects_takes_and_rooms(house: House) -> None:
    async with house.client() as client:
        made = await client.post(
            "/api/projects", params={"filename": "a.txt", "title": "竹林"}, content="一位女子在竹林间舞剑。".encode()
        )
        assert made.status_code == 201
        project = made.json()["project"]
        assert made.headers["location"] == f"/api/projects/{project['id']}"
        assert project["title"] == "竹林"
        assert [p["id"] for p in (await client.get("/api/projects")).json()] == [house.project.id, project["id"]]
        shot = (await client.get(made.headers["location"])).json()["shots"][0]

        asked = await client.post(f"/api/shots/{shot['id']}/takes", json={"seed": 7})
        assert asked.status_code == 202
        take = asked.json()
        assert take["provenance"]["seed"] == 7
        assert house.queue.enqueued == [take["id"]]
        assert (await client.get(asked.headers["location"])).json() == take
        assert (await client.delete(asked.headers["location"])).json()["state"] == "cancelled"
        check_problem(await client.delete(asked.headers["location"]), 409, "conflict")

        room = await client.post("/api/rooms", json={"projectId": project["id"], "name": "Grove"})
        assert room.status_code == 201
        seen = (await client.get(room.headers["location"])).json()
        assert (seen["room"]["name"], seen["live"], seen["invitations"]) == ("Grove", False, {})
        listed = (await client.get("/api/rooms", params={"project": project["id"]})).json()
        assert [r["id"] for r in listed] == [room.json()["id"]]
        assert len((await client.get("/api/rooms")).json()) == 2
        health = (await client.get("/health")).json()
        assert (health["status"], health["participants"]) == ("ok", 0)


async def test_files_of_a_rendition_come_with_ranges(house: House) -> None:
    take = await house.complete(await house.take())
    async with house.client() as client:
        base = f"/api/takes/{take.id}/draft"
        whole = await client.get(f"{base}/high.mp4")
        assert whole.headers["content-type"] == "video/mp4"
        assert "immutable" in whole.headers["cache-control"]
        part = await client.get(f"{base}/high.mp4", headers={"range": "bytes=10-19"})
        assert part.status_code == 206
        assert part.content == whole.content[10:20]
        assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
        assert (await client.get(f"{base}/high.mp4", headers={"range": "bytes=99999-"})).status_code == 416
        assert (await client.get(f"{base}/manifest.json")).json()["takeId"] == take.id
        assert (await client.get(f"{base}/poster.jpg")).headers["content-type"] == "image/jpeg"
        check_problem(await client.get(f"{base}/stage.glb"), 404, "not-found")
        check_problem(await client.get(f"/api/takes/{take.id}/final/poster.jpg"), 404, "not-found")
        check_problem(await client.get(f"/api/takes/{take.id}/best/poster.jpg"), 422, "invalid-input")


async def test_files_of_a_growing_rendition_are_there_but_not_kept(house: House) -> None:
    take = await house.take()
    house.playable(take)
    async with house.client() as client:
        await house.hub.open("default")
        poster = await client.get(f"/api/takes/{take.id}/draft/poster.jpg")
        assert poster.status_code == 200
        assert poster.headers["cache-control"] == "no-store"


async def test_what_is_being_made_can_be_seen(house: House) -> None:
    take = await house.take()
    path = f"/api/takes/{take.id}/preview"
    previews: Previews = house.app.state.services.previews
    async with house.client() as client:
        await house.hub.open("default")
        check_problem(await client.get("/api/takes/take-none/preview"), 404, "not-found")
        check_problem(await client.get(path), 404, "not-found")
        shown = bytes(cv2.imencode(".png", np.full((90, 160, 3), 77, np.uint8))[1])
        previews.show(take.id, Preview("image/png", shown))
        seen = await client.get(path)
        assert (seen.headers["content-type"], seen.headers["cache-control"]) == ("image/jpeg", "no-store")
        assert seen.content[:2] == b"\xff\xd8", "looked at, and coded anew"
        previews.show(take.id, Preview("image/jpeg", b"<html>"))
        check_problem(await client.get(path), 404, "not-found")
        house.playable(take)  # its poster stands before the rest is baked
        assert (await client.get(path)).content == b"\xff\xd8poster\xff\xd9"
        previews.show(take.id, Preview("image/png", shown))
        await house.complete(await house.complete(take), "final")
        check_problem(await client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "name",
    ["../../../secret.mp4", "..%2f..%2fsecret.mp4", "%2e%2e/secret.mp4", "..\\secret.mp4", "high.vrpk", ".mp4", "a/b.mp4",
     "secret.mp4%00.jpg", "/etc/passwd"],
)  # fmt: skip
async def test_nothing_outside_a_rendition_can_be_named(house: House, name: str) -> None:
    take = await house.complete(await house.take())
    (house.folders.path(take.id, "draft").parent / "secret.mp4").write_bytes(b"secret")
    async with house.client() as client:
        response = await client.get(f"/api/takes/{take.id}/draft/{name}")
    assert response.status_code == 404
    assert b"secret" not in response.content.replace(name.encode(), b"").replace(b"secret.mp4", b"")


async def test_whep(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/rooms/default/whep", content="v=0\r\n", headers=SDP)
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/sdp"
        assert answer.headers["etag"]
        place = answer.headers["location"]
        trickle = {"content-type": "application/trickle-ice-sdpfrag"}
        assert (await client.patch(place, content="a=candidate:1", headers=trickle)).status_code == 204
        assert house.streams[0].viewers[0].fragments == ["a=candidate:1"]
        check_problem(await client.patch(place, content="nonsense", headers=trickle), 400, "invalid-offer")
        check_problem(await client.patch(place, content="a=candidate:1", headers=SDP), 415, "http-415")
        assert (await client.delete(place)).status_code == 200
        assert house.streams[0].viewers[0].closed
        check_problem(await client.delete(place), 404, "not-found")


async def test_the_client_and_what_is_said_without_it(house: House) -> None:
    async with house.client() as client:
        page = await client.get("/", params={"room": "default"})
        assert "<title>client</title>" in page.text
        assert page.headers["cache-control"] == "no-cache"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in (await client.get("/assets/app-abc.js")).headers["cache-control"]
        (house.settings.web / "index.html").unlink()
        missing = await client.get("/")
        assert missing.status_code == 503
        assert "make setup" in missing.text


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("POST", "/api/projects", {"content": b""}, 422, "invalid-script"),
        ("POST", "/api/projects", {"content": bytes(range(256)) * 20}, 422, "invalid-script"),
        ("POST", "/api/projects", {"content": b"x" * (2 * 1024 * 1024 + 1)}, 413, "http-413"),
        ("POST", "/api/projects?language=xx", {"content": b"A dog."}, 422, "invalid-input"),
        ("POST", "/api/shots/{shot}/takes", {"json": {"engine": "magic"}}, 422, "unknown-engine"),
        ("POST", "/api/shots/{shot}/takes", {"json": {"prompt": "x" * 10_000}}, 422, "invalid-input"),
        ("POST", "/api/shots/{shot}/takes", {"content": b"{"}, 422, "invalid-input"),
        ("POST", "/api/shots/shot-none/takes", {}, 404, "not-found"),
        ("GET", "/api/rooms/nowhere", {}, 404, "not-found"),
        ("POST", "/api/rooms/nowhere/whep", {"content": b"v=0", "headers": SDP}, 404, "not-found"),
        ("POST", "/api/rooms/default/whep", {"content": b"hello", "headers": SDP}, 400, "invalid-offer"),
        ("POST", "/api/rooms/default/whep", {"content": b"\xff\xfe", "headers": SDP}, 400, "invalid-offer"),
        ("POST", "/api/rooms/default/whep", {"content": b"v=0"}, 415, "http-415"),
        ("POST", "/api/rooms", {"json": {"projectId": "project-none", "name": "x"}}, 404, "not-found"),
        ("POST", "/api/rooms", {"json": {"name": "x"}}, 422, "invalid-input"),
        ("GET", "/api/takes/take-none", {}, 404, "not-found"),
        ("GET", "/api/nothing", {}, 404, "http-404"),
        ("PUT", "/api/projects", {}, 405, "http-405"),
    ],
)
async def test_bad_input_is_a_problem_and_the_server_goes_on(
    house: House,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    options: dict[str, object],
    status: int,
    code: str,
) -> None:
    async with house.client() as client:
        with caplog.at_level(logging.INFO, "vr_server"):
            response = await client.request(method, path.format(shot=house.shots[0].id), **options)  # type: ignore[arg-type]
        check_problem(response, status, code)
        lines = [r for r in caplog.records if r.name.startswith("vr_server.api")]
        assert len(lines) == 1
        assert lines[0].exc_info is None
        assert (await client.get("/health")).status_code == 200
        assert len((await client.get("/api/projects")).json()) == 1


async def test_a_mistake_of_ours_says_nothing_of_the_inside(house: House) -> None:
    async def broken() -> None:
        raise RuntimeError("the secret is 4711")

    house.app.router.routes.insert(0, APIRoute("/api/broken", broken))
    async with house.client() as client:
        assert "4711" not in check_problem(await client.get("/api/broken"), 500, PrevisError.code)
        assert (await client.get("/health")).status_code == 200


# ---------------------------------------------------------------- the gate


def every_path(house: House) -> list[tuple[str, str]]:
    """Method and path of each route of the application, and of what is served beside them."""
    found = [("GET", "/"), ("GET", "/assets/app-abc.js"), ("GET", "/api/openapi.json")]
    for path, methods in house.app.openapi()["paths"].items():
        found += [(method.upper(), re.sub(r"\{[^}]*\}", "default", path)) for method in methods]
    return found


async def test_without_the_token_nothing_is_served_but_the_page_that_asks_for_it(guarded: House) -> None:
    paths = every_path(guarded)
    assert len(paths) > 15
    async with guarded.client() as client:
        for method, path in paths:
            if path == "/join":
                continue
            for headers in ({}, {"cookie": f"{COOKIE}=wrong-token"}):
                response = await client.request(method, path, headers=headers)
                check_problem(response, 401, "forbidden")
                assert "set-cookie" not in response.headers
                assert guarded.project.id not in response.text
            assert (await client.request(method, path, params={"token": TOKEN[:-1]})).status_code == 401
        page = await client.get("/", headers={"accept": "text/html"})
        assert page.status_code == 401
        assert 'action="/join"' in page.text
        assert "口令" in page.text
        ask = await client.get("/join", params={"room": '"><script>'})
        assert ask.status_code == 401
        assert "<script>" not in ask.text
    assert not guarded.streams


async def test_joining_keeps_the_token_in_a_cookie(guarded: House) -> None:
    async with guarded.client() as client:
        wrong = await client.get("/join", params={"token": "not-this-one", "room": "default"})
        assert wrong.status_code == 401
        assert "not right" in wrong.text
        assert "set-cookie" not in wrong.headers
        right = await client.get("/join", params={"token": TOKEN, "room": "default"})
        assert right.status_code == 303
        assert right.headers["location"] == "/?room=default"
        assert right.headers.get_list("set-cookie") == [
            f"{COOKIE}={TOKEN}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
        ]
        assert (await client.get("/api/projects")).status_code == 200
        away = await client.get("/join", params={"token": TOKEN, "room": "//evil.example"})
        assert away.headers["location"] == "/"


async def test_invitations_make_collaborators_and_viewers(guarded: House) -> None:
    async with guarded.client(params={"token": TOKEN}) as client:
        invitations = (await client.get("/api/rooms/default")).json()["invitations"]
    tokens = {role: httpx.URL(path).params["token"] for role, path in invitations.items()}
    assert set(tokens) == {"collaborator", "viewer"}
    shot = f"/api/shots/{guarded.shots[0].id}/takes"
    async with guarded.client(params={"token": tokens["viewer"]}) as client:
        check_problem(await client.post(shot), 403, "forbidden")
        check_problem(await client.post("/api/projects", content=b"A dog."), 403, "forbidden")
        assert (await client.get("/api/rooms/default")).json()["invitations"] == {}
    async with guarded.client(params={"token": tokens["collaborator"]}) as client:
        asked = await client.post(shot)
        assert asked.status_code == 202
        check_problem(await client.delete(asked.headers["location"]), 403, "forbidden")


async def test_other_sites_may_not_change_anything(house: House) -> None:
    async with house.client() as client:
        evil = {"origin": "http://evil.example"}
        check_problem(await client.post("/api/projects", content=b"A dog.", headers=evil), 403, "forbidden")
        own = {"origin": "http://127.0.0.1:8760"}
        assert (await client.post("/api/projects", content=b"A dog.", headers=own)).status_code == 201
        rebound = await client.get("/api/projects", headers={"host": "evil.example:8760"})
        check_problem(rebound, 403, "forbidden")
        assert (await client.get("/api/projects", headers={"host": "localhost:8760"})).status_code == 200


def test_tokens_of_roles_differ_and_none_opens_another_server() -> None:
    tokens, others = JoinTokens("one-secret"), JoinTokens("two-secret")
    mine = [tokens.token(role) for role in ("director", "collaborator", "viewer")]
    assert len(set(mine)) == 3
    assert [tokens.role(t) for t in mine] == ["director", "collaborator", "viewer"]
    assert [others.role(t) for t in mine] == [None, None, None]
    assert tokens.role(None) is None
    assert tokens.role("口令") is None
    assert JoinTokens(None).role(None) == "director"


async def test_a_director_approves_a_finished_take_and_takes_it_back(guarded: House) -> None:
    take = await guarded.complete(await guarded.take(), "final")
    unfinished = await guarded.take()
    approval = f"/api/takes/{take.id}/approval"
    collaborator = JoinTokens(TOKEN).token("collaborator")
    async with guarded.client(params={"token": collaborator}) as client:
        check_problem(await client.put(approval, json={"by": "Wu"}), 403, "forbidden")
        check_problem(await client.delete(approval), 403, "forbidden")
    async with guarded.client(params={"token": TOKEN}) as client:
        approved = await client.put(approval, json={"by": "林导"})
        assert approved.json()["approval"]["by"] == "林导"
        assert [t.id for t in await guarded.store.approved_takes()] == [take.id]
        check_problem(await client.put(approval, json={"by": ""}), 422, "invalid-input")
        detail = check_problem(
            await client.put(f"/api/takes/{unfinished.id}/approval", json={"by": "Wu"}), 409, "conflict"
        )
        assert "only a finished take" in detail
        assert (await client.delete(approval)).json()["approval"] is None


async def test_files_and_rooms_hold_the_folder_they_read(house: House) -> None:
    async def yes() -> bool:
        return True

    take = await house.complete(await house.take(), "final")
    async with house.client() as client:
        assert (await client.get(f"/api/takes/{take.id}/final/poster.jpg")).status_code == 200
        check_problem(await client.get(f"/api/takes/{take.id}/final/thumbs.jpg"), 404, "not-found")
    assert await house.folders.evict(take.id, "final", yes)  # sent, or refused: held no longer
    room = await house.hub.open("default")  # shows the take: its folder comes back
    assert house.folders.path(take.id, "final").is_dir()
    assert not await house.folders.evict(take.id, "final", yes)
    other = await house.complete(await house.take(1), "final")
    await room.screen.select(other)
    assert await house.folders.evict(take.id, "final", yes)
