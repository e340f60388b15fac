"""How bright: metering a shot once, so that it neither clips nor drowns, and the print's contrast curve."""

import numpy as np
import numpy.typing as npt

from vr_server.domain.shot import TimeOfDay

MEAN_CODE: dict[TimeOfDay, float] = {"dawn": 0.44, "day": 0.52, "sunset": 0.43, "dusk": 0.34, "night": 0.24}
"""Mean sRGB code (0..1) a picture of each time of day is brought to."""
HIGHLIGHT_CODE = 0.93
"""No more than a fiftieth of the picture may be brighter than this."""
CONTRAST = 0.5


def print_code(light: npt.NDArray[np.float64], contrast: float = CONTRAST) -> npt.NDArray[np.float64]:
    """Display light 0..1 -> sRGB code 0..1, with a soft S for contrast."""
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(code + contrast * (code * code * (3 - 2 * code) - code), 0, 1))


def correction(pictures: list[npt.NDArray[np.uint8]], mean: float) -> float:
    """Factor for the exposure that brings `pictures` (uint8 [h, w, 3]) nearer to a `mean` code 0..1; 1 when they are there."""
    code = np.stack(pictures).astype(np.float64) @ (0.2126, 0.7152, 0.0722) / 255
    wanted = mean / max(float(code.mean()), 0.01)
    allowed = HIGHLIGHT_CODE / max(float(np.quantile(code, 0.98)), 0.01)
    return float(np.clip(min(wanted, max(allowed, 0.8)) ** 1.6, 0.2, 6.0))
