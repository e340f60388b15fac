"""Dust in the air: soft round puffs, painted on the colour only (a puff in the depth would be a solid ball)."""

import numpy as np

from .exposure import filmed
from .grades import Print, printed
from .inputs import Lights, View
from .jit import F32, F64, U8, kernel

NEAREST_M = 0.6


@kernel
def draw_puffs(puffs: F64, depth: F32, color: U8) -> None:
    """Blend discs into `color` uint8 [h, w, 3], far ones first as listed.

    `puffs` float64 [n, 9]: centre x, y and radius in px, metres away, radius in metres, alpha, sRGB code r, g, b.
    Where the scene stands within a puff, it thins out instead of being cut off.
    """
    h, w = depth.shape
    for n in range(puffs.shape[0]):
        cx, cy, radius, away, thick, alpha = (
            puffs[n, 0],
            puffs[n, 1],
            puffs[n, 2],
            puffs[n, 3],
            puffs[n, 4],
            puffs[n, 5],
        )
        x0, x1 = max(int(cx - radius), 0), min(int(cx + radius) + 2, w)
        y0, y1 = max(int(cy - radius), 0), min(int(cy + radius) + 2, h)
        for y in range(y0, y1):
            for x in range(x0, x1):
                d2 = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (radius * radius)
                if d2 >= 1.0:
                    continue
                behind = min(max((depth[y, x] - away) / thick + 0.5, 0.0), 1.0)
                cover = alpha * (1.0 - d2) * (1.0 - d2) * behind
                for k in range(3):
                    color[y, x, k] = np.uint8(color[y, x, k] * (1.0 - cover) + puffs[n, 6 + k] * cover + 0.5)


def paint_puffs(puffs: F64, view: View, lights: Lights, prints: Print, depth: F32, color: U8) -> None:
    """`puffs` float64 [n, 8] as `Scene.puffs_at` gives them, lit from all around."""
    local = (puffs[:, :3] - view.origin) @ view.rows.T
    order = np.argsort(-local[:, 2], kind="stable")
    local, puffs = local[order], puffs[order]
    seen = local[:, 2] > NEAREST_M
    local, puffs = local[seen], puffs[seen]
    if not len(puffs):
        return
    f, cx, cy = view.lens
    z = local[:, 2]
    light = 0.7 * (lights.ambient[0] + lights.ambient[1]) + 0.35 * lights.radiance.sum(axis=0)
    shown = filmed(puffs[:, 5:8] * light * lights.exposure)
    code = printed(prints, shown)
    row = np.column_stack(
        [cx + f * local[:, 0] / z, cy - f * local[:, 1] / z, f * puffs[:, 3] / z, z, puffs[:, 3], puffs[:, 4], code]
    )
    draw_puffs(np.ascontiguousarray(row), depth, color)
