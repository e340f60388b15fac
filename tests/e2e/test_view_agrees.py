"""The client's shaders against the reference re-projector: the same bake, frame and eye, in a real browser."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import ROOT, browsers, picture, save, snapshot
from playwright.sync_api import BrowserContext, Page
from server import wait_for

from benchmarks.scenes import SyntheticClip, render, render_sphere
from vr_server.domain.frame import ClipPlan, Frame
from vr_server.domain.manifest import Manifest
from vr_server.layering import Baker, BakeSettings, Lens, TierSettings, read_manifest, render_view

SIZE = (640, 360)
SPHERE_PX = 512
EYES = ((0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (-0.12, 0.05, 0.1), (0.25, 0.0, 0.0))
"""Metres from the shot camera, out to the head box's border."""
INSIDE = (
    ((0.0, 0.0, 0.0), 0.0, 0.0),
    ((0.08, 0.0, -0.05), 0.4, 0.0),
    ((-0.1, 0.05, 0.0), float(np.pi), 0.1),
    ((0.0, 0.25, 0.0), 0.6, -1.3),
)
"""In a sphere: the eye, its yaw and pitch, radians: ahead, beside things, over the seam, down at the pole."""
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
    """The built client, and two bakes beside it: a frame and a sphere."""
    root = tmp_path_factory.mktemp("site")
    for built in (ROOT / "vr_server" / "web").iterdir():
        (root / built.name).symlink_to(built)
    plan = SyntheticClip(*SIZE, 3).plan
    bake(root / "clip", plan, render(plan.cameras[0], *SIZE))
    sphere = replace(plan, width_px=2 * SPHERE_PX, height_px=SPHERE_PX, near_m=1.2, projection="equirectangular")
    bake(root / "sphere", sphere, render_sphere(plan.cameras[0], SPHERE_PX))
    return root


def bake(folder: Path, plan: ClipPlan, still: Frame) -> None:
    """Three frames of the same picture: whichever the browser pauses at is the one that is looked at."""
    plan = replace(plan, cameras=(still.camera,) * 3)
    settings = BakeSettings(tiers=(TierSettings("high", 30000),))
    baker = Baker(folder, plan, shot_id="s", take_id=folder.name, settings=settings)
    for index in range(3):
        baker.add(replace(still, index=index))
    baker.finish()


def turned(manifest: Manifest, eye: tuple[float, float, float]) -> tuple[float, float]:
    """Yaw and pitch of the flat view's eye, which keeps looking at a point ahead of the shot camera."""
    ahead = min(max(float(np.sqrt(manifest.depth.near * manifest.depth.far)), 2), 12) + eye[2]
    return float(np.arctan2(eye[0], ahead)), float(-np.arctan2(eye[1], ahead))


def shown_at(page: Page, eye: tuple[float, float, float], yaw: float = 0, pitch: float = 0) -> tuple[int, np.ndarray]:
    """The frame that stands on screen and the window as it looks from `eye`, RGB; `yaw` and `pitch` count in a sphere."""
    page.evaluate("seat => previs.actions.moveEye(...seat)", [*eye, yaw, pitch])
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


def opened(start: Callable[..., BrowserContext], url: str, folder: str, grid: int) -> Page:
    """The client's page on a folder, paused."""
    page = start(size={"width": 663, "height": 560}).new_page()
    page.goto(f"{url}/?static={folder}&grid={grid}")
    wait_for("a picture", lambda: snapshot(page).get("picture") == "live", limit_s=60)
    page.evaluate("previs.actions.pause()")
    return page


def agreement_db(window: np.ndarray, at: np.ndarray, reference: np.ndarray, depth: np.ndarray) -> float:
    """PSNR of what is on screen against the reference view, but for its border and what no layer reaches."""
    seen = cv2.warpAffine(window, at, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    counted = cv2.erode((~np.isnan(depth)).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    counted[:8] = counted[-8:] = counted[:, :8] = counted[:, -8:] = False
    error = (reference.astype(float) - seen)[counted]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def test_the_headset_shows_what_the_reference_says(site: Path) -> None:
    manifest = read_manifest(site / "clip")
    with served(site) as url, browsers() as start:
        page = opened(start, url, "clip", 320)
        at: np.ndarray | None = None
        found: dict[tuple[float, float, float], float] = {}
        for eye in EYES:
            frame, window = shown_at(page, eye)
            yaw, pitch = turned(manifest, eye)
            reference, depth = render_view(site / "clip", frame, offset_m=eye, yaw_rad=yaw, pitch_rad=pitch)
            if at is None:
                at = placed(reference, window)  # once, straight on: what follows has to lie there by itself
            found[eye] = agreement_db(window, at, reference, depth)
        print({eye: round(db, 1) for eye, db in found.items()})
        save(page, "view-agrees")
    assert min(found.values()) >= WANTED_DB, found


def test_inside_a_sphere_the_headset_shows_what_the_reference_says(site: Path) -> None:
    lens = Lens(1.0, *SIZE)
    with served(site) as url, browsers() as start:
        page = opened(start, url, "sphere", SPHERE_PX)
        at: np.ndarray | None = None
        found: list[float] = []
        for n, (eye, yaw, pitch) in enumerate(INSIDE):
            frame, window = shown_at(page, eye, yaw, pitch)
            reference, depth = render_view(
                site / "sphere", frame, offset_m=eye, yaw_rad=yaw, pitch_rad=pitch, lens=lens
            )
            save(page, f"sphere-agrees-{n}")
            cv2.imwrite(str(ROOT / "test-results" / f"sphere-agrees-{n}-reference.png"), reference[:, :, ::-1])
            if at is None:
                at = placed(reference, window)
            found.append(agreement_db(window, at, reference, depth))
        print([round(db, 1) for db in found])
    assert min(found) >= WANTED_DB, found
