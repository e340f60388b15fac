"""The bar that a take's pictures are held against. A production sets its own."""

from pydantic import Field

from vr_server.domain.base import Model


class QualityBar(Model):
    """The thresholds; a production sets its own (TOML table ``quality``). Shares are of the picture or of the frames.

    `sharpness`: least rise of the sharpest edges, codes a pixel of a full-range picture. `dark`/`bright`: highest share of
    pixels that are crushed or burnt. `freeze`: highest share of frames that repeat the one before, where the camera was asked
    to move. `black`: highest share of black frames. `flicker`: largest median change of mean brightness back and forth,
    codes. `cut`: how much of a frame's histogram may be exchanged between two frames, unless all frames change so.
    `motion_max`: highest median flow, widths a second. `jerk`: largest change of the camera's speed between
    frames, over its median speed. `camera`: least share of the way that must go as asked. `truck`: how far near things must
    go past a camera that trucks, widths. `drift`: how far a picture may move in all that was to stand still, widths.
    """

    sharpness: float = Field(default=40.0, ge=0)
    dark: float = Field(default=0.85, ge=0, le=1)
    bright: float = Field(default=0.4, ge=0, le=1)
    freeze: float = Field(default=0.2, ge=0, le=1)
    black: float = Field(default=0.04, ge=0, le=1)
    flicker: float = Field(default=4.0, ge=0)
    cut: float = Field(default=0.45, ge=0, le=1)
    motion_max: float = Field(default=1.5, ge=0)
    jerk: float = Field(default=6.0, ge=0)
    camera: float = Field(default=0.5, ge=0, le=1)
    truck: float = Field(default=0.004, ge=0)
    drift: float = Field(default=0.15, ge=0)
