"""ComfyUI's workflows: templates filled and held against the server's nodes, uploads, a production's own."""

import json
from pathlib import Path

import pytest
from comfyui_nodes import Graph
from remote_comfyui import ComfyUIReplay, fitted, ordered
from remote_dashscope import Inputs
from replay import FakeClock, make_clip, serving
from starlette.responses import JSONResponse

from vr_server.domain.errors import EngineFailed, InvalidInput
from vr_server.domain.shot import ShotSpec
from vr_server.generation.engines.comfyui import ComfyUIEngine, ComfyUISettings
from vr_server.generation.engines.comfyui_workflow import load, shipped
from vr_server.generation.fitting import fit
from vr_server.generation.port import MaskEdit
from vr_server.generation.prompting import compile_for
from vr_server.generation.remote import wait_for


@pytest.fixture
async def replay():
    replay = ComfyUIReplay()
    async with serving(replay):
        yield replay


@pytest.fixture
async def engine(replay):
    made = replay.engine(replay.base_url, FakeClock(), workflows=shipped())
    yield made
    await made.aclose()


@pytest.fixture
def inputs(tmp_path):
    return Inputs(tmp_path)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", width_px=160, height_px=96, frames=10)


# --- templates


async def test_text_fills_the_places_it_is_bound_to(engine, replay):
    handle, graph = await ordered(engine, replay, negative_prompt="blurry", width_px=1280, height_px=720)
    assert (graph["5"]["inputs"]["text"], graph["6"]["inputs"]["text"]) == ("A knight rides.", "blurry")
    assert graph["9"]["inputs"] == {"width": 1280, "height": 720, "length": 81, "batch_size": 1}
    assert (graph["10"]["inputs"]["noise_seed"], graph["11"]["inputs"]["noise_seed"]) == (5, 0)
    assert (graph["13"]["inputs"]["fps"], graph["14"]["inputs"]["format"]) == (16, "mp4")
    assert graph["14"]["inputs"]["filename_prefix"].startswith("vr-previs/")
    assert (handle.model, handle.context["workflow"]) == ("Wan2.2-T2V-A14B", "wan22-t2v-14b")


async def test_a_first_frame_goes_up_and_is_named(engine, replay, inputs):
    first = inputs.picture("first_frame")
    handle, graph = await ordered(engine, replay, inputs, mode="image", inputs=(first,))
    assert replay.uploaded == {graph["15"]["inputs"]["image"]: inputs(first).read_bytes()}
    assert graph["15"]["inputs"]["image"] == f"vr-previs/{first.sha256[:32]}.png"
    assert graph["1"]["inputs"]["unet_name"].startswith("wan2.2_i2v_high")
    assert handle.model == "Wan2.2-I2V-A14B"


@pytest.mark.parametrize("guide", ["depth", "pose"])
async def test_a_guide_is_followed_by_the_workflow_that_can(engine, replay, inputs, film, guide):
    video = inputs.add("guide", film, "video/mp4")
    handle, graph = await ordered(engine, replay, inputs, guide=guide, inputs=(video,))
    assert graph["9"]["class_type"] == "WanVaceToVideo"
    assert graph["9"]["inputs"]["control_video"] == ["16", 0]
    assert replay.uploaded[graph["15"]["inputs"]["file"]] == film
    assert handle.model == "Wan2.1-VACE-14B"


async def test_a_masked_edit_keeps_every_frame_of_the_clip(engine, replay, inputs, film):
    given = (inputs.add("source_video", film, "video/mp4"), inputs.picture("mask", 160, 96, shade=255))
    edit = MaskEdit(tracking=False, expand_ratio=0.1)
    _, graph = await ordered(engine, replay, inputs, mode="edit_mask", edit=edit, inputs=given)
    assert len(replay.uploaded) == 2
    assert graph["9"]["inputs"]["length"] == 13  # the clip has 10: 4k + 1
    assert graph["21"]["inputs"]["expand"] == 48
    assert {graph[n]["inputs"]["width"] for n in ("9", "17", "19", "22")} == {832}
    # the workflow takes a mask for each frame: one picture is repeated
    masks = Graph(graph, replay.uploaded)["20", 0]
    assert masks.shape == (10, 480, 832)
    assert masks.min() > 0.99
    # what is outside the mask is the clip's own, at its own rate
    assert graph["27"]["inputs"]["destination"] == graph["26"]["inputs"]["destination"] == ["17", 0]
    assert graph["13"]["inputs"] == {"images": ["27", 0], "fps": ["16", 2]}


async def test_a_mask_of_another_length_is_refused_before_anything_goes_up(engine, replay, inputs, film, tmp_path):
    short = make_clip(tmp_path / "short.mp4", width_px=160, height_px=96, frames=9)
    given = (inputs.add("source_video", film, "video/mp4"), inputs.add("mask", short, "video/mp4"))
    with pytest.raises(InvalidInput, match="The mask has 9 frames, and its clip 10"):
        await ordered(engine, replay, inputs, mode="edit_mask", edit=MaskEdit(), inputs=given)
    assert replay.calls == []


async def test_a_still_mask_that_should_follow_is_refused_before_anything_goes_up(engine, replay, inputs, film):
    given = (inputs.add("source_video", film, "video/mp4"), inputs.picture("mask"))
    asked = replay.request.model_copy(update={"mode": "edit_mask", "edit": MaskEdit(tracking=True), "inputs": given})
    with pytest.raises(InvalidInput, match="send a video of it, a mask for each frame"):
        fit(asked, engine.capabilities("edit_mask"))
    with pytest.raises(InvalidInput, match="keeps the mask where it was drawn"):
        await engine.submit(asked, inputs)
    assert replay.calls == []


async def test_the_workflow_is_the_one_that_takes_such_a_mask(replay, inputs, film, tmp_path):
    bound = {"prompt": ["1.text"], "source_video": ["5.file"], "mask": ["5.mask"]}
    path = own(tmp_path, OURS, modes=["edit_mask"], inputs=bound)
    picture = replay.engine(replay.base_url, FakeClock(), workflows=path)
    assert picture.capabilities("edit_mask").masks == ("still",)
    given = (inputs.add("source_video", film, "video/mp4"), inputs.add("mask", film, "video/mp4"))
    with pytest.raises(InvalidInput, match="takes a mask as one picture"):
        await ordered(picture, replay, inputs, mode="edit_mask", edit=MaskEdit(), inputs=given)
    both = replay.engine(replay.base_url, FakeClock(), workflows=f"{path},wan21-vace-edit-14b")
    assert both.capabilities("edit_mask").masks == ("still", "video")
    handle, _ = await ordered(both, replay, inputs, mode="edit_mask", edit=MaskEdit(), inputs=given)
    assert handle.context["workflow"] == "wan21-vace-edit-14b"
    await picture.aclose()
    await both.aclose()


def test_capabilities_are_those_of_the_workflows():
    engine = ComfyUIEngine(ComfyUISettings(workflows=shipped()))
    able = engine.capabilities()
    assert able.guides == ("depth", "pose", "scribble")
    assert set(able.modes) == {"text", "image", "edit_mask"}
    assert able.model == "Wan2.2-T2V-A14B"
    assert engine.capabilities("edit_mask").model == "Wan2.1-VACE-14B"
    assert ComfyUIEngine(ComfyUISettings()).capabilities().guides == ()
    assert engine.problem() == "no address: set VR_PREVIS_COMFYUI_BASE_URL"
    spec = ShotSpec(text="A knight rides through rain.", language="en")
    assert compile_for(spec, able).dialect == "wan"
    assert compile_for(spec, able).negative


# --- held against the server, before anything is queued


async def test_a_model_that_is_not_there_is_named_with_its_place(engine, replay):
    replay.nodes["UNETLoader"][0]["unet_name"][0].remove("wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors")
    with pytest.raises(EngineFailed) as caught:
        await ordered(engine, replay)
    assert str(caught.value) == (
        "ComfyUI 0.3.62 cannot run workflow wan22-t2v-14b; missing: wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors for "
        "'Low noise expert' (UNETLoader) (put it into models/diffusion_models from "
        "huggingface.co/Comfy-Org/Wan_2.2_ComfyUI_Repackaged)."
    )
    assert replay.of("submit") == []


async def test_a_node_that_is_not_there_is_named_with_what_brings_it(engine, replay):
    del replay.nodes["SaveVideo"]
    with pytest.raises(EngineFailed, match=r"the node SaveVideo \(it comes with ComfyUI 0\.3\.46 or later\)"):
        await ordered(engine, replay)
    assert replay.of("submit") == []


async def test_inputs_that_changed_are_named(engine, replay):
    required = replay.nodes["EmptyHunyuanLatentVideo"][0]
    replay.nodes["EmptyHunyuanLatentVideo"] = (
        {k: v for k, v in required.items() if k != "length"} | {"frames": ["INT", {}]}, {}, ["LATENT"],
    )  # fmt: skip
    with pytest.raises(EngineFailed, match=r"'frames' of 'Size and length'.*; the input 'length' of 'Size and length'"):
        await ordered(engine, replay)
    assert replay.of("submit") == []


async def test_what_a_server_has_is_asked_once(engine, replay):
    await ordered(engine, replay)
    asked = len(replay.of("check"))
    await ordered(engine, replay, variant=1)
    assert len(replay.of("check")) == asked > 5
    # a model that went since is refused by the server, in the same words; then it is looked at again
    replay.nodes["VAELoader"][0]["vae_name"][0].clear()
    with pytest.raises(EngineFailed, match=r"'VAE' \(VAELoader\): Value not in list: vae_name"):
        await ordered(engine, replay, variant=2)
    with pytest.raises(EngineFailed, match="put it into models/vae"):
        await ordered(engine, replay, variant=3)


async def test_a_refused_prompt_says_which_node(engine, replay):
    replay.nodes["EmptyHunyuanLatentVideo"][0]["width"][1]["min"] = 1024
    with pytest.raises(EngineFailed, match=r"'Size and length' \(EmptyHunyuanLatentVideo\): Value out of range: width"):
        await ordered(engine, replay)


async def test_a_prompt_taken_by_half_is_not_left_running(engine, replay):
    errors = {"14": {"errors": [{"message": "Value not in list", "details": "codec"}], "class_type": "SaveVideo"}}

    async def half(request):
        answer = await ComfyUIReplay.prompt(replay, request)
        return JSONResponse({**json.loads(answer.body), "node_errors": errors})

    replay.prompt = half
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        with pytest.raises(EngineFailed, match=r"'Save the clip' \(SaveVideo\): Value not in list"):
            await engine.submit(fitted(engine, replay), None)
        await engine.aclose()
    assert replay.queue == {}


# --- a production's own workflow


def own(folder: Path, workflow: dict, **bindings) -> str:
    lines = {"title": "Ours", "model": "Ours-1", "fps": 24, "max_frames": 120} | bindings
    inputs = lines.pop("inputs", {"prompt": ["1.text"]})
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    text += "[inputs]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in inputs.items())
    (folder / "ours.json").write_text(json.dumps(workflow))
    (folder / "ours.toml").write_text(text)
    return str(folder / "ours.toml")


OURS = {
    "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["3", 0]}},
    "3": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}},
    "4": {"class_type": "GetVideoComponents", "inputs": {"video": ["5", 0]}},
    "5": {"class_type": "LoadVideo", "inputs": {"file": ""}},
    "9": {
        "class_type": "VHS_VideoCombine",
        "inputs": {"images": ["4", 0], "frame_rate": 24, "format": "video/h264-mp4"},
    },
}


async def test_a_productions_own_workflow_is_run(replay, inputs, film, tmp_path):
    bound = {"prompt": ["1.text"], "source_video": ["5.file"], "fps": ["9.frame_rate"]}
    path = own(tmp_path, OURS, modes=["repaint"], inputs=bound)
    engine = replay.engine(replay.base_url, FakeClock(), workflows=f"wan22-t2v-14b,{path}")
    assert engine.capabilities("repaint").fps == (24,)
    source = inputs.add("source_video", film, "video/mp4")
    handle, graph = await ordered(engine, replay, inputs, mode="repaint", inputs=(source,), fps=24)
    assert graph["9"]["inputs"]["frame_rate"] == 24
    # a loading node names its input as well, and a preview is temporary: the kept mp4 is the clip
    replay.outputs = {
        "5": {"images": [replay.file("source.mp4", "input")]},
        "8": {"images": [replay.file("preview_00001.mp4", "temp"), replay.file("frame.png")]},
        "9": {"gifs": [replay.file("ours_00001.webm"), replay.file("ours_00001.mp4") | {"format": "video/h264-mp4"}]},
    }
    status = await wait_for(engine, handle, clock=FakeClock())
    assert status.result_url == "view?filename=ours_00001.mp4&subfolder=vr-previs&type=output"
    await engine.aclose()


@pytest.mark.parametrize(
    ("graph", "bindings", "told"),
    [
        ({"nodes": [], "links": []}, {}, "Export \\(API\\)"),
        ({"1": {"inputs": {}}}, {}, "API format"),
        (OURS, {"inputs": {"prompt": ["77.text"]}}, "no node '77'"),
        (OURS, {"output": "88"}, "no node '88'"),
        (OURS, {"inputs": {"prompt": ["1"]}}, "must name places"),
        (OURS, {"inputs": {"seed": ["1.text"]}}, "where prompt goes"),
        (OURS, {"modes": ["image"]}, "where first_frame goes"),
        (
            OURS,
            {"modes": ["edit_mask"], "inputs": {"prompt": ["1.text"], "source_video": ["5.file"]}},
            "mask_video goes",
        ),
        (OURS, {"guides": ["depth"]}, "where guide goes"),
        (OURS, {"speed": 3}, "speed: Extra inputs"),
        (OURS, {"graph": "elsewhere.json"}, "elsewhere.json cannot be read"),
    ],
)
def test_a_workflow_that_does_not_fit_is_refused_at_the_start(tmp_path, graph, bindings, told):
    with pytest.raises(InvalidInput, match=told) as caught:
        load(own(tmp_path, graph, **bindings))
    assert "\n" not in str(caught.value)


def test_the_example_in_the_docs_can_be_used(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "comfyui.md").read_text("utf-8")
    (tmp_path / "ours.toml").write_text(text.partition("```toml\n")[2].partition("```")[0], "utf-8")
    node = {"class_type": "Some", "inputs": {}}
    (tmp_path / "ours.json").write_text(json.dumps(dict.fromkeys(("3", "5", "6", "7", "9"), node)))
    engine = ComfyUIEngine(ComfyUISettings(workflows=str(tmp_path / "ours.toml")))
    assert engine.capabilities().max_duration_s == pytest.approx(121 / 24)
    table = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `wan")}
    assert table == set(shipped())
