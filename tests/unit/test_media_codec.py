"""What an encoder is told of a picture's parts, and what comes of it."""

from fractions import Fraction

import numpy as np
import pytest

from vr_server.media.codec import H264Encoder, H264Settings, Region, decode_packets


def _picture() -> np.ndarray:
    """Grain that no encoder keeps whole: I420, uint8 [216, 256]."""
    rng = np.random.default_rng(3)
    picture = np.full((216, 256), 128, np.uint8)
    picture[:144] = np.clip(rng.normal(128, 25, (144, 256)), 16, 235)
    return picture


def _errors(regions: tuple[Region, ...], kbps: int | None = None, frames: int = 1) -> tuple[float, float, int]:
    """Mean square errors of the left and the right half after coding so many frames, and their bytes."""
    settings = H264Settings(
        256, 144, Fraction(24), 12, bitrate_kbps=kbps, crf=None if kbps else 28,
        adaptive_quantisation=False, regions=regions,
    )  # fmt: skip
    encoder, picture = H264Encoder(settings), _picture()
    packets = [p for _ in range(frames) for p in encoder.encode(picture)] + encoder.flush()
    last = decode_packets([p.data for p in packets])[-1]
    error = (last[:144].astype(float) - picture[:144]) ** 2
    return float(error[:, :128].mean()), float(error[:, 128:].mean()), sum(len(p.data) for p in packets)


def test_a_region_is_coded_finer_or_coarser_than_the_rest() -> None:
    left, right, _ = _errors(())
    assert left == pytest.approx(right, rel=0.1)
    finer, rest, _ = _errors((Region(0, 0, 128, 144, -6),))
    assert finer < 0.5 * left
    assert rest == pytest.approx(right, rel=0.1)
    coarser, _, _ = _errors((Region(0, 0, 128, 144, 6),))
    assert coarser > 1.5 * left


def test_regions_share_one_rate() -> None:
    plain = _errors((), 600, 12)
    shared = _errors((Region(0, 0, 128, 144, -6), Region(128, 0, 128, 144, 6)), 600, 12)
    assert shared[0] < plain[0]
    assert shared[1] > plain[1]
    assert shared[2] == pytest.approx(plain[2], rel=0.15)
    assert plain[2] < 600_000 / 8
