"""Depth edges moved onto colour edges: a network's depth is blurred across them, and that is what tears in a headset.

Where depth changes fast, a pixel belongs to the near side or to the far side, never to what lies between. Which one, its
colour says, against the mean colours of both sides around it (a two-class form of the guided upsampling of Kopf et al.,
"Joint bilateral upsampling", 2007). Where it is known who is a person, the outline has a say too: as much as the mask is sure.
"""

import cv2
import numpy as np

from vr_server.media.jit import compiled

from .port import F32, U8, U16, Bool

REACH_PX = 6
"""How far from its place a blurred edge is looked for, at 1280 px of width."""
_STEP = 0.12
"""Share of the near side's inverse depth that makes an edge."""
_SLOPE = 1.75
"""Twice the window shows at most this many times the difference where there is a step, and about twice on a slope."""
_SURE = 0.22
"""Share of the step within which a pixel surely belongs to a side, so that its colour speaks for it."""
_ALIKE = 14.0
"""Colour distance (sRGB codes) below which two sides look alike and the middle of the step decides."""
_OUTLINE = 60.0
"""What a sure mask weighs, as a colour distance: more than a worn coat before a wall, less than a face before the sky."""
_BEFORE = 0.2
"""A person whose side differs from what is beyond the outline by less of the step has no edge there: feet on the ground."""


def sharpen(inverse: F32, color: U8) -> F32:
    """`inverse` float32 [h, w] (1 / planar Z) with its edges on those of `color` uint8 [h, w, 3]; a new array."""
    return _sharpened(inverse, color, np.zeros((1, 1), np.uint16), np.zeros((1, 1), np.float32))[0]


def sharpen_people(inverse: F32, color: U8, ids: U16, sure: F32) -> tuple[F32, U16]:
    """`sharpen` with people known: `ids` uint16 [h, w], 0 nobody; `sure` float32 [h, w], how surely each pixel is one (0..1).

    The depth, and the ids with their outlines where its edges are: a pixel that is given to one side is that side's.
    """
    return _sharpened(inverse, color, ids, sure)


def _sharpened(inverse: F32, color: U8, ids: U16, sure: F32) -> tuple[F32, U16]:
    reach = max(2, round(REACH_PX * inverse.shape[1] / 1280))
    near, far = _extremes(inverse, reach)
    wide_near, wide_far = _extremes(inverse, 2 * reach)
    # a slope goes on beyond the window, a step does not
    edge: Bool = (near - far > _STEP * near) & (wide_near - wide_far < _SLOPE * (near - far))
    smooth = np.asarray(cv2.GaussianBlur(color, (3, 3), 0.8), np.uint8)
    out, whose = inverse.copy(), ids.copy()
    _decide(inverse, near, far, edge, smooth, reach, out, ids, sure, whose)
    # a lone pixel that chose against all its neighbours is noise
    settled = np.asarray(cv2.medianBlur(out, 3), np.float32)
    if ids.shape == inverse.shape:
        whose = np.where(edge, np.asarray(cv2.medianBlur(whose, 3), np.uint16), whose)
    return np.asarray(np.where(edge, settled, inverse), np.float32), whose


def _extremes(inverse: F32, reach: int) -> tuple[F32, F32]:
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(inverse, kernel), np.float32), np.asarray(cv2.erode(inverse, kernel), np.float32)


@compiled
def _decide(
    inverse: F32, near: F32, far: F32, edge: Bool, color: U8, reach: int, out: F32, ids: U16, sure: F32, whose: U16
) -> None:  # fmt: skip
    """Give every pixel of an `edge` to its near or far side, in `out`, and in `whose` to whom that side is. `ids` and `sure`
    of another shape than `inverse`: nobody is known."""
    height, width = inverse.shape
    wide = 2 * reach
    told = ids.shape == inverse.shape
    for y in range(height):
        for x in range(width):
            if not edge[y, x]:
                continue
            high, low = near[y, x], far[y, x]
            step = high - low
            nw = fw = 1e-6
            n0 = n1 = n2 = f0 = f1 = f2 = 0.0
            for v in range(max(y - wide, 0), min(y + wide + 1, height), 2):
                for u in range(max(x - wide, 0), min(x + wide + 1, width), 2):
                    share = (inverse[v, u] - low) / step
                    if share < -_SURE or share > 1 + _SURE:
                        continue
                    weight = 1.0 / (4.0 + (v - y) * (v - y) + (u - x) * (u - x))
                    if share > 1 - _SURE:
                        nw += weight
                        n0 += weight * color[v, u, 0]
                        n1 += weight * color[v, u, 1]
                        n2 += weight * color[v, u, 2]
                    elif share < _SURE:
                        fw += weight
                        f0 += weight * color[v, u, 0]
                        f1 += weight * color[v, u, 1]
                        f2 += weight * color[v, u, 2]
            c0, c1, c2 = float(color[y, x, 0]), float(color[y, x, 1]), float(color[y, x, 2])
            dn = ((c0 - n0 / nw) ** 2 + (c1 - n1 / nw) ** 2 + (c2 - n2 / nw) ** 2) ** 0.5
            df = ((c0 - f0 / fw) ** 2 + (c1 - f1 / fw) ** 2 + (c2 - f2 / fw) ** 2) ** 0.5
            share = (inverse[y, x] - low) / step
            # what the depth itself says counts too: more where the colours say little
            score = (df - dn) + (share - 0.5) * 2.0 * _ALIKE
            if told:
                before, other = _beyond(inverse, ids, y, x, low, step, wide)
                if abs(before) > _BEFORE:
                    trust = max(2.0 * abs(2.0 * sure[y, x] - 1.0) - 1.0, 0.0) * _OUTLINE
                    score += trust if before > 0 else -trust
                    if (score > 0) != (before > 0):
                        whose[y, x] = other
            out[y, x] = high if score > 0 else low


@compiled
def _beyond(inverse: F32, ids: U16, y: int, x: int, low: float, step: float, wide: int) -> tuple[float, int]:
    """How much nearer (in steps) than what is beyond the next outline the own side of (y, x) is, and whose the other is;
    0 where no outline is near."""
    height, width = inverse.shape
    mine = mine_w = theirs = theirs_w = 0.0
    other, nearest = 0, 1 << 30
    for v in range(max(y - wide, 0), min(y + wide + 1, height), 2):
        for u in range(max(x - wide, 0), min(x + wide + 1, width), 2):
            share = min(max((inverse[v, u] - low) / step, 0.0), 1.0)
            apart = (v - y) * (v - y) + (u - x) * (u - x)
            weight = 1.0 / (4.0 + apart)
            if ids[v, u] == ids[y, x]:
                mine += weight * share
                mine_w += weight
            else:
                theirs += weight * share
                theirs_w += weight
                if apart < nearest:
                    nearest, other = apart, int(ids[v, u])
    if mine_w == 0.0 or theirs_w == 0.0:
        return 0.0, other
    return mine / mine_w - theirs / theirs_w, other
