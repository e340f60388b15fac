"""ShotSpec and seed to Staging. Pure: the same spec and seed give the same staging."""

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import CameraPath, SetPiece, Staging, Subject

from .camera import Framed, frame_shot
from .continuity import look_rng
from .framing import trail
from .geometry import Array
from .places import Candidate, as_piece, dressing, place_of
from .sight import Boxes, is_loose
from .sky import make_sky
from .subjects import stage_subjects
from .weather import ground_colour_of, wetness_of, wind_of

_CAMERA_ROOM_M, _WALL_M, _SIGHT_M = 0.6, 0.25, 0.25
_FIRST_PIECE_ID = 1000
_OUTDOORS, _INDOORS = (0.15, 0.5, 0.95), (0.5, 0.75, 0.95)
"""Shares of a subject's height that nothing loose may hide: a desk before somebody's legs is what a room looks like."""
_MOMENTS = np.linspace(0.0, 1.0, 9)


def compose(spec: ShotSpec, seed: int) -> Staging:
    """Stage a shot: subjects on their marks, a set that is in nobody's way, a camera that frames them, and light.

    Deterministic. Whatever was guessed or replaced is told in `remarks`.
    """
    place, remarks = place_of(spec)
    subjects, replaced = stage_subjects(spec, seed)
    rng = look_rng(spec, seed, f"place/{spec.place}")
    candidates = list(place.layout(rng))
    notes = [*remarks, *replaced]
    for name in dict.fromkeys(spec.set_dressing):
        extra, remark = dressing(name, spec.place, look_rng(spec, seed, f"dressing/{name}"))
        candidates += extra
        notes += [remark] if remark else []
    pieces = _apart(candidates, subjects, place.ground)
    built = tuple(p for p in pieces if not is_loose(p))
    framed = frame_shot(spec, subjects, place.ground, built, place.interior)
    camera = framed.camera
    return Staging(
        duration_s=spec.duration_s,
        place=spec.place,
        ground=place.ground,
        ground_colour=ground_colour_of(spec, place),
        set_pieces=_seen_past(pieces, subjects, framed, _INDOORS if place.interior else _OUTDOORS),
        subjects=subjects,
        camera=camera,
        sky=make_sky(spec, place, camera, subjects),
        weather=spec.weather,
        style=spec.style,
        wind_m_s=wind_of(spec, place),
        wetness=wetness_of(spec, place),
        remarks=tuple(dict.fromkeys((*spec.left_out, *notes, *framed.remarks))),
        seed=seed,
    )


def _apart(candidates: list[Candidate], subjects: tuple[Subject, ...], ground: str) -> tuple[SetPiece, ...]:
    """The pieces that do not stand where somebody acts.

    Ids follow the candidates' order, so that a piece keeps its id when the shot changes between takes.
    """
    pieces = tuple(as_piece(c, _FIRST_PIECE_ID + n, ground) for n, c in enumerate(candidates))
    boxes = Boxes.of_pieces(pieces)
    out: set[int] = set()
    for s in subjects:
        walked = _walked(s)
        room = max(0.45, max(s.size_m[0], s.size_m[2]) / 2)
        near = boxes.near(walked.min(axis=0) - room, walked.max(axis=0) + room)
        if len(near):
            out.update(near.owner[near.hold(walked, room).any(axis=0)].tolist())
    return tuple(p for n, p in enumerate(pieces) if n not in out)


def _seen_past(
    pieces: tuple[SetPiece, ...], subjects: tuple[Subject, ...], framed: Framed, heights: tuple[float, ...]
) -> tuple[SetPiece, ...]:
    """The pieces without loose dressing near the camera or before somebody, and without what holds the camera itself."""
    camera = framed.camera
    eye = np.array([k.position_m for k in camera.keys])
    loose = np.array([framed.wild or is_loose(p) for p in pieces], dtype=bool)
    boxes = Boxes.of_pieces(pieces)
    near = boxes.near(eye.min(axis=0) - 1.0, eye.max(axis=0) + 1.0)
    out = set(near.owner[near.hold(eye, _WALL_M).any(axis=0)].tolist())
    soft = near.owner[near.hold(eye, _CAMERA_ROOM_M).any(axis=0)]
    out.update(soft[loose[soft]].tolist())
    start, end = _lines(subjects, camera, heights)
    if len(start):
        before = boxes.near(np.minimum(start, end).min(axis=0), np.maximum(start, end).max(axis=0))
        cut = before.owner[before.cut(start, end, _SIGHT_M).any(axis=0)]
        out.update(cut[loose[cut]].tolist())
    return tuple(p for n, p in enumerate(pieces) if n not in out)


def _walked(subject: Subject) -> Array:
    """Points every 0.4 m or closer along a subject's path, at foot and at half height; float64 [n, 3]."""
    at = np.array([k.position_m for k in subject.path])
    if len(at) > 1:
        between = np.linspace(0, 1, 5)[None, :, None]
        at = (at[:-1, None] * (1 - between) + at[1:, None] * between).reshape(-1, 3)
    return np.concatenate([at, at + np.array([0.0, subject.size_m[1] / 2, 0.0])])


def _lines(subjects: tuple[Subject, ...], camera: CameraPath, heights: tuple[float, ...]) -> tuple[Array, Array]:
    """Lines from the camera to its subjects' bodies, now and then through the shot; starts and ends float64 [n, 3]."""
    keys = [camera.keys[round((len(camera.keys) - 1) * float(share))] for share in _MOMENTS]
    times = np.array([k.t_s for k in keys])
    eye = np.array([k.position_m for k in keys])
    starts, ends = [], []
    for s in subjects:
        at, _ = trail(s, times)
        w, h, _ = s.size_m
        for up in heights:
            for side in (-0.45, 0.45):
                starts.append(eye)
                ends.append(at + np.array([side * w, up * h, 0.0]))
    if not starts:
        return np.zeros((0, 3)), np.zeros((0, 3))
    return np.concatenate(starts), np.concatenate(ends)
