"""How bright: metering a shot once, so that it neither clips nor drowns, and the print's contrast curve."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vr_server.domain.shot import TimeOfDay

from .jit import F64, U8

MEAN_CODE: dict[TimeOfDay, float] = {"dawn": 0.44, "day": 0.52, "sunset": 0.43, "dusk": 0.34, "night": 0.24}
"""Mean sRGB code (0..1) a picture of each time of day is brought to."""
HIGHLIGHT_CODE = 0.93
"""No more than a fiftieth of the picture may be brighter than this..."""
MOST_DIMMED = 0.5
"""...unless the picture as a whole would get darker than this share of its exposure."""
CONTRAST = 0.5
WHITE = 1.0 / 3.5**2
"""Of the film curve: light of 3.5 is white."""
SATURATION = 1.22
"""Of the plain print: gives back the colour that the film curve takes per channel."""
LUMA: F64 = np.array([0.2126, 0.7152, 0.0722])
ROUNDS = 3
_STEPS = np.linspace(0, 1, 4096)


def print_code(light: F64, contrast: float = CONTRAST) -> F64:
    """Display light 0..1 -> sRGB code 0..1, with a soft S for contrast."""
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(code + contrast * (code * code * (3 - 2 * code) - code), 0, 1))


def filmed(light: F64) -> F64:
    """Scene light -> display light 0..1 per channel: what `shade.film` does."""
    return np.asarray(np.minimum(light * (1 + light * WHITE) / (1 + light), 1.0))


def _mix(saturation: float) -> F64:
    return (1 - saturation) * np.tile(LUMA, (3, 1)) + saturation * np.eye(3)


LIGHT_OF_CODE: F64 = np.interp(np.arange(256) / 255, print_code(_STEPS), _STEPS)
"""float64 [256]: the display light that a plain print shows as this code."""


def scene_light(pictures: list[U8]) -> F64:
    """Scene light float64 [n, 3] times the exposure of plain prints uint8 [h, w, 3]; what is white counts as 3.5."""
    display = LIGHT_OF_CODE[np.concatenate([p.reshape(-1, 3) for p in pictures])] @ np.linalg.inv(_mix(SATURATION)).T
    d = np.clip(display, 0.0, 1.0)
    return np.asarray((d - 1 + np.sqrt((1 - d) ** 2 + 4 * WHITE * d)) / (2 * WHITE))


def _codes(light: F64) -> F64:
    """Brightness float64 [n], as sRGB codes 0..1, of scene light [n, 3] on a plain print."""
    return np.asarray(print_code(np.clip(filmed(light) @ _mix(SATURATION).T, 0, 1)) @ LUMA)


def _solve(light: F64, measure: Callable[[F64], float], wanted: float) -> float:
    """The factor on `light` at which `measure` of its codes is `wanted`, by halving its logarithm's range."""
    low, high = -4.0, 4.0
    for _ in range(14):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if measure(_codes(light * 2.0**middle)) < wanted else (low, middle)
    return float(2.0 ** (0.5 * (low + high)))


def correction(pictures: list[npt.NDArray[np.uint8]], mean: float) -> float:
    """Factor on the exposure that brings plain prints `pictures` (uint8 [h, w, 3]) to a `mean` code 0..1, or less far
    where its bright parts would burn out."""
    light = scene_light(pictures)
    factor = _solve(light, lambda codes: float(codes.mean()), mean)
    bright = _solve(light, lambda codes: float(np.quantile(codes, 0.98)), HIGHLIGHT_CODE)
    return min(factor, max(bright, MOST_DIMMED * factor))


def metered(prints_at: Callable[[float], list[U8]], first: float, mean: float) -> float:
    """The exposure at which the prints that `prints_at` makes have their `mean`; `first` is where to begin."""
    exposure = first
    for _ in range(ROUNDS):
        pictures = prints_at(exposure)
        exposure *= correction(pictures, mean)
        codes = np.stack(pictures) @ LUMA
        # one look is enough where it neither clipped nor drowned
        if (codes > 247).mean() < 0.02 and (codes < 4).mean() < 0.1:
            break
    return exposure
