"""Facts of the camera: shot size, angle and moves, measured on the clip's poses and on its pictures' ids."""

import itertools
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.shot import ShotSize
from vr_server.domain.staging import Subject
from vr_server.staging.lenses import SIZES
from vr_server.staging.measure import Shots, moves_of, sightings, size_of, steps_apart
from vr_server.staging.subjects import path_at

from .fact import Fact, is_one_of
from .prompts import Expected, Look

MOMENTS = 9
TALL: dict[ShotSize, tuple[float, float]] = {
    "extreme_close_up": (0.5, 1.0), "close_up": (0.5, 1.0), "medium_close_up": (0.5, 1.0), "medium": (0.5, 1.0),
    "medium_full": (0.5, 1.0), "full": (0.3, 1.0), "wide": (0.1, 0.8), "extreme_wide": (0.015, 0.5),
}  # fmt: skip
"""How much of the frame's height the ids of a shot's main subject span, at least and at most."""
GROUP_SIZES: set[ShotSize] = {"full", "wide", "extreme_wide"}
GROUP_LOOSE = 0.6
"""A frame that must hold several side by side shows each smaller, and up to one size wider."""
LOOSE = 0.35
"""Shot sizes run into each other: a logarithm of how far a frame's height may be from what its size means."""
PITCH_RAD = {"low": (0.03, 1.6), "high": (-1.2, -0.17), "overhead": (-1.6, -0.8), "eye": (-0.25, 0.25)}
"""How the camera is tilted for an angle, + up."""
DUTCH_RAD = 0.08
SHAKEN_RAD = 2e-4


def camera_facts(expected: Expected, look: Look) -> list[Fact]:
    return [*_size(expected, look), *_angle(expected, look), *_moves(expected, look)]


def _told_subjects(expected: Expected, look: Look) -> list[Subject]:
    kinds = "|".join(expected.subjects)
    focus = look.spec.camera.focus
    found = [s for s in look.staging.subjects if is_one_of(kinds, s.kind)]
    return [s for s in found if s.key == focus] or found


def _size(expected: Expected, look: Look) -> list[Fact]:
    """The size is asked for of one subject at one moment: a move may begin or end there."""
    if not expected.size or not (subjects := _told_subjects(expected, look)):
        return []
    times = np.linspace(0.0, look.staging.duration_s, MOMENTS)
    seen = sightings(look.staging, times, look.plan.width_px / look.plan.height_px)
    shown = [moment[s.key].shows for moment in seen for s in subjects]
    sizes = [size_of(shows) for shows in shown]
    asked = [size for size in TALL if is_one_of(expected.size, size)]
    group = len(look.staging.subjects) > 1 and not GROUP_SIZES.isdisjoint(asked)
    held = any(steps_apart(size, wanted) <= group for size in sizes for wanted in asked)
    held |= any(abs(math.log(shows / SIZES[wanted].shows)) < LOOSE for shows in shown for wanted in asked)
    measured = ", ".join(dict.fromkeys(sizes))
    spans = [_tall(frame, s) for frame in look.frames for s in subjects]
    ranges = [(TALL[size][0] * (GROUP_LOOSE if group else 1), TALL[size][1]) for size in asked]
    framed = any(low <= span <= high for span in spans for low, high in ranges)
    told = " or ".join(f"{low:.2f} to {high:.2f}" for low, high in ranges)
    return [
        Fact("size", held, expected.size, measured),
        Fact("framed", framed, f"{told} of the frame's height", ", ".join(f"{span:.2f}" for span in spans[:6])),
    ]


def _tall(frame: Frame, subject: Subject) -> float:
    """How much of the frame's height lies between the highest and the lowest pixel of a subject."""
    assert frame.ids is not None
    rows = np.flatnonzero((frame.ids == subject.object_id).any(axis=1))
    return float(rows[-1] - rows[0] + 1) / len(frame.ids) if len(rows) else 0.0


def _angle(expected: Expected, look: Look) -> list[Fact]:
    if not expected.angle:
        return []
    ahead = np.array([-pose.t_world_camera[:3, 2] for pose in look.plan.cameras])
    pitch = np.arcsin(np.clip(ahead[:, 1], -1, 1))
    roll = abs(moves_of(_shots(look.plan.cameras)).roll_rad)
    held = False
    for angle in expected.angle.split("|"):
        if angle == "dutch":
            held |= roll >= DUTCH_RAD
        else:
            low, high = PITCH_RAD[angle]
            held |= bool(((pitch >= low) & (pitch <= high)).any())
    found = f"tilted {pitch.min():.2f} to {pitch.max():.2f} rad, rolled {roll:.2f}"
    return [Fact("angle", held, expected.angle, found)]


def _shots(cameras: tuple[CameraPose, ...]) -> Shots:
    poses = np.array([pose.t_world_camera for pose in cameras])
    return Shots(poses[:, :3, 3], poses[:, :3, :3], np.array([pose.yfov_rad for pose in cameras]))


def _moves(expected: Expected, look: Look) -> list[Fact]:
    """Each told move over its own share of the shot: over the ground, or, of a camera that goes along with somebody,
    seen from where they go."""
    facts = []
    for told, (first, last) in zip(expected.moves, _shares(expected, look), strict=True):
        shots = _shots(look.plan.cameras[first:last])
        along = _goes_along(expected, look, first, last)
        moves = moves_of(shots)
        names = [moves.move]
        if along is not None:
            names.append(moves_of(replace(shots, eye=shots.eye - along)).move)
        held = any(is_one_of(told, name) for name in names)
        held |= "handheld" in told.split("|") and moves.shake_rad >= SHAKEN_RAD
        held |= "follow" in told.split("|") and along is not None
        facts.append(Fact("moves", held, told, f"{' or '.join(names)} (shake {moves.shake_rad:.1e} rad)"))
    return facts


def _shares(expected: Expected, look: Look) -> list[tuple[int, int]]:
    """The frames of each told move: the beat's own share of the shot where as many beats move, else equal shares."""
    count, beats = look.plan.frame_count, look.spec.camera.beats
    weights = [b.weight for b in beats]
    spans = list(itertools.pairwise(np.cumsum([0.0, *weights]) / max(sum(weights), 1e-9)))
    if len(beats) != len(expected.moves):
        spans = [span for span, beat in zip(spans, beats, strict=True) if beat.move != "static"]
    if len(spans) != len(expected.moves):
        spans = list(itertools.pairwise(np.linspace(0.0, 1.0, len(expected.moves) + 1)))
    starts = [math.floor(start * count) for start, _ in spans]
    return [(first, max(math.ceil(end * count), first + 2)) for first, (_, end) in zip(starts, spans, strict=True)]


def _goes_along(expected: Expected, look: Look, first: int, last: int) -> npt.NDArray[np.float64] | None:
    """Where a told subject is in the frames [first, last), float64 [n, 3], if the camera goes where it goes, about as far."""
    cameras, fps = look.plan.cameras[first:last], look.plan.fps
    eyes = np.array([c.t_world_camera[:3, 3] for c in cameras])
    went = eyes[-1] - eyes[0]
    for subject in _told_subjects(expected, look):
        places = np.array([path_at(subject.path, float(i / fps))[0] for i in range(first, last)])
        way = places[-1] - places[0]
        if np.linalg.norm(way) > 0.5 and (
            _as_far(eyes, places) or np.linalg.norm(went - way) < 0.6 * np.linalg.norm(way)
        ):
            return places
    return None


def _as_far(eyes: npt.NDArray[np.float64], places: npt.NDArray[np.float64]) -> bool:
    """Whether a camera stays as far from somebody who goes."""
    away = np.linalg.norm((eyes - places)[:, [0, 2]], axis=1)
    return bool(np.ptp(away) < 0.12 * away.mean())
