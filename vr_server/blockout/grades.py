"""The looks a director asks for, as data: what a crew would do to the light and what a grading suite to the picture.

A picture goes through, in this order: light (tints and gains of key and sky), exposure, film curve, channel mix with
saturation, and one curve per channel (print contrast; slope, offset and power as in the ASC colour decision list; tints
of shadows and highlights). What needs its neighbours (glow, vignette, ink) is done in `finish.py`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vr_server.domain.base import Vec3

from .exposure import LUMA, SATURATION, print_code
from .jit import F32, F64

STEPS = 4096
_ONE: Vec3 = (1.0, 1.0, 1.0)
_NONE: Vec3 = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Grade:
    """One look. Colours are per channel and relative; codes are display codes 0..1.

    `key`, `ambient`: factors on the bodies' and the sky's light; `fill` on the bounce board; `fog` on the air's
    density (thick air gets no thicker), `air`: what its colour becomes, if given. `exposure`: factor on what the meter says (a darkening spares
    shots that are dark already); `mean`: code the meter aims at, whatever the hour. `weights`: how the
    channels make grey. `contrast`: of the S curve. `black`: the code of black. `shadows`, `highlights`: codes added
    at the dark and the bright end. `glow`: share of what shines that spills over; `vignette`: share of light lost in
    the corners; `grain`: its standard deviation in codes; `ink`: strength of brushed outlines on paper.
    """

    key: Vec3 = _ONE
    ambient: Vec3 = _ONE
    fill: float = 1.0
    fog: float = 1.0
    air: Vec3 | None = None
    exposure: float = 1.0
    mean: float | None = None
    saturation: float = SATURATION
    weights: Vec3 = (float(LUMA[0]), float(LUMA[1]), float(LUMA[2]))
    contrast: float = 0.5
    slope: Vec3 = _ONE
    offset: Vec3 = _NONE
    power: Vec3 = _ONE
    black: float = 0.0
    shadows: Vec3 = _NONE
    highlights: Vec3 = _NONE
    glow: float = 0.25
    vignette: float = 0.0
    grain: float = 0.0
    ink: float = 0.0


PLAIN = Grade()
GRADES: dict[str, Grade] = {
    "blue_grey": Grade(
        key=(0.82, 0.94, 1.1), ambient=(0.72, 0.9, 1.12), fill=0.8, exposure=0.8, saturation=0.78, contrast=0.75,
        slope=(0.93, 0.99, 1.06), shadows=(-0.012, 0.012, 0.045), highlights=(-0.035, 0.0, 0.02), vignette=0.28,
    ),
    "warm_golden": Grade(
        key=(1.22, 0.98, 0.68), ambient=(1.1, 0.95, 0.84), exposure=1.05, saturation=1.12, contrast=0.55,
        slope=(1.07, 0.985, 0.88), power=(0.92, 1.02, 1.08), shadows=(0.03, 0.004, -0.008), highlights=(0.03, 0.008, -0.05),
        glow=0.5, vignette=0.2,
    ),
    "noir": Grade(
        key=(1.5, 1.5, 1.5), ambient=(0.45, 0.45, 0.45), fill=0.8, mean=0.35, saturation=0.0, weights=(0.46, 0.44, 0.1),
        contrast=1.15, slope=(1.06, 1.06, 1.06), black=0.02, vignette=0.5, glow=0.4, grain=0.011,
    ),
    "ink_wash": Grade(
        key=(0.9, 0.9, 0.9), ambient=(1.1, 1.1, 1.1), fill=0.8, fog=3.0, air=(2.1, 2.08, 2.02), mean=0.6,
        saturation=0.22, weights=(0.3, 0.5, 0.2), contrast=1.3, slope=(1.06, 1.042, 0.995), power=(1.1, 1.1, 1.1), black=0.03,
        glow=0.0, ink=1.0,
    ),
    "neon": Grade(
        key=(0.8, 0.75, 1.2), ambient=(0.9, 0.62, 1.2), fill=0.9, exposure=0.72, saturation=1.45, contrast=0.85,
        slope=(1.0, 0.94, 1.06), shadows=(0.035, -0.02, 0.09), highlights=(-0.01, 0.02, 0.03), glow=1.0, vignette=0.3,
    ),
    "bleached": Grade(
        key=(1.12, 1.05, 0.92), ambient=(0.95, 0.95, 0.95), exposure=1.18, saturation=0.42, contrast=0.95,
        slope=(1.05, 1.02, 0.95), black=0.03, shadows=(0.012, 0.006, -0.004), highlights=(0.012, 0.006, -0.03), grain=0.007,
        glow=0.35, vignette=0.1,
    ),
    "moonlit": Grade(
        key=(0.6, 0.8, 1.2), ambient=(0.35, 0.55, 1.05), fill=0.7, exposure=0.5, saturation=0.62, contrast=0.55,
        slope=(0.9, 0.97, 1.1), shadows=(-0.008, 0.01, 0.06), highlights=(-0.04, 0.0, 0.035), glow=0.45, vignette=0.35,
    ),
    "overcast": Grade(
        key=(0.28, 0.28, 0.29), ambient=(1.15, 1.12, 1.06), fill=0.8, fog=1.2, exposure=0.95, saturation=0.74, contrast=0.4,
        slope=(0.98, 1.0, 0.995), black=0.035, shadows=(0.0, 0.006, 0.012), glow=0.1, vignette=0.1,
    ),
}  # fmt: skip


class Print(NamedTuple):
    """How display light becomes codes: `mix` float64 [3, 3] on (r, g, b), then `curves` float32 [3, STEPS], codes 0..255."""

    mix: F64
    curves: F32


def grade_of(style: str | None) -> Grade:
    """The grade of a style's id; the plain one where there is none or it is not a look."""
    return GRADES.get(style or "", PLAIN)


def make_print(grade: Grade) -> Print:
    weights = np.array(grade.weights) / sum(grade.weights)
    mix = (1 - grade.saturation) * np.tile(weights, (3, 1)) + grade.saturation * np.eye(3)
    code = print_code(np.arange(STEPS) / (STEPS - 1), grade.contrast)
    curves = np.empty((3, STEPS), dtype=np.float32)
    for k in range(3):
        graded = np.clip(code * grade.slope[k] + grade.offset[k], 0, 1) ** grade.power[k]
        # tints fade out at the very ends, so that black stays black and white has room
        dark, bright = (1 - graded) ** 3 * np.minimum(graded / 0.06, 1), graded**3
        graded = graded + grade.shadows[k] * dark + grade.highlights[k] * bright
        curves[k] = 255 * np.clip(grade.black + (1 - grade.black) * graded, 0, 1)
    return Print(np.ascontiguousarray(mix), curves)


def printed(prints: Print, light: F64) -> F64:
    """Codes 0..255, float64 [n, 3], of display light [n, 3] in 0..1."""
    mixed = np.clip(light @ prints.mix.T, 0, 1)
    at = np.rint((STEPS - 1) * mixed).astype(np.int64)
    return np.stack([prints.curves[k][at[:, k]] for k in range(3)], axis=1).astype(np.float64)
