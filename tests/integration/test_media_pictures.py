"""Odd and hostile videos: taken as plain pictures, or refused with a line of their own."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from vr_server.domain.errors import InvalidMedia
from vr_server.media import VideoPictures, take_in
from vr_server.media.intake import Limits


def picture(n: int, width: int, height: int) -> np.ndarray:
    """Left half dark, right half bright, a mark at the top left; the bright half grows brighter with `n`."""
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[:, width // 2 :] = 120 + 4 * n % 120
    rgb[: height // 4, : width // 4] = (200, 30, 30)
    return rgb


def video(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    count: int = 10,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: Callable[[int], Fraction] = lambda n: Fraction(n, 25),
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        container.start_encoding()
        for n in range(count):
            frame = VideoFrame.from_ndarray(picture(n, *size), format="rgb24")
            frame.pts, frame.time_base = round(times(n) * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_plain_video_comes_as_it_is(tmp_path: Path) -> None:
    clip = VideoPictures(video(tmp_path / "a.mp4"))
    frames = list(clip)
    assert (clip.width_px, clip.height_px, clip.fps, clip.frame_count, clip.remarks) == (64, 48, 25, 10, ())
    assert len(frames) == 10
    assert abs(int(frames[9][40, 60, 0]) - 156) < 6
    assert len(list(clip)) == 10, "it can be read again"


@pytest.mark.parametrize(
    ("pixels", "codec"), [("yuv420p10le", "ffv1"), ("yuv444p", "ffv1"), ("gray", "ffv1"), ("bgra", "ffv1")]
)
def test_other_pixels_become_8_bit_rgb(tmp_path: Path, pixels: str, codec: str) -> None:
    clip = VideoPictures(video(tmp_path / "a.mkv", pixels=pixels, codec=codec))
    frame = next(iter(clip))
    assert frame.dtype == np.uint8
    assert abs(int(frame[40, 60, 1]) - 120) < 6


def test_odd_sides_are_made_even_and_large_ones_small(tmp_path: Path) -> None:
    odd = VideoPictures(video(tmp_path / "odd.mkv", size=(65, 49), codec="ffv1", pixels="yuv444p"))
    assert (odd.width_px, odd.height_px) == (64, 48)
    assert "65x49" in odd.remarks[0]
    large = VideoPictures(video(tmp_path / "large.mp4", size=(2560, 1440), count=2))
    assert (large.width_px, large.height_px) == (1920, 1080)
    assert next(iter(large)).shape == (1080, 1920, 3)


def test_a_varying_rate_is_put_on_a_steady_clock(tmp_path: Path) -> None:
    clip = VideoPictures(video(tmp_path / "v.mp4", times=lambda n: Fraction(n + (n > 4) * 5, 25)))
    frames = list(clip)
    assert len(frames) == clip.frame_count
    assert clip.frame_count / clip.fps == pytest.approx(15 / 25, abs=0.1)
    assert any("rate varies" in r for r in clip.remarks)
    bright = [int(f[40, 60, 0]) for f in frames]
    assert bright == sorted(bright)


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    clip = VideoPictures(video(tmp_path / "one.mp4", count=1))
    assert clip.frame_count == len(list(clip)) == 1


@pytest.mark.parametrize(("make", "line"), [
    (lambda p: p.write_text("#!/bin/sh\nrm -rf /\n"), "not a video but a script"),
    (lambda p: p.write_bytes(b""), "is empty"),
    (lambda p: p.write_bytes(video(p.with_name("b.mp4")).read_bytes()[:700]), "cut short"),
    (lambda p: p.write_text("一个人走过街道。\n"), "not a video but text"),
    (lambda p: p.write_bytes(bytes(4096)), "nothing but zeros"),
    (lambda p: p.write_bytes(b"\x1a\x45\xdf\xa3" + b"\x93\x10" * 60), "Matroska"),
    (lambda p: p.write_bytes(np.random.default_rng(1).bytes(4096)), "of a kind that can be read"),
    (lambda p: video(p, count=0), "no frames|not a video|no picture"),
    (lambda p: video(p, count=30, times=Fraction), "at most 16 s"),
    (lambda p: video(p, size=(4096, 2304), count=1), "4096x2304"),
    (lambda p: video(p, size=(14, 12), count=1), "too small"),
    (lambda p: None, "is missing"),
])  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_a_line_of_its_own(
    tmp_path: Path, make: Callable[[Path], object], line: str
) -> None:
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(InvalidMedia, match=line) as told:
        VideoPictures(path)
    assert "\n" not in str(told.value)


def test_damage_inside_is_told_when_it_is_reached(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", codec="ffv1", pixels="yuv420p", count=20)
    whole = bytearray(path.read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    clip = VideoPictures(path)
    assert 0 < clip.frame_count < 20
    assert len(list(clip)) == clip.frame_count


def test_fields_become_whole_frames(tmp_path: Path) -> None:
    """Odd rows dark, even rows bright, flagged as fields: no comb is left."""
    path = tmp_path / "i.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"x264-params": "interlaced=1:tff=1", "crf": "8"}
        for n in range(8):
            rgb = np.full((48, 64, 3), 60, np.uint8)
            rgb[::2] = 200
            frame = VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = VideoPictures(path)
    frames = list(clip)
    assert len(frames) == 8
    assert any("interlaced" in remark for remark in clip.remarks)
    rows = frames[4][8:40, 20, 1].astype(int)
    assert np.abs(np.diff(rows)).max() < 20


def test_a_video_is_taken_in_by_a_process_of_its_own(tmp_path: Path) -> None:
    source = video(tmp_path / "odd.mkv", size=(65, 49), codec="ffv1", pixels="yuv444p")
    taken = take_in(source, tmp_path / "plain.mp4")
    assert (taken.width_px, taken.height_px, taken.frame_count) == (64, 48, 10)
    assert "65x49" in taken.remarks[0]
    assert abs(int(list(taken)[9][40, 60, 0]) - 156) < 8


@pytest.mark.parametrize(("make", "limits", "line"), [
    (lambda p: p.write_text("#!/bin/sh\n"), None, "a.mp4 is not a video but a script"),
    (lambda p: video(p, size=(14, 12)), None, "too small"),
    (lambda p: video(p, size=(3840, 2160), count=6), Limits(memory_mb=700), "needs more memory"),
    (lambda p: video(p, size=(1920, 1080), count=120), Limits(cpu_s=1), "needs more memory or time"),
])  # fmt: skip
def test_what_harms_a_decoder_stays_in_its_process(
    tmp_path: Path, make: Callable[[Path], object], limits: Limits | None, line: str
) -> None:
    path, target = tmp_path / "a.mp4", tmp_path / "plain.mp4"
    make(path)
    with pytest.raises(InvalidMedia, match=line) as told:
        take_in(path, target, limits)
    assert "\n" not in str(told.value)
    assert not target.exists()
