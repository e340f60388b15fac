"""What a bake costs: CPU per 720p frame with known depth and three tiers, in units of x264 veryfast.

    .venv/bin/python -m benchmarks.bake --json [--frames N] [--size 1280x720]

The clip is synthetic and rendered beforehand; a few frames are played to and fro to make up the length.
"""

import argparse
import io
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from benchmarks.measure import cpu_s
from benchmarks.scenes import SyntheticClip
from vr_server.domain.frame import Frame
from vr_server.layering import Baker
from vr_server.layering.atlas import AtlasPainter
from vr_server.layering.layers import split
from vr_server.layering.layout import atlas_layout

FPS = Fraction(24)
_DISTINCT = 12


def x264_i420_cpu_s(images: Sequence[npt.NDArray[np.uint8]], fps: Fraction) -> float:
    """CPU seconds that x264 veryfast, crf 18, spends on tight I420 images, as `measure.x264_cpu_s` does on RGB."""
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "18"})
        stream.height, stream.width = images[0].shape[0] * 2 // 3, images[0].shape[1]
        stream.pix_fmt, stream.time_base = "yuv420p", 1 / fps
        pictures = [av.VideoFrame.from_ndarray(image, format="yuv420p") for image in images]

        def encode() -> None:
            for index, picture in enumerate(pictures):
                picture.pts, picture.time_base = index, 1 / fps
                container.mux(stream.encode(picture))
            container.mux(stream.encode())

        return cpu_s(encode)[0]


def _bake(clip: SyntheticClip, frames: Sequence[Frame], folder: Path) -> dict[str, float]:
    baker = Baker(folder, clip.plan, shot_id="bench", take_id="take-bench")
    interval = baker.manifest.keyframe_interval
    start_cpu_s, start_s, first_s = time.process_time(), time.perf_counter(), 0.0
    for frame in frames:
        baker.add(frame)
        if not first_s and baker.playable_frames >= interval:
            first_s = time.perf_counter() - start_s
    report = baker.finish()
    wall_s = time.perf_counter() - start_s
    return {
        "bake_cpu_s": time.process_time() - start_cpu_s,
        "wall_s": wall_s,
        "first_playable_s": first_s or wall_s,
        "bytes_high": report.tier_bytes["high"],
    }


def _atlases(clip: SyntheticClip, frames: Sequence[Frame], folder: Path) -> list[npt.NDArray[np.uint8]]:
    baker = Baker(folder, clip.plan, shot_id="bench", take_id="take-bench")
    baker.abort()
    painter = AtlasPainter(atlas_layout(clip.width_px, clip.height_px), baker.manifest)
    return [painter.paint(split(frame, head_box_m=0.25), frame.index) for frame in frames]


def measure(width_px: int, height_px: int, frame_count: int) -> dict[str, Any]:
    """Run the benchmark; see the module's head for what the figures mean."""
    distinct = list(SyntheticClip(width_px, height_px, min(_DISTINCT, frame_count), FPS, samples=1))
    to_and_fro = islice(cycle(chain(distinct, distinct[-2:0:-1])), frame_count)
    frames = [replace(frame, index=i) for i, frame in enumerate(to_and_fro)]
    clip = SyntheticClip(width_px, height_px, frame_count, FPS)
    with tempfile.TemporaryDirectory() as folder:
        warm = SyntheticClip(64, 64, 2, FPS, samples=1)
        _bake(warm, list(warm), Path(folder) / "warm")
        held_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        baked = _bake(clip, frames, Path(folder) / "clip")
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        images = _atlases(clip, frames, Path(folder) / "atlas")
    x264_s = x264_i420_cpu_s(images, FPS)
    return {
        "frames": frame_count,
        "width": width_px,
        "height": height_px,
        "bake_cpu_ms_per_frame": round(1000 * baked["bake_cpu_s"] / frame_count, 2),
        "x264_veryfast_cpu_ms_per_frame": round(1000 * x264_s / frame_count, 2),
        "ratio": round(baked["bake_cpu_s"] / x264_s, 3),
        "wall_s": round(baked["wall_s"], 3),
        "first_playable_s": round(baked["first_playable_s"], 3),
        "first_playable_share": round(baked["first_playable_s"] / baked["wall_s"], 3),
        "kbps_high": round(baked["bytes_high"] * 8 * FPS / frame_count / 1000),
        "memory_before_mb": round(held_mb),
        "memory_peak_mb": round(peak_mb),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    arguments = parser.parse_args()
    width_px, height_px = (int(n) for n in arguments.size.split("x"))
    figures = measure(width_px, height_px, arguments.frames)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
