"""A machine as pieces: meshes in the machine's frame and how each moves (the motions are body/machines.py's)."""

from dataclasses import dataclass

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.scene import Mesh


@dataclass(frozen=True, eq=False)
class Piece:
    """`pivot`: where the mesh's own origin sits in the machine's frame, metres; `gain`: what the motion needs (a wheel's
    radius in metres, turns a second, a side)."""

    part: str
    mesh: Mesh
    motion: str = "fixed"
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gain: float = 1.0


Model = tuple[Piece, ...]
Paint = tuple[Rgb, Rgb]
"""Main and second colour."""


def paint_of(subject: Subject, usual: tuple[Paint, ...]) -> Paint:
    """The subject's own colours, else one of the usual pairs by its seed."""
    main, second = usual[subject.seed % len(usual)]
    colours = subject.colours
    return (colours[0] if colours else main, colours[1] if len(colours) > 1 else second)
