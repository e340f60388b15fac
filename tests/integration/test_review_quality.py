"""The quality check on blockout clips, whole and damaged."""

from functools import cache

import cv2
import numpy as np
import pytest

from vr_server.domain.shot import CameraMove
from vr_server.generation.engines.blockout import BlockoutEngine
from vr_server.generation.port import ClipRequest
from vr_server.language import parse_spec
from vr_server.review.bar import QualityBar
from vr_server.review.quality import Grey, check, to_grey

PROMPTS: dict[CameraMove, str] = {
    "static": "Full shot: a man stands in a street. Static camera.",
    "pan_left": "Wide shot of a street with a man. Pan left.",
    "truck_right": "Full shot of a man in a forest. Truck right.",
    "dolly_in": "Full shot of a woman on a beach. Dolly in.",
}
OTHER_WAY: dict[CameraMove, CameraMove] = {
    "pan_left": "pan_right", "truck_right": "truck_left", "dolly_in": "dolly_out", "static": "pan_left"
}  # fmt: skip


@cache
def clip(move: CameraMove) -> tuple[Grey, ...]:
    spec = parse_spec(PROMPTS[move], duration_s=1.5)
    assert spec.camera.move == move
    opened = BlockoutEngine().open(ClipRequest(spec, spec.text, 3, 256, 144, 24, "draft"))
    return tuple(to_grey(frame.color) for frame in opened.frames)


def found(frames: list[Grey], move: CameraMove | None = None, **bar: float) -> dict[str, int | None]:
    return {f.check: f.frame for f in check(frames, 24.0, move=move, bar=QualityBar(**bar))}


def change(frames: tuple[Grey, ...], by: np.ndarray | float) -> list[Grey]:
    steps = np.broadcast_to(by, len(frames))
    return [np.clip(f.astype(np.int16) + s, 0, 255).astype(np.uint8) for f, s in zip(frames, steps, strict=True)]


@pytest.mark.parametrize("move", PROMPTS)
def test_a_good_clip_has_no_findings_and_the_other_way_has(move: CameraMove) -> None:
    frames = list(clip(move))
    assert found(frames, move) == {}
    assert "camera" in found(frames, OTHER_WAY[move])


@pytest.mark.parametrize("move", ["pan_left", "dolly_in", "static"])
def test_damage_is_found_where_it_is(move: CameraMove) -> None:
    frames = clip(move)
    soft = [cv2.GaussianBlur(f, (0, 0), 4) for f in frames]
    assert found(soft, None).keys() == {"sharpness"}
    black = [*frames[:20], *[np.zeros_like(frames[0])] * 4, *frames[24:]]
    assert found(black, move) == {"black": 20}
    assert found(change(frames, np.where(np.arange(len(frames)) % 2, 12, -12)), None).keys() == {"flicker"}
    assert "overexposed" in found(change(frames, 220), None)
    other = clip("truck_right")
    assert found([*frames[:18], *other[18:]])["cut"] == 18


def test_a_freeze_and_a_jerk_are_found_in_a_move() -> None:
    frames = clip("pan_left")
    frozen = [*frames[:10], *[frames[10]] * 14, *frames[11:23]]
    assert found(frozen, "pan_left")["freeze"] == 10
    assert found([*frames[:14], *frames[22:]], "pan_left")["jerk"] == 14


def test_a_still_scene_before_a_camera_that_stands_is_no_freeze() -> None:
    assert found([clip("static")[0]] * 36, "static") == {}


def test_a_production_sets_the_bar_and_each_finding_says_what_it_missed() -> None:
    frames = list(clip("pan_left"))
    (finding,) = check(frames, 24.0, move="pan_left", bar=QualityBar(sharpness=10_000))
    assert finding.check == "sharpness"
    assert finding.value < finding.threshold == 10_000
    assert str(round(finding.value, 1)) in finding.reason


@pytest.mark.parametrize("count", [0, 1])
def test_a_clip_without_motion_is_judged_by_its_picture_alone(count: int) -> None:
    assert check([np.zeros((180, 320), np.uint8)] * count, 24.0, move="pan_left") == check(
        [np.zeros((180, 320), np.uint8)] * count, 24.0
    )
