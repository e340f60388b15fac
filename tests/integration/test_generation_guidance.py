"""Guides and joined clips, drawn and decoded for real."""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vr_server.bootstrap import blockout_clip
from vr_server.domain.errors import Cancelled, InvalidMedia
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.shot import CameraIntent, ShotSpec, SubjectSpec
from vr_server.domain.take import Part
from vr_server.generation.guidance import camera_text, draw_guide
from vr_server.generation.joining import hand_over, join, used_frames
from vr_server.generation.recipes import FrameRecipe, GuideRecipe, TailRecipe
from vr_server.generation.skeletons import Skeletons
from vr_server.media import VideoPictures, write_film
from vr_server.staging import compose

SPEC = ShotSpec(
    text="a man stands", language="en", duration_s=1.0, subjects=(SubjectSpec(key="man", kind="man", label="a man"),),
    camera=CameraIntent(move="dolly_in"),
)  # fmt: skip


def guide(show: str, **told) -> GuideRecipe:
    told = {"width_px": 192, "height_px": 108, "fps": 8, "frames": 3, "spec": SPEC, "seed": 5, **told}
    return GuideRecipe(show=show, **told)


def drawn(tmp_path: Path, recipe: GuideRecipe) -> np.ndarray:
    to = tmp_path / f"{recipe.show}.mp4"
    made = draw_guide(recipe, to, blockout_clip, report=lambda _: None, cancelled=lambda: False)
    assert (made.width_px, made.height_px, made.frame_count) == (192, 108, 3)
    pictures = VideoPictures(to)
    assert (pictures.width_px, pictures.height_px, pictures.fps) == (192, 108, 8)
    return np.stack(list(pictures)).astype(int)


def test_depth_is_grey_and_white_where_it_is_near(tmp_path: Path) -> None:
    depth = drawn(tmp_path, guide("depth"))
    picture = drawn(tmp_path, guide("picture"))
    assert np.ptp(depth, axis=3).max() <= 6  # no colour
    assert np.ptp(picture, axis=3).max() > 40
    assert depth[:, -1].mean() > depth[:, 54].mean() > depth[:, 0].mean() + 10  # ground before horizon before sky
    assert depth.min() < 10
    assert depth.max() > 240


def test_a_skeleton_stands_where_the_man_does(tmp_path: Path) -> None:
    pose = drawn(tmp_path, guide("pose"))
    depth = drawn(tmp_path, guide("depth"))
    lit = pose.max(axis=3) > 60
    assert 0.002 < lit.mean() < 0.1
    rows, columns = np.nonzero(lit[0])
    man = depth[0, rows, columns].mean()
    beside = depth[0, rows, np.clip(columns + 40, 0, 191)].mean()
    assert np.ptp(rows) > 40
    assert man > beside + 5  # on the man, who is nearer than what is beside him


def test_what_hides_a_body_hides_its_skeleton() -> None:
    staging = compose(SPEC, 5)
    key = staging.camera.keys[0]
    eye = np.array(key.position_m)
    turn = np.eye(4)
    x, y, z, w = key.rotation
    turn[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    turn[:3, 3] = eye
    far, near = np.full((108, 192), np.inf, np.float32), np.full((108, 192), 0.2, np.float32)
    color, ids = np.zeros((108, 192, 3), np.uint8), np.zeros((108, 192), np.uint16)
    skeletons = Skeletons(staging)

    def lit(depth: np.ndarray) -> int:
        frame = Frame(0, color, depth, ids, CameraPose(turn, key.yfov_rad))
        return int((skeletons.draw(frame, 0.0).max(axis=2) > 60).sum())

    assert lit(far) > 50
    assert lit(near) == 0
    half = far.copy()
    half[54:] = 0.2
    assert 0 < lit(half) < lit(far)


def test_the_camera_is_written_world_to_camera_in_opencv_axes() -> None:
    staging = compose(SPEC, 5)
    path = blockout_clip(staging, 192, 108, Fraction(4)).plan.cameras
    heading, *lines = camera_text(guide("camera", frames=4, fps=4), path).splitlines()
    assert heading.split()[:2] == ["camera", "of"]
    rows = np.array([[float(number) for number in line.split()] for line in lines])
    assert rows.shape == (4, 19)
    assert rows[:, 0].tolist() == [0, 1, 2, 3]
    assert rows[0, 1] * 192 == pytest.approx(rows[0, 2] * 108)  # square pixels
    assert rows[0, 2] == pytest.approx(0.5 / math.tan(staging.camera.keys[0].yfov_rad / 2))
    world_to_camera = rows[0, 7:].reshape(3, 4)
    eye = np.array([*staging.camera.keys[0].position_m, 1.0])
    assert np.abs(world_to_camera @ eye).max() < 1e-6
    man = np.array([*staging.subjects[0].path[0].position_m, 1.0])
    seen = world_to_camera @ man
    assert seen[2] > 0.5  # in front
    assert seen[1] > 0  # feet are below the axis, and Y points down
    assert rows[-1, 7:].tolist() != rows[0, 7:].tolist()  # it dollies


def test_a_guide_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        draw_guide(guide("depth"), tmp_path / "guide.mp4", blockout_clip, report=lambda _: None, cancelled=lambda: True)


def counted(path: Path, start: int, frames: int, fps: int = 8, size: tuple[int, int] = (64, 48)) -> Path:
    """A film whose n-th picture has the grey 8 * (start + n)."""
    pictures = (np.full((size[1], size[0], 3), 8 * (start + n), np.uint8) for n in range(frames))
    write_film(path, pictures, size, Fraction(fps), crf=4)
    return path


def greys(path: Path) -> list[int]:
    return [round(float(picture.mean()) / 8) for picture in VideoPictures(path)]


def test_parts_are_joined_without_what_they_repeat_at_the_size_and_rate_of_the_first(tmp_path: Path) -> None:
    videos = (
        counted(tmp_path / "a.mp4", 0, 12),
        counted(tmp_path / "b.mp4", 7, 12),
        counted(tmp_path / "c.mp4", 15, 6, fps=4, size=(128, 96)),
    )
    parts = (
        Part(order_id="a", start_s=0, end_s=1),
        Part(order_id="b", start_s=1, end_s=2, skip_frames=1),
        Part(order_id="c", start_s=2, end_s=2.5, skip_frames=1),
    )
    frame = tmp_path / "frame.png"
    hand_over(FrameRecipe(order_id="a", at_s=1), videos[0], frame)
    with av.open(str(frame)) as png:
        assert round(float(next(png.decode(video=0)).to_ndarray(format="gray").mean()) / 8) == 7  # what b begins with
    hand_over(TailRecipe(order_id="b", at_s=1, seconds=0.5, skip_frames=1), videos[1], tmp_path / "tail.mp4")
    assert greys(tmp_path / "tail.mp4") == [12, 13, 14, 15]
    made = join(videos, parts, tmp_path / "out" / "whole.mp4", report=lambda _: None, cancelled=lambda: False)
    assert greys(tmp_path / "out" / "whole.mp4") == [*range(16), 16, 16, 17, 17]
    assert (made.frame_count, made.width_px, made.height_px) == (20, 64, 48)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["whole.mp4"]


def test_a_part_that_came_much_too_short_is_told() -> None:
    assert used_frames(1, 4.0, Fraction(24), 96) == range(1, 96)  # one frame is let go
    with pytest.raises(InvalidMedia, match=r"A part of 4 s was asked for and 2 s came"):
        used_frames(0, 4.0, Fraction(24), 48)
