"""What a shot's camera language says of the lens that an engine's picture is seen through."""

import numpy as np

from vr_server.domain.shot import CameraIntent
from vr_server.domain.staging import CameraPath

from .camera import LensPrior

_TOLD, _USUAL = 0.15, 0.22
"""Doubt (sigma of the logarithm) of a lens that was asked for, and of the usual lens of the shot size that was: engines take
"85mm" for a look, not for a measure."""
_LEAST_RAD, _MOST_RAD = 0.05, 2.2


def lens_prior(intent: CameraIntent, planned: CameraPath) -> LensPrior | None:
    """The lens to lean on. `planned`: the camera path that was made of `intent`; a zoom gives the middle of its lenses and
    the more doubt the longer it is. None for a fisheye, which no perspective stands for."""
    if planned.projection != "perspective":
        return None
    lenses = np.log(np.tan(np.array([key.yfov_rad for key in planned.keys]) / 2))
    middle = float(2 * np.arctan(np.exp((lenses.min() + lenses.max()) / 2)))
    doubt = _USUAL if intent.lens_mm is None else _TOLD
    return LensPrior(float(np.clip(middle, _LEAST_RAD, _MOST_RAD)), float(np.hypot(doubt, np.ptp(lenses) / 2)))
