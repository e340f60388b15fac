"""The surround of a sphere: the picture itself where it shows something, its border carried on softly where not."""

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame

from .sphere import Window, places, wrapped
from .surround import SURROUND_HEIGHT_PX, heading_rad, turned

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_SOFT_PX = 24.0
_SOFT_BY_RAD = 0.5


def surround_of(frame: Frame, window: Window, height_px: int = SURROUND_HEIGHT_PX) -> U8:
    """uint8 [height_px, 2 * height_px, 3] of an equirectangular `frame`: level, its middle where the camera heads."""
    source = (frame.color.shape[1], frame.color.shape[0])
    size = (2 * height_px, height_px)
    rotation = frame.camera.t_world_camera[:3, :3]
    ray = Window().directions(*size) @ (rotation.T @ turned(heading_rad(rotation))).T
    x, y = places(window, ray, source)
    if window.all_round:
        picture = np.asarray(wrapped(frame.color, 1, 1), np.uint8)
        return np.asarray(cv2.remap(picture, x + 1, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    inside_x, inside_y = np.clip(x, 0, source[0] - 1), np.clip(y, 0, source[1] - 1)
    sharp = cv2.remap(frame.color, inside_x, inside_y, cv2.INTER_LINEAR)
    thrice = np.hstack([sharp] * 3)
    soft = cv2.GaussianBlur(thrice, (0, 0), _SOFT_PX * height_px / SURROUND_HEIGHT_PX)[:, size[0] : 2 * size[0]]
    beyond = np.hypot(x - inside_x, y - inside_y) * (window.height_rad / source[1])
    share = np.clip(beyond / _SOFT_BY_RAD, 0, 1)[..., None]
    return np.asarray(sharp * (1 - share) + soft * share + 0.5, np.uint8)
