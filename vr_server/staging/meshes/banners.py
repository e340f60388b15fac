"""Cloth on poles: a flag and a banner, each of strips that hang on one another. Base at y = 0."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vr_server.domain.staging import Rgb
from vr_server.staging.scene import Mesh

from .core import Part, ellipsoid, finish, lathe
from .model import Model, Paint, Piece
from .shapes import STEEL, grid_part, mirrored, rod

_GOLD: Rgb = (0.55, 0.40, 0.12)
_WOOD: Rgb = (0.30, 0.18, 0.09)
STRIPS = 9
"""Pieces of a moving cloth."""


def _striped(name: str, cloth: Part, where: NDArray[np.bool_], colour: Rgb) -> Mesh:
    """The cloth, seen from both sides, with the vertices told by `where` (V,) in the second colour."""
    colours = np.where(where[:, None], np.array(colour), cloth.colours)
    return finish(name, replace(cloth, colours=colours), two_sided=True)


def flag(paint: Paint) -> Model:
    """A cloth of strips on a pole: each strip hangs on the one before it."""
    main, second = paint
    pole = [
        lathe([(0.2, 0.0), (0.18, 0.1), (0.07, 0.16), (0.05, 0.3), (0.035, 6.05)], STEEL, 12),
        ellipsoid((0.075, 0.09, 0.075), _GOLD, (0.0, 6.1, 0.0), 2),
    ]
    wide, high = 2.0 / STRIPS, 1.3
    strips = []
    for i in range(STRIPS):
        u, v = np.meshgrid(np.linspace(0.0, wide * 1.02, 3), np.linspace(-high / 2, high / 2, 5))
        cloth = grid_part(np.stack([u, v, 0 * u], axis=-1), main)
        band = np.abs(cloth.positions[:, 1]) < 0.25
        mesh = _striped("flag-cloth", cloth, band, second)
        strips.append(Piece(f"cloth_{i}", mesh, "cloth", (0.04, 5.3, 0.0), wide))
    return (Piece("pole", finish("metal-flag-pole", *pole)), *strips)


def banner(paint: Paint) -> Model:
    """A long cloth hanging from a crossbar, of strips that swing."""
    main, second = paint
    pole = [
        lathe([(0.24, 0.0), (0.22, 0.08), (0.06, 0.14), (0.05, 0.3), (0.04, 4.1)], _WOOD, 12).moved((0.0, 0.0, 0.12)),
        rod((-0.72, 3.95, 0.02), (0.72, 3.95, 0.02), 0.03, _WOOD),
        ellipsoid((0.06, 0.09, 0.06), _GOLD, (0.0, 4.12, 0.12), 1),
    ]
    pole += [
        mirrored(ellipsoid((0.05,) * 3, _GOLD, (0.74, 3.95, 0.02), 1)),
        rod((0.0, 3.95, 0.0), (0.0, 3.95, 0.14), 0.02, _WOOD),
    ]
    tall = 2.9 / STRIPS
    strips = []
    for i in range(STRIPS):
        u, v = np.meshgrid(np.linspace(-0.6, 0.6, 7), np.linspace(0.0, -tall * 1.02, 3))
        if i == STRIPS - 1:
            v = v * (1.0 + 0.8 * np.abs(u) / 0.6)  # the foot is cut out to a swallow's tail
        cloth = grid_part(np.stack([u, v, 0 * u], axis=-1)[::-1], main)
        edge = (np.abs(cloth.positions[:, 0]) > 0.45) | (
            (i in (2, 3, 4, 5)) & (np.abs(cloth.positions[:, 0]) < (0.3 if i in (3, 4) else 0.15))
        )
        mesh = _striped("banner-cloth", cloth, edge, second)
        strips.append(Piece(f"cloth_{i}", mesh, "hanging", (0.0, 3.95, 0.02), tall))
    return (Piece("pole", finish("banner-pole", *pole)), *strips)
