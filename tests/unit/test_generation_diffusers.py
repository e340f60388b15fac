"""The diffusers engine without torch: what it asks for, its folder of orders, and what clips are made from."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from vr_server.bootstrap import remote_engines
from vr_server.config import Settings
from vr_server.domain.errors import Cancelled, EngineFailed, InvalidInput, InvalidMedia, ResultGone, StorageFailed
from vr_server.generation.engines import diffusers
from vr_server.generation.engines.diffusers import DiffusersEngine, DiffusersSettings, kind_of
from vr_server.generation.engines.diffusers_inputs import Kept, conditions_of, grown
from vr_server.generation.engines.diffusers_orders import How, Progress, Shelf
from vr_server.generation.engines.diffusers_worker import Worker
from vr_server.generation.fitting import fit
from vr_server.generation.port import GenerationRequest, MaskEdit, MediaInput, Repaint, TaskHandle
from vr_server.media.codec import H264Encoder, H264Settings, as_i420, decode_video, write_mp4
from vr_server.media.colour import i420_to_rgb, rgb_to_i420
from vr_server.media.inspect import inspect_video

SIDE = 64


def asked(**changes) -> GenerationRequest:
    told = {"engine": "diffusers", "model": "m", "prompt": "a boat", "width_px": SIDE, "height_px": SIDE, "fps": 16}
    return GenerationRequest(**{**told, "duration_s": 9 / 16, "seed": 5, **changes})


def how(**changes) -> How:
    return How(**{"model": "m", "kind": "vace", "steps": 4, "guidance_scale": 5.0, "max_frames": 81, **changes})


def given(role, kind="image/png") -> MediaInput:
    return MediaInput(role=role, sha256=f"{len(role):064x}", media_type=kind)


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    made = Shelf(tmp_path / "diffusers")
    made.prepare()
    return made


def picture(path: Path, value, size=(SIDE, SIDE)) -> Path:
    assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), value, np.uint8))
    return path


def video(path: Path, values, fps=16, size=(SIDE, SIDE)) -> Path:
    encoder = H264Encoder(H264Settings(*size, Fraction(fps), 4, crf=10))
    packets = []
    for value in values:
        packets += encoder.encode(rgb_to_i420(np.full((size[1], size[0], 3), value, np.uint8)))
    write_mp4(path, iter(packets + encoder.flush()), width_px=size[0], height_px=size[1], fps=Fraction(fps))
    return path


def placed(shelf, request, files=(), **told):
    by_role = dict(files)
    return shelf.place(request, how(**told), lambda media: by_role[media.role])


class Grey:
    """A studio that needs no model: a ramp of grey. `works`: what happens while it does, once each."""

    revision = "c0ffee"

    def __init__(self, *works) -> None:
        self.works = list(works)

    def make(self, order, given, report):
        report("sampling", 0.5)
        if self.works:
            self.works.pop(0)()
            report("sampling", 0.9)
        ramp = np.linspace(20, 230, given.frames).astype(np.uint8)
        return np.broadcast_to(ramp[:, None, None, None], (given.frames, SIDE, SIDE, 3)).copy()


def worker(shelf, *works) -> Worker:
    studio = Grey(*works)
    return Worker(shelf, lambda: studio, 0.0)


def raising(error):
    def work():
        raise error

    return work


# --- settings


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    def problem(**told):
        return DiffusersEngine(DiffusersSettings(**told)).problem()

    assert "set VR_PREVIS_DIFFUSERS_MODEL" in problem()
    assert "neither a folder nor a name" in problem(model="/nowhere/at all")
    assert "no model_index.json" in problem(model=str(tmp_path))
    assert "set VR_PREVIS_DIFFUSERS_KIND" in problem(model="somebody/video-model")
    monkeypatch.setattr(diffusers, "find_spec", lambda name: None if name in {"torch", "ftfy"} else name)
    assert problem(model="Wan-AI/Wan2.2-TI2V-5B-Diffusers") == (
        "not installed (torch, ftfy): pip install 'vr-previs[diffusers]'"
    )
    monkeypatch.setattr(diffusers, "find_spec", lambda name: name)
    assert problem(model="Wan-AI/Wan2.2-TI2V-5B-Diffusers") is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("REVISION", "main", "REVISION: String should match"),
        ("SIZES", "1280x720,830x480", "'830x480' is not a size such as 832x480"),
        ("MAX_FRAMES", "80", "must be 4k \\+ 1"),
        ("DTYPE", "int8", "DTYPE: Input should be 'auto', 'bfloat16'"),
        ("STEPS", "0", "STEPS: Input should be greater"),
    ],
)
def test_a_wrong_setting_is_named(name, value, told):
    environ = {"VR_PREVIS_DIFFUSERS_MODEL": "Wan-AI/Wan2.2-T2V-A14B-Diffusers", f"VR_PREVIS_DIFFUSERS_{name}": value}
    with pytest.raises(InvalidInput, match=told):
        remote_engines(Settings.load(environ).engine_options)


def test_it_is_offered_once_it_is_set_up(monkeypatch):
    monkeypatch.setattr(diffusers, "find_spec", lambda name: name)
    told = {"VR_PREVIS_DIFFUSERS_MODEL": "Wan-AI/Wan2.2-T2V-A14B-Diffusers", "VR_PREVIS_DIFFUSERS_SIZES": "832x480"}
    (engine,) = remote_engines(Settings.load(told).engine_options).values()
    able = engine.capabilities()
    assert (able.name, able.sizes, able.fps, able.concurrent_tasks) == ("diffusers", ((832, 480),), (16,), 1)
    assert engine.estimate(asked()).amount == 0


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("Wan-AI/Wan2.2-T2V-A14B-Diffusers", "t2v"),
        ("Wan-AI/Wan2.2-TI2V-5B-Diffusers", "ti2v"),
        ("Wan-AI/Wan2.2-I2V-A14B-Diffusers", "i2v"),
        ("Wan-AI/Wan2.1-VACE-1.3B-diffusers", "vace"),
        ("somebody/else", None),
    ],
)
def test_what_a_model_makes_clips_from_is_in_its_name(model, kind):
    assert kind_of(model) == kind


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        ('{"_class_name": "WanPipeline"}', "t2v"),
        ('{"_class_name": "WanPipeline", "expand_timesteps": true}', "ti2v"),
        ('{"_class_name": "WanVACEPipeline"}', "vace"),
        ('{"_class_name": "FluxPipeline"}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_what_a_folder_makes_clips_from_is_in_its_index(tmp_path, index, kind):
    (tmp_path / "model_index.json").write_text(index)
    assert kind_of(str(tmp_path)) == kind


def test_a_request_is_fitted_to_the_model():
    ti2v = DiffusersEngine(DiffusersSettings(model="Wan-AI/Wan2.2-TI2V-5B-Diffusers")).capabilities()
    fitted = fit(asked(width_px=1280, height_px=720, fps=24, duration_s=5), ti2v).request
    assert (fitted.size, fitted.fps, round(fitted.duration_s * 24)) == ((1280, 704), 24, 121)
    a14b = DiffusersEngine(DiffusersSettings(model="Wan-AI/Wan2.2-T2V-A14B-Diffusers")).capabilities()
    fitted = fit(asked(width_px=1280, height_px=720, fps=24, duration_s=4), a14b).request
    assert (fitted.size, fitted.fps, round(fitted.duration_s * 16) % 4) == ((1280, 720), 16, 1)
    with pytest.raises(InvalidInput, match=r"at most 5\.0625 s"):
        fit(asked(width_px=1280, height_px=720, duration_s=8), a14b)


# --- the folder of orders


def test_an_order_is_one_however_often_it_is_placed(shelf):
    first = placed(shelf, asked())
    assert placed(shelf, asked()).id == first.id
    assert placed(shelf, asked(seed=6)).id != first.id
    assert placed(shelf, asked(), steps=5).id != first.id  # made another way it is another clip
    assert len(shelf.open_orders()) == 3
    first.say(Progress(state="failed", code="engine-failed", message="no"))
    assert shelf.find(asked(), how()) is None
    again = placed(shelf, asked())
    assert (again.id, first.id) == (first.id[:-1] + "2", again.id[:-1] + "1")
    assert first.progress().message == "no"


def test_servers_that_order_the_same_at_once_have_one_order(shelf):
    together = threading.Barrier(8)

    def place(_):
        together.wait()
        return placed(shelf, asked()).id

    with ThreadPoolExecutor(8) as servers:
        assert len(set(servers.map(place, range(8)))) == 1
    assert len(shelf.open_orders()) == 1
    assert [path.name for path in shelf.folder.iterdir()] == ["orders"]


def test_a_file_that_is_not_there_leaves_no_order(shelf, tmp_path):
    request = asked(mode="image", inputs=(given("first_frame"),))
    with pytest.raises(StorageFailed, match="cannot be written"):
        placed(shelf, request, {"first_frame": tmp_path / "gone.png"})
    assert not shelf.open_orders()
    assert [path.name for path in shelf.folder.iterdir()] == ["orders"]


def test_what_ended_long_ago_is_removed_and_what_is_open_stays(shelf):
    done, waiting = placed(shelf, asked()), placed(shelf, asked(seed=6))
    done.say(Progress(state="succeeded"))
    shelf.prune()
    assert done.path.is_dir()
    shelf.prune(time.time() + 8 * 86_400)
    assert not done.path.exists()
    assert waiting.path.is_dir()
    assert shelf.named(f"../{waiting.id}") is None


# --- the worker


def test_an_order_becomes_a_clip(shelf):
    order = placed(shelf, asked())
    assert worker(shelf).work_once()
    now = order.progress()
    assert (now.state, now.share, now.attempts, now.revision) == ("succeeded", 1.0, 1, "c0ffee")
    facts = inspect_video(order.clip)
    assert (facts.width_px, facts.height_px, facts.fps, facts.frame_count) == (SIDE, SIDE, 16.0, 9)
    greys = [i420_to_rgb(as_i420(frame), SIDE, SIDE).mean() for frame in decode_video(order.clip)]
    assert np.allclose(greys, np.linspace(20, 230, 9), atol=2)
    assert not worker(shelf).work_once()


def test_what_is_called_off_stops_and_the_next_is_made(shelf):
    first, second = placed(shelf, asked()), placed(shelf, asked(seed=6))
    works = worker(shelf, first.call_off)
    assert works.work_once()
    assert works.work_once()
    assert (first.progress().state, second.progress().state) == ("cancelled", "succeeded")
    assert not first.clip.exists()
    assert placed(shelf, asked()).id != first.id


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (EngineFailed("No memory was left."), "engine-failed", "No memory was left."),
        (ZeroDivisionError("x"), "engine-failed", "broke off: ZeroDivisionError"),
        (InvalidMedia("a.mp4 is damaged."), "invalid-media", "a.mp4 is damaged."),
    ],
)
async def test_a_failure_is_one_order_s_and_an_engine_s(shelf, error, code, told):
    first, second = placed(shelf, asked()), placed(shelf, asked(seed=6))
    works = worker(shelf, raising(error))
    assert works.work_once()
    assert works.work_once()
    assert (first.progress().state, first.progress().code) == ("failed", code)
    assert second.progress().state == "succeeded"
    status = await engine_on(shelf).poll(handle(first))
    assert isinstance(status.failure, EngineFailed)
    assert told in str(status.failure)


def test_an_order_that_kills_its_worker_is_given_up(shelf):
    order = placed(shelf, asked())
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):  # as far as the order can tell, the process is gone
            worker(shelf, raising(KeyboardInterrupt())).work_once()
        assert order.progress().state == "running"
    assert worker(shelf).work_once()
    now = order.progress()
    assert now.state == "failed"
    assert "died 2 times in the middle of this order" in now.message
    assert str(shelf.log) in now.message


def test_an_order_that_cannot_be_read_stops_nobody(shelf):
    bad, good = placed(shelf, asked()), placed(shelf, asked(seed=6))
    (bad.path / "order.json").write_text('{"version": 2}')
    works = worker(shelf)
    while works.work_once():
        pass
    assert bad.progress().code == "storage-failed"
    assert good.progress().state == "succeeded"


def test_there_is_one_worker_and_it_outlives_whoever_started_it(shelf):
    def begin(idle_s):
        command = [sys.executable, "-m", "vr_server.generation.engines.diffusers_worker", shelf.folder, str(idle_s)]
        with shelf.log.open("ab") as log:
            subprocess.run(command, check=True, timeout=30, stdout=log, stderr=log)

    def ended():
        until = time.monotonic() + 20
        while shelf.worker_lives() and time.monotonic() < until:
            time.sleep(0.02)
        return not shelf.worker_lives()

    assert not shelf.worker_lives()
    begin(60)
    assert shelf.worker_lives()  # what was started has ended, what it left behind has not
    begin(0)  # one more has nothing to do
    (pid,) = re.findall(r"worker (\d+) begins", shelf.log.read_text())
    os.kill(int(pid), signal.SIGKILL)
    assert ended()  # whatever ends a worker, the next one can begin
    begin(0)
    assert ended()
    assert "nothing to do for 0 s: the worker ends" in shelf.log.read_text()


# --- the engine


def engine_on(shelf, **told) -> DiffusersEngine:
    return DiffusersEngine(DiffusersSettings(**{"model": "somebody/VACE", "folder": shelf.folder, **told}))


def handle(order) -> TaskHandle:
    return TaskHandle(engine="diffusers", id=order.id, model="m", submitted_at_s=0)


async def test_without_its_libraries_nothing_is_ordered(shelf, monkeypatch):
    monkeypatch.setattr(diffusers, "find_spec", lambda name: None)
    engine = engine_on(shelf)
    with pytest.raises(EngineFailed, match=r"pip install 'vr-previs\[diffusers\]'"):
        await engine.submit(asked(), None)
    assert not shelf.open_orders()
    assert await engine.find(asked()) is None


async def test_a_clip_that_is_gone_is_said_to_be(shelf, tmp_path):
    order, engine = placed(shelf, asked()), engine_on(shelf)
    order.say(Progress(state="succeeded", share=1.0))
    status = await engine.poll(handle(order))
    assert status.state == "succeeded"
    with pytest.raises(ResultGone):
        await engine.fetch(handle(order), status, tmp_path / "clip.mp4")
    assert not await engine.cancel(handle(order))
    for path in order.path.iterdir():
        path.unlink()
    order.path.rmdir()
    assert "no longer in" in str((await engine.poll(handle(order))).failure)


async def test_what_waits_without_a_worker_is_cancelled_at_once(shelf):
    order, engine = placed(shelf, asked()), engine_on(shelf)
    assert await engine.cancel(handle(order))
    assert (await engine.poll(handle(order))).state == "cancelled"  # no worker is started for it
    assert not shelf.worker_lives()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mode": "edit_mask", "edit": MaskEdit()}, "keeps a mask where it was drawn"),
        ({"mode": "repaint", "edit": Repaint()}, "send that along as the guide"),
        ({"mode": "repaint", "edit": Repaint(control="pose"), "guide": "depth"}, "pose is to be followed"),
    ],
)
async def test_what_it_cannot_do_is_refused_before_it_is_an_order(shelf, changes, told):
    with pytest.raises(InvalidInput, match=told):
        await engine_on(shelf).submit(asked(**changes), None)
    assert not shelf.open_orders()


# --- what clips are made from


def test_a_first_and_a_last_frame_are_cut_to_the_clip_and_kept(shelf, tmp_path):
    files = {"first_frame": picture(tmp_path / "a.png", 200, (128, 64)), "last_frame": picture(tmp_path / "b.png", 40)}
    request = asked(mode="first_last", inputs=(given("first_frame"), given("last_frame")))
    made = conditions_of(placed(shelf, request, files))
    assert made.video.shape == (9, SIDE, SIDE, 3)
    assert [int(frame.mean()) for frame in made.video] == [200, *[128] * 7, 40]
    assert [int(mask.mean()) for mask in made.mask] == [0, *[255] * 7, 0]
    plain = conditions_of(placed(shelf, request, files, kind="i2v"))
    assert plain.video is None
    assert (int(plain.first.mean()), int(plain.last.mean())) == (200, 40)


def test_a_guide_is_taken_at_the_clip_s_own_times(shelf, tmp_path):
    files = {"guide": video(tmp_path / "g.mp4", range(20, 220, 20), fps=32)}
    request = asked(guide="depth", inputs=(given("guide", "video/mp4"),))
    made = conditions_of(placed(shelf, request, files))
    assert np.allclose(made.video.mean((1, 2, 3)), [20, 60, 100, 140, *[180] * 5], atol=3)
    assert (made.mask == 255).all()
    repainted = request.model_copy(update={"mode": "repaint", "edit": Repaint(strength=0.4)})
    assert conditions_of(placed(shelf, repainted, files)).scale == 0.4


def test_a_clip_goes_on_from_another_at_its_own_rate(shelf, tmp_path):
    files = {"source_video": video(tmp_path / "s.mp4", [30, 30, 60, 60, 90, 90, 120, 120], fps=32)}
    made = conditions_of(placed(shelf, asked(mode="extend", inputs=(given("source_video", "video/mp4"),)), files))
    assert np.allclose(made.video.mean((1, 2, 3)), [30, 60, 90, 120, *[128] * 5], atol=3)
    assert [int(mask.mean()) for mask in made.mask] == [*[0] * 4, *[255] * 5]
    assert made.kept is None


def test_references_are_whole_and_on_white(shelf, tmp_path):
    request = asked(mode="reference", inputs=(given("reference"),))
    made = conditions_of(placed(shelf, request, {"reference": picture(tmp_path / "r.png", 90, (128, 64))}))
    (reference,) = made.references
    assert reference.shape == (SIDE, SIDE, 3)
    assert reference[0, 0].tolist() == [255, 255, 255]
    assert reference[32, 0].tolist() == [90, 90, 90]
    assert made.video is None


def test_an_edit_leaves_what_is_outside_its_mask(shelf, tmp_path):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[16:48, 16:48] = 255
    cv2.imwrite(str(tmp_path / "m.png"), mask)
    files = {"source_video": video(tmp_path / "s.mp4", [100] * 7, fps=24), "mask": tmp_path / "m.png"}
    request = asked(
        mode="edit_mask", edit=MaskEdit(tracking=False, expand_ratio=0, expand_shape="original"),
        inputs=(given("source_video", "video/mp4"), given("mask")),
    )  # fmt: skip
    order = placed(shelf, request, files)
    made = conditions_of(order)
    assert (made.frames, made.fps) == (9, 24)  # 4k + 1, at the clip's own rate
    assert made.video[0, 30, 30].tolist() == [128] * 3
    assert abs(int(made.video[0, 0, 0, 0]) - 100) <= 2
    assert worker(shelf).work_once()
    frames = [i420_to_rgb(as_i420(frame), SIDE, SIDE) for frame in decode_video(order.clip)]
    assert len(frames) == 7  # its own length again
    outside = np.abs(frames[0][mask == 0].astype(int) - 100)
    assert (outside <= 2).mean() > 0.99
    assert abs(int(frames[0][32, 32, 0]) - 20) <= 3
    with pytest.raises(InvalidInput, match="more than 5 frames"):
        conditions_of(placed(shelf, request, files, max_frames=5))


def test_a_mask_that_is_a_video_is_as_long_as_its_clip(shelf, tmp_path):
    files = {"source_video": video(tmp_path / "s.mp4", [100] * 7), "mask": video(tmp_path / "m.mp4", [255] * 6)}
    inputs = (given("source_video", "video/mp4"), given("mask", "video/mp4"))
    with pytest.raises(InvalidInput, match="not as many frames as its clip, which has 7"):
        conditions_of(placed(shelf, asked(mode="edit_mask", edit=MaskEdit(), inputs=inputs), files))


def test_nothing_changes_outside_however_soft_the_border():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    old, new = np.full((2, 40, 40, 3), 50, np.uint8), np.full((3, 40, 40, 3), 250, np.uint8)
    frames = list(Kept(old, np.stack([mask, mask])).around(new))
    assert len(frames) == 2
    assert (frames[0][mask == 0] == 50).all()
    assert frames[0][20, 20, 0] == 250
    assert (np.diff(frames[0][20, 9:18, 0].astype(int)) >= 0).all()


def test_a_mask_grows_in_the_shape_asked_for():
    drawn = np.zeros((100, 100), np.uint8)
    drawn[40:60, 40:45] = drawn[55:60, 40:60] = 255  # an L

    def area(shape, ratio):
        return int((grown(drawn, MaskEdit(expand_shape=shape, expand_ratio=ratio)) > 0).sum())

    assert area("original", 0) == (drawn > 0).sum()
    assert area("original", 0) < area("hull", 0) < area("bbox", 0) == 400
    wide = grown(drawn, MaskEdit(expand_shape="bbox", expand_ratio=0.05)) > 0
    assert (np.flatnonzero(wide.any(0))[[0, -1]].tolist(), wide[:40].any(1).sum()) == ([35, 64], 5)


def test_files_that_are_not_what_they_say(shelf, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    order = placed(shelf, asked(mode="image", inputs=(given("first_frame"),)), {"first_frame": tmp_path / "a.png"})
    with pytest.raises(InvalidMedia, match="not a picture"):
        conditions_of(order)
    mask = {"source_video": video(tmp_path / "s.mp4", [9] * 5), "mask": picture(tmp_path / "m.png", 0)}
    request = asked(mode="edit_mask", inputs=(given("source_video", "video/mp4"), given("mask")))
    with pytest.raises(InvalidInput, match="black all over"):
        conditions_of(placed(shelf, request, mask))


def test_nothing_of_torch_is_imported_by_the_server():
    code = (
        "import sys; from vr_server.generation.engines import diffusers, diffusers_worker; "
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert told.stdout.strip() == "[]"


def test_a_report_after_the_order_was_called_off_ends_the_work(shelf):
    order = placed(shelf, asked())
    heard = []

    class Stubborn(Grey):
        def make(self, order_, given, report):
            order.call_off()
            try:
                report("sampling", 0.1)
            except Cancelled as error:
                heard.append(error)
                raise
            return super().make(order_, given, report)

    Worker(shelf, Stubborn, 0.0).work_once()
    assert len(heard) == 1
    assert order.progress().state == "cancelled"
