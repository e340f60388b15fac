"""A director and a collaborator in two browsers: one take, one playhead, one note, and the take that comes of it."""

from typing import Any

import pytest
from browser import browsers, errors_of, open_room, save, snapshot
from conftest import Scene
from playwright.sync_api import Page
from server import wait_for


def shown(page: Page, **wanted: object) -> dict[str, Any]:
    """Wait until the client's diagnostics say all of `wanted`."""

    def probe() -> dict[str, Any] | None:
        state = snapshot(page)
        return state if all(state.get(k) == v for k, v in wanted.items()) else None

    return wait_for(f"the page to show {wanted}", probe, limit_s=90)


def still(page: Page, frame: int) -> dict[str, Any]:
    """Pause at a frame and wait until its picture is on screen."""
    page.evaluate("frame => { window.previs.actions.pause(); window.previs.actions.seek(frame); }", frame)
    return wait_for(f"frame {frame} to stand", lambda: _standing(page, frame), limit_s=90)


def _standing(page: Page, frame: int) -> dict[str, Any] | None:
    state = snapshot(page)
    return state if state.get("barcodeFrame") == frame and not state["playhead"]["playing"] else None


def test_the_stream_plays_and_the_picture_is_the_frame_that_the_playhead_says(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(), scene.server.url, scene.room)
        shown(page, connection="open")
        page.evaluate("previs.actions.play()")  # an earlier test may have left the room paused
        wait_for("48 decoded frames", lambda: snapshot(page).get("framesDecoded", 0) >= 48)
        state = snapshot(page)
        assert state["takeId"] == scene.take_id
        assert state["quality"] == "final"
        for frame in (5, 41, 30):
            state = still(page, frame)
            assert abs(state["playhead"]["frame"] - state["barcodeFrame"]) <= 1
            assert state["barcodeMisses"] == 0
        assert errors_of(page) == []
        save(page, "flat")
        rests(page)


def rests(page: Page) -> None:
    """Wait until the loop has come round thirty times more and drawn less than every fifth time."""
    before = snapshot(page)["turns"]

    def probe() -> bool:
        nonlocal before
        now = snapshot(page)["turns"]
        if now["all"] - before["all"] < 30:
            return False
        rested = (now["drawn"] - before["drawn"]) * 5 < now["all"] - before["all"]
        before = now
        return bool(rested)

    wait_for("a paused view that rests", probe, limit_s=60)


def test_a_typed_note_becomes_a_second_take_in_both_browsers(scene: Scene) -> None:
    with browsers() as start:
        director = open_room(start(size={"width": 1024, "height": 576}), scene.server.url, scene.room)
        guest = open_room(start(), scene.server.url, scene.room)
        for page in (director, guest):
            shown(page, takeId=scene.take_id, connection="open")
        assert still(director, 24)["barcodeFrame"] == shown(guest, barcodeFrame=24)["barcodeFrame"]

        field = director.locator(".note-input")
        field.fill("make it slower and move the camera closer")
        field.press("Enter")
        accept = director.locator("[data-action=accept]").first
        accept.wait_for(timeout=20_000)
        save(director, "revision")
        note = wait_for("the note in the other browser", lambda: snapshot(guest).get("notes"))[0]
        assert (note["text"], note["frame"]) == ("make it slower and move the camera closer", 24)
        revision = snapshot(director)["revisions"][0]
        changed = {d["path"] for d in revision["diff"]}
        assert {"camera.distanceScale", "camera.moveSpeed", "actionSpeed"} <= changed

        accept.click()
        second = wait_for("the second take", lambda: [t for t in scene.takes() if t["number"] == 2], limit_s=30)[0]
        assert second["provenance"]["noteIds"] == [note["id"]]
        assert second["provenance"]["parentTakeId"] == scene.take_id
        for page in (director, guest):
            shown(page, takeId=second["id"], manifestTakeId=second["id"])
        director.evaluate("window.previs.actions.play()")
        wait_for("the final", lambda: snapshot(guest).get("quality") == "final", limit_s=200)
        assert still(director, 12)["takeId"] == shown(guest, barcodeFrame=12)["takeId"] == second["id"]
        save(guest, "second-take")
        assert errors_of(director) == errors_of(guest) == []


def test_a_region_drawn_on_the_picture_goes_with_the_note(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(size={"width": 1280, "height": 720}), scene.server.url, scene.room)
        shown(page, connection="open")
        seen = still(page, 20)["takeId"]
        page.locator("[data-action=region]").click()
        layer = page.locator(".region-layer.drawing")
        layer.wait_for()
        box = layer.bounding_box()
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.02), "the layer lies on the picture"
        points = [
            (0.36, 0.2),
            (0.5, 0.12),
            (0.62, 0.3),
            (0.63, 0.7),
            (0.5, 0.92),
            (0.37, 0.8),
            (0.35, 0.4),
            (0.38, 0.18),
        ]
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        page.mouse.move(*at[0])
        page.mouse.down()
        for spot in at[1:]:
            page.mouse.move(*spot, steps=6)
        page.mouse.up()
        page.locator("[data-action=clear-region]").wait_for()
        save(page, "region-drawn")

        page.keyboard.press("Escape")
        assert page.locator(".region-layer path.new").count() == 0, "given up"
        page.locator("[data-action=region]").click()
        page.keyboard.down("Shift")
        page.mouse.move(*at[0])
        page.mouse.down()
        page.mouse.move(*at[4], steps=4)
        page.mouse.up()
        page.keyboard.up("Shift")
        field = page.locator(".note-input")
        field.fill("make his jacket red")
        field.press("Enter")
        note = wait_for("the note", lambda: [n for n in snapshot(page)["notes"] if n["text"] == "make his jacket red"])[
            0
        ]
        shape = note["region"]["shape"]
        assert (shape["kind"], note["frame"], note["takeId"]) == ("rect", 20, seen)
        corners = (shape["left"], shape["top"], shape["right"], shape["bottom"])
        assert corners == pytest.approx((0.36, 0.2, 0.5, 0.92), abs=0.02)
        page.locator(".region-layer path.kept").wait_for(state="attached")
        save(page, "region-kept")
        assert errors_of(page) == []


def test_the_interface_speaks_chinese(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(size={"width": 1280, "height": 720}), scene.server.url, scene.room)
        shown(page, connection="open")
        page.get_by_role("button", name="中文").click()
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        assert page.get_by_text("镜头").count() > 0
        save(page, "chinese")
