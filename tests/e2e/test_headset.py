"""An emulated headset in a real Chromium: two eyes, and parallax when the head moves."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from browser import browsers, errors_of, open_room, save, snapshot
from conftest import Scene
from playwright.sync_api import Page
from server import wait_for

Eye = npt.NDArray[np.uint8]
HEIGHT_M = 1.6


def eyes(page: Page) -> tuple[Eye, Eye]:
    """Both eyes' pictures, uint8 [h, w, 3] RGB, at the canvas' resolution."""
    pixels: dict[str, Any] = page.evaluate("headset.pixels(1)")
    shape = (pixels["height"], pixels["width"], 3)
    return tuple(np.array(pixels[side], np.uint8).reshape(shape) for side in ("left", "right"))


def settled_eyes(page: Page) -> tuple[Eye, Eye]:
    """Both eyes once two pictures in a row are the same: a moved head is drawn a frame or two later."""
    last = eyes(page)

    def same() -> tuple[Eye, Eye] | None:
        nonlocal last
        before, last = last, eyes(page)
        return last if all(np.array_equal(a, b) for a, b in zip(before, last, strict=True)) else None

    return wait_for("a still picture", same, limit_s=30, every_s=0.3)


def shift_px(before: Eye, after: Eye) -> npt.NDArray[np.float32]:
    """How far each pixel went sideways, float32 [h, w]: dense optical flow (DIS, Kroeger et al. 2016)."""
    gray = [cv2.cvtColor(e, cv2.COLOR_RGB2GRAY) for e in (before, after)]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(gray[0], gray[1], None)
    return np.asarray(flow[..., 0], np.float32)


def part(
    image: npt.NDArray[np.float32], *, rows: tuple[float, float], columns: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """The part of an image between two shares of its height and of its width."""
    height, width = image.shape
    return image[int(rows[0] * height) : int(rows[1] * height), int(columns[0] * width) : int(columns[1] * width)]


def test_the_headset_sees_depth_with_both_eyes(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(headset=True), scene.server.url, scene.room)
        wait_for("a picture", lambda: snapshot(page).get("picture") == "live", limit_s=90)
        page.locator(".vr").click()
        wait_for("immersive-vr", lambda: snapshot(page).get("immersive"), limit_s=60)
        page.evaluate("previs.actions.play()")  # an earlier test may have left the room paused
        wait_for("48 decoded frames", lambda: snapshot(page)["framesDecoded"] >= 48)
        page.evaluate("() => { previs.actions.pause(); previs.actions.seek(20); }")
        wait_for("the frame sought", lambda: snapshot(page)["barcodeFrame"] == 20)

        left, right = settled_eyes(page)
        save(page, "headset")
        for eye in (left, right):
            assert eye.std() > 20, "an eye is empty"
        assert np.abs(left.astype(int) - right).mean() > 1, "both eyes see the same"

        page.evaluate(f"headset.moveHead(0.1, {HEIGHT_M}, 0)")
        moved, _ = settled_eyes(page)
        save(page, "headset-10cm-right")
        # the head looks straight ahead, so the horizon is half way down: the end of the street stands just above it,
        # the pavement at its feet well below (and above the board, which hangs in the room and moves on its own)
        shift = shift_px(left, moved)
        far = np.median(part(shift, rows=(0.45, 0.5), columns=(0.4, 0.6)))
        near = np.median(part(shift, rows=(0.62, 0.68), columns=(0.18, 0.3)))
        assert near < -1, f"near pixels moved {near:.2f} px"
        assert abs(near) > 3 * abs(far), f"near {near:.2f} px, far {far:.2f} px"

        page.evaluate("previs.actions.enterVr()")
        wait_for("the flat view", lambda: not snapshot(page)["immersive"], limit_s=60)
        assert errors_of(page) == []
