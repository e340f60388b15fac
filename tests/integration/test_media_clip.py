"""Clip folders: written, read back, and refused when they are not what they say."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scenes import SyntheticClip
from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import Frame
from vr_server.media import ClipWriter, VideoPictures, read_clip, read_flat_clip
from vr_server.media.codec import H264Encoder, H264Settings
from vr_server.media.colour import i420_to_rgb, rgb_to_i420
from vr_server.media.spherical import mark_equirectangular

CLIP = SyntheticClip(128, 72, 5, Fraction(24000, 1001), samples=1)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return list(CLIP)


@pytest.fixture
def folder(frames: list[Frame], tmp_path: Path) -> Path:
    writer = ClipWriter(tmp_path / "clip", CLIP.plan, ids=True)
    for frame in frames:
        writer.add(frame)
    writer.finish()
    return tmp_path / "clip"


def test_a_clip_reads_back(folder: Path, frames: list[Frame]) -> None:
    source = read_clip(folder)
    plan = source.plan
    assert (plan.width_px, plan.height_px, plan.frame_count) == (128, 72, 5)
    assert (plan.fps, plan.near_m, plan.far_m, plan.metric) == (CLIP.fps, CLIP.plan.near_m, CLIP.plan.far_m, True)
    step = (1 / plan.near_m - 1 / plan.far_m) / 65535
    count = 0
    for read, sent in zip(source, frames, strict=True):
        np.testing.assert_array_equal(read.ids, sent.ids)
        np.testing.assert_array_equal(read.camera.t_world_camera, sent.camera.t_world_camera)
        assert read.camera.yfov_rad == sent.camera.yfov_rad
        np.testing.assert_array_equal(np.isinf(read.depth), np.isinf(sent.depth))
        finite = np.isfinite(sent.depth)
        inside = finite & (sent.depth >= plan.near_m)
        assert np.abs(1 / read.depth - 1 / sent.depth)[inside].max() <= 1.01 * step
        assert np.abs(read.color.astype(int) - sent.color).mean() < 3
        count += 1
    assert count == 5


def test_rgb_survives_the_planes() -> None:
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8), 2)
    grey = np.repeat(np.broadcast_to(ramp, (16, 128))[:, :, None], 3, axis=2)
    assert np.abs(i420_to_rgb(rgb_to_i420(grey), 128, 16).astype(int) - grey).max() <= 1
    for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (12, 200, 90)):
        flat = np.full((16, 16, 3), color, np.uint8)
        assert np.abs(i420_to_rgb(rgb_to_i420(flat), 16, 16).astype(int) - flat).max() <= 2


def test_bt709_red_has_its_known_code() -> None:
    image = rgb_to_i420(np.full((16, 16, 3), (255, 0, 0), np.uint8)).reshape(-1)
    assert (image[0], image[256], image[-1]) == (63, 102, 240)


@pytest.mark.parametrize("name", ["clip.mp4", "depth.mkv", "ids.mkv"])
def test_a_truncated_file_is_refused_with_its_name(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(InvalidMedia, match=name):
        list(read_clip(folder))


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\nexit 0\n", b"\0" * 4096])
def test_what_is_no_video_is_refused(folder: Path, content: bytes) -> None:
    (folder / "clip.mp4").write_bytes(content)
    with pytest.raises(InvalidMedia, match=r"clip\.mp4") as error:
        list(read_clip(folder))
    assert "\n" not in str(error.value)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "depth.mkv").unlink()
    with pytest.raises(InvalidMedia, match=r"depth\.mkv is missing"):
        read_clip(folder)
    with pytest.raises(InvalidMedia, match="not a clip folder"):
        read_clip(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["", "{}", '{"frames":[{"tWorldCamera":[1,2],"yfov":0.7}]}', "[1]"])
def test_a_camera_file_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "camera.json").write_text(text)
    with pytest.raises(InvalidMedia, match=r"camera\.json"):
        read_clip(folder)


def test_more_poses_than_pictures_is_refused(folder: Path) -> None:
    data = json.loads((folder / "camera.json").read_text())
    data["frames"].append(data["frames"][-1])
    (folder / "camera.json").write_text(json.dumps(data))
    with pytest.raises(InvalidMedia, match="ends after 5 of 6"):
        list(read_clip(folder))


def test_a_clip_that_ends_early_or_jumps_is_refused(frames: list[Frame], tmp_path: Path) -> None:
    writer = ClipWriter(tmp_path, CLIP.plan, ids=True)
    writer.add(frames[0])
    with pytest.raises(InvalidMedia, match="frame 1"):
        writer.add(frames[2])
    with pytest.raises(InvalidMedia, match="1 of 5"):
        writer.finish()


def test_a_flat_video_with_depth_beside_it(folder: Path, frames: list[Frame], tmp_path: Path) -> None:
    depth = np.stack([f.depth for f in frames])
    np.savez(tmp_path / "depth.npz", depth=depth)
    pictures = VideoPictures(folder / "clip.mp4")
    source = read_flat_clip(pictures, depth=tmp_path / "depth.npz", camera=folder / "camera.json")
    read = list(source)
    assert source.plan.frame_count == len(read) == 5
    np.testing.assert_array_equal(read[3].depth, frames[3].depth)
    still = read_flat_clip(pictures, depth=tmp_path / "depth.npz")
    np.testing.assert_array_equal(still.plan.cameras[4].t_world_camera, np.eye(4))
    for turned in (np.asfortranarray(depth), depth.astype(">f8")):
        np.savez_compressed(tmp_path / "turned.npz", depth=turned)
        other = list(read_flat_clip(pictures, depth=tmp_path / "turned.npz"))
        np.testing.assert_array_equal(other[3].depth, frames[3].depth)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: d[:, :40], "128x40"),
        (lambda d: d[:4], "depth of 4 frames, the clip has 5"),
        (lambda d: np.concatenate([d, d]), "depth of 10 frames, the clip has 5"),
        (lambda d: np.where(d > 5, d, np.nan), "above 0"),
        (lambda d: np.where(d > 5, d, 0), "above 0"),
        (lambda d: -d, "above 0"),
        (lambda d: np.full_like(d, np.inf), "no finite depth"),
        (lambda d: np.ones_like(d, np.int32), "must be float32"),
        (lambda d: d[0], "must be float32"),
        (lambda d: d[:0], "must be float32"),
        (lambda d: np.array([None]), "must be float32"),
    ],
)
def test_depth_that_does_not_go_with_the_video_is_refused(
    folder: Path, frames: list[Frame], tmp_path: Path, spoil: Callable[[np.ndarray], np.ndarray], said: str
) -> None:
    np.savez(tmp_path / "bad.npz", depth=spoil(np.stack([f.depth for f in frames])))
    with pytest.raises(InvalidMedia, match=said) as told:
        read_flat_clip(VideoPictures(folder / "clip.mp4"), depth=tmp_path / "bad.npz")
    assert str(told.value).startswith("bad.npz")


def test_a_damaged_file_of_depth_is_refused(folder: Path, frames: list[Frame], tmp_path: Path) -> None:
    pictures, path = VideoPictures(folder / "clip.mp4"), tmp_path / "bad.npz"
    np.savez(path, depth=np.stack([f.depth for f in frames]))
    whole = path.read_bytes()
    np.save(tmp_path / "array.npy", np.ones((5, 72, 128), np.float32))
    spoilt = bytearray(whole)
    spoilt[whole.find(frames[2].depth[60].tobytes())] ^= 1  # a little further away: nothing but the checksum knows
    for content in (b"", b"PK no", whole[: len(whole) // 2], bytes(spoilt), (tmp_path / "array.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(InvalidMedia, match=r"bad\.npz is not an \.npz"):
            read_flat_clip(pictures, depth=path)
    with pytest.raises(InvalidMedia, match=r"none\.npz is missing"):
        read_flat_clip(pictures, depth=tmp_path / "none.npz")


def test_a_picture_beyond_the_level_is_refused() -> None:
    with pytest.raises(InvalidMedia, match="7680x4320"):
        H264Encoder(H264Settings(7680, 4320, Fraction(24), 12, bitrate_kbps=1000))


def test_a_fisheyes_projection_and_wide_angle_read_back(folder: Path) -> None:
    path = folder / "camera.json"
    data = json.loads(path.read_text("utf-8"))
    assert data["projection"] == "perspective"
    for frame in data["frames"]:
        frame["yfov"] = 3.15
    path.write_text(json.dumps({**data, "projection": "fisheye"}), "utf-8")
    plan = read_clip(folder).plan
    assert (plan.projection, plan.cameras[0].yfov_rad) == ("fisheye", 3.15)
    path.write_text(json.dumps({**data, "projection": "perspective"}), "utf-8")
    with pytest.raises(InvalidMedia, match=r"perspective picture shows no 3\.15 rad"):
        read_clip(folder)
    del data["projection"]  # a clip of before there were others
    for frame in data["frames"]:
        frame["yfov"] = 0.75
    path.write_text(json.dumps(data), "utf-8")
    assert read_clip(folder).plan.projection == "perspective"
    path.write_text(json.dumps({**data, "projection": "mercator"}), "utf-8")
    with pytest.raises(InvalidMedia, match="projection"):
        read_clip(folder)


def test_only_an_mp4_with_one_track_can_be_marked_as_a_sphere(folder: Path) -> None:
    clip = folder / "clip.mp4"
    before, pictures = clip.read_bytes(), [frame.color for frame in read_clip(folder)]
    mark_equirectangular(clip)
    assert len(clip.read_bytes()) > len(before)
    for marked, picture in zip(read_clip(folder), pictures, strict=True):
        np.testing.assert_array_equal(marked.color, picture)
    clip.write_bytes(before[: len(before) // 2])
    with pytest.raises(InvalidMedia):
        mark_equirectangular(clip)
    with pytest.raises(InvalidMedia):
        mark_equirectangular(folder / "depth.mkv")
