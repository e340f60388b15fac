"""Plain pictures into a plain mp4, for files that are read again by us or sent to an engine."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .codec import H264Encoder, H264Settings, Packet, write_mp4
from .colour import rgb_to_i420

U8 = npt.NDArray[np.uint8]


def write_film(path: Path, pictures: Iterable[U8], size: tuple[int, int], fps: Fraction, *, crf: int) -> int:
    """Write uint8 [h, w, 3] RGB pictures of `size` (width, height) to `path`; how many there were."""
    width_px, height_px = size
    settings = H264Settings(width_px, height_px, fps, max(1, round(fps)), crf=crf, profile="high")
    encoder = H264Encoder(settings)
    packets: list[Packet] = []
    count = 0
    for picture in pictures:
        packets += encoder.encode(rgb_to_i420(picture))
        count += 1
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=width_px, height_px=height_px, fps=fps)
    return count
