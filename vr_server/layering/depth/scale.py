"""A relative depth tied to metres: what the plan, the people and the ground say of its unit, each with its doubt.

What agrees is put together, weighted by its doubt; what does not is left out and told. Metres are claimed only where the
doubt that is left is small (`SURE`); else the shot stays relative, in the size that is most likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .evidence import Evidence, gathered
from .ground import EYE_M
from .hints import ScaleHints
from .port import F16, CameraTrack, DepthTrack, Pictures, Report
from .unit import in_one_unit, rescaled

SURE = 0.25
"""Doubt (sigma of the logarithm) up to which a scale is called metric."""
_APART = 2.0
"""Two estimates agree when they differ by less than so many sigmas."""
_OUTWEIGHED = 0.5
"""What is left out may weigh at most so much of what is kept."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """`unit_m`: metres that the unit of `depth` and of the camera's way most likely is; None: nothing speaks for any."""

    camera: CameraTrack
    depth: DepthTrack
    unit_m: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sigma` of the logarithm of `unit_m`; `kept` and `left_out`: whose word it is, and whose it is not."""

    unit_m: float
    sigma: float
    kept: tuple[Evidence, ...]
    left_out: tuple[Evidence, ...]

    @property
    def sure(self) -> bool:
        against = sum(1 / e.sigma**2 for e in self.left_out)
        return self.sigma <= SURE and against <= _OUTWEIGHED * sum(1 / e.sigma**2 for e in self.kept)

    def __str__(self) -> str:
        kept = " and ".join(e.source for e in self.kept)
        told = [f"{kept}, +-{100 * (np.exp(self.sigma) - 1):.0f} %"]
        for e in self.left_out:
            share = e.unit_m / self.unit_m - 1
            told.append(f"{e.source} would make it {abs(100 * share):.0f} % {'larger' if share > 0 else 'smaller'}")
        return "; ".join(told)


def tied(clip: Pictures, camera: CameraTrack, depth: DepthTrack, hints: ScaleHints, report: Report) -> Scaled:
    """`depth` and the camera's way of one shot in one unit, in metres where there is good reason to call it so."""
    camera, depth = in_one_unit(clip, camera, depth)
    if depth.metric:
        return Scaled(camera, depth, 1.0)
    if depth.approximate:
        return _guessed(camera, depth, hints)
    report("looking for the scale", 0.0)
    verdict = judged(gathered(clip, camera, depth, hints))
    if verdict is None:
        reason = "none: neither the pictures nor a plan say how large anything is"
        return Scaled(camera, replace(depth, scale_reason=reason), None)
    if not verdict.sure:
        reason = f"relative, too unsure for metres: sized by {verdict}"
        return Scaled(camera, replace(depth, scale_reason=reason), verdict.unit_m)
    inverse: F16 = (depth.inverse.astype(np.float32) / np.float32(verdict.unit_m)).astype(np.float16)
    metres = replace(depth, inverse=inverse, metric=True, scale_reason=f"metric by {verdict}")
    return Scaled(rescaled(camera, verdict.unit_m, metric=True), metres, 1.0)


def judged(evidence: Sequence[Evidence]) -> Verdict | None:
    """The weightiest estimates that agree with one of them, put together; None where there is none."""
    if not evidence:
        return None
    logs = np.log([e.unit_m for e in evidence])
    sigmas = np.array([e.sigma for e in evidence])
    agree = np.abs(logs[:, None] - logs) < _APART * np.hypot(sigmas[:, None], sigmas)
    weights = 1 / sigmas**2
    best = agree[int((agree * weights).sum(axis=1).argmax())]
    w, seen = weights[best], logs[best]
    mean = float((w * seen).sum() / w.sum())
    # estimates that differ by more than they say make each other doubtful
    strain = float((w * (seen - mean) ** 2).sum() / max(len(seen) - 1, 1))
    sigma = float(np.sqrt(max(1.0, strain) / w.sum()))
    kept = tuple(e for e, ok in zip(evidence, best, strict=True) if ok)
    left_out = tuple(e for e, ok in zip(evidence, best, strict=True) if not ok)
    return Verdict(float(np.exp(mean)), sigma, kept, left_out)


def _guessed(camera: CameraTrack, depth: DepthTrack, hints: ScaleHints) -> Scaled:
    """A layout is never metric; a plan at least says how high the camera is to be."""
    if not hints.cameras:
        return Scaled(camera, depth, 1.0)
    height = float(np.median([c.t_world_camera[1, 3] for c in hints.cameras]))
    if height < 0.1:
        return Scaled(camera, depth, 1.0)
    reason = f"a guess: the camera is taken to be as high above the ground as was planned, {height:.2f} m"
    return Scaled(camera, replace(depth, scale_reason=reason), height / EYE_M)
