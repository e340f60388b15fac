"""Layout, strip and depth code: what the atlas promises the client."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.manifest import Barcode, Calibration, DepthCode
from vr_server.layering.depth_code import (
    SKY_BELOW_U,
    SPAN,
    coarse_luma,
    decode_u,
    encode_u,
    fine_luma,
    settled,
    unfold,
)
from vr_server.layering.layout import PATCH_LUMA, atlas_layout
from vr_server.layering.strip import barcode_word, draw_barcode, draw_calibration, read_barcode, read_levels


def test_layout_of_720p_is_the_documented_table() -> None:
    layout = atlas_layout(1280, 720)
    assert (layout.width_px, layout.height_px) == (1936, 1104)
    assert layout.tiles == {
        "C1": (0, 0, 1280, 720),
        "C2": (1296, 0, 640, 360),
        "D1": (1296, 368, 640, 360),
        "D2": (1296, 736, 640, 360),
        "F1": (0, 736, 640, 360),
    }
    assert layout.barcode == (0, 720, 1280, 16)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@given(st.integers(8, 1000), st.integers(8, 560))
def test_any_even_size_lays_out_aligned_and_apart(half_w: int, half_h: int) -> None:
    layout = atlas_layout(2 * half_w, 2 * half_h)
    assert layout.width_px % 16 == layout.height_px % 16 == 0
    everything = [*layout.tiles.values(), layout.barcode]
    for i, rect in enumerate(everything):
        x, y, w, h = rect
        assert x % 16 == y % 16 == 0
        assert x + w <= layout.width_px
        assert y + h <= layout.height_px
        assert not any(_overlap(rect, other) for other in everything[i + 1 :])
    assert layout.tiles["C1"][2:] == (2 * half_w, 2 * half_h)
    assert all(layout.tiles[n][2:] == (half_w, half_h) for n in ("C2", "D1", "D2", "F1"))
    assert all(p[0] + p[2] <= layout.barcode[2] and p[1] == layout.barcode[1] for p in layout.patches)


@pytest.mark.parametrize("size", [(641, 360), (640, 361), (3840, 2160), (8, 8)])
def test_sizes_that_no_atlas_holds_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidMedia):
        atlas_layout(*size)


def test_barcode_word_follows_the_manifest_docs() -> None:
    # crc8, polynomial 0x07: the standard check value of "123456789" is 0xF4; here over 00 01 2A
    word = barcode_word(1, 42)
    assert word >> 16 == 1
    assert word >> 8 & 0xFF == 42
    crc = 0
    for bit in f"{word >> 8:024b}":
        crc = (crc << 1 ^ (0x07 if (crc >> 7) ^ int(bit) else 0)) & 0xFF
    assert word & 0xFF == crc


@given(st.integers(0, 65535), st.integers(0, 255))
def test_barcode_reads_back_and_a_flipped_bit_is_noticed(frame: int, tag: int) -> None:
    barcode = Barcode(rect=(0, 16, 640, 16), tag=tag)
    luma = np.full((48, 640), 16, np.uint8)
    draw_barcode(luma, barcode, frame)
    assert read_barcode(luma, barcode) == frame
    flipped = luma.copy()
    cell = flipped[16:32, 8:16].copy()
    flipped[16:24, 8:16], flipped[24:32, 8:16] = cell[8:], cell[:8]
    assert read_barcode(flipped, barcode) is None
    assert read_barcode(luma, barcode.model_copy(update={"tag": (tag + 1) % 256})) is None


def test_calibration_undoes_a_range_mistake() -> None:
    calibration = Calibration(rects=atlas_layout(640, 360).patches, luma=PATCH_LUMA)
    luma = np.zeros((400, 640), np.uint8)
    draw_calibration(luma, calibration)
    expanded = np.clip((luma.astype(float) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)
    gain, offset = read_levels(expanded, calibration)
    ramp = (np.arange(16, 236) - 16) * 255 / 219
    assert np.abs(gain * ramp + offset - np.arange(16, 236)).max() < 0.7


_CODE = DepthCode(near=0.5, far=80.0, scale="metric")


@settings(deadline=None)  # the first example compiles the kernels
@given(st.floats(0.5, 79.0), st.integers(-3, 3), st.integers(-3, 3))
def test_depth_survives_the_code_and_noise_of_three_steps(z: float, noise_c: int, noise_f: int) -> None:
    inverse = np.full((4, 4), 1 / z, np.float32)
    u = encode_u(inverse, _CODE)
    coarse, fine = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    coarse_luma(u, coarse, 0, 0)
    fine_luma(u, _CODE.fine_folds, fine, 0, 0)
    assert 16 <= coarse.min() <= coarse.max() <= 235

    def level(luma: np.ndarray, noise: int) -> np.ndarray:
        return np.clip((luma.astype(np.float32) + noise - 16) / SPAN, 0, 1)

    exact = unfold(level(coarse, 0), level(fine, 0), _CODE.fine_folds)
    assert np.abs(exact - u).max() <= 0.51 / SPAN / _CODE.fine_folds
    noisy = unfold(level(coarse, noise_c), level(fine, noise_f), _CODE.fine_folds)
    assert np.abs(noisy - u).max() <= (2 * (abs(noise_c) + 1) + abs(noise_f) + 1) / SPAN  # a fold's crest doubles it
    if z <= 1 / (1 / 80 + 2 / SPAN * (2 - 1 / 80)):
        restored = decode_u(exact, _CODE)
        assert abs(restored[0, 0] - 1 / z) <= 0.52 / SPAN / 4 * (2 - 1 / 80)


def test_sky_and_the_farthest_ground_keep_apart() -> None:
    u = encode_u(np.array([[0.0, 1 / 79.9]], np.float32), _CODE)
    luma = np.zeros((1, 2), np.uint8)
    coarse_luma(u, luma, 0, 0)
    assert luma[0, 0] == 16
    assert luma[0, 1] >= 18
    assert u[0, 0] < SKY_BELOW_U < u[0, 1]
    assert decode_u(u, _CODE)[0, 0] == 0


def test_coding_noise_is_evened_out_and_a_wire_stays() -> None:
    noise = np.random.default_rng(1).normal(0, 0.004, (40, 60)).astype(np.float32)
    u = 0.3 + noise
    u[:, 30] += 0.2
    out = settled(u)
    beside = np.delete(np.arange(60), 30)
    assert np.std(out[:, beside]) < 0.6 * np.std(noise)
    assert np.array_equal(out[:, 30], u[:, 30])
