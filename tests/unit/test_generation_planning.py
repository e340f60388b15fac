"""How a take is asked for: what guides it, and a long shot in parts."""

import pytest
from pydantic import ValidationError

from vr_server.domain.errors import InvalidInput
from vr_server.domain.shot import ActionBeat, CameraIntent, ShotSpec, SubjectSpec
from vr_server.generation.fitting import request_key
from vr_server.generation.planning import Earlier, plan
from vr_server.generation.port import Capabilities, GenerationRequest, MediaInput, Mode, Repaint
from vr_server.generation.recipes import FrameRecipe, GuideRecipe, TailRecipe
from vr_server.generation.splitting import beat_times, split

WALKS = SubjectSpec(
    key="man", kind="man", label="a man", beats=(ActionBeat(action="walk", weight=2), ActionBeat(action="sit"))
)


def able(*modes: Mode, **told) -> Capabilities:
    return Capabilities(
        name="some", model=f"some-{modes[0]}", version="1", embedded=False, gives_depth=False, gives_ids=False,
        gives_camera=False, modes=modes, **told,
    )  # fmt: skip


def engine(**by_mode: Capabilities):
    return lambda mode: by_mode.get(mode, by_mode["text"])


def shot(seconds: float = 4.0) -> ShotSpec:
    return ShotSpec(text="a man walks and sits", language="en", subjects=(WALKS,), duration_s=seconds)


def base(seconds: float = 4.0, **told) -> GenerationRequest:
    told = {"width_px": 1280, "height_px": 720, "seed": 7, **told}
    return GenerationRequest(engine="some", prompt="a man walks", duration_s=seconds, **told)


def asked(made) -> list[GenerationRequest]:
    """The requests of all parts, each told the one before."""
    requests: list[GenerationRequest] = []
    for number in range(len(made.windows)):
        before = Earlier(request_key(requests[-1]), made.windows[number - 1]) if requests else None
        requests.append(made.ask(number, before).request)
    return requests


def test_a_shot_is_cut_into_few_even_parts_and_at_beats_where_one_is_near():
    assert split(4, 5, 5) == ((0, 4),)
    assert split(12, 5, 5) == ((0, 4), (4, 8), (8, 12))
    assert split(9, 5, 5) == ((0, 4.5), (4.5, 9))
    assert split(9, 5, 5, beats_s=(4.1, 8.2))[0][1] == pytest.approx(98 / 24)
    assert split(9, 5, 5, beats_s=(3.0,))[0][1] == 4.5  # the rest would be too long
    assert beat_times(shot(9)) == (6.0,)


@pytest.mark.parametrize("seconds", [5.1, 7.3, 10, 12.5, 15.9])
@pytest.mark.parametrize(("first", "further"), [(5, 5), (5.0625, 4), (8, 2), (2, 8)])
def test_parts_cover_the_shot_and_none_is_longer_than_the_engine_makes(seconds, first, further):
    parts = split(seconds, first, further, beats_s=(1.0, 3.3, 6.1), fps=16)
    assert parts[0][0] == 0
    assert parts[-1][1] == seconds
    assert [end for _, end in parts[:-1]] == [start for start, _ in parts[1:]]
    for number, (start, end) in enumerate(parts):
        assert 0 < end - start <= (first if number == 0 else further) + 1 / 16
    if seconds > first:
        assert len(parts) == 1 + -(-(seconds - first) // further)


def test_a_planned_input_is_named_by_its_recipe_and_by_nothing_else():
    recipe = FrameRecipe(order_id="o", at_s=4)
    given = MediaInput.planned("first_frame", recipe)
    assert given.media_type == "image/png"
    assert MediaInput.model_validate_json(given.model_dump_json()) == given
    with pytest.raises(ValidationError, match="named by its recipe"):
        MediaInput(role="first_frame", sha256="0" * 64, media_type="image/png", recipe=recipe)


def test_a_guide_is_drawn_as_the_engine_wants_it_in_the_size_and_rate_it_makes():
    can = engine(text=able("text", guides=("pose", "depth"), sizes=((832, 480),), fps=(16,), frames_step=4))
    made = plan(base(), shot(), can)
    request = made.ask(0, None).request
    recipe = request.inputs[0].recipe
    assert (request.mode, request.guide) == ("text", "depth")
    assert isinstance(recipe, GuideRecipe)
    assert (recipe.show, recipe.width_px, recipe.height_px, recipe.fps, recipe.frames) == ("depth", 832, 480, 16, 65)
    assert (recipe.spec, recipe.seed) == (shot(), 7)
    used = made.used_in(request)
    assert (used.asked, used.used, used.recipe, used.strength) == ("auto", "depth", request.inputs[0].sha256, None)


def test_an_engine_that_repaints_is_given_the_blockout_itself():
    can = engine(text=able("text"), repaint=able("repaint", guides=("depth", "pose"), sizes=((1280, 720),), fps=(30,)))
    made = plan(base(), shot(), can, "pose", 0.6)
    request = made.ask(0, None).request
    assert (request.mode, request.model) == ("repaint", "some-repaint")
    assert request.edit == Repaint(control="pose", strength=0.6)
    assert [(given.role, given.recipe.show) for given in request.inputs] == [("source_video", "picture")]
    assert (made.used_in(request).used, made.used_in(request).strength) == ("pose", 0.6)


def test_what_is_not_followed_is_told_and_not_recorded_as_followed():
    made = plan(base(), shot(), engine(text=able("text")), "camera")
    fitted = made.ask(0, None)
    assert fitted.request.inputs == ()
    assert "some follows no camera guide (it offers: none)" in " ".join(made.remarks)
    assert (made.used_in(fitted.request).asked, made.used_in(fitted.request).used) == ("camera", None)
    guided = able("text", guides=("depth",))
    off = plan(base(), shot(), engine(text=guided), "off")
    assert off.ask(0, None).request.guide is None
    given = MediaInput(role="first_frame", sha256="1" * 64, media_type="image/png")
    from_picture = plan(base(mode="image", inputs=(given,)), shot(), engine(text=guided, image=able("image")))
    assert from_picture.ask(0, None).request.inputs == (given,)
    assert from_picture.remarks == ()


PICTURE = MediaInput(role="first_frame", sha256="1" * 64, media_type="image/png")
FISHEYE = shot().model_copy(update={"camera": CameraIntent(projection="fisheye")})
BESIDE = able("text", guides=("pose", "camera", "depth"))
REDRAWN = able("repaint", guides=("scribble", "camera"))


@pytest.mark.parametrize(
    ("wish", "told", "spec", "can", "used", "why", "remark"),
    [
        ("auto", {}, shot(), {"text": BESIDE}, "depth", "chosen", None),
        ("pose", {}, shot(), {"text": BESIDE}, "pose", "asked", None),
        ("off", {}, shot(), {"text": BESIDE}, None, "off", None),
        ("auto", {}, shot(), {"repaint": REDRAWN}, "scribble", "only", None),
        ("auto", {}, shot(), {}, None, "unable", None),
        ("camera", {}, shot(), {"repaint": REDRAWN}, None, "unable", "some follows no camera guide (it offers: scribble)"),
        ("auto", {"mode": "image", "inputs": (PICTURE,)}, shot(), {"text": BESIDE}, None, "given", None),
        ("depth", {"mode": "image", "inputs": (PICTURE,)}, shot(), {"text": BESIDE}, None, "given",
         "Made from the first frame that is given, the take follows that alone, no depth guide."),
        ("auto", {}, FISHEYE, {"text": BESIDE}, None, "lens", "no guide seen through a fisheye"),
        ("auto", {}, FISHEYE, {"text": BESIDE, "repaint": REDRAWN}, "scribble", "chosen", None),
    ],
)  # fmt: skip
def test_a_plan_says_what_is_followed_and_why_and_remarks_what_was_wished_in_vain(
    wish, told, spec, can, used, why, remark
):
    made = plan(base(**told), spec, engine(**({"text": able("text"), "image": able("image")} | can)), wish)
    assert (made.choice.used, made.choice.why) == (used, why)
    assert made.used_in(made.ask(0, None).request).used == used
    assert (used or made.choice.asked) in made.choice.line or used is None
    if remark is None:
        assert made.remarks == ()
    else:
        assert remark in made.remarks[0]
        assert "\n" not in made.choice.line


def test_a_long_shot_goes_on_from_the_last_frame_of_each_part():
    can = engine(
        text=able("text", durations_s=(5.0,), sizes=((1920, 1080),), fps=(30,)),
        image=able("image", durations_s=(5.0,), sizes=((1920, 1080),), fps=(30,)),
    )
    made = plan(base(12), shot(12), can)
    first, second, third = asked(made)
    assert [(w.start_s, w.end_s) for w in made.windows] == [(0, 4), (4, 8), (8, 12)]
    assert [r.mode for r in (first, second, third)] == ["text", "image", "image"]
    assert {(r.size, r.duration_s) for r in (first, second, third)} == {((1920, 1080), 5.0)}
    assert second.inputs[0].recipe == FrameRecipe(order_id=request_key(first), at_s=4)
    assert third.inputs[0].recipe == FrameRecipe(order_id=request_key(second), at_s=4, skip_frames=1)
    assert len({request_key(r) for r in (first, second, third)}) == 3
    assert made.remarks == ("some makes no clip of 12 s: made in 3 parts, joined at 4 s, 8 s.",)


def test_each_part_is_told_what_happens_in_its_time_and_so_has_a_key_of_its_own():
    can = engine(text=able("text", max_duration_s=5), image=able("image", max_duration_s=5))
    spec = shot(9)
    first, second = asked(plan(base(9), spec, can))
    assert (first.prompt, second.prompt) == ("A man walks.", "The action continues: a man walks, then sits.")
    sitting = spec.model_copy(update={"subjects": (WALKS.model_copy(update={"beats": WALKS.beats[::-1]}),)})
    assert request_key(asked(plan(base(9), sitting, can))[0]) != request_key(first)
    words = [request.prompt for request in asked(plan(base(9), spec, can, words="In snow."))]
    assert all(told.endswith("In snow.") for told in words)
    (alone,) = asked(plan(base(4), shot(4), can))
    assert alone.prompt == "a man walks"  # as it was given


def test_a_guided_part_follows_its_own_stretch_of_the_shot():
    can = engine(text=able("text"), repaint=able("repaint", guides=("depth",), max_duration_s=5, fps=(30,)))
    first, second = asked(plan(base(9), shot(9), can))
    assert [r.mode for r in (first, second)] == ["repaint", "repaint"]
    by_role = {given.role: given.recipe for given in second.inputs}
    assert (by_role["source_video"].start_s, by_role["source_video"].frames) == (4.5, 135)
    assert by_role["reference"] == FrameRecipe(order_id=request_key(first), at_s=4.5)


def test_where_only_the_first_part_can_be_guided_it_says_so():
    can = engine(text=able("text", guides=("depth",), max_duration_s=5), image=able("image", max_duration_s=5))
    made = plan(base(9), shot(9), can)
    first, second = asked(made)
    assert (first.guide, second.guide) == ("depth", None)
    assert "From 4.5 s on it follows the part before, not the depth guide." in made.remarks


def test_an_extension_is_given_the_end_of_the_clip_and_what_it_repeats_is_left_out():
    can = engine(text=able("text", max_duration_s=5), extend=able("extend", max_duration_s=5, extend_s=1.0))
    made = plan(base(8), shot(8), can)
    first, second = asked(made)
    assert second.mode == "extend"
    assert second.inputs[0].recipe == TailRecipe(order_id=request_key(first), at_s=4, seconds=1.0)
    assert (made.windows[1].skip_frames, second.duration_s) == (24, 5.0)


def test_a_shot_that_no_engine_can_go_on_from_is_refused():
    with pytest.raises(InvalidInput, match=r"at most 5 s at a time.*split the shot"):
        plan(base(9), shot(9), engine(text=able("text", max_duration_s=5)))
