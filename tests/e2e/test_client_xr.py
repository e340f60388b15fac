"""What hands and keys do in a real browser: in the headset, on the keyboard, in the lists; and what a reload keeps."""

from collections.abc import Callable
from typing import Any

from browser import browsers, errors_of, open_room, save, snapshot
from conftest import Scene
from playwright.sync_api import Page, WebSocketRoute
from server import Server, wait_for

FPS = 24


def until(page: Page, what: str, holds: Callable[[dict[str, Any]], object], limit_s: float = 60) -> dict[str, Any]:
    """Wait until the client's diagnostics hold; return them."""

    def probe() -> dict[str, Any] | None:
        state = snapshot(page)
        return state if state and holds(state) else None

    return wait_for(what, probe, limit_s=limit_s, every_s=0.1)


def live(page: Page, scene: Scene) -> dict[str, Any]:
    """Wait for a picture of the scene's first take, whatever the room was left with."""
    until(page, "the room", lambda s: s["connection"] == "open" and s["takes"])
    if snapshot(page)["playhead"]["takeId"] != scene.take_id:
        row = page.locator(f"[data-take={scene.take_id}] .take-main")
        if not row.is_visible():  # on a low window the lists wait behind their tabs
            page.locator(".tabs button").first.click()
        row.click()
    return until(page, "a picture", lambda s: s["picture"] == "live" and s["takeId"] == scene.take_id, 90)


def still(page: Page, frame: int) -> dict[str, Any]:
    """Pause at a frame and wait until its picture is on screen."""
    page.evaluate("frame => { previs.actions.pause(); previs.actions.seek(frame); }", frame)
    return until(page, f"frame {frame}", lambda s: s["barcodeFrame"] == frame and not s["playhead"]["playing"])


def test_the_hands_drive_the_film_and_leaving_gives_the_flat_view_back(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(headset=True), scene.server.url, scene.room)
        live(page, scene)
        page.locator(".vr").click()
        until(page, "immersive-vr", lambda s: s["immersive"])
        still(page, 10)

        page.evaluate("headset.press('right', 'trigger')")
        until(page, "the trigger to play", lambda s: s["playhead"]["playing"])
        page.evaluate("headset.press('left', 'trigger')")
        until(page, "the trigger to pause", lambda s: not s["playhead"]["playing"])

        still(page, 10)
        page.evaluate("headset.stick('right', 1, 0)")
        until(page, "the stick to go on by a second", lambda s: s["barcodeFrame"] == 10 + FPS)

        page.evaluate("headset.moveHead(0.2, 1.6, 0.1)")
        moved = until(page, "the eye beside the camera", lambda s: abs(s["eye"][0] - 0.2) < 0.01)
        assert abs(moved["eye"][2] - 0.1) < 0.01
        page.evaluate("headset.press('right', 'b-button')")
        until(page, "the eye back at the camera", lambda s: max(map(abs, s["eye"])) < 0.01)

        page.evaluate("previs.actions.enterVr()")
        flat = until(page, "the flat view", lambda s: not s["immersive"])
        assert max(map(abs, flat["eye"])) < 0.01
        size = page.evaluate(
            "() => { const c = document.querySelector('canvas'); return [c.clientWidth, c.clientHeight]; }"
        )
        assert size == [640, 360]
        assert flat["picture"] == "live"
        assert errors_of(page) == []


def test_the_keyboard_plays_and_steps_but_not_while_a_note_is_typed(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(), scene.server.url, scene.room)
        live(page, scene)
        still(page, 30)
        page.keyboard.press("Space")
        until(page, "space to play", lambda s: s["playhead"]["playing"])
        page.keyboard.press("Space")
        until(page, "space to pause", lambda s: not s["playhead"]["playing"])
        still(page, 30)
        page.keyboard.press("Period")
        until(page, "one frame on", lambda s: s["barcodeFrame"] == 31)
        page.keyboard.press("ArrowLeft")
        until(page, "one frame back", lambda s: s["barcodeFrame"] == 30)
        assert page.locator(".scrub").input_value() == "30"
        assert page.locator("span.tc").inner_text() == "00:00:01:06"

        page.locator(".note-input").focus()
        page.keyboard.type("a b.")
        assert page.locator(".note-input").input_value() == "a b."
        assert not snapshot(page)["playhead"]["playing"]
        assert errors_of(page) == []


def test_a_lost_line_does_not_stop_the_picture(scene: Scene) -> None:
    with browsers() as start:
        context = start()
        lines: list[WebSocketRoute] = []
        offers: list[str] = []

        def carry(line: WebSocketRoute) -> None:
            line.connect_to_server()
            lines.append(line)

        context.route_web_socket("**/ws*", carry)
        context.on("request", lambda r: offers.append(r.url) if r.method == "POST" and "/whep" in r.url else None)
        page = open_room(context, scene.server.url, scene.room)
        live(page, scene)
        page.evaluate("previs.actions.play()")
        before = until(page, "the film to run", lambda s: s["playhead"]["playing"])["framesDecoded"]

        lines[0].close(code=1012, reason="test")
        until(page, "another line", lambda s: len(lines) > 1 and s["connection"] == "open")
        after = until(page, "more frames", lambda s: s["framesDecoded"] > before + FPS)
        assert after["picture"] == "live"
        assert len(offers) == 1, "the picture was asked for again"
        assert errors_of(page) == []


def test_a_name_is_asked_for_once_and_the_others_are_seen_on_the_stage(scene: Scene) -> None:
    with browsers() as start:
        mine, theirs = start(), start()
        page = open_room(mine, scene.server.url, scene.room)
        live(page, scene)
        assert [p["name"] for p in snapshot(page)["participants"]] == ["Guest"]
        page.locator(".name-input").fill("林導演")
        page.locator(".name-input").press("Enter")
        until(page, "the new name", lambda s: [p["name"] for p in s["participants"]] == ["林導演"])
        assert page.locator(".name-form").is_hidden()

        page.reload()
        until(page, "the same room and name", lambda s: [p["name"] for p in s["participants"]] == ["林導演"])
        state = live(page, scene)
        assert scene.room in page.url
        assert page.locator(".name-form").is_hidden()
        poster = page.locator(f"[data-take={scene.take_id}] img")
        wait_for("the poster after a reload", lambda: poster.evaluate("image => image.naturalWidth") > 0, limit_s=20)
        assert state["errors"] == []

        other = open_room(theirs, scene.server.url, scene.room, "grid=80&name=Ana")
        live(other, scene)
        other.get_by_role("button", name="Stage", exact=True).click()
        until(other, "the stage", lambda s: s["mode"] == "stage" and s["heads"] == 1)
        save(other, "stage-head")
        assert errors_of(page) == errors_of(other) == []


def test_a_take_is_cancelled_and_a_revision_is_rejected(server: Server) -> None:
    project = server.import_script()
    project_id, shot_id = project["project"]["id"], project["shots"][0]["id"]
    with server.client() as client:
        room = (
            client.post("/api/rooms", json={"projectId": project_id, "name": "Stage 2"}).raise_for_status().json()["id"]
        )
    with browsers() as start:
        page = open_room(start(size={"width": 1024, "height": 576}), server.url, room)
        more = page.locator(f"[data-shot={shot_id}] [data-action=new-take]")
        for number in (1, 2):
            more.click()
            until(page, f"take {number} in the list", lambda s, n=number: len(s["takes"]) == n)
        shown, unwanted = (t["id"] for t in snapshot(page)["takes"])
        row = page.locator(f"[data-take={unwanted}]")
        row.locator("[data-action=cancel]").click()
        wait_for("the take to be cancelled", lambda: row.get_attribute("data-state") == "cancelled")
        assert row.locator("[data-action=cancel]").count() == 0

        until(page, "the draft of the other", lambda s: s["picture"] == "live" and s["takeId"] == shown)
        page.locator(".note-input").fill("镜头再低一点")
        page.locator(".note-input").press("Enter")
        (revision,) = until(page, "a revision", lambda s: s["revisions"])["revisions"]
        card = page.locator(f"[data-revision={revision['id']}]")
        card.locator("[data-action=reject]").click()
        wait_for("the word that it is rejected", lambda: card.get_attribute("data-state") == "rejected")
        assert card.locator("button").count() == 0
        assert errors_of(page) == []
    with server.client() as client:
        kept = client.get(f"/api/projects/{project_id}").raise_for_status().json()
    assert [r["state"] for r in kept["revisions"]] == ["rejected"]
    assert {t["id"]: t["state"] for t in kept["takes"]}[unwanted] == "cancelled"
    assert len(kept["takes"]) == 2, "a rejected revision makes no take"
