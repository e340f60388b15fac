"""stage.glb in a real browser: three.js, from the file's own camera, draws the silhouettes of the clip's first frame."""

import base64
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from browser import ROOT, browsers
from playwright.sync_api import Page, Route

from benchmarks.prompts import load_prompts
from vr_server import blockout
from vr_server.staging import build_scene, compose, to_glb

SIZE = (640, 360)
LEAST_PX = 200
ORIGIN = "http://stage.test"
CLIENT = ROOT / "webxr_client"
PAGE = """<!doctype html><script type="importmap">{"imports": {
  "three": "/three/build/three.module.js", "three/addons/": "/three/examples/jsm/"}}</script>
<script type="module" src="/stage-ids.js"></script>"""


def serve(page: Page, files: dict[str, bytes]) -> None:
    """Everything under ORIGIN comes from here: the page, three.js as it is installed, and `files` by name."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ORIGIN).split("?")[0]
        if name == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif name in files:
            route.fulfill(body=files[name], content_type="model/gltf-binary")
        elif name == "/stage-ids.js":
            route.fulfill(path=CLIENT / "e2e" / "stage-ids.js", content_type="text/javascript")
        elif name.startswith("/three/") and (found := CLIENT / "node_modules" / name[1:]).is_file():
            route.fulfill(path=found, content_type="text/javascript")
        else:
            route.fulfill(status=404, body="")

    page.route(f"{ORIGIN}/**", answer)


def ids_of(answer: dict[str, Any]) -> npt.NDArray[np.uint16]:
    rows = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(SIZE[1], SIZE[0], 4)[::-1]
    return rows[..., 0].astype(np.uint16) + 256 * rows[..., 1].astype(np.uint16)


@pytest.fixture(scope="module")
def page():
    with browsers() as start:
        page = start().new_page()
        files: dict[str, bytes] = {}
        serve(page, files)
        page.goto(f"{ORIGIN}/")
        page.wait_for_function("!!window.drawIds")
        yield page, files


@pytest.mark.parametrize("name", ["script-ship", "script-street", "script-bamboo", "brief-tense"])
def test_three_js_draws_the_clips_first_silhouettes(page, name: str) -> None:
    browser, files = page
    spec = next(p for p in load_prompts() if p.name == name).spec()
    staging = compose(spec, 1)
    clip = blockout.render(build_scene(staging), width_px=SIZE[0], height_px=SIZE[1], fps=Fraction(24), quality="draft")
    (frame,) = clip.frames([0])
    files[f"/{name}.glb"] = to_glb(staging, aspect=SIZE[0] / SIZE[1])

    answer = browser.evaluate("([url, w, h]) => drawIds(url, w, h)", [f"{ORIGIN}/{name}.glb", *SIZE])

    drawn = ids_of(answer)
    assert answer["aspect"] == pytest.approx(SIZE[0] / SIZE[1])
    assert answer["clips"] == [pytest.approx(spec.duration_s)]
    checked = 0
    for subject in staging.subjects:
        mine, theirs = frame.ids == subject.object_id, drawn == subject.object_id
        if np.count_nonzero(mine) < LEAST_PX:
            continue
        overlap = np.count_nonzero(mine & theirs) / np.count_nonzero(mine | theirs)
        assert overlap >= 0.95, f"{subject.label}: {overlap:.3f} of {np.count_nonzero(mine)} px"
        checked += 1
    assert checked
    # the set, too, is the same picture
    assert np.count_nonzero(frame.ids == drawn) / drawn.size > 0.97
