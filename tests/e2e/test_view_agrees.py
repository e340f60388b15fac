"""The client's shaders against the reference re-projector: the same bake, frame and eye, in a real browser."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import ROOT, browsers, picture, save, snapshot
from playwright.sync_api import Page
from server import wait_for

from benchmarks.scenes import SyntheticClip, render
from vr_server.domain.manifest import Manifest
from vr_server.layering import Baker, BakeSettings, TierSettings, read_manifest, render_view

SIZE = (640, 360)
EYES = ((0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (-0.12, 0.05, 0.1), (0.25, 0.0, 0.0))
"""Metres from the shot camera, out to the head box's border."""
WANTED_DB = 35


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(root: Path) -> Iterator[str]:
    """A folder over plain HTTP, as any web server would give it."""
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built client, and a bake beside it."""
    root = tmp_path_factory.mktemp("site")
    for built in (ROOT / "vr_server" / "web").iterdir():
        (root / built.name).symlink_to(built)
    clip = SyntheticClip(*SIZE, 3)
    still = render(clip.plan.cameras[0], *SIZE)
    plan = replace(
        clip.plan, cameras=(still.camera,) * 3
    )  # whichever frame the browser pauses at, it is the same picture
    settings = BakeSettings(tiers=(TierSettings("high", 30000),))
    baker = Baker(root / "clip", plan, shot_id="s", take_id="view", settings=settings)
    for index in range(3):
        baker.add(replace(still, index=index))
    baker.finish()
    return root


def turned(manifest: Manifest, eye: tuple[float, float, float]) -> tuple[float, float]:
    """Yaw and pitch of the flat view's eye, which keeps looking at a point ahead of the shot camera."""
    ahead = min(max(float(np.sqrt(manifest.depth.near * manifest.depth.far)), 2), 12) + eye[2]
    return float(np.arctan2(eye[0], ahead)), float(-np.arctan2(eye[1], ahead))


def shown_at(page: Page, eye: tuple[float, float, float]) -> tuple[int, np.ndarray]:
    """The frame that stands on screen and the window as it looks from `eye`, RGB."""
    page.evaluate("eye => previs.actions.moveEye(...eye)", list(eye))
    wait_for("the eye", lambda: np.abs(np.subtract(snapshot(page)["eye"], eye)).max() < 1e-3, limit_s=20)
    page.wait_for_timeout(1500)
    return int(snapshot(page)["barcodeFrame"]), picture(page)[:, :, ::-1]


def placed(reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Where the picture lies in the window: float32 [2, 3], from the picture's pixels to the window's, found by matching."""
    grey = [cv2.cvtColor(np.ascontiguousarray(p), cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (reference, window)]
    score = cv2.matchTemplate(grey[1], grey[0][40:-40, 40:-40], cv2.TM_CCOEFF_NORMED)
    x, y = cv2.minMaxLoc(score)[3]
    start = np.array([[1, 0, x - 40], [0, 1, y - 40]], np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
    return np.asarray(cv2.findTransformECC(grey[0], grey[1], start, cv2.MOTION_AFFINE, criteria, None, 3)[1])


def test_the_headset_shows_what_the_reference_says(site: Path) -> None:
    manifest = read_manifest(site / "clip")
    with served(site) as url, browsers() as start:
        page = start(size={"width": 663, "height": 560}).new_page()
        page.goto(f"{url}/?static=clip&grid=320")
        wait_for("a picture", lambda: snapshot(page).get("picture") == "live", limit_s=60)
        page.evaluate("previs.actions.pause()")
        at: np.ndarray | None = None
        found: dict[tuple[float, float, float], float] = {}
        for eye in EYES:
            frame, window = shown_at(page, eye)
            yaw, pitch = turned(manifest, eye)
            reference, depth = render_view(site / "clip", frame, offset_m=eye, yaw_rad=yaw, pitch_rad=pitch)
            if at is None:
                at = placed(reference, window)  # once, straight on: what follows has to lie there by itself
            seen = cv2.warpAffine(window, at, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            counted = cv2.erode((~np.isnan(depth)).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
            counted[:8] = counted[-8:] = counted[:, :8] = counted[:, -8:] = False
            error = (reference.astype(float) - seen)[counted]
            found[eye] = float(10 * np.log10(255**2 / np.mean(error**2)))
        print({eye: round(db, 1) for eye, db in found.items()})
        save(page, "view-agrees")
    assert min(found.values()) >= WANTED_DB, found
