"""A baked folder opened again: one frame of it as layers."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from streaming.packets import PacketLogError, PacketReader
from vr_server.domain.errors import InvalidMedia
from vr_server.domain.manifest import Equirectangular, Manifest, Rect, parse_manifest
from vr_server.media.codec import decode_packets
from vr_server.media.colour import planes_into_rgb, split_i420

from .depth_code import SPAN, decode_u, settled, unfold
from .grow import KEEP_RATIO
from .sphere import Window, window_of, wrapped
from .strip import read_barcode, read_levels

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Planes = tuple[U8, U8, U8]


@dataclass(frozen=True, slots=True)
class DecodedLayers:
    """Both layers as a headset has them: colours uint8 [.., .., 3]; inverse depths float32 (1/m, 0 = sky) and
    `held` (uint8, 1 where L2 is no copy of L1) at half size. `step`: inverse depth (1/m) of one luma step of the
    coarse depth, 0 for layers that were never coded. `window`: what of the sphere they show, their depth being radial;
    None for a perspective picture."""

    color1: U8
    inverse1: F32
    color2: U8
    inverse2: F32
    held: U8
    yfov_rad: float
    step: float = 0.0
    window: Window | None = None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a baked folder. Raise InvalidMedia when there is none or it is not one."""
    path = folder / "manifest.json"
    try:
        return parse_manifest(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise InvalidMedia(f"{folder} is not a layered clip: it has no manifest.json.") from error
    except OSError as error:
        raise InvalidMedia(f"{path} cannot be read: {error.strerror or error}.") from error


def decode_frame(folder: Path, frame: int, *, tier: str | None = None) -> DecodedLayers:
    """Decode one frame of one tier (the best by default). Raise InvalidMedia when it is not there or damaged."""
    manifest = read_manifest(folder)
    if not 0 <= frame < manifest.frame_count:
        raise InvalidMedia(f"There is no frame {frame}: the clip has {manifest.frame_count}, from 0 on.")
    if missing := {"C1", "C2", "D1", "D2", "F1"} - set(manifest.tiles):
        raise InvalidMedia(f"The manifest lacks the tiles {', '.join(sorted(missing))}.")
    names = {t.name: t.packets for t in manifest.tiers}
    wanted = tier or manifest.tiers[0].name
    if wanted not in names:
        raise InvalidMedia(f"There is no tier {wanted!r}; this clip has {', '.join(names)}.")
    planes = _decode(folder / names[wanted], frame, manifest)
    shown = read_barcode(planes[0], manifest.atlas.barcode)
    if shown != frame:
        raise InvalidMedia(f"{names[wanted]} shows frame {shown} where frame {frame} should be.")
    return unpack(planes, manifest, manifest.poses[frame].yfov)


def unpack(planes: Planes, manifest: Manifest, yfov_rad: float) -> DecodedLayers:
    """Layers of one decoded atlas."""
    luma, code, tiles = planes[0], manifest.depth, manifest.tiles
    gain, offset = read_levels(luma, manifest.atlas.calibration)

    def level(name: str) -> F32:
        """The tile's luma as 0..1, calibrated."""
        value = (gain * _cut(luma, tiles[name]).astype(np.float32) + offset - 16) / SPAN
        return cast("F32", np.clip(value, 0, 1).astype(np.float32))

    window = window_of(manifest.projection) if isinstance(manifest.projection, Equirectangular) else None
    seam = 1 if window is not None and window.all_round else 0

    def evened(u: F32) -> F32:
        around = np.asarray(wrapped(u, seam, seam), np.float32)
        return settled(around)[:, seam : seam + u.shape[1]]

    inverse1 = decode_u(evened(unfold(level("D1"), level("F1"), code.fine_folds)), code)
    inverse2 = decode_u(evened(level("D2")), code)
    return DecodedLayers(
        color1=_rgb(planes, tiles["C1"]),
        inverse1=inverse1,
        color2=_rgb(planes, tiles["C2"]),
        inverse2=inverse2,
        held=(inverse2 < KEEP_RATIO * inverse1).astype(np.uint8),
        yfov_rad=yfov_rad,
        step=(1 / code.near - 1 / code.far) / SPAN,
        window=window,
    )


def _decode(path: Path, frame: int, manifest: Manifest) -> Planes:
    try:
        log = PacketReader(path)
    except FileNotFoundError as error:
        raise InvalidMedia(f"{path.name} is missing.") from error
    except PacketLogError as error:
        raise InvalidMedia(f"{path.name} cannot be read: {error}.") from error
    try:
        if not 0 <= frame < log.available:
            raise InvalidMedia(f"There is no frame {frame}: {path.name} holds {log.available}.")
        first = log.keyframe_at_or_before(frame)
        images = decode_packets([log.read(i).data for i in range(first, frame + 1)])
    finally:
        log.close()
    if len(images) != frame - first + 1:
        raise InvalidMedia(f"{path.name} is damaged before frame {frame}.")
    size = (manifest.atlas.width, manifest.atlas.height)
    if images[-1].shape != (size[1] * 3 // 2, size[0]):
        raise InvalidMedia(f"{path.name} is not {size[0]}x{size[1]} as the manifest says.")
    return split_i420(images[-1], *size)


def _cut(plane: U8, rect: Rect) -> U8:
    x, y, w, h = rect
    return plane[y : y + h, x : x + w]


def _rgb(planes: Planes, rect: Rect) -> U8:
    x, y, w, h = rect
    chroma = (x // 2, y // 2, (w + 1) // 2, (h + 1) // 2)
    rgb = np.empty((h, w, 3), np.uint8)
    parts = (_cut(planes[0], rect), _cut(planes[1], chroma), _cut(planes[2], chroma))
    luma, cb, cr = (np.ascontiguousarray(part) for part in parts)
    planes_into_rgb(luma, cb, cr, rgb)
    return rgb
