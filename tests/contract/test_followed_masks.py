"""A region that follows what it covers, as a mask for each frame: drawn, sent to the engines that take it, laid in again."""

import asyncio
import hashlib
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from comfyui_nodes import Graph
from remote_comfyui import ComfyUIReplay, ordered
from remote_dashscope import Inputs
from replay import FakeClock, serving

from vr_server.domain.errors import Cancelled, InvalidMedia
from vr_server.domain.region import MaskShape, NotedRegion, RectShape, Region
from vr_server.generation.engines.comfyui_workflow import shipped
from vr_server.generation.engines.diffusers_inputs import conditions_of
from vr_server.generation.engines.diffusers_orders import How, Shelf
from vr_server.generation.engines.diffusers_worker import Worker
from vr_server.generation.laid_in import lay_in
from vr_server.generation.mask_video import draw_mask, write_masks
from vr_server.generation.masks import RedrawOf, write_mask
from vr_server.generation.port import GenerationRequest, MaskEdit, MediaInput
from vr_server.generation.recipes import MaskRecipe, name_of
from vr_server.generation.redraw import kept_share
from vr_server.media import VideoPictures, write_film

WIDTH, HEIGHT, FRAMES, DRAWN_ON, STEP = 208, 128, 10, 4, 6
SIZE = (WIDTH, HEIGHT)
LEFT, TOP, SIDE = 60, 40, 40
REGION = Region(
    shape=RectShape(left=LEFT / WIDTH, top=TOP / HEIGHT, right=(LEFT + SIDE) / WIDTH, bottom=(TOP + SIDE) / HEIGHT),
    expand_ratio=0.1,
)
AS_IT_IS = MaskEdit(frame=DRAWN_ON, expand_ratio=0, expand_shape="original")


def there(frame: int) -> np.ndarray:
    """Where the box is, bool [h, w]: it goes six pixels a frame to the right."""
    left = LEFT + STEP * (frame - DRAWN_ON)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[TOP : TOP + SIDE, left : left + SIDE] = True
    return mask


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    """A flat take's folder: a speckled box that crosses a speckled ground."""
    speckles = np.random.default_rng(4)
    ground, box = (
        cv2.GaussianBlur(speckles.integers(0, 256, (h, w, 3), np.uint8), (0, 0), 1.5) // 2 + add
        for h, w, add in ((HEIGHT, WIDTH, 20), (SIDE, SIDE, 100))
    )
    pictures = []
    for frame in range(FRAMES):
        picture = ground.copy()
        picture[there(frame)] = box.reshape(-1, 3)
        pictures.append(picture)
    folder = tmp_path_factory.mktemp("parent")
    (folder / "clip").mkdir()
    write_film(folder / "clip" / "clip.mp4", pictures, SIZE, Fraction(16), crf=14)
    return folder


@pytest.fixture(scope="module")
def recipe(parent) -> MaskRecipe:
    clip = hashlib.sha256((parent / "clip" / "clip.mp4").read_bytes()).hexdigest()
    return MaskRecipe(
        files={"clip/clip.mp4": clip}, frame=DRAWN_ON, region=REGION, width_px=WIDTH, height_px=HEIGHT
    )  # fmt: skip


@pytest.fixture(scope="module")
def mask(parent, recipe, tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("mask") / name_of(recipe)  # without an ending, as inputs are named
    told = []
    made = draw_mask(recipe, parent, None, to, report=told.append, cancelled=lambda: False)
    assert (made.width_px, made.height_px, made.frame_count) == (WIDTH, HEIGHT, FRAMES)
    assert [progress.frames_done for progress in told] == list(range(FRAMES + 1))
    return to


def test_the_mask_is_where_the_box_is_in_every_frame(mask):
    masks = [picture[..., 0] > 127 for picture in VideoPictures(mask)]
    assert len(masks) == FRAMES
    for frame, drawn in enumerate(masks):
        box = there(frame)
        assert drawn[box].mean() > 0.97, f"frame {frame}: {drawn[box].mean():.3f} of the box is under its mask"
        assert drawn.sum() < 1.75 * box.sum(), "a tenth of its size on each side, and no more"


def test_a_mask_comes_back_as_it_was_from_its_video(tmp_path):
    noise = np.random.default_rng(2)
    masks = [cv2.GaussianBlur(noise.random((HEIGHT, WIDTH)), (0, 0), 2.5) > 0.5 for _ in range(4)]
    assert write_masks(tmp_path / "m.mp4", masks, SIZE, Fraction(24000, 1001)) == 4
    video = VideoPictures(tmp_path / "m.mp4")
    assert video.fps == Fraction(24000, 1001)
    for mask, seen in zip(masks, video, strict=True):
        assert ((seen[..., 0] > 127) == mask).all()


def test_a_region_that_cannot_be_followed_is_told(parent, recipe, tmp_path):
    def draw(told, painted=None, *, cancelled=False):
        return draw_mask(told, parent, painted, tmp_path / "m", report=lambda _: None, cancelled=lambda: cancelled)

    with pytest.raises(InvalidMedia, match="frame 99, which the take does not have"):
        draw(recipe.model_copy(update={"frame": 99}))
    with pytest.raises(Cancelled):
        draw(recipe, cancelled=True)
    png = write_mask(there(DRAWN_ON))
    painted = Region(shape=MaskShape(sha256=hashlib.sha256(png).hexdigest()), tracking=False, expand_ratio=0)
    draw(recipe.model_copy(update={"region": painted}), png)
    assert all(((seen[..., 0] > 127) == there(DRAWN_ON)).all() for seen in VideoPictures(tmp_path / "m"))


def laid(video: Path, parent: Path, into: Path) -> tuple[float, np.ndarray]:
    """Put back what lies outside: which share of it is the parent's, and the pictures [n, h, w, 3]."""
    told = RedrawOf(parent, NotedRegion(note_id="note", frame=DRAWN_ON, region=REGION), SIZE)
    into.mkdir()
    clip, _ = lay_in(VideoPictures(video), told, into, lambda: None)
    kept = kept_share(into / "clip.mp4", parent / "clip" / "clip.mp4", into / "mask.mkv")
    return kept, np.stack(list(clip))


def inputs_of(parent, mask, recipe, folder) -> tuple[Inputs, tuple[MediaInput, MediaInput]]:
    files = Inputs(folder)
    source = files.add("source_video", (parent / "clip" / "clip.mp4").read_bytes(), "video/mp4")
    planned = MediaInput.planned("mask", recipe)
    return Either(files, planned, mask), (source, planned)


class Either:
    def __init__(self, files, planned, mask):
        self._files, self._planned, self._mask = files, planned, mask

    def __call__(self, given):
        return self._mask if given == self._planned else self._files(given)


async def test_comfyui_redraws_the_box_wherever_it_goes_and_nothing_else(parent, mask, recipe, tmp_path):
    files, given = inputs_of(parent, mask, recipe, tmp_path)
    replay = ComfyUIReplay()
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock(), workflows=shipped())
        _, filled = await ordered(engine, replay, files, mode="edit_mask", edit=AS_IT_IS, inputs=given)
        await engine.aclose()
    graph = Graph(filled, replay.uploaded)
    masks, control = graph["21", 0], graph["26", 0]
    assert set(np.unique(masks)) == {0, 1}, "the server cuts what coding and scaling made soft"
    assert len(masks) == len(control) == FRAMES
    assert filled["9"]["inputs"]["length"] == 13
    centres = [np.flatnonzero(one.any(0)).mean() / masks.shape[2] for one in masks]
    assert np.allclose(np.diff(centres), STEP / WIDTH, atol=0.01)
    assert (np.abs(control[masks > 0] - 0.5) < 0.01).all(), "what is redrawn is grey"
    assert graph["12", 0].shape[0] == 13
    pictures = np.rint(graph["27", 0] * 255).astype(np.uint8)
    assert len(pictures) == FRAMES
    size = (pictures.shape[2], pictures.shape[1])
    await asyncio.to_thread(write_film, tmp_path / "engine.mp4", pictures, size, Fraction(16), crf=23)
    kept, seen = laid(tmp_path / "engine.mp4", parent, tmp_path / "into")
    print(f"comfyui: outside the moving mask {kept:.2%} of the pixels stay")
    assert kept >= 0.99
    for frame, picture in enumerate(seen):
        inside = cv2.erode(there(frame).astype(np.uint8), np.ones((9, 9))) > 0
        assert (picture[inside][:, 1].mean() - picture[inside][:, 0].mean()) > 100, f"frame {frame} shows it in green"


class Green:
    """A studio that paints all green, whatever it is told to keep."""

    revision = None

    def make(self, order, given, report):
        report("sampling", 0.5)
        return np.broadcast_to(np.uint8([20, 200, 40]), (given.frames, HEIGHT, WIDTH, 3)).copy()


def test_diffusers_takes_a_mask_for_each_frame(parent, mask, recipe, tmp_path):
    files, given = inputs_of(parent, mask, recipe, tmp_path)
    request = GenerationRequest(
        engine="diffusers", model="m", prompt="a box", mode="edit_mask", edit=AS_IT_IS, inputs=given, fps=16,
        width_px=WIDTH, height_px=HEIGHT, duration_s=FRAMES / 16,
    )  # fmt: skip
    shelf = Shelf(tmp_path / "shelf")
    how = How(model="m", kind="vace", steps=1, guidance_scale=1, max_frames=81)
    order = shelf.place(request, how, files)
    made = conditions_of(order)
    assert made.mask.shape == (13, HEIGHT, WIDTH)
    for frame in range(13):
        box = there(min(frame, FRAMES - 1))  # the last stands while the count is made up
        assert (made.mask[frame][box] == 255).mean() > 0.97
        assert (made.mask[frame] == 255).sum() < 1.75 * box.sum()
        assert (made.video[frame][made.mask[frame] > 0] == 128).all()
    assert Worker(shelf, Green, 0.0).work_once()
    kept, seen = laid(order.clip, parent, tmp_path / "into")
    print(f"diffusers: outside the moving mask {kept:.2%} of the pixels stay")
    assert kept >= 0.99
    assert len(seen) == FRAMES
    by_itself = np.stack(list(VideoPictures(order.clip))).astype(int)
    before = np.stack(list(VideoPictures(parent / "clip" / "clip.mp4")))
    outside = made.mask[:FRAMES] == 0
    assert np.abs(by_itself - before)[outside].mean() < 4, "the engine has put back what lies outside itself"
    for frame, picture in enumerate(seen):
        inside = cv2.erode(there(frame).astype(np.uint8), np.ones((9, 9))) > 0
        assert picture[inside][:, 1].mean() > picture[inside][:, 0].mean() + 120
