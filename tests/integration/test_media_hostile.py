"""Files that would have other files read, that are damaged in the middle, or whose pictures want turning."""

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from benchmarks.scenes import SyntheticClip
from vr_server.domain.errors import InvalidMedia
from vr_server.media import ClipWriter, VideoPictures, read_clip, take_in
from vr_server.media.codec import decode_video
from vr_server.media.inspect import picture_size

SIZE = (64, 48)
CORNER = (200, 30, 30)


def video(
    path: Path,
    *,
    pixels: str = "yuv420p",
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    count: int = 24,
    size: tuple[int, int] = SIZE,
) -> Path:
    """Noise with a red corner at the top left."""
    noise = np.random.default_rng(3).integers(60, 120, (count, size[1], size[0], 3), np.uint8)
    noise[:, :16, :16] = CORNER
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        for n, rgb in enumerate(noise):
            frame = VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


POINTERS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile secret.mp4\n",
    "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "link": "[InternetShortcut]\nURL=http://127.0.0.1:9/x.mp4\n",
}


@pytest.mark.parametrize("suffix", ["mp4", "m3u8"])
@pytest.mark.parametrize("kind", POINTERS)
def test_a_file_that_names_others_does_not_have_them_read(kind: str, suffix: str, tmp_path: Path) -> None:
    video(tmp_path / "secret.mp4", count=2)
    path = tmp_path / f"a.{suffix}"
    path.write_text(POINTERS[kind])
    with pytest.raises(InvalidMedia, match="a list that names others"):
        VideoPictures(path)


def test_a_list_is_refused_by_the_process_that_takes_in(tmp_path: Path) -> None:
    video(tmp_path / "secret.mp4", count=2)
    (tmp_path / "a.mp4").write_text(POINTERS["concat"])
    with pytest.raises(InvalidMedia, match="a list that names others"):
        take_in(tmp_path / "a.mp4", tmp_path / "plain.mp4")
    assert not (tmp_path / "plain.mp4").exists()


@pytest.mark.parametrize("name", ["img%d.png", "12A: take 3.mp4"])
def test_a_name_is_a_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a pattern of other files nor a protocol, also as somebody types it in the folder."""
    monkeypatch.chdir(tmp_path)
    still = name.endswith("png")
    for n in range(3):
        video(tmp_path / f"img{n}.png", codec="png", pixels="rgb24", count=1, options={"update": "1"})
    whole = tmp_path / "img0.png" if still else video(tmp_path / "whole.mp4", count=5)
    (tmp_path / name).write_bytes(whole.read_bytes())
    assert VideoPictures(Path(name)).frame_count == (1 if still else 5)
    assert picture_size(Path(name)) == SIZE


def test_an_mp4_that_was_cut_says_so_wherever_its_index_stands(tmp_path: Path) -> None:
    for name, options in (("end", {}), ("front", {"movflags": "+faststart"})):
        path = video(tmp_path / f"{name}.mp4", options=options)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        with pytest.raises(InvalidMedia, match=f"{name}.mp4 is cut short"):
            VideoPictures(path)


def test_a_damaged_second_half_is_told_with_the_frame(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", options={"movflags": "+faststart"})
    data = bytearray(path.read_bytes())
    half = (data.find(b"mdat") + len(data)) // 2
    data[half:] = bytes(len(data) - half)
    path.write_bytes(data)
    with pytest.raises(InvalidMedia, match=r"a\.mp4 is damaged after frame \d+"):
        VideoPictures(path)


def test_a_file_that_ends_before_it_says_is_told(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", codec="ffv1")
    assert VideoPictures(path).remarks == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert any("says that it lasts 1.0 s" in remark for remark in VideoPictures(path).remarks)


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        sound.rate, sound.pts = 48_000, 0
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(InvalidMedia, match=r"a\.mp4 holds no picture"):
        VideoPictures(path)


@pytest.mark.parametrize(
    ("suffix", "codec", "pixels", "said"),
    [
        ("mkv", "ffv1", "yuv420p10le", "10 bits"),
        ("mov", "png", "rgba", "laid over black"),
        ("mov", "prores_ks", "yuva444p10le", "laid over black"),
        ("webm", "libvpx-vp9", "yuva420p", "left out"),
    ],
)
def test_bits_and_transparency_that_are_lost_are_told(
    suffix: str, codec: str, pixels: str, said: str, tmp_path: Path
) -> None:
    clip = VideoPictures(video(tmp_path / f"a.{suffix}", codec=codec, pixels=pixels, count=3))
    assert any(said in remark for remark in clip.remarks), clip.remarks
    assert np.abs(next(iter(clip))[4:12, 4:12].astype(int) - CORNER).mean() < 12


def _matrix(a: float, b: float, c: float, d: float) -> bytes:
    return struct.pack(">9i", *(round(v * 65536) for v in (a, b, 0, c, d, 0, 0, 0, 16384)))


SLANT = math.sqrt(0.5)


@pytest.mark.parametrize(
    ("matrix", "corner", "said"),
    [
        (_matrix(0, 1, -1, 0), "top right", "by 90 degrees"),
        (_matrix(-1, 0, 0, -1), "bottom right", "by 180 degrees"),
        (_matrix(0, -1, 1, 0), "bottom left", "by 270 degrees"),
        (_matrix(-1, 0, 0, 1), "top right", "is mirrored."),
        (_matrix(1, 0, 0, -1), "bottom left", "mirrored and turned"),
        (_matrix(SLANT, SLANT, -SLANT, SLANT), "top left", "tilt of 45 degrees"),
        (_matrix(0, 0, 0, 0), "top left", "a way that is none"),
    ],
)
def test_a_display_matrix_is_obeyed_or_told(matrix: bytes, corner: str, said: str, tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", count=3)
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 44
    data[at : at + 36] = matrix
    path.write_bytes(data)
    clip = VideoPictures(path)
    assert len(clip.remarks) == 1
    assert said in clip.remarks[0]
    picture = next(iter(clip))
    assert picture.shape[:2] == ((64, 48) if matrix[:4] == bytes(4) and any(matrix[:24]) else (48, 64))
    rows = slice(2, 14) if "top" in corner else slice(-14, -2)
    columns = slice(2, 14) if "left" in corner else slice(-14, -2)
    assert np.abs(picture[rows, columns].astype(int) - CORNER).mean() < 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clip = SyntheticClip(128, 72, 5, samples=1)
    writer = ClipWriter(tmp_path / "clip", clip.plan, ids=True)
    for frame in clip:
        writer.add(frame)
    writer.finish()
    return tmp_path / "clip"


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20] = bytes(byte ^ 0x5A for byte in data[middle : middle + 20])
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["depth.mkv", "ids.mkv"])
def test_a_lossless_plane_with_a_wrong_byte_is_refused(name: str, folder: Path) -> None:
    list(read_clip(folder))
    _flip(folder / name)
    assert len(list(decode_video(folder / name))) == 5, "the decoder itself does not mind"
    with pytest.raises(InvalidMedia, match=rf"{name} is damaged at frame \d: its checksum is wrong"):
        read_clip(folder)


def _edited(change: Callable[[str], str]) -> Callable[[Path], object]:
    return lambda folder: (folder / "camera.json").write_text(change((folder / "camera.json").read_text()))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "depth.mkv").write_bytes((f / "clip.mp4").read_bytes()), "no plane of 16 bits"),
        (_edited(lambda t: t[: t.rindex(", {")] + "]}"), "goes on after the 4 frames"),
        (_edited(lambda t: t.replace('"fps": [24, 1]', '"fps": [0, 1]')), "0 frames a second"),
        (_edited(lambda t: t.replace('"fps": [24, 1]', '"fps": [1000000000000, 1]')), "frames a second"),
        (_edited(lambda t: t.replace('"perspective"', '"equirectangular"')), "twice as wide"),
        (_edited(lambda t: t.replace("1.0]", "2.0]")), "without scale"),
        (_edited(lambda t: t.replace('"near": ', '"near": -')), "depth range"),
    ],
)
def test_a_folder_whose_files_do_not_go_together_is_refused(
    spoil: Callable[[Path], object], said: str, folder: Path
) -> None:
    spoil(folder)
    with pytest.raises(InvalidMedia, match=said) as told:
        list(read_clip(folder))
    assert "\n" not in str(told.value)


def test_a_depth_that_never_ends_is_refused(folder: Path) -> None:
    path = folder / "camera.json"
    text = path.read_text()
    far = text[text.index('"far": ') : text.index(', "metric"')]
    path.write_text(text.replace(far, '"far": Infinity'))
    with pytest.raises(InvalidMedia, match="depth range"):
        read_clip(folder)
