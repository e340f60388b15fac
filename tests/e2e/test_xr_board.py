"""The board in the headset: a take is pointed at and chosen, and the room shows it at the same frame."""

import numpy as np
import numpy.typing as npt
from browser import browsers, errors_of, open_room, picture, save, snapshot
from conftest import Scene, make_scene
from playwright.sync_api import Page
from server import wait_for
from test_client_xr import live, still, until

LOOK_DOWN_RAD = -0.62


def two_takes(scene: Scene) -> tuple[Scene, str]:
    """A scene, and another take of its shot that can be watched: an earlier test's, or one in a project of its own."""
    others = [t["id"] for t in scene.takes() if t["shotId"] == scene.shot_id and t["renditions"]]
    others.remove(scene.take_id)
    if others:
        return scene, others[0]
    own = make_scene(scene.server)
    with own.server.client() as client:
        other = str(client.post(f"/api/shots/{own.shot_id}/takes").raise_for_status().json()["id"])
        wait_for("its draft", lambda: client.get(f"/api/takes/{other}").raise_for_status().json()["renditions"])
    return own, other


def aim(page: Page, hand: str, area: str) -> None:
    """Point with a hand at something on the board."""

    def place() -> list[float] | None:
        return next((p["at"] for p in snapshot(page)["board"] if p["id"] == area), None)

    page.evaluate("([hand, at]) => headset.aim(hand, ...at)", [hand, wait_for(area, place, limit_s=20, every_s=0.1)])


def settled(page: Page) -> npt.NDArray[np.uint8]:
    """Both eyes, side by side, once two pictures in a row are the same."""
    last = picture(page)

    def same() -> bool:
        nonlocal last
        before, last = last, picture(page)
        return np.array_equal(before, last)

    wait_for("a still picture", same, limit_s=20, every_s=0.1)
    return last


def changed(before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]) -> float:
    """The share of the pixels that are clearly others."""
    return float((np.abs(before.astype(int) - after).max(axis=2) > 40).mean())


def test_a_take_is_chosen_on_the_board_and_the_room_shows_it_at_the_same_frame(scene: Scene) -> None:
    scene, other = two_takes(scene)
    with browsers() as start:
        page = open_room(start(headset=True), scene.server.url, scene.room)
        live(page, scene)
        page.locator(".vr").click()
        until(page, "immersive-vr", lambda s: s["immersive"])
        still(page, 17)
        page.evaluate(f"headset.turnHead(0, {LOOK_DOWN_RAD})")
        plain = settled(page)
        aim(page, "right", f"card {other}")
        wait_for("what is pointed at to be seen", lambda: changed(plain, settled(page)) > 0.002, limit_s=20)
        save(page, "board")

        page.evaluate("headset.press('right', 'trigger')")
        shown = until(
            page, "the other take, at the same frame", lambda s: (s["takeId"], s["barcodeFrame"]) == (other, 17)
        )
        assert not shown["playhead"]["playing"], "to choose a take is not to play"
        page.evaluate("headset.aim('right', 0, 1.6, -5)")
        page.evaluate("headset.press('right', 'trigger')")
        until(page, "a press beside the board to play", lambda s: s["playhead"]["playing"])
        page.evaluate("headset.press('right', 'trigger')")
        until(page, "the next to pause", lambda s: not s["playhead"]["playing"])
        aim(page, "left", f"card {scene.take_id}")
        page.evaluate("headset.press('left', 'trigger')")
        until(page, "the first take again", lambda s: s["takeId"] == scene.take_id)
        assert errors_of(page) == []
