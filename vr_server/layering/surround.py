"""The surround: one still, small picture of everything around the shot's camera, shown behind the layers.

Equirectangular, level, its middle where the first frame's camera heads. The engine may give its own panorama; else the
first frame is carried on: mirrored sideways, its border upwards and downwards, softer the farther it is from the frame.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.frame import Frame
from vr_server.domain.manifest import FramePose

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SURROUND = "surround.jpg"
SURROUND_HEIGHT_PX = 512
_SOURCE_WIDTH_PX = 480
_SOFT_PX, _SOFTER_PX = 6.0, 30.0
_SOFT_BY_RAD, _SOFTER_BY_RAD, _BANDS_BY_RAD = 0.1, 0.5, 0.6
_COARSE = 4  # what is blurred by more than a dozen pixels is blurred at a quarter of the size
_WITHIN = 0.98  # of the frame's half angle: mirrored from just inside its border


def rotation_of(pose: FramePose) -> F64:
    """T_world_camera's rotation, float64 [3, 3], of a manifest's pose."""
    x, y, z, w = np.array(pose.rotation) / np.linalg.norm(pose.rotation)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def heading_rad(rotation: F64) -> float:
    """Where a camera of that `rotation` (float64 [3, 3]) looks, seen from above: radians to the left of -Z. Straight up or down: where its top or bottom shows."""
    back = rotation[:, 2]
    if np.hypot(back[0], back[2]) < 1e-3:
        back = rotation[:, 1] * np.sign(back[1])
    return float(np.arctan2(back[0], back[2]))


def turned(yaw_rad: float) -> F64:
    """Rotation float64 [3, 3] about +Y, to the left."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def extended(frame: Frame, height_px: int = SURROUND_HEIGHT_PX) -> U8:
    """The surround that one picture suggests: uint8 [height_px, 2 * height_px, 3]."""
    height, width = frame.color.shape[:2]
    small_size = (_SOURCE_WIDTH_PX, max(2, round(_SOURCE_WIDTH_PX * height / width)))
    small = np.asarray(cv2.resize(frame.color, small_size, interpolation=cv2.INTER_AREA), np.uint8)
    tan_y = np.tan(frame.camera.yfov_rad / 2)
    half_x = float(np.arctan(tan_y * width / height))
    azimuth = ((np.arange(2 * height_px) + 0.5) / height_px - 1) * np.pi
    elevation = (0.5 - (np.arange(height_px) + 0.5) / height_px) * np.pi
    # a triangle wave: the frame, its mirror image, the frame again
    folded = half_x * _WITHIN * (2 / np.pi) * np.arcsin(np.sin(azimuth / (half_x * _WITHIN) * np.pi / 2))
    lon, lat = np.meshgrid(folded, elevation)
    up = np.clip(lat, -1.5, 1.5)  # columns do not meet in one point above
    ray = np.stack([np.sin(lon) * np.cos(up), np.sin(up), -np.cos(lon) * np.cos(up)], axis=-1)
    to_camera = frame.camera.t_world_camera[:3, :3].T @ turned(heading_rad(frame.camera.t_world_camera[:3, :3]))
    seen = ray @ to_camera.T
    ahead = np.maximum(-seen[..., 2], 0.05)
    x = seen[..., 0] / ahead / (tan_y * width / height)
    y = seen[..., 1] / ahead / tan_y
    outside = np.hypot(
        np.maximum(np.abs(azimuth) - half_x, 0)[None, :], np.arctan(np.maximum(np.abs(y) - 1, 0) * tan_y)
    ).astype(np.float32)
    map_x = ((np.clip(x, -1, 1) + 1) / 2 * small_size[0] - 0.5).astype(np.float32)
    map_y = ((1 - np.clip(y, -1, 1)) / 2 * small_size[1] - 0.5).astype(np.float32)

    def drawn(sigma_px: float) -> F32:
        source = cv2.GaussianBlur(small, (0, 0), sigma_px) if sigma_px else small
        shown = cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(shown, np.float32)

    out = _mixed(drawn(0.0), drawn(_SOFT_PX), outside / _SOFT_BY_RAD)
    out = _mixed(out, drawn(_SOFTER_PX), (outside - _SOFT_BY_RAD) / _SOFTER_BY_RAD)
    # the mirror's figures and the columns that meet above and below melt into bands of sky, horizon and ground
    coarse = cv2.resize(out, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)
    wide, high = height_px / 5 / _COARSE, height_px / 40 / _COARSE
    soft = cv2.GaussianBlur(np.hstack([coarse, coarse, coarse]), (0, 0), wide, sigmaY=high)
    middle = soft[:, coarse.shape[1] : 2 * coarse.shape[1]]
    bands = np.asarray(cv2.resize(middle, (2 * height_px, height_px), interpolation=cv2.INTER_LINEAR), np.float32)
    out = _mixed(out, bands, outside / _BANDS_BY_RAD)
    return np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)


def _mixed(a: F32, b: F32, share: F64 | F32) -> F32:
    part = np.asarray(np.clip(share, 0, 1), np.float32)[..., None]
    return np.asarray(a * (1 - part) + b * part, np.float32)


def write_surround(folder: Path, rgb: U8) -> None:
    """Write `rgb` uint8 [h, 2 h, 3] as the folder's surround, at most `SURROUND_HEIGHT_PX` high. Raise InvalidMedia for another shape."""
    if rgb.ndim != 3 or rgb.shape[1] != 2 * rgb.shape[0] or rgb.shape[2] != 3:
        raise InvalidMedia(f"A surround is twice as wide as it is high, not {rgb.shape[1]}x{rgb.shape[0]}.")
    if rgb.shape[0] > SURROUND_HEIGHT_PX:
        rgb = np.asarray(
            cv2.resize(rgb, (2 * SURROUND_HEIGHT_PX, SURROUND_HEIGHT_PX), interpolation=cv2.INTER_AREA), np.uint8
        )
    coded, data = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not coded:
        raise InvalidMedia("The surround cannot be written as JPEG.")
    new = folder / f".{SURROUND}"
    new.write_bytes(data.tobytes())
    new.replace(folder / SURROUND)  # whoever reads sees the old one or the new one


def read_surround(folder: Path, name: str | None) -> U8 | None:
    """The folder's surround, uint8 [h, 2 h, 3]; None where it has none that can be read."""
    if name is None or not (folder / Path(name).name).is_file():
        return None
    bgr = cv2.imread(str(folder / Path(name).name), cv2.IMREAD_COLOR)
    if bgr is None or bgr.shape[1] != 2 * bgr.shape[0]:
        return None
    return np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)


def seen(surround: U8, t_pan_view: F64, yfov_rad: float, size: tuple[int, int]) -> U8:
    """The surround through a perspective lens: uint8 [h, w, 3]. `t_pan_view`: float64 [3, 3], turns the view's axes into
    the surround's (WebXR axes); `size`: width, height."""
    width, height = size
    tan = np.tan(yfov_rad / 2)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, 1 - (np.arange(height) + 0.5) / height * 2)
    ray = np.stack([x * tan * width / height, y * tan, np.full_like(x, -1.0)], axis=-1) @ t_pan_view.T
    azimuth = np.arctan2(ray[..., 0], -ray[..., 2])
    elevation = np.arctan2(ray[..., 1], np.hypot(ray[..., 0], ray[..., 2]))
    rows = surround.shape[0]
    at_x = ((azimuth / np.pi + 1) * rows - 0.5).astype(np.float32)
    at_y = ((0.5 - elevation / np.pi) * rows - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(surround, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.uint8)
