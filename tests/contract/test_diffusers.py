"""The diffusers engine with its real libraries and its real worker process, on Wan models of a few thousand weights."""

import asyncio
import http.server
import json
import os
import signal
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from replay import make_clip

from vr_server.domain.base import now_utc
from vr_server.domain.errors import EngineFailed
from vr_server.domain.order import Order
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Provenance, Take
from vr_server.generation.engines.diffusers import DiffusersEngine, DiffusersSettings
from vr_server.generation.engines.diffusers_inputs import Conditions
from vr_server.generation.engines.diffusers_orders import How, Shelf
from vr_server.generation.fitting import fit, request_key
from vr_server.generation.mask_video import write_masks
from vr_server.generation.port import FINAL_STATES, GenerationRequest, MaskEdit, MediaInput
from vr_server.jobs import OrderDesk
from vr_server.jobs.line import Ticket
from vr_server.media.codec import as_i420, decode_video
from vr_server.media.colour import i420_to_rgb
from vr_server.storage import MemoryBlobs, MemoryStore

for library in ("torch", "diffusers", "transformers", "accelerate", "ftfy"):
    pytest.importorskip(library, reason=f"{library} is not installed: tools/install_diffusers.sh brings it")

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries that are not ours
SIDE = 64
SLOW = 400
"""Steps enough for a test to come in between."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of each kind of model, as `save_pretrained` leaves it."""
    import tiny_wan

    folder = tmp_path_factory.mktemp("models")
    for kind in ("t2v", "ti2v", "i2v", "vace"):
        tiny_wan.save(folder / kind, kind)
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """One folder of orders, so that one worker serves these tests as it serves takes."""
    made = Shelf(tmp_path_factory.mktemp("diffusers"))
    yield made
    kill(made)


def kill(shelf):
    """The worker, as a machine out of memory would."""
    pids = {told.worker for told in (order.progress() for order in every(shelf)) if told.worker}
    for pid in pids:
        if Path(f"/proc/{pid}/cmdline").exists() and b"diffusers_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def every(shelf):
    return [shelf.named(path.name) for path in (shelf.folder / "orders").iterdir()]


@pytest.fixture
def engine(models, shelf):
    def make(kind="t2v", **told):
        told = {"steps": 3, "sizes": (f"{SIDE}x{SIDE}",), "max_frames": 9, "idle_s": 60, "device": "cpu", **told}
        model = str(models / kind) if (models / kind).is_dir() else kind
        return DiffusersEngine(DiffusersSettings(model=model, folder=shelf.folder, **told))

    return make


def asked(engine, **changes):
    told = {"prompt": "a boat drifts on the river", "width_px": SIDE, "height_px": SIDE, "duration_s": 0.3, "seed": 3}
    return fit(GenerationRequest(engine="diffusers", **{**told, **changes}), engine.capabilities()).request


async def until(engine, handle, enough=lambda _: False):
    """The first status that is final, or enough; and the shares that were told on the way."""
    shares = []
    while True:
        status = await engine.poll(handle)
        if status.progress is not None:
            shares.append(status.progress)
        if status.state in FINAL_STATES or enough(status):
            return status, shares
        await asyncio.sleep(0.02)


async def made(engine, to, files=None, **changes):
    """A clip, ordered, waited for and fetched."""
    handle = await engine.submit(asked(engine, **changes), files)
    status, _ = await until(engine, handle)
    assert status.failure is None
    return await engine.fetch(handle, status, to)


def pictures(path):
    return np.stack([i420_to_rgb(as_i420(frame), SIDE, SIDE) for frame in decode_video(path)])


# --- what it makes


async def test_a_clip_is_made_with_progress_and_the_same_seed_makes_the_same(engine, tmp_path):
    able = engine(steps=SLOW // 3)
    assert able.problem() is None
    handle = await able.submit(asked(able), None)
    status, shares = await until(able, handle)
    assert status.state == "succeeded"
    assert shares == sorted(shares)
    assert any(0 < share < 0.95 for share in shares)
    assert shares[-1] == 1
    one = await able.fetch(handle, status, tmp_path / "one.mp4")
    assert (one.width_px, one.height_px, one.fps, one.frame_count) == (SIDE, SIDE, 16.0, 5)
    assert pictures(one.path).std() > 1
    again = await made(able, tmp_path / "again.mp4", variant=1)
    other = await made(able, tmp_path / "other.mp4", seed=4)
    assert again.sha256 == one.sha256
    assert other.sha256 != one.sha256


async def test_prompts_and_guidance_are_heard(engine, tmp_path):
    def clip(name, changes, **told):  # strong guidance: untrained weights hear little
        return made(engine(**{"guidance_scale": 90, **told}), tmp_path / f"{name}.mp4", **changes)

    plain = await clip("plain", {})
    others = [
        await clip("prompt", {"prompt": "red"}),
        await clip("negative", {"negative_prompt": "blue red river"}),
        await clip("weak", {}, guidance_scale=1),
        await clip("weak at the end", {}, guidance_scale_2=1),
        await clip("steps", {}, steps=4),
    ]
    assert len({plain.sha256, *(other.sha256 for other in others)}) == 6


@pytest.mark.parametrize(("kind", "dtype"), [("ti2v", "bfloat16"), ("i2v", "float32")])
async def test_a_clip_begins_with_its_first_frame(engine, tmp_path, kind, dtype):
    able = engine(kind, dtype=dtype)
    files = {}
    for name, value in (("dark", 10), ("light", 240)):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((90, 160, 3), value, np.uint8))
        files[name] = MediaInput(role="first_frame", sha256=f"{value:064x}", media_type="image/png")
    clips = [
        await made(
            able, tmp_path / f"{name}.mp4", lambda _, n=name: tmp_path / f"{n}.png", mode="image", inputs=(file,)
        )
        for name, file in files.items()
    ]
    assert clips[0].sha256 != clips[1].sha256
    assert clips[0].fps == (24 if kind == "ti2v" else 16)
    if kind == "ti2v":
        assert (await made(able, tmp_path / "text.mp4")).sha256 != clips[0].sha256


async def test_vace_follows_a_guide_and_edits_within_a_mask(engine, tmp_path):
    able = engine("vace")
    source = tmp_path / "source.mp4"
    make_clip(source, width_px=SIDE, height_px=SIDE, frames=6)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, 32:] = 255
    assert cv2.imwrite(str(tmp_path / "mask.png"), mask)
    video = {"sha256": "1" * 64, "media_type": "video/mp4"}
    plain = await made(able, tmp_path / "plain.mp4")
    guided = await made(able, tmp_path / "guided.mp4", lambda _: source, guide="depth",
                        inputs=(MediaInput(role="guide", **video),))  # fmt: skip
    assert guided.sha256 != plain.sha256
    edited = await made(
        able, tmp_path / "edited.mp4", lambda given: source if given.role == "source_video" else tmp_path / "mask.png",
        mode="edit_mask", edit=MaskEdit(tracking=False, expand_ratio=0),
        inputs=(MediaInput(role="source_video", **video), MediaInput(role="mask", sha256="2" * 64, media_type="image/png")),
    )  # fmt: skip
    before, after = pictures(source), pictures(edited.path)
    assert len(after) == len(before)
    off = np.abs(before.astype(int) - after)
    assert off[:, :, :30].mean() < 4  # what two rounds of H.264 cost; noise is the worst there is
    assert off[:, :, 40:].mean() > 3 * off[:, :, :30].mean()


async def test_vace_edits_within_a_mask_that_moves(engine, tmp_path):
    able = engine("vace")
    assert able.capabilities("edit_mask").masks == ("still", "video")
    source, moving = tmp_path / "source.mp4", tmp_path / "mask.mp4"
    make_clip(source, width_px=SIDE, height_px=SIDE, frames=6)
    masks = np.zeros((6, SIDE, SIDE), bool)
    for index, mask in enumerate(masks):
        mask[8:56, 6 * index : 6 * index + 28] = True
    write_masks(moving, masks, (SIDE, SIDE), Fraction(16))
    video = {"media_type": "video/mp4"}
    edited = await made(
        able, tmp_path / "edited.mp4", lambda given: source if given.role == "source_video" else moving,
        mode="edit_mask", edit=MaskEdit(expand_ratio=0, expand_shape="original"),
        inputs=(MediaInput(role="source_video", sha256="1" * 64, **video), MediaInput(role="mask", sha256="3" * 64, **video)),
    )  # fmt: skip
    before, after = pictures(source), pictures(edited.path)
    assert len(after) == len(before) == 6
    off = np.abs(before.astype(int) - after).max(axis=3)
    for index, mask in enumerate(masks):  # inside its own mask, not where another frame's lies
        deep = cv2.erode(mask.astype(np.uint8), np.ones((9, 9))) > 0
        assert off[index][deep].mean() > 3 * off[index][~mask].mean()


def test_the_vae_stays_in_float32(models):
    import torch

    from vr_server.generation.engines.diffusers_pipelines import _load

    how = How(model=str(models / "ti2v"), kind="ti2v", device="cpu", dtype="bfloat16", steps=1, guidance_scale=1,
              max_frames=9)  # fmt: skip
    pipeline = _load(models / "ti2v", how)
    assert pipeline.vae.dtype == torch.float32
    assert pipeline.transformer.dtype == pipeline.text_encoder.dtype == torch.bfloat16


# --- what goes wrong


async def test_cancelled_in_the_middle(engine):
    able = engine(steps=SLOW)
    handle = await able.submit(asked(able, seed=11), None)
    status, _ = await until(able, handle, lambda now: (now.progress or 0) > 0)
    assert status.state == "running"
    assert await able.cancel(handle)
    status, _ = await until(able, handle)
    assert status.state == "cancelled"
    assert not await able.cancel(handle)
    assert await able.find(asked(able, seed=11)) is None


async def test_a_broken_model_says_so_and_the_next_order_is_made(engine, models, tmp_path):
    import shutil

    shutil.copytree(models / "t2v", models / "broken")
    weights = models / "broken" / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    able = engine("broken")
    status, _ = await until(able, await able.submit(asked(able), None))
    assert type(status.failure) is EngineFailed
    assert "broken cannot be used: " in str(status.failure)
    assert "\n" not in str(status.failure)
    await made(engine(), tmp_path / "next.mp4", seed=12)


def test_no_memory_left_is_said_with_what_to_do():
    import torch

    from vr_server.generation.engines.diffusers_pipelines import failure_of

    how = How(model="m", kind="t2v", steps=1, guidance_scale=1, max_frames=9)
    with pytest.raises(RuntimeError) as cpu:
        torch.empty(1 << 50)
    for error in (cpu.value, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"), MemoryError()):
        assert "No memory was left for 64x64, 9 frames with m: set VR_PREVIS_DIFFUSERS_OFFLOAD=model" in str(
            failure_of(error, how, "64x64, 9 frames")
        )


async def test_a_device_that_is_not_there(engine):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has the device: tools/install_diffusers.sh is not to blame")
    able = engine(device="cuda")
    status, _ = await until(able, await able.submit(asked(able), None))
    assert "The device cuda cannot be used" in str(status.failure)


def test_pictures_that_are_no_numbers_are_refused(models, monkeypatch):
    from vr_server.generation.engines.diffusers_orders import Order as Asked
    from vr_server.generation.engines.diffusers_pipelines import Pipelines

    how = How(model=str(models / "t2v"), kind="t2v", device="cpu", steps=1, guidance_scale=1, max_frames=9)
    studio, request = Pipelines(), GenerationRequest(engine="d", prompt="a", width_px=64, height_px=64, duration_s=0.3)
    given = Conditions(5, 16)
    studio._pipeline(how, given, lambda *_: None)
    for weight in next(iter(studio._pipelines.values())).transformer.parameters():
        weight.data.fill_(float("nan"))
    with pytest.raises(EngineFailed, match="pictures that are no numbers"):
        studio.make(Asked(request=request, how=how, ordered_at_s=0), replace(given), lambda *_: None)


# --- the hub


COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub's API as its own library asks for: a model's facts, and its files."""

    def do_GET(self, body=True):
        path, folder = self.path.partition("?")[0], self.server.folder
        if "somebody/tiny-T2V" not in path:
            return self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        if path.startswith("/api/"):
            assert path == f"/api/models/somebody/tiny-T2V/tree/{COMMIT}"
            files = [
                {"type": "file", "path": str(file.relative_to(folder)), "size": file.stat().st_size, "oid": "0" * 40}
                for file in self.server.files
            ]
            return self.answer(200, json.dumps(files).encode(), {"Content-Type": "application/json"})
        commit, _, name = path.partition("/resolve/")[2].partition("/")
        self.server.asked.append(name)
        told = {"ETag": f'"{name}"', "X-Repo-Commit": commit}
        return self.answer(200, (folder / name).read_bytes(), told, body)

    def do_HEAD(self):
        self.do_GET(body=False)

    def answer(self, status, content, headers, body=True):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        """Nobody reads it."""


@pytest.fixture
def hub(models, tmp_path, monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder, server.asked = models / "t2v", []
    (models / "t2v" / "picture.jpg").write_text("for the model's page")
    server.files = [path for path in (models / "t2v").rglob("*") if path.is_file()]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def test_killed_its_order_is_made_again_and_a_model_is_fetched_by_its_commit(engine, hub, shelf, tmp_path):
    able = engine(steps=SLOW)
    handle = await able.submit(asked(able, seed=21), None)
    await until(able, handle, lambda now: (now.progress or 0) > 0)
    kill(shelf)
    before = await made(
        engine(steps=30), tmp_path / "before.mp4", seed=22
    )  # by the next worker, in the hub's environment
    status, _ = await until(able, handle)
    assert status.state == "succeeded"
    assert shelf.named(handle.id).progress().attempts == 2

    fetched = engine("somebody/tiny-T2V", revision=COMMIT, steps=30)
    clip = await made(fetched, tmp_path / "fetched.mp4", seed=22)
    assert np.abs(pictures(clip.path).astype(int) - pictures(before.path)).max() == 0
    assert shelf.find(asked(fetched, seed=22), fetched._how()).progress().revision == COMMIT
    assert "model_index.json" in hub.asked
    assert "picture.jpg" not in hub.asked
    assert "fetching somebody/tiny-T2V" in shelf.log.read_text()

    none = engine("nobody/none-T2V")
    status, _ = await until(none, await none.submit(asked(none), None))
    assert "The hub has no nobody/none-T2V at revision main" in str(status.failure)


# --- restarts


async def test_a_restarted_server_finds_its_order_and_makes_it_once(engine, tmp_path, shelf):
    """As a killed server leaves it: written down as being sent, and no answer kept."""
    first = engine(steps=30)
    request = asked(first, seed=31)
    assert await first.find(request) is None
    handle = await first.submit(request, None)
    await first.aclose()
    second, store, blobs = engine(steps=30), MemoryStore(), MemoryBlobs()
    found = await second.find(request)
    assert found is not None
    assert found.id == handle.id == (await second.submit(request, None)).id
    assert request_key(request).startswith(handle.id[:32])
    told = Provenance(engine="diffusers", model="m", engine_version="1", seed=5, prompt_sent="a", order_id="o")
    spec = ShotSpec(text="a", language="en")
    async with store.transaction() as unit:
        await unit.put_project(Project(id="p", title="t", created_at=now_utc()))
        await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
        await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))
        await unit.put_take(
            Take(id="t", project_id="p", shot_id="s", number=1, created_at=now_utc(), spec=spec, provenance=told)
        )
        await unit.put_order(Order(
            id="o", project_id="p", engine="diffusers", created_at=now_utc(), request=request.model_dump_json(),
            state="submitting", take_ids=("t",), submits=1,
        ))  # fmt: skip
    desk = OrderDesk(store=store, blobs=blobs, engines={"diffusers": second}, scratch=tmp_path / "scratch")
    clip = await blobs.read(await desk.clip("o", "t", Ticket("p")))
    assert clip == shelf.named(handle.id).clip.read_bytes()
    assert (await store.order("o")).state == "fetched"
    await desk.stop()


async def test_an_order_that_kills_every_worker_is_given_up(engine, shelf):
    able = engine(steps=SLOW)
    handle = await able.submit(asked(able, seed=41), None)

    def taken(times):
        return lambda _: shelf.named(handle.id).progress().attempts == times

    for attempt in (1, 2):
        await until(able, handle, taken(attempt))
        kill(shelf)
    status, _ = await until(able, handle)
    assert type(status.failure) is EngineFailed
    assert "died 2 times in the middle of this order" in str(status.failure)
