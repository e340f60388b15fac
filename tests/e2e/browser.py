"""A real Chromium, flat or with an emulated headset (IWER), and a page of the client in it."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import numpy.typing as npt
from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
IWER = ROOT / "webxr_client" / "node_modules" / "iwer" / "build" / "iwer.min.js"
IWER_INIT = ROOT / "webxr_client" / "e2e" / "iwer-init.js"
# the smallest grid and window that still show what is tested: every pixel is drawn by the CPU here
QUERY = "grid=80"
VIEWPORT: ViewportSize = {"width": 640, "height": 360}
FLAGS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--autoplay-policy=no-user-gesture-required", "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]  # fmt: skip


_errors: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()


@contextmanager
def browsers() -> Iterator[Callable[..., BrowserContext]]:
    """Yield a function that starts a Chromium with a fresh profile; all are closed at the end.

    With `headset` every page gets the emulated device before its own scripts run.
    """
    with tempfile.TemporaryDirectory(prefix="previs-chromium-") as profiles, sync_playwright() as playwright:
        contexts: list[BrowserContext] = []
        installed = _patient_chromium(Path(profiles))

        def start(*, headset: bool = False, size: ViewportSize = VIEWPORT) -> BrowserContext:
            context = playwright.chromium.launch_persistent_context(
                f"{profiles}/{len(contexts)}", executable_path=installed, headless=True, args=FLAGS, viewport=size,
                ignore_https_errors=True,
            )  # fmt: skip
            contexts.append(context)
            if headset:
                context.add_init_script(path=IWER)
                context.add_init_script(path=IWER_INIT)
            return context

        try:
            yield start
        finally:
            for context in contexts:
                context.close()


def _patient_chromium(folder: Path) -> Path | None:
    """A way to start the installed Chromium at the priority of the server's own workers.

    It draws on the CPU here: at its usual priority two pages on two cores would leave next to nothing to the baking that
    they wait for. Elsewhere a GPU draws.
    """
    installed = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
    if installed is None:
        return None
    starter = folder / "chromium"
    starter.write_text(f'#!/bin/sh\nexec nice -n 10 "{installed}" "$@"\n')
    starter.chmod(0o755)
    return starter


def open_room(context: BrowserContext, url: str, room: str, query: str = QUERY) -> Page:
    """Open the room's page; its console errors are kept for `errors_of`."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    _errors[page] = errors
    page.goto(f"{url}/?room={room}&{query}")
    return page


def errors_of(page: Page) -> list[str]:
    """What the page logged as errors or threw."""
    return _errors[page]


def snapshot(page: Page) -> dict[str, Any]:
    """The client's own diagnostics: `window.previs.snapshot()`."""
    state: dict[str, Any] = page.evaluate("async () => window.previs ? await window.previs.snapshot() : null") or {}
    return state


def picture(page: Page) -> npt.NDArray[np.uint8]:
    """The page as it looks now: uint8 [h, w, 3], BGR."""
    decoded = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.uint8)


def save(page: Page, name: str) -> None:
    """Keep a screenshot for a person to look at (test-results/ is not in git)."""
    folder = ROOT / "test-results"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def describe(state: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in state.items() if k not in {"notes", "revisions", "takes"}}, default=str)
