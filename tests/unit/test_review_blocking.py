"""The parts of the check against the planned blocking, on pictures that are drawn here."""

import math

import cv2
import numpy as np
import pytest

from vr_server.domain.staging import CameraKey, CameraPath, CelestialBody, PathKey, SetPiece, Sky, Staging, Subject
from vr_server.review.bar import QualityBar
from vr_server.review.blocking_check import BlockingCheck, Glimpse
from vr_server.review.planned import Box, PlannedMoment, plan_of
from vr_server.review.quality import Flow, to_grey
from vr_server.review.reasons import _TOLD
from vr_server.review.seen import attention, boxes_by_id, boxes_of_mask, fit, lean_of, lines_of, skyline_of
from vr_server.staging.geometry import look_rotation, quat_of

LEVEL = PlannedMoment(0.0, (), 0.0, 0.0, 0.7, 0.5, 0.5)
SKY = Sky(
    time_of_day="day", bodies=(CelestialBody(kind="sun", direction=(0, 1, 0), angular_radius_rad=0.01, colour=(1, 1, 1), illuminance=1),),
    zenith=(0, 0, 1), horizon=(1, 1, 1), ground_bounce=(0, 0, 0), fog_density_per_m=0, fog_colour=(1, 1, 1), exposure=1,
)  # fmt: skip


def staged(
    *, yaw_rad: float = 0.0, roll_rad: float = 0.0, x_m: float = 0.0, pieces: tuple[SetPiece, ...] = ()
) -> Staging:
    """A man 6 m before a camera at 1.5 m that turns by `yaw_rad` (left) within two seconds."""
    keys = [
        CameraKey(
            t_s=t, position_m=(0, 1.5, 6), yfov_rad=0.7, focus_m=6,
            rotation=quat_of(look_rotation(np.array([-math.sin(yaw_rad * t / 2), 0.0, -math.cos(yaw_rad * t / 2)]), roll_rad)),
        )
        for t in np.linspace(0, 2, 9)
    ]  # fmt: skip
    man = Subject(
        object_id=7, key="man", kind="man", label="a man", size_m=(0.5, 1.8, 0.4),
        path=(PathKey(t_s=0, position_m=(x_m, 0, 0), yaw_rad=0),),
    )  # fmt: skip
    return Staging(
        duration_s=2, place="plain", ground="sand", ground_colour=(1, 1, 1), set_pieces=pieces, subjects=(man,),
        camera=CameraPath(keys=tuple(keys), lens_mm=33), sky=SKY, seed=1,
    )  # fmt: skip


TIMES = np.linspace(0, 2, 7)


def drawn(box: Box, *, size: tuple[int, int] = (320, 180), shade: int = 200) -> np.ndarray:
    """A red patch before a level sky and ground."""
    picture = np.full((size[1], size[0], 3), (150, 170, 190), np.uint8)
    picture[size[1] // 2 :] = (120, 110, 90)
    x0, x1 = round(box.left * size[0]), round(box.right * size[0])
    picture[round(box.top * size[1]) : round(box.bottom * size[1]), x0:x1] = (shade, 30, 30)
    picture[round(box.top * size[1]) : round(box.bottom * size[1]) : 6, x0:x1] = 20
    return picture


def checked(staging: Staging, box: Box, *, how: str, flows: tuple[Flow | None, ...] = (), zh: bool = False):
    picture = drawn(box)
    grey = to_grey(picture)
    ids = np.zeros((180, 320), np.uint16)
    ids[round(box.top * 180) : round(box.bottom * 180), round(box.left * 320) : round(box.right * 320)] = 7
    boxes = boxes_by_id(ids) if how == "ids" else None
    people = boxes_of_mask(ids > 0) if how == "people" else None
    glimpses = tuple(Glimpse(n, n, picture, grey, grey, boxes, people) for n in range(len(TIMES)))
    plan = plan_of(staging, TIMES, 16 / 9)
    measures = BlockingCheck(plan, glimpses, flows, 24.0, QualityBar(), "zh" if zh else "en").measures()
    return (
        {m.check: m for m in measures if m.value is not None},
        {m.check for m in measures if m.value is None},
        measures,
    )


def planned_box(staging: Staging) -> Box:
    return plan_of(staging, TIMES, 16 / 9).moments[3].subjects[0].box.clipped()


def test_the_plan_says_where_a_man_stands_and_how_tall_he_is_in_the_picture() -> None:
    plan = plan_of(staged(x_m=1.0), TIMES, 16 / 9)
    (man,) = plan.moments[0].subjects
    frame_m = 2 * 6 * math.tan(0.35)
    assert man.box.middle[0] == pytest.approx(0.5 + 1.0 / (frame_m * 16 / 9), abs=0.02)
    assert man.box.bottom == pytest.approx(0.5 + 1.5 / frame_m, abs=0.03)
    assert man.box.bottom - man.box.top == pytest.approx(1.8 / frame_m, abs=0.05)
    assert man.shows == pytest.approx(frame_m / 1.8, rel=0.02)
    assert man.clear
    assert plan.moments[0].horizon == pytest.approx(0.5)
    assert plan.moments[0].sky == pytest.approx(0.5, abs=0.1)


def test_who_stands_behind_a_wall_is_not_held_against_the_pictures() -> None:
    wall = SetPiece(object_id=1, asset="wall", label="wall", position_m=(0, 0, 3), size_m=(4, 3, 0.3))
    plan = plan_of(staged(pieces=(wall,)), TIMES, 16 / 9)
    assert not plan.moments[0].subjects[0].clear
    _, untold, measures = checked(staged(pieces=(wall,)), Box(0.4, 0.2, 0.6, 0.9), how="ids")
    assert {"framing", "screen_side", "shot_size"} <= untold
    assert all(m.held and m.finding() is None for m in measures if m.value is None)


@pytest.mark.parametrize("yaw_rad", [0.3, -0.3])
def test_a_planned_pan_is_a_shift_of_the_picture(yaw_rad: float) -> None:
    way = plan_of(staged(yaw_rad=yaw_rad), TIMES, 16 / 9).way.sum(axis=0)
    width = 2 * math.tan(0.35) * 16 / 9  # of the picture at one metre
    assert way[0] == pytest.approx(math.copysign(math.tan(0.3) / width, yaw_rad), rel=0.15)
    assert abs(way[1:]).max() < 0.03


@pytest.mark.parametrize("how", ["ids", "people"])
def test_a_take_as_planned_is_held_and_each_error_is_told_for_what_it_is(how: str) -> None:
    staging = staged(x_m=1.3)
    right = planned_box(staging)
    told, *_ = checked(staging, right, how=how)
    assert {"framing", "screen_side", "shot_size"} <= told.keys()
    assert all(told[name].held for name in ("framing", "screen_side", "shot_size"))
    told, *_ = checked(staging, right.mirrored(), how=how)
    assert not told["screen_side"].held
    assert told["screen_side"].reason == "a man was planned on the right of the frame and stands on the left."
    assert told["shot_size"].held
    told, *_ = checked(staging, right.scaled(0.5), how=how)
    assert not told["shot_size"].held
    assert "0.5 times as large" in told["shot_size"].reason
    assert told["screen_side"].held


def test_who_is_nowhere_in_the_ids_is_missed() -> None:
    told, *_ = checked(staged(), Box(0.0, 0.0, 0.001, 0.001), how="ids")
    assert told["framing"].reason == "a man was planned to be in the picture and is not."
    finding = told["framing"].finding()
    assert finding is not None
    assert (finding.value, finding.threshold) == (0, 0.25)


def test_without_ids_what_stands_out_tells_the_side() -> None:
    staging = staged(x_m=1.3)
    told, untold, _ = checked(staging, planned_box(staging), how="pictures")
    assert told["screen_side"].held
    assert "framing" in untold
    told, *_ = checked(staging, planned_box(staging).mirrored(), how="pictures", zh=True)
    assert not told["screen_side"].held
    assert told["screen_side"].reason == "画面主体在计划的另一侧:a man应在画面右侧。"
    *_, measures = checked(staged(), planned_box(staged()), how="pictures")
    assert [m.reason for m in measures if m.check == "screen_side"] == [
        "not measured: no subject is planned on one side"
    ]


@pytest.mark.parametrize(("dx", "held", "words"), [
    (0.08, True, "as planned"), (-0.08, False, "planned to go left; it goes right"), (0.0, False, "it goes 0% of that way"),
])  # fmt: skip
def test_the_camera_is_held_against_the_planned_path(dx: float, held: bool, words: str) -> None:
    staging = staged(yaw_rad=0.4)
    told, *_ = checked(staging, planned_box(staging), how="pictures", flows=(Flow(dx, 0.0, 0.0, 0.0),) * 6)
    assert told["camera_path"].held is held
    assert words in told["camera_path"].reason


def test_a_camera_that_should_stand_may_not_wander_and_a_cut_is_not_judged() -> None:
    still = staged()
    told, *_ = checked(still, planned_box(still), how="pictures", flows=(Flow(0.0, 0.05, 0.0, 0.0),) * 6)
    assert "planned to stand still; the picture goes up by 30%" in told["camera_path"].reason
    _, untold, _ = checked(still, planned_box(still), how="pictures", flows=(Flow(0.5, 0, 0, 0), None))
    assert "camera_path" in untold


def street(lean_deg: float) -> np.ndarray:
    """A façade of level and upright lines, leaning clockwise."""
    picture = np.full((400, 600), 120, np.uint8)
    for x in range(40, 600, 70):
        cv2.rectangle(picture, (x, 60), (x + 34, 330), 40, -1)
    turn = cv2.getRotationMatrix2D((300, 200), -lean_deg, 1.0)
    return np.ascontiguousarray(cv2.warpAffine(picture, turn, (600, 400), borderValue=120)[110:290, 140:460])


@pytest.mark.parametrize("lean_deg", [-9.0, 0.0, 7.0])
def test_straight_lines_tell_how_far_a_picture_leans(lean_deg: float) -> None:
    lean = lean_of([lines_of(street(lean_deg), LEVEL)] * 3)
    assert lean is not None
    assert math.degrees(lean) == pytest.approx(lean_deg, abs=1.5)
    planned = lean_of([lines_of(street(lean_deg), PlannedMoment(0, (), math.radians(lean_deg), 0, 0.7, 0.5, 0.5))])
    assert planned == pytest.approx(0, abs=0.03)


def test_a_picture_without_lines_says_nothing_of_the_horizon() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (180, 320), np.uint8)
    assert lean_of([lines_of(noise, LEVEL)]) is None
    assert lean_of([]) is None
    assert skyline_of(np.repeat(noise[..., None], 3, 2), 0.0) is None


@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
def test_the_line_between_sky_and_ground_is_found(at: float) -> None:
    picture = np.full((180, 320, 3), (140, 160, 220), np.uint8)
    picture[round(at * 180) :] = (90, 70, 40)
    assert skyline_of(picture, 0.0) == pytest.approx(at, abs=0.03)


def test_what_stands_out_fits_its_own_box_best() -> None:
    box = Box(0.6, 0.3, 0.75, 0.8)
    picture = drawn(box)
    attended = attention(picture, to_grey(picture), to_grey(picture))
    here = fit(attended, [box])
    assert here is not None
    assert here > 0.5
    assert all(
        (other := fit(attended, [b])) is not None and other < here - 0.15 for b in (box.mirrored(), box.scaled(2.2))
    )
    assert fit(attended, [Box(0, 0, 1, 1)]) is None
    assert fit(np.zeros((54, 96), np.float32), [box]) is None


def test_every_reason_is_written_in_both_languages_with_the_same_facts() -> None:
    for lines in _TOLD.values():
        fields = [
            {part.split(":")[0].split("}")[0] for part in lines[tongue].split("{")[1:]} for tongue in ("en", "zh")
        ]
        assert fields[0] == fields[1]
