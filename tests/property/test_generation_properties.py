"""A request's identity and its fitting, for requests of all kinds."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vr_server.domain.errors import InvalidInput
from vr_server.domain.shot import ShotSpec
from vr_server.generation.fitting import count_words, fit, frame_count, request_key
from vr_server.generation.port import (
    Capabilities,
    GenerationRequest,
    MaskEdit,
    MediaInput,
    Outpaint,
    Price,
    Repaint,
)
from vr_server.generation.recipes import FrameRecipe, GuideRecipe, TailRecipe


def built(kind, **fields):
    """By field names; Hypothesis by itself would go by the aliases of the signature too."""
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


TEXT = st.text(min_size=1, max_size=60).filter(str.strip)
SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
ROLES = st.sampled_from(["first_frame", "last_frame", "reference", "source_video", "mask", "guide"])
GIVEN = built(
    MediaInput,
    role=ROLES,
    sha256=SHA,
    media_type=st.sampled_from(["image/png", "image/jpeg", "image/webp", "video/mp4", "text/plain"]),
)
SECONDS = st.floats(0.1, 16, allow_nan=False)
SIDE = st.integers(16, 4096)
GUIDE_FIELDS = {
    "show": st.sampled_from(["picture", "depth", "pose", "scribble", "camera"]),
    "spec": built(ShotSpec, text=TEXT, language=st.sampled_from(["en", "zh"]), duration_s=SECONDS),
    "seed": st.integers(0, 2**31),
    "width_px": SIDE,
    "height_px": SIDE,
    "fps": st.integers(1, 60),
    "frames": st.integers(1, 500),
    "start_s": st.floats(0, 16, allow_nan=False),
    "version": st.integers(1, 9),
}
FRAME_FIELDS = {"order_id": SHA, "at_s": SECONDS, "skip_frames": st.integers(0, 99)}
TAIL_FIELDS = FRAME_FIELDS | {"seconds": SECONDS}
RECIPE_FIELDS = {GuideRecipe: GUIDE_FIELDS, FrameRecipe: FRAME_FIELDS, TailRecipe: TAIL_FIELDS}
RECIPES = st.one_of(*(built(kind, **fields) for kind, fields in RECIPE_FIELDS.items()))
PLANNED = st.builds(MediaInput.planned, ROLES, RECIPES)
INPUTS = st.lists(st.one_of(GIVEN, PLANNED), max_size=3).map(tuple)
RATIO = st.floats(0, 1, allow_nan=False)
SCALE = st.floats(1, 2, allow_nan=False)
EDIT_FIELDS = {
    Repaint: {"control": st.sampled_from(["depth", "pose", "pose_face", "scribble"]), "strength": RATIO},
    MaskEdit: {
        "frame": st.integers(0, 300),
        "tracking": st.booleans(),
        "expand_ratio": RATIO,
        "expand_shape": st.sampled_from(["hull", "bbox", "original"]),
    },
    Outpaint: dict.fromkeys(("top", "bottom", "left", "right"), SCALE),
}
EDITS = st.one_of(st.none(), *(built(kind, **fields) for kind, fields in EDIT_FIELDS.items()))
FIELDS = {
    "engine": TEXT,
    "model": st.text(max_size=20),
    "mode": st.sampled_from(["text", "image", "first_last", "reference", "repaint", "edit_mask", "extend", "outpaint"]),
    "prompt": TEXT,
    "negative_prompt": st.text(max_size=30),
    "language": st.sampled_from(["en", "zh"]),
    "width_px": st.integers(16, 4096),
    "height_px": st.integers(16, 4096),
    "fps": st.integers(1, 60),
    "duration_s": st.floats(0.1, 60, allow_nan=False),
    "seed": st.integers(0, 2**63 - 1),
    "guide": st.sampled_from([None, "depth", "pose", "scribble", "camera"]),
    "inputs": INPUTS,
    "edit": EDITS,
    "variant": st.integers(0, 100),
}
REQUESTS = built(GenerationRequest, **FIELDS)


def test_every_field_takes_part():
    assert set(FIELDS) == set(GenerationRequest.model_fields)
    for kind, fields in (*RECIPE_FIELDS.items(), *EDIT_FIELDS.items()):
        assert set(fields) == set(kind.model_fields) - {"kind"}


@given(REQUESTS)
def test_the_same_request_has_the_same_key_wherever_it_has_been(request):
    again = GenerationRequest.model_validate_json(request.model_dump_json(by_alias=True))
    assert again == request
    assert request_key(again) == request_key(request)
    assert len(request_key(request)) == 64


@given(REQUESTS, st.data(), st.sampled_from(sorted(FIELDS)))
def test_another_value_in_any_field_is_another_key(request, data, name):
    other = data.draw(FIELDS[name])
    assume(other != getattr(request, name))
    assert request_key(request.model_copy(update={name: other})) != request_key(request)


@given(st.one_of(*(built(kind, **fields) for kind, fields in EDIT_FIELDS.items())), st.data())
def test_another_value_in_any_field_of_an_edit_is_another_key(edit, data):
    name = data.draw(st.sampled_from(sorted(EDIT_FIELDS[type(edit)])))
    other = data.draw(EDIT_FIELDS[type(edit)][name])
    assume(other != getattr(edit, name))
    base = GenerationRequest(engine="e", prompt="p", width_px=64, height_px=64, duration_s=1)
    edits = (edit, edit.model_copy(update={name: other}))
    assert len({request_key(base.model_copy(update={"edit": one})) for one in edits}) == 2


@given(RECIPES, st.data())
def test_another_value_in_any_field_of_a_recipe_is_another_input_and_another_key(recipe, data):
    name = data.draw(st.sampled_from(sorted(RECIPE_FIELDS[type(recipe)])))
    other = data.draw(RECIPE_FIELDS[type(recipe)][name])
    assume(other != getattr(recipe, name))
    planned = [MediaInput.planned("guide", r) for r in (recipe, recipe.model_copy(update={name: other}))]
    assert planned[0].sha256 != planned[1].sha256
    base = GenerationRequest(engine="e", prompt="p", width_px=64, height_px=64, duration_s=1)
    keys = {request_key(base.model_copy(update={"inputs": (given,)})) for given in planned}
    assert len(keys) == 2


ABLE = built(
    Capabilities,
    name=st.just("some"),
    model=st.just("some-1"),
    version=st.just("1"),
    embedded=st.just(False),
    gives_depth=st.just(False),
    gives_ids=st.just(False),
    gives_camera=st.just(False),
    modes=st.just(("text", "image", "first_last", "reference", "repaint", "edit_mask", "extend", "outpaint")),
    guides=st.sampled_from([(), ("depth",), ("depth", "pose", "scribble", "camera")]),
    sizes=st.sampled_from([(), ((1280, 720), (720, 1280), (832, 480)), ((624, 624),)]),
    size_step_px=st.sampled_from([2, 16]),
    fps=st.sampled_from([(), (16,), (24, 30)]),
    durations_s=st.sampled_from([(), (5.0,), (5.0, 10.0)]),
    duration_step_s=st.sampled_from([None, 1.0]),
    frames_step=st.sampled_from([1, 4]),
    negative_limit_chars=st.sampled_from([0, 10, 500]),
    seed_max=st.sampled_from([None, 2**31 - 1]),
    price=st.sampled_from([None, Price(per_s=0.5)]),
)


@settings(max_examples=200)
@given(REQUESTS, ABLE)
def test_what_is_fitted_is_inside_and_stays_as_it_is(request, able):
    try:
        fitted = fit(request, able)
    except InvalidInput:
        return
    made = fitted.request
    assert (made.engine, made.model) == ("some", "some-1")
    assert not able.sizes or made.size in able.sizes
    assert able.sizes or (made.width_px % able.size_step_px == 0 and max(made.size) <= 1920)
    assert not able.fps or made.fps in able.fps
    assert made.guide is None or made.guide in able.guides
    assert len(made.negative_prompt) <= able.negative_limit_chars
    assert made.prompt == request.prompt
    again = fit(made, able)
    assert again.request == made
    if made.size != request.size or made.guide != request.guide:
        assert fitted.remarks


@given(st.floats(0.1, 60), st.integers(1, 60), st.sampled_from([1, 4, 8]))
def test_frame_counts_keep_to_the_step(seconds, fps, step):
    frames = frame_count(seconds, fps, step)
    assert frames >= 1
    assert (frames - 1) % step == 0
    assert abs(frames - seconds * fps) <= step / 2 + 1


@given(st.text(max_size=80))
def test_words_are_counted_in_both_scripts(text):
    assert 0 <= count_words(text) <= len(text)
    assert count_words(text + " 镜头 word") == count_words(text) + 3
