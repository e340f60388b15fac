"""A synthetic shot through the whole bake: what lies in the folder, and how it looks from beside the camera."""

import json
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scenes import SyntheticClip, render
from streaming.packets import PacketReader
from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.manifest import Manifest
from vr_server.layering import Baker, BakeReport, BakeSettings, decode_frame, render_view, reproject
from vr_server.layering.layers import split
from vr_server.layering.strip import barcode_word, read_word
from vr_server.media.codec import H264Encoder, Packet, as_i420, decode_packets, decode_video

CLIP = SyntheticClip(480, 272, 26, samples=1)
OFFSETS = ((-0.25, 0.0, 0.0), (0.25, 0.0, 0.0))


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return list(CLIP)


@pytest.fixture(scope="module")
def baked(frames: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BakeReport, list[int]]:
    out = tmp_path_factory.mktemp("bake") / "layered"
    baker = Baker(out, CLIP.plan, shot_id="s01", take_id="take-1")
    playable = []
    for frame in frames:
        baker.add(frame)
        playable.append(baker.playable_frames)
    report = baker.finish()
    return out, report, [*playable, baker.playable_frames]


def _units(path: Path) -> list[tuple[bool, bytes]]:
    reader = PacketReader(path)
    units = [reader.read(i) for i in range(reader.available)]
    assert reader.complete
    reader.close()
    return [(unit.keyframe, unit.data) for unit in units]


def test_the_folder_is_whole_and_the_manifest_says_so(baked: tuple[Path, BakeReport, list[int]]) -> None:
    out, report, _ = baked
    manifest = Manifest.model_validate_json((out / "manifest.json").read_bytes())
    assert manifest.frame_count == 26
    assert manifest.depth.scale == "metric"
    assert [t.name for t in manifest.tiers] == ["high", "medium", "low"]
    for tier in manifest.tiers:
        assert len(_units(out / tier.packets)) == 26
    assert (out / "poster.jpg").read_bytes()[:2] == b"\xff\xd8"
    written = json.loads((out / "report.json").read_text())
    assert written["depth"]["estimator"] == "known"
    assert written["tier_bytes"] == report.tier_bytes
    assert report.tier_bytes["high"] > report.tier_bytes["medium"] > report.tier_bytes["low"] > 0


def test_playable_frames_grow_by_half_seconds(baked: tuple[Path, BakeReport, list[int]]) -> None:
    playable = baked[2]
    assert playable == sorted(playable)
    assert playable[0] == 0
    assert set(playable[:-1]) <= {0, 12, 24}
    assert playable[-1] == 26


@pytest.mark.parametrize("tier", ["high", "medium", "low"])
def test_keyframes_stand_every_half_second_with_their_parameter_sets(
    baked: tuple[Path, BakeReport, list[int]], tier: str
) -> None:
    units = _units(baked[0] / f"{tier}.vrpk")
    assert [i for i, (key, _) in enumerate(units) if key] == [0, 12, 24]
    for keyframe, data in units:
        kinds = {part[0] & 31 for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]}
        assert data.startswith((b"\0\0\0\1", b"\0\0\1"))
        assert kinds >= {7, 8, 5} if keyframe else kinds & {5, 7, 8} == set()


def test_no_barcode_bit_is_wrong_in_the_lowest_tier(baked: tuple[Path, BakeReport, list[int]]) -> None:
    out = baked[0]
    manifest = Manifest.model_validate_json((out / "manifest.json").read_bytes())
    barcode = manifest.atlas.barcode
    images = decode_packets([data for _, data in _units(out / "low.vrpk")])
    wrong = sum(
        (read_word(image[: manifest.atlas.height], barcode) ^ barcode_word(i, barcode.tag)).bit_count()
        for i, image in enumerate(images)
    )
    assert len(images) == 26
    assert wrong == 0


def test_the_mp4_holds_the_same_pictures_as_the_packet_log(baked: tuple[Path, BakeReport, list[int]]) -> None:
    out = baked[0]
    from_log = decode_packets([data for _, data in _units(out / "low.vrpk")])
    from_mp4 = list(decode_video(out / "low.mp4"))
    assert [round(f.time * 24) for f in from_mp4 if f.time is not None] == list(range(26))
    for a, b in zip(from_log, from_mp4, strict=True):
        np.testing.assert_array_equal(a, as_i420(b))


def _beside(camera: CameraPose, offset: tuple[float, float, float]) -> CameraPose:
    moved = camera.t_world_camera.copy()
    moved[:3, 3] += moved[:3, :3] @ np.array(offset)
    return CameraPose(moved, camera.yfov_rad)


def _psnr(seen: np.ndarray, truth: np.ndarray, shown: np.ndarray) -> float:
    error = (seen.astype(float) - truth)[shown]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def test_two_layers_beat_one_stretched_mesh_from_25_cm(
    frames: list[Frame], baked: tuple[Path, BakeReport, list[int]]
) -> None:
    frame = frames[20]
    layers = decode_frame(baked[0], 20)
    # the stretched mesh: the continuous layer shows the picture itself, the front one lies in the sky behind it
    one_mesh = replace(layers, inverse2=layers.inverse1, color2=_half(layers.color1), inverse1=layers.inverse1 * 0)
    gains = []
    for offset in OFFSETS:
        truth = render(_beside(frame.camera, offset), 480, 272).color
        ours, depth = reproject(layers, offset_m=offset)
        shown = ~np.isnan(depth)
        assert shown.mean() > 0.95
        stretched, _ = reproject(one_mesh, offset_m=offset)
        gains.append(_psnr(ours, truth, shown) - _psnr(stretched, truth, shown))
    assert np.mean(gains) >= 2.5, gains


def _half(color: np.ndarray) -> np.ndarray:
    return color.reshape(color.shape[0] // 2, 2, color.shape[1] // 2, 2, 3).mean(axis=(1, 3)).astype(np.uint8)


def test_seen_from_the_camera_itself_it_is_the_picture(
    frames: list[Frame], baked: tuple[Path, BakeReport, list[int]]
) -> None:
    color, depth = render_view(baked[0], 20, offset_m=(0, 0, 0))
    assert _psnr(color, frames[20].color, np.ones(depth.shape, bool)) > 33
    both = np.isfinite(depth) & np.isfinite(frames[20].depth)
    assert np.median(np.abs(1 / depth - 1 / frames[20].depth)[both]) < 0.003


def test_coding_moves_disparity_by_a_tenth_of_a_pixel_at_most(
    frames: list[Frame], baked: tuple[Path, BakeReport, list[int]]
) -> None:
    sent = split(frames[20], head_box_m=0.25).inverse1
    received = decode_frame(baked[0], 20).inverse1
    focal_px = 1280 / 2 / np.tan(np.radians(35))
    disparity_px = np.abs(sent - received) * focal_px * 0.063
    assert disparity_px.mean() < 0.1


def test_turning_the_head_moves_the_picture_the_other_way(baked: tuple[Path, BakeReport, list[int]]) -> None:
    straight, _ = render_view(baked[0], 0, offset_m=(0, 0, 0))
    left, _ = render_view(baked[0], 0, offset_m=(0, 0, 0), yaw_rad=0.05)
    shift = round(480 / 2 / (np.tan(0.375) * 480 / 272) * np.tan(0.05))
    inner = slice(100, 380)
    moved = np.abs(left[:, 100 + shift : 380 + shift].astype(int) - straight[:, inner]).mean()
    unmoved = np.abs(left[:, inner].astype(int) - straight[:, inner]).mean()
    assert moved < unmoved / 2


@pytest.mark.parametrize(("frame", "tier"), [(26, None), (-1, None), (0, "ultra")])
def test_a_view_that_is_not_there_is_refused(
    baked: tuple[Path, BakeReport, list[int]], frame: int, tier: str | None
) -> None:
    with pytest.raises(InvalidMedia):
        render_view(baked[0], frame, offset_m=(0, 0, 0), tier=tier)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMedia, match=r"manifest\.json"):
        render_view(tmp_path, 0, offset_m=(0, 0, 0))


def test_a_bake_that_ends_early_says_so_and_keeps_its_whole_gops(
    frames: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = H264Encoder.encode

    def slowly(encoder: H264Encoder, i420: np.ndarray) -> list[Packet]:
        time.sleep(0.03)  # so that most frames are still queued when the clip ends
        return encode(encoder, i420)

    monkeypatch.setattr(H264Encoder, "encode", slowly)
    settings = BakeSettings(tiers=BakeSettings().tiers[2:])
    baker = Baker(tmp_path, CLIP.plan, shot_id="s01", take_id="take-1", settings=settings)
    for frame in frames[:13]:
        baker.add(frame)
    with pytest.raises(InvalidMedia, match="13 of 26"):
        baker.finish()
    baker.abort()
    with closing(PacketReader(tmp_path / "low.vrpk")) as reader:
        kept = [reader.read(i).data for i in range(reader.available)]
        assert not reader.complete
    assert len(kept) >= 12
    assert len(decode_packets(kept)) == len(kept)


def test_frames_out_of_order_or_of_another_size_are_refused(frames: list[Frame], tmp_path: Path) -> None:
    baker = Baker(tmp_path, CLIP.plan, shot_id="s01", take_id="take-1")
    with pytest.raises(InvalidMedia, match="frame 0"):
        baker.add(frames[1])
    with pytest.raises(InvalidMedia, match="480x272"):
        baker.add(render(CLIP.plan.cameras[0], 64, 64, samples=1))
    baker.abort()
