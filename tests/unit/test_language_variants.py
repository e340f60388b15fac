"""Readings of one shot: clearly different, and never against the words."""

import numpy as np
import pytest

from benchmarks.prompts import load_prompts
from vr_server.domain.revision import diff_specs
from vr_server.language import parse_spec
from vr_server.language.variants import looks, told_fields, variants
from vr_server.staging import compose

PROMPTS = {p.name: p for p in load_prompts()}
PLAIN = "A woman walks through the forest."


def view(spec):
    """The camera's yaw round the first subject (degrees), how much of the frame's height a metre at its place is, and
    the light, at mid shot."""
    staging = compose(spec, 5)
    key = staging.camera.keys[len(staging.camera.keys) // 2]
    at = np.array(key.position_m) - np.array(staging.subjects[0].path[-1].position_m)
    metre = 1 / (2 * np.linalg.norm(at) * np.tan(key.yfov_rad / 2))
    return np.degrees(np.arctan2(at[0], at[2])), metre, (staging.sky.time_of_day, staging.style or spec.style)


@pytest.mark.parametrize("text", [PLAIN, "一位老人在庭院里坐着。", "A red car drives down the street, wide shot."])
def test_three_readings_differ_in_what_is_seen(text):
    readings = variants(parse_spec(text))
    assert len(readings) == 3
    views = [view(spec) for spec in readings]
    for i, (yaw, metre, light) in enumerate(views):
        for other_yaw, other_metre, other_light in views[:i]:
            turned = abs((yaw - other_yaw + 180) % 360 - 180) > 20
            nearer = not 0.75 < metre / other_metre < 1.33
            assert sum(map(bool, (turned, nearer, light != other_light))) >= 2


@pytest.mark.parametrize("name", [n for n in PROMPTS if n != "overhead-crowd"][::3])
def test_readings_keep_whom_it_is_about_and_what_was_told(name):
    spec = PROMPTS[name].spec()
    first, *others = variants(spec)
    assert first == spec
    told = told_fields(spec)
    for reading in others:
        assert (reading.subjects, reading.place, reading.weather) == (spec.subjects, spec.place, spec.weather)
        assert (reading.suns, reading.moons, reading.duration_s) == (spec.suns, spec.moons, spec.duration_s)
        assert reading != spec
        for field in {"shot_size", "angle", "move"} & told:
            assert getattr(reading.camera, field) == getattr(spec.camera, field)
        assert "time" not in told or reading.time_of_day == spec.time_of_day
        assert "style" not in told or reading.style == spec.style


def test_everything_told_leaves_only_the_side():
    spec = parse_spec("At night a man stands in the street, close-up, low angle, 50mm lens, dolly in, film noir.")
    for reading in variants(spec)[1:]:
        assert {d.path for d in diff_specs(spec, reading)} <= {
            "variant",
            "camera.yawOffsetRad",
            "camera.yaw_offset_rad",
        }


def test_who_comes_towards_the_camera_goes_on_doing_so():
    spec = parse_spec("Two friends walk toward the camera down a street.")
    assert all(abs(reading.camera.yaw_offset_rad) < 0.4 for reading in variants(spec))


def test_a_scene_heading_settles_the_hour():
    spec = parse_spec(PLAIN)
    assert {r.time_of_day for r in variants(spec, heading="EXT. FOREST - DAY")} == {"day"}
    assert len({r.time_of_day for r in variants(spec)}) > 1


def test_readings_are_the_same_every_time_and_at_most_three():
    spec = parse_spec(PLAIN)
    assert variants(spec) == variants(spec)
    assert variants(spec, 1) == (spec,)
    with pytest.raises(ValueError, match="1 and 3"):
        variants(spec, 4)


def test_looks_begin_with_the_shots_own_and_are_all_different():
    plain = parse_spec("a man walks down a street")
    assert [spec.style for spec in looks(plain)] == [None, "warm_golden", "blue_grey"]
    noir, *others = looks(plain.model_copy(update={"style": "warm_golden"}))
    assert [spec.style for spec in (noir, *others)] == ["warm_golden", "blue_grey", "noir"]
    assert {spec.model_copy(update={"style": None}) for spec in looks(plain)} == {plain}
