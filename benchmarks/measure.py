"""What every benchmark needs: process CPU seconds, and x264 veryfast as the unit of comparison.

CPU time is `time.process_time()`, which adds up all threads of this process, so a thread pool hides nothing.
"""

import io
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeVar

import av
import numpy as np
import numpy.typing as npt

T = TypeVar("T")


def cpu_s(work: Callable[[], T]) -> tuple[float, T]:
    """Run `work` and return (CPU seconds of the whole process while it ran, its result)."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def x264_cpu_s(frames_rgb: Iterable[npt.NDArray[np.uint8]], fps: Fraction) -> float:
    """CPU seconds that x264 veryfast, crf 18, spends on all of `frames_rgb` (uint8 [h, w, 3] each).

    The conversion to yuv420p is done before the clock starts: the encoder alone is measured, with its
    lookahead flushed and its threads included.
    """
    pictures = [av.VideoFrame.from_ndarray(f, format="rgb24").reformat(format="yuv420p") for f in frames_rgb]
    if not pictures:
        raise ValueError("There is nothing to encode: give at least one frame.")
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = pictures[0].width, pictures[0].height, "yuv420p"
        stream.time_base = 1 / fps

        def encode() -> None:
            for index, picture in enumerate(pictures):
                picture.pts, picture.time_base = index, 1 / fps
                for packet in stream.encode(picture):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)

        seconds, _ = cpu_s(encode)
    return seconds
