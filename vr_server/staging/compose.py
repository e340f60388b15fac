"""ShotSpec and seed to Staging. Pure: the same spec and seed give the same staging."""

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import CameraPath, SetPiece, Staging, Subject

from .camera import frame_shot
from .continuity import look_rng
from .geometry import Array, vec
from .places import Candidate, as_piece, dressing, place_of
from .sky import make_sky
from .solids import in_the_way
from .subjects import stage_subjects
from .weather import wetness_of, wind_of

_CAMERA_ROOM_M = 0.6
_FIRST_PIECE_ID = 1000
_SIGHT_SHARE = 0.3


def compose(spec: ShotSpec, seed: int) -> Staging:
    """Stage a shot: subjects on their marks, a camera that frames them, a set that is in nobody's way, and light.

    Deterministic. Whatever was guessed or replaced is told in `remarks`.
    """
    place, remarks = place_of(spec)
    subjects, replaced = stage_subjects(spec, seed)
    camera = frame_shot(spec, subjects, place.ground)
    rng = look_rng(spec, seed, f"place/{spec.place}")
    candidates = list(place.layout(rng))
    notes = [*remarks, *replaced]
    for name in dict.fromkeys(spec.set_dressing):
        extra, remark = dressing(name, spec.place, look_rng(spec, seed, f"dressing/{name}"))
        candidates += extra
        notes += [remark] if remark else []
    return Staging(
        duration_s=spec.duration_s,
        place=spec.place,
        ground=place.ground,
        ground_colour=place.colour,
        set_pieces=_set(candidates, subjects, camera, place.ground),
        subjects=subjects,
        camera=camera,
        sky=make_sky(spec, place, camera, subjects),
        weather=spec.weather,
        style=spec.style,
        wind_m_s=wind_of(spec, place),
        wetness=wetness_of(spec, place),
        remarks=tuple(notes),
        seed=seed,
    )


def _set(
    candidates: list[Candidate], subjects: tuple[Subject, ...], camera: CameraPath, ground: str
) -> tuple[SetPiece, ...]:
    """The pieces that neither stand where somebody acts, nor where the camera goes, nor between the two.

    Ids follow the candidates' order, so that a piece keeps its id when the camera changes between takes.
    """
    eye = np.array([k.position_m for k in camera.keys])
    sight = _sight(subjects, eye)
    kept = []
    for n, candidate in enumerate(candidates):
        piece = as_piece(candidate, _FIRST_PIECE_ID + n, ground)
        if in_the_way(piece, eye, _CAMERA_ROOM_M) or in_the_way(piece, sight, 0.25):
            continue
        if any(in_the_way(piece, _walked(s), max(0.45, max(s.size_m[0], s.size_m[2]) / 2)) for s in subjects):
            continue
        kept.append(piece)
    return tuple(kept)


def _walked(subject: Subject) -> Array:
    """Points every 0.4 m or closer along a subject's path, at foot and at half height; float64 [n, 3]."""
    at = np.array([k.position_m for k in subject.path])
    if len(at) > 1:
        between = np.linspace(0, 1, 5)[None, :, None]
        at = (at[:-1, None] * (1 - between) + at[1:, None] * between).reshape(-1, 3)
    return np.concatenate([at, at + vec(0.0, subject.size_m[1] / 2, 0.0)])


def _sight(subjects: tuple[Subject, ...], eye: Array) -> Array:
    """Points on the lines from the camera to its subjects' bodies, now and then through the shot; float64 [n, 3]."""
    found = [eye]
    for s in subjects:
        path = np.array([k.position_m for k in s.path])
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            a, b = eye[round((len(eye) - 1) * share)], path[round((len(path) - 1) * share)]
            for up in (0.15, 0.5, 0.95):
                for side in (-_SIGHT_SHARE, _SIGHT_SHARE):
                    body = b + vec(side * s.size_m[0] * 1.5, up * s.size_m[1], 0.0)
                    steps = max(8, int(np.linalg.norm(body - a) / 0.3))
                    found.append(a + (body - a) * np.linspace(0, 1, steps)[:, None])
    return np.concatenate(found)
