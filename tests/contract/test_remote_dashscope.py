"""DashScope's own ways: which body each mode sends, uploads, states, regions."""

import json

import cv2
import numpy as np
import pytest
from remote_dashscope import CREATE, CREATE_TWO_FRAMES, DashScopeReplay, Inputs
from replay import KEY, FakeClock, Fault, make_clip, serving

from vr_server.domain.errors import EngineAuth, EngineFailed, EngineLied, InvalidInput, OutcomeUnknown, ResultGone
from vr_server.domain.shot import ShotSpec
from vr_server.generation.engines.dashscope import DashScopeEngine, DashScopeSettings
from vr_server.generation.fitting import fit, request_key
from vr_server.generation.planning import Earlier, plan
from vr_server.generation.port import MaskEdit, Outpaint, Repaint

WIDE = {"width_px": 1280, "height_px": 720}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", width_px=640, height_px=360, frames=4)


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path)


@pytest.fixture
async def replay():
    replay = DashScopeReplay()
    async with serving(replay):
        yield replay


async def send(replay, inputs, mode="text", edit=None, given=(), size=WIDE, **options):
    """What the service was sent: path of the call, body."""
    engine = replay.engine(replay.base_url, FakeClock(), **options)
    asked = replay.request.model_copy(update={"mode": mode, "edit": edit, "inputs": tuple(given), **size})
    try:
        await engine.submit(fit(asked, engine.capabilities(mode)).request, inputs)
    finally:
        await engine.aclose()
    return replay.of("submit")[-1].path.removeprefix(replay.base_url), replay.order


async def test_text_by_the_legacy_protocol(replay, inputs):
    asked = replay.request.model_copy(update={"negative_prompt": "blurry"})
    replay.request = asked
    path, body = await send(replay, inputs)
    assert path == CREATE
    assert body == {
        "model": "wan2.2-t2v-plus",
        "input": {"prompt": "A knight rides.", "negative_prompt": "blurry"},
        "parameters": {
            "size": "1920*1080", "duration": 5, "prompt_extend": False, "watermark": False, "seed": 5,
        },
    }  # fmt: skip


async def test_text_by_the_new_protocol(replay, inputs):
    _, body = await send(replay, inputs, text_model="wan2.7-t2v")
    told = body["parameters"]
    assert (told["resolution"], told["ratio"], told["duration"]) == ("720P", "16:9", 5)
    assert "size" not in told


async def test_a_first_frame_goes_up_and_is_named(replay, inputs):
    first = inputs.picture("first_frame")
    _, body = await send(replay, inputs, "image", given=[first])
    assert body["input"]["img_url"] == f"oss://dashscope-instant/1/first_frame-{first.sha256[:16]}.png"
    assert body["parameters"]["resolution"] == "1080P"
    sent = replay.uploaded[0]
    assert inputs(first).read_bytes() in sent
    assert sent.index(b'name="file"') > sent.index(b'name="policy"')  # OSS reads nothing behind the file
    call = replay.of("upload")[0]
    assert "authorization" not in call.headers
    assert KEY.encode() not in call.body
    _, body = await send(replay, inputs, "image", given=[first], image_model="wan2.7-i2v")
    assert [media["type"] for media in body["input"]["media"]] == ["first_frame"]


async def test_first_and_last_frame(replay, inputs):
    frames = [inputs.picture("first_frame"), inputs.picture("last_frame", shade=3)]
    path, body = await send(replay, inputs, "first_last", given=frames)
    assert path == CREATE_TWO_FRAMES
    assert {"first_frame_url", "last_frame_url"} <= set(body["input"])
    path, body = await send(replay, inputs, "first_last", given=frames, first_last_model="wan2.7-i2v")
    assert path == CREATE
    assert [media["type"] for media in body["input"]["media"]] == ["first_frame", "last_frame"]


async def test_vace_edits(replay, inputs, film):
    video, mask = inputs.add("source_video", film, "video/mp4"), inputs.picture("mask")
    _, body = await send(replay, inputs, "edit_mask", MaskEdit(frame=3, expand_ratio=0.1), [video, mask])
    assert body["model"] == "wan2.1-vace-plus"
    assert (body["input"]["function"], body["input"]["mask_frame_id"]) == ("video_edit", 4)
    assert body["parameters"] == {
        "mask_type": "tracking", "expand_ratio": 0.1, "expand_mode": "hull", "size": "1280*720", "seed": 5,
        "prompt_extend": False,
    }  # fmt: skip
    _, body = await send(replay, inputs, "repaint", Repaint(control="pose", strength=0.7), [video], region="china")
    assert body["model"] == "wanx2.1-vace-plus"
    assert (body["parameters"]["control_condition"], body["parameters"]["strength"]) == ("posebody", 0.7)
    _, body = await send(replay, inputs, "extend", None, [video])
    assert body["input"]["function"] == "video_extension"
    assert body["input"]["first_clip_url"].startswith("oss://")
    _, body = await send(replay, inputs, "outpaint", Outpaint(left=1.5), [video])
    assert (body["parameters"]["left_scale"], body["parameters"]["right_scale"]) == (1.5, 1.0)
    _, body = await send(
        replay, inputs, "reference", None, [inputs.picture("reference"), inputs.picture("reference", shade=7)]
    )
    assert body["parameters"]["obj_or_bg"] == ["obj", "obj"]


async def test_a_blocked_shot_is_sent_as_its_blockout_for_the_service_to_find_depth_in(replay, tmp_path, film):
    """Two parts: the second is given the last frame of the first as its reference."""
    (tmp_path / "guide.mp4").write_bytes(film)
    frame = cv2.imencode(".png", np.zeros((360, 640, 3), np.uint8))[1].tobytes()
    (tmp_path / "frame.png").write_bytes(frame)
    engine = replay.engine(replay.base_url, FakeClock())
    spec = ShotSpec(text="a knight rides", language="en", duration_s=8)
    asked = replay.request.model_copy(update={"duration_s": 8.0, **WIDE})
    made = plan(asked, spec, engine.capabilities, "auto", 0.8)
    first = made.ask(0, None).request
    second = made.ask(1, Earlier(request_key(first), made.windows[0])).request

    def files(given):
        return tmp_path / ("guide.mp4" if given.media_type == "video/mp4" else "frame.png")

    await engine.submit(first, files)
    assert replay.order["model"] == "wan2.1-vace-plus"
    assert replay.order["input"]["function"] == "video_repainting"
    assert replay.order["input"]["video_url"].startswith("oss://")
    assert "ref_images_url" not in replay.order["input"]
    assert replay.order["parameters"] == {
        "control_condition": "depth", "strength": 0.8, "seed": 5, "prompt_extend": False,
    }  # fmt: skip
    assert any(film in body for body in replay.uploaded)
    await engine.submit(second, files)
    assert len(replay.order["input"]["ref_images_url"]) == 1
    await engine.aclose()
    recipe = first.input("source_video").recipe
    assert (recipe.show, recipe.width_px, recipe.height_px, recipe.fps, recipe.frames) == (
        "picture",
        1280,
        720,
        30,
        120,
    )


async def test_inputs_that_would_be_refused_are_not_sent(replay, inputs, film):
    small = inputs.picture("first_frame", 200, 200)
    with pytest.raises(InvalidInput, match="200x200"):
        await send(replay, inputs, "image", given=[small])
    video, mask = inputs.add("source_video", film, "video/mp4"), inputs.picture("mask", 800, 450)
    with pytest.raises(InvalidInput, match="size of the video"):
        await send(replay, inputs, "edit_mask", None, [video, mask])
    with pytest.raises(InvalidInput, match="mask"):
        await send(replay, inputs, "edit_mask", None, [video])
    assert replay.calls == []


async def test_an_upload_does_not_go_into_our_network(replay, inputs):
    replay.upload_host = "http://169.254.169.254/latest"
    with pytest.raises(EngineLied, match="own network"):
        await send(replay, inputs, "image", given=[inputs.picture("first_frame")])
    assert replay.of("submit") == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "InvalidApiKey", EngineAuth), (403, "Arrearage", EngineAuth), (400, "Arrearage", EngineAuth),
        (404, "ModelNotFound", EngineFailed), (400, "InvalidParameter", EngineFailed),
    ],
)  # fmt: skip
async def test_codes_mean_what_is_documented(replay, inputs, status, code, kind):
    replay.faults["submit"] = [Fault("text", status, json.dumps({"code": code, "message": "no", "request_id": "r"}))]
    with pytest.raises(kind, match="no") as caught:
        await send(replay, inputs)
    assert type(caught.value) is kind


async def test_a_task_is_kept_for_a_day(replay, inputs):
    clock = FakeClock()
    engine = replay.engine(replay.base_url, clock, price_per_s=0.1)
    handle = await engine.submit(fit(replay.request, engine.capabilities()).request, inputs)
    replay.states = ["UNKNOWN"]
    assert isinstance((await engine.poll(handle)).failure, OutcomeUnknown)
    clock.t_s += 24 * 3600
    assert isinstance((await engine.poll(handle)).failure, ResultGone)
    replay.states = ["SUCCEEDED"]
    status = await engine.poll(handle)
    assert (status.cost.amount, status.actual_prompt) == (0.5, "b")
    await engine.aclose()


async def test_what_runs_cannot_be_cancelled(replay, inputs):
    engine = replay.engine(replay.base_url, FakeClock())
    handle = await engine.submit(fit(replay.request, engine.capabilities()).request, inputs)
    replay.states = ["RUNNING"]
    assert not await engine.cancel(handle)
    replay.states = ["PENDING"]
    assert await engine.cancel(handle)
    await engine.aclose()


def test_each_region_has_its_host_and_each_mode_its_model():
    assert DashScopeSettings(region="us").host == "https://dashscope-us.aliyuncs.com"
    engine = DashScopeEngine(DashScopeSettings())
    assert engine.problem().startswith("no key")
    assert engine.capabilities("edit_mask").guides == ("depth", "pose", "scribble")
    with pytest.raises(InvalidInput, match="832x480"):
        fit(DashScopeReplay.request.model_copy(update={"width_px": 640, "height_px": 100}), engine.capabilities())
