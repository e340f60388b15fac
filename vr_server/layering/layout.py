"""Where everything stands in the atlas, for any even source size."""

from dataclasses import dataclass

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.manifest import Rect

CELL_PX = 8
BITS = 32
STRIP_HEIGHT_PX = 2 * CELL_PX
PATCH_WIDTH_PX = 32
PATCH_LUMA = (16, 71, 126, 180, 235)
_STRIP_MIN_WIDTH_PX = BITS * CELL_PX + 2 * CELL_PX + len(PATCH_LUMA) * PATCH_WIDTH_PX
_MAX_WIDTH_PX, _MAX_HEIGHT_PX = 3840, 2160


@dataclass(frozen=True, slots=True)
class AtlasLayout:
    """Tile and strip rectangles in atlas pixels. `cells` are the tiles with the gutters they fill."""

    width_px: int
    height_px: int
    tiles: dict[str, Rect]
    cells: dict[str, Rect]
    barcode: Rect
    patches: tuple[Rect, ...]


def _up16(value: int) -> int:
    return -(-value // 16) * 16


def _after(edge: int) -> int:
    """The next origin after a tile that ends at `edge`: a multiple of 16, at least 8 px further on."""
    return _up16(edge + 8)


def atlas_layout(width_px: int, height_px: int) -> AtlasLayout:
    """Lay out the atlas of a `width_px` x `height_px` source (both even).

    Colour of L1 (C1) stands full size, everything else at half size (rounded down): C2, D1, D2 in a column to the
    right, the frame strip under C1, F1 under that. A source narrower than the strip carries it at the bottom.
    Raise InvalidMedia when the source is odd or its atlas passes 3840x2160.
    """
    if width_px % 2 or height_px % 2 or min(width_px, height_px) < 16:
        raise InvalidMedia(
            f"A picture of {width_px}x{height_px} cannot be laid out: both sides must be even, 16 px or more."
        )
    half_w, half_h = width_px // 2, height_px // 2
    right = _after(width_px)
    strip_inside = width_px >= _STRIP_MIN_WIDTH_PX
    strip_y = _up16(height_px)
    lower = strip_y + STRIP_HEIGHT_PX if strip_inside else _after(height_px)
    d1_y = _after(half_h)
    d2_y = _after(d1_y + half_h)
    tiles: dict[str, Rect] = {
        "C1": (0, 0, width_px, height_px),
        "C2": (right, 0, half_w, half_h),
        "D1": (right, d1_y, half_w, half_h),
        "D2": (right, d2_y, half_w, half_h),
        "F1": (0, lower, half_w, half_h),
    }
    width = _up16(max(x + w for x, _, w, _ in tiles.values()))
    height = _up16(max(y + h for _, y, _, h in tiles.values()))
    strip_w = width_px // CELL_PX * CELL_PX
    if not strip_inside:
        strip_y, strip_w, width = height, _STRIP_MIN_WIDTH_PX, max(width, _STRIP_MIN_WIDTH_PX)
        height += STRIP_HEIGHT_PX
    if width > _MAX_WIDTH_PX or height > _MAX_HEIGHT_PX:
        raise InvalidMedia(
            f"A picture of {width_px}x{height_px} makes an atlas of {width}x{height}; the limit is 3840x2160."
        )
    barcode: Rect = (0, strip_y, strip_w, STRIP_HEIGHT_PX)
    first = BITS * CELL_PX + 2 * CELL_PX
    patches = tuple((first + i * PATCH_WIDTH_PX, strip_y, PATCH_WIDTH_PX, 16) for i in range(len(PATCH_LUMA)))
    return AtlasLayout(width, height, tiles, _cells(tiles, barcode, width, height), barcode, patches)


def _cells(tiles: dict[str, Rect], barcode: Rect, width: int, height: int) -> dict[str, Rect]:
    """Each tile grown by a gutter to its right and below: to the next tile, strip or border, 31 px at most."""
    tops = sorted({y for _, y, _, _ in (*tiles.values(), barcode)} | {height})
    cells: dict[str, Rect] = {}
    for name, (x, y, w, h) in tiles.items():
        beside = (tx for tx, ty, _, th in tiles.values() if tx >= x + w and ty < y + h and y < ty + th)
        right = min(*beside, width, _up16(x + w + 16))
        below = min(*(top for top in tops if top >= y + h), _up16(y + h + 16))
        cells[name] = (x, y, right - x, below - y)
    return cells
