"""One contact sheet for several readings of a shot: a row each, its letter beside it."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame

_COLUMNS, _WIDTH_PX, _GAP_PX, _MARGIN_PX = 4, 480, 6, 40
_PAPER = 24


class SheetRow:
    """Four frames of one clip, spread from its first to its last."""

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.pictures: list[npt.NDArray[np.uint8]] = []

    def look(self, frame: Frame, frame_count: int) -> None:
        """Keep the frame, small, where it is one of the four."""
        if frame.index in {round(i * (frame_count - 1) / (_COLUMNS - 1)) for i in range(_COLUMNS)}:
            height = round(_WIDTH_PX * frame.color.shape[0] / frame.color.shape[1])
            small = cv2.resize(frame.color, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
            self.pictures.append(small.astype(np.uint8))


class Sheet:
    def __init__(self) -> None:
        self._rows: list[SheetRow] = []

    def row(self, letter: str) -> SheetRow:
        self._rows.append(SheetRow(letter))
        return self._rows[-1]

    def save(self, path: Path) -> None:
        """Write the rows as one PNG."""
        high = max(len(row.pictures[0]) for row in self._rows) + _GAP_PX
        size = (len(self._rows) * high + _GAP_PX, _MARGIN_PX + _COLUMNS * (_WIDTH_PX + _GAP_PX), 3)
        canvas = np.full(size, _PAPER, np.uint8)
        for n, row in enumerate(self._rows):
            y = _GAP_PX + n * high
            cv2.putText(
                canvas, row.letter, (10, y + 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (236, 236, 232), 2, cv2.LINE_AA
            )
            for i, picture in enumerate(row.pictures):
                x = _MARGIN_PX + i * (_WIDTH_PX + _GAP_PX)
                canvas[y : y + len(picture), x : x + _WIDTH_PX] = picture
        path.write_bytes(cv2.imencode(".png", canvas[..., ::-1])[1].tobytes())
