"""Changes applied to a spec, and the diff a director reads."""

import math

import pytest
from pydantic import ValidationError

from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    HeightChange,
    MoveMarkChange,
    ShotSizeChange,
    SpeedChange,
    TimeOfDayChange,
)
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.domain.shot import ShotSpec, SubjectSpec


@pytest.fixture
def spec() -> ShotSpec:
    return ShotSpec(
        text="A woman walks", language="en", subjects=(SubjectSpec(key="woman", kind="woman", label="woman"),)
    )


@pytest.mark.parametrize(
    ("change", "path", "before", "after"),
    [
        (SpeedChange(scope="action", factor=0.5), "actionSpeed", "1", "0.5"),
        (SpeedChange(scope="camera", factor=2), "camera.moveSpeed", "1", "2"),
        (DistanceChange(factor=0.75), "camera.distanceScale", "1", "0.75"),
        (HeightChange(delta_m=-0.5), "camera.heightOffsetM", "0", "-0.5"),
        (AngleChange(angle="low"), "camera.angle", "eye", "low"),
        (AngleChange(yaw_delta_rad=0.5), "camera.yawOffsetRad", "0", "0.5"),
        (TimeOfDayChange(time_of_day="night"), "timeOfDay", "day", "night"),
        (ShotSizeChange(shot_size="close_up"), "camera.shotSize", "full", "close_up"),
        (CameraMoveChange(move="dolly_in"), "camera.move", "static", "dolly_in"),
        (DurationChange(duration_s=6), "durationS", "4", "6"),
    ],
)
def test_one_change_is_one_line_of_the_diff(spec: ShotSpec, change: Change, path: str, before: str, after: str) -> None:
    lines = diff_specs(spec, apply_changes(spec, (change,)))

    assert [(line.path, line.before, line.after) for line in lines] == [(path, before, after)]


def test_speed_of_both_turns_action_and_camera(spec: ShotSpec) -> None:
    after = apply_changes(spec, (SpeedChange(factor=0.7),))

    assert (after.action_speed, after.camera.move_speed) == (0.7, 0.7)


def test_changes_add_up_and_leave_the_first_spec_alone(spec: ShotSpec) -> None:
    after = apply_changes(spec, (DistanceChange(factor=0.5), DistanceChange(factor=0.5), HeightChange(delta_m=1)))

    assert after.camera.distance_scale == 0.25
    assert after.camera.height_offset_m == 1
    assert spec.camera.distance_scale == 1


def test_numbers_stop_at_what_a_spec_allows(spec: ShotSpec) -> None:
    closer = apply_changes(spec, (DistanceChange(factor=0.1),) * 3)
    higher = apply_changes(spec, (HeightChange(delta_m=50),) * 3)

    assert closer.camera.distance_scale == 0.1
    assert higher.camera.height_offset_m == 100


def test_an_orbit_wraps_instead_of_sticking(spec: ShotSpec) -> None:
    after = apply_changes(spec, (AngleChange(yaw_delta_rad=math.radians(30)),) * 13)

    assert after.camera.yaw_offset_rad == pytest.approx(math.radians(30), abs=1e-4)


@pytest.mark.parametrize("yaw_rad", [math.nan, math.inf])
def test_an_orbit_that_is_no_number_is_refused(yaw_rad: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        AngleChange(yaw_delta_rad=yaw_rad)


def test_a_mark_moved_twice_at_one_time_is_kept_once(spec: ShotSpec) -> None:
    first = MoveMarkChange(subject_key="woman", t_s=1.0, position_m=(0, 0, 0))
    other = MoveMarkChange(subject_key="woman", t_s=2.0, position_m=(5, 0, 0))
    again = MoveMarkChange(subject_key="woman", t_s=1.0, position_m=(1, 0, -2))

    after = apply_changes(spec, (first, other, again))

    assert [(m.t_s, m.position_m) for m in after.mark_overrides] == [(2.0, (5, 0, 0)), (1.0, (1, 0, -2))]


def test_the_diff_tells_a_missing_value_from_an_empty_one(spec: ShotSpec) -> None:
    lines = diff_specs(spec, spec.model_copy(update={"style": ""}))

    assert [(line.path, line.before, line.after) for line in lines] == [("style", "None", "''")]


def test_the_diff_shows_differences_too_small_for_the_short_form(spec: ShotSpec) -> None:
    lines = diff_specs(spec, spec.model_copy(update={"duration_s": 4.00000001}))

    assert len(lines) == 1
    assert lines[0].before != lines[0].after
