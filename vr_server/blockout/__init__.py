"""The embedded renderer: a staging in, frames with exact depth and ids out, on the CPU alone.

Passes of a frame: `geometry` (world space) -> `shadow` -> `raster` (visibility) -> `occlusion` -> `shade`.
"""

from .clip import open_clip, open_panorama, panorama, render, warm

__all__ = ["open_clip", "open_panorama", "panorama", "render", "warm"]
