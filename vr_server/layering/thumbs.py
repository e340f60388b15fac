"""The thumbnails strip: a few small frames side by side, for a scrubber."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.errors import InvalidMedia
from vr_server.domain.manifest import Thumbs

U8 = npt.NDArray[np.uint8]

THUMBS = "thumbs.jpg"
COUNT, HEIGHT_PX = 10, 90


def planned(frame_count: int, width_px: int, height_px: int) -> Thumbs:
    """Which frames of a clip the strip shows: the middles of equal spans, fewer where the clip is short."""
    count = min(COUNT, frame_count)
    frames = tuple(int((2 * i + 1) * frame_count / (2 * count)) for i in range(count))
    return Thumbs(file=THUMBS, frames=frames, width=max(2, round(HEIGHT_PX * width_px / height_px)), height=HEIGHT_PX)


class ThumbStrip:
    """Collects the frames that the strip shows."""

    def __init__(self, thumbs: Thumbs) -> None:
        self._thumbs = thumbs
        self._strip = np.zeros((thumbs.height, thumbs.width * len(thumbs.frames), 3), np.uint8)

    def wants(self, frame: int) -> bool:
        """Whether the strip shows that frame."""
        return frame in self._thumbs.frames

    def see(self, frame: int, rgb: U8) -> None:
        """Take `rgb` uint8 [h, w, 3] in if it is one of the strip's."""
        if not self.wants(frame):
            return
        width = self._thumbs.width
        at = self._thumbs.frames.index(frame) * width
        self._strip[:, at : at + width] = cv2.resize(rgb, (width, self._thumbs.height), interpolation=cv2.INTER_AREA)

    def write(self, folder: Path) -> None:
        """Write the strip. Raise InvalidMedia when it cannot be."""
        if not cv2.imwrite(str(folder / self._thumbs.file), self._strip[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80]):
            raise InvalidMedia(f"The thumbnails cannot be written to {folder}.")
