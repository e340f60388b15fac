"""The hidden layer: every depth edge extends its own far side under the foreground ("grow", layers.md).

Works on inverse depth, in which a plane is linear over the picture: the far side's own gradient carries it on.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vr_server.media.jit import compiled

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
F32 = npt.NDArray[np.float32]

KEEP_RATIO = 0.95
"""A hidden sample counts only where 1/z2 < KEEP_RATIO / z1; nearer ones would fight with the front layer."""
_BEHIND = 0.999 * KEEP_RATIO
_SAME_SURFACE = 0.06
_BESIDE_EDGE_PX = 2  # colour and slope are read this far from the edge: nearer pixels mix both sides
_ROW = 8  # of a sample: 1/z, slope y, slope x, r, g, b, distance from the edge, whose it is
HELD = 1
_UNTOUCHED, _QUEUED = 0, 2


class Reach(NamedTuple):
    """How far parallax opens an edge, in pixels of the half-size picture. `px_m`: focal length in pixels times the head
    box's half side: a sample hidden by dz of inverse depth can be uncovered ``px_m * dz`` pixels from its edge, and no
    farther; `least_px`: what opens by less is no edge; `margin_px`: so much more is grown, since what is drawn of the
    hidden layer is a coarser sheet."""

    px_m: float
    least_px: float = 0.75
    margin_px: float = 1.5


@compiled
def nearest_of_four(depth: F32, inverse: F32) -> None:
    """Halve `depth` (m, +inf = sky) into `inverse` (1/m, 0 = sky): of each 2x2 block the nearest sample.

    An average would float between the surfaces and the farthest would lose wires. The nearest also gives the mixed
    pixels of an edge to the foreground, where they move with it; left on the background they show as a dotted halo.
    """
    for y in range(inverse.shape[0]):
        for x in range(inverse.shape[1]):
            upper = min(depth[2 * y, 2 * x], depth[2 * y, 2 * x + 1])
            lower = min(depth[2 * y + 1, 2 * x], depth[2 * y + 1, 2 * x + 1])
            inverse[y, x] = np.float32(1.0) / min(upper, lower)


@compiled
def owners_of_four(depth: F32, ids: U16, first_still_id: int, owner: U16) -> None:
    """Halve `ids` into `owner` like `nearest_of_four` the depth: of each 2x2 block whom the nearest sample shows, 0 where
    that is no subject (0 < id < `first_still_id`)."""
    for y in range(owner.shape[0]):
        for x in range(owner.shape[1]):
            left = 0 if depth[2 * y, 2 * x] <= depth[2 * y + 1, 2 * x] else 1
            right = 0 if depth[2 * y, 2 * x + 1] <= depth[2 * y + 1, 2 * x + 1] else 1
            nearer = depth[2 * y + left, 2 * x] <= depth[2 * y + right, 2 * x + 1]
            whose = ids[2 * y + left, 2 * x] if nearer else ids[2 * y + right, 2 * x + 1]
            owner[y, x] = whose if whose < first_still_id else 0


@compiled
def _slope(inverse: F32, y: int, x: int, dy: int, dx: int) -> float:
    """Change of inverse depth per pixel along (dy, dx) within the surface at (y, x): the smaller of both sides."""
    here = inverse[y, x]
    best = 0.0
    found = False
    for side in (-1, 1):
        ny, nx = y + side * dy, x + side * dx
        if 0 <= ny < inverse.shape[0] and 0 <= nx < inverse.shape[1]:
            step = side * (inverse[ny, nx] - here)
            if abs(step) <= _SAME_SURFACE * here and (not found or abs(step) < abs(best)):
                best, found = step, True
    return best


@compiled
def _seed(inverse: F32, rgb: U8, owner: U16, y: int, x: int, dy: int, dx: int, sample: F32) -> None:
    """Read the far side at (y, x), entered going (dy, dx) away from the edge, into `sample`: 1/z, slopes, colour, owner;
    never from another subject."""
    here = inverse[y, x]
    sy, sx = y, x
    for _ in range(_BESIDE_EDGE_PX):
        ny, nx = sy + dy, sx + dx
        if not (0 <= ny < inverse.shape[0] and 0 <= nx < inverse.shape[1]) or owner[ny, nx] != owner[y, x]:
            break
        if abs(inverse[ny, nx] - inverse[sy, sx]) > _SAME_SURFACE * inverse[sy, sx]:
            break
        sy, sx = ny, nx
    sample[0] = here
    sample[1] = _slope(inverse, sy, sx, 1, 0)
    sample[2] = _slope(inverse, sy, sx, 0, 1)
    for c in range(3):
        sample[3 + c] = rgb[sy, sx, c]
    sample[7] = owner[y, x]


@compiled
def _predict(
    q: int, row_width: F32, front: F32, held: U8, inverse: F32, rgb: U8, owner: U16, first: bool, samples: F32, out: F32
) -> int:  # fmt: skip
    """Mean of what q's filled (`first`: far-side) neighbours say of q, into `out`; how many agree. `samples`: float32
    [8, `_ROW`] to work in.

    Neighbours on different surfaces, or of different subjects, never mix: those that agree with the middle one count, so
    that the border between two far sides (ground and sky) runs straight on under the foreground.
    """
    height, width = inverse.shape
    y, x = q // width, q % width
    count = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            ny, nx = y + dy, x + dx
            if (dy == 0 and dx == 0) or not (0 <= ny < height and 0 <= nx < width):
                continue
            if first:
                if inverse[ny, nx] >= _nearest_behind(inverse, owner, y, x, ny, nx):
                    continue
                _seed(inverse, rgb, owner, ny, nx, dy, dx, samples[count])
                samples[count, 6] = 0.0
            elif held[ny, nx] == HELD:
                for k in range(_ROW):
                    samples[count, k] = front[ny, nx, k]
            else:
                continue
            value = samples[count, 0] - dy * samples[count, 1] - dx * samples[count, 2]
            samples[count, 0] = max(value, 0.7 * samples[count, 0])
            samples[count, 6] += np.float32(np.sqrt(dy * dy + (dx * row_width[y]) ** 2))
            count += 1
    agree = 0
    out[:] = 0
    out[6] = np.inf
    chosen = _median_of(samples, count)
    middle, whose = samples[chosen, 0], samples[chosen, 7]
    for i in range(count):
        if abs(samples[i, 0] - middle) <= 0.1 * middle + 1e-6 and samples[i, 7] == whose:
            agree += 1
            for k in range(6):
                out[k] += samples[i, k]
            out[6] = min(out[6], samples[i, 6])
    if agree:
        for k in range(6):
            out[k] /= agree
        out[7] = whose
    return agree


@compiled
def _median_of(samples: F32, count: int) -> int:
    """Which of the first `count` rows has the (lower) median of 1/z; 0 where there is none. Eight at most: counting beats
    sorting."""
    for i in range(count):
        rank = 0
        for j in range(count):
            if samples[j, 0] < samples[i, 0] or (samples[j, 0] == samples[i, 0] and j < i):
                rank += 1
        if rank == (count - 1) // 2:
            return i
    return 0


@compiled
def _nearest_behind(inverse: F32, owner: U16, y: int, x: int, ny: int, nx: int) -> float:
    """1/z below which (ny, nx) lies behind (y, x): somebody else may be as near as can be told from it."""
    another = owner[y, x] and owner[ny, nx] != owner[y, x]
    return float(inverse[y, x]) if another else float(KEEP_RATIO * inverse[y, x])


@compiled
def _opens(inverse: F32, owner: U16, y: int, x: int, ny: int, nx: int, opened: float) -> bool:
    """Whether (ny, nx) lies so far behind (y, x) that parallax opens the edge between them: behind `opened`, 1/m, too."""
    return bool(inverse[ny, nx] < opened and inverse[ny, nx] < _nearest_behind(inverse, owner, y, x, ny, nx))


@compiled
def _edge_ring(inverse: F32, owner: U16, reach: Reach, ring: npt.NDArray[np.int32]) -> int:
    """Put the near side of every depth edge that parallax can open into `ring` (flat indices); how many. Where one subject
    ends and something else begins behind it is an edge, however near that is."""
    height, width = inverse.shape
    count = 0
    least = reach.least_px / reach.px_m
    for y in range(height):
        for x in range(width):
            opened = inverse[y, x] - least
            above, below, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
            farthest = min(inverse[above, x], inverse[below, x], inverse[y, left], inverse[y, right])
            if farthest >= opened:  # nearly everywhere
                continue
            if (
                _opens(inverse, owner, y, x, above, x, opened)
                or _opens(inverse, owner, y, x, below, x, opened)
                or _opens(inverse, owner, y, x, y, left, opened)
                or _opens(inverse, owner, y, x, y, right, opened)
            ):
                ring[count] = y * width + x
                count += 1
    return count


@compiled
def _queue_neighbours(q: int, held: U8, ring: npt.NDArray[np.int32], count: int) -> int:
    """Append the untouched neighbours of `q` to `ring`; its new length."""
    height, width = held.shape
    y, x = q // width, q % width
    for ny in range(max(y - 1, 0), min(y + 2, height)):
        for nx in range(max(x - 1, 0), min(x + 2, width)):
            if held[ny, nx] == _UNTOUCHED:
                held[ny, nx] = _QUEUED
                ring[count] = ny * width + nx
                count += 1
    return count


@compiled
def grow(
    inverse: F32, rgb: U8, owner: U16, reach: Reach, row_width: F32, inverse2: F32, rgb2: U8, held: U8
) -> None:  # fmt: skip
    """Fill the hidden layer of one picture at half size.

    `inverse` float32 [h, w] (1/m, 0 = sky) and `rgb` uint8 [h, w, 3] are the front layer, `owner` uint16 [h, w] the
    subject that it shows (0: none, or nothing is known of them). Into `inverse2`, `rgb2` goes the hidden layer, a copy of
    the front one where nothing is hidden; `held` uint8 [h, w] is 1 where it holds a sample of its own. `row_width`
    float32 [h]: how wide the pixels of each row are, by the unit in which `reach` counts: 1 but on a sphere. What is hidden
    behind a subject by less than can be told from it (`KEEP_RATIO`) is held as far behind as it must be.
    """
    height, width = inverse.shape
    inverse2[:] = inverse
    rgb2[:] = rgb
    held[:] = _UNTOUCHED
    front = np.empty((height, width, _ROW), np.float32)
    samples, out = np.empty((8, _ROW), np.float32), np.empty(_ROW, np.float32)
    ring = np.empty(height * width, np.int32)
    after = np.empty(height * width, np.int32)
    count = _edge_ring(inverse, owner, reach, ring)
    first = True
    while count:
        for i in range(count):  # the whole ring is predicted before any of it counts: its order is moot
            y, x = ring[i] // width, ring[i] % width
            agree = _predict(ring[i], row_width, front, held, inverse, rgb, owner, first, samples, out)
            farthest = reach.px_m * (inverse[y, x] - out[0]) + reach.margin_px
            another = owner[y, x] and out[7] != owner[y, x]
            limit = inverse[y, x] if another else KEEP_RATIO * inverse[y, x]
            if agree and out[0] < limit and out[6] <= farthest:
                for k in range(_ROW):
                    front[y, x, k] = out[k]
                held[y, x] = _QUEUED
            else:
                held[y, x] = _UNTOUCHED  # another side's front may still claim it
                ring[i] = -1
        for i in range(count):
            if ring[i] >= 0:
                y, x = ring[i] // width, ring[i] % width
                held[y, x] = HELD
                inverse2[y, x] = min(front[y, x, 0], _BEHIND * inverse[y, x])
                for c in range(3):
                    rgb2[y, x, c] = np.uint8(front[y, x, 3 + c] + 0.5)
        following = 0
        for i in range(count):
            if ring[i] >= 0:
                following = _queue_neighbours(ring[i], held, after, following)
        ring, after, count = after, ring, following
        first = False
