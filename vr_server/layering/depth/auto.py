"""Which estimator finds a flat clip's depth: the best that can, and a line that says why."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vr_server.domain.errors import NoDepth

from .port import F16, CameraTrack, DepthEstimator, DepthTrack, Pictures, Report

_FAR_SHARE = 0.002


def choose(clip: Pictures, camera: CameraTrack, estimators: Sequence[DepthEstimator], report: Report) -> DepthTrack:
    """The first estimator's depth that does not refuse, in the order given; what refused is told in `reason`.

    Raise NoDepth with every refusal when none is left.
    """
    refused: list[str] = []
    for estimator in estimators:
        try:
            found = estimator.estimate(clip, camera, report)
        except NoDepth as error:
            refused.append(f"{estimator.name}: {error}")
            continue
        return replace(found, reason=". ".join([found.reason, *(f"Not {r}" for r in refused)]))
    raise NoDepth(f"No way to find this clip's depth is left. {' '.join(refused)}")


def bounds(inverse: F16) -> tuple[float, float]:
    """Nearest and farthest depth of a shot, in its own unit, for the depth code; outliers do not count."""
    values = inverse[:: max(1, len(inverse) // 24)].astype(np.float32)
    finite = values[values > 0]
    if not finite.size:
        raise NoDepth("The depth found is infinitely far everywhere.")
    high, low = float(np.quantile(finite, 1 - _FAR_SHARE)), float(np.quantile(finite, _FAR_SHARE))
    low = max(low, high / 400)
    return 1 / high, max(1 / low, 1.001 / high)
