"""How a decoded picture is to be shown: turned and mirrored as its display matrix says (ISO/IEC 14496-12, 8.3.2)."""

import math
import struct
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from av.buffer import Buffer
from av.video.frame import VideoFrame

U8 = npt.NDArray[np.uint8]

_ONE = 65536
_SLANT_RAD = math.radians(2)


@dataclass(frozen=True, slots=True)
class Upright:
    """Mirrored from left to right, then turned clockwise by so many quarters. `remark`: what of it a person should know."""

    mirrored: bool = False
    quarters: int = 0
    remark: str | None = None

    def applied(self, picture: U8) -> U8:
        """uint8 [h, w, 3] as it is to be seen."""
        shown = picture[:, ::-1] if self.mirrored else picture
        return np.ascontiguousarray(np.rot90(shown, -self.quarters))


def upright_of(frame: VideoFrame) -> Upright:
    """What the frame's display matrix asks for; a tilt that is no quarter turn is told and left."""
    data = cast("Buffer | None", frame.side_data.get("DISPLAYMATRIX"))
    if data is None:
        return Upright()
    a, b, _, c, d, *_ = (n / _ONE for n in struct.unpack("=9i", bytes(data)))
    if abs(a * d - b * c) < 1e-3:
        return Upright(remark="The file asks for the picture to be turned in a way that is none: it is left as it is.")
    mirrored = a * d < b * c
    angle = math.atan2(-b, -a) if mirrored else math.atan2(b, a)
    quarters = round(angle / (math.pi / 2))
    if abs(angle - quarters * math.pi / 2) > _SLANT_RAD:
        return Upright(
            remark=f"The file asks for a tilt of {math.degrees(angle):.0f} degrees: the picture is left as it is."
        )
    done = [
        *(["mirrored"] if mirrored else []),
        *([f"turned upright by {90 * (quarters % 4)} degrees"] if quarters % 4 else []),
    ]
    return Upright(mirrored, quarters % 4, f"The picture is {' and '.join(done)}." if done else None)
