"""The bar that a take's pictures are held against. A production sets its own."""

from pydantic import Field

from vr_server.domain.base import Model


class QualityBar(Model):
    """The thresholds; a production sets its own (TOML table ``quality``). Shares are of the picture or of the frames.

    `sharpness`: least rise of the sharpest edges, codes a pixel of a full-range picture. `dark`/`bright`: highest share of
    pixels that are crushed or burnt. `freeze`: highest share of frames that repeat the one before, where the camera was asked
    to move. `black`: highest share of black frames. `flicker`: largest median change of mean brightness back and forth,
    codes. `cut`: how little of a frame the one before may explain (0 all of it, 1 nothing), unless all frames change so.
    `motion_max`: highest median flow, widths a second. `jerk`: largest change of the camera's speed between
    frames, over its median speed. `camera`: least share of the way that must go as asked. `truck`: how far near things must
    go past a camera that trucks, widths. `drift`: how far a picture may move in all that was to stand still, widths.

    Against the planned blocking: `overlap`: least share that a subject's box has in common with the planned one. `side`:
    how far over the middle a subject may stand that was planned on the other side, widths. `size`: factor by which
    subjects may be smaller or larger than planned. `stands_out`: by how much another reading of what stands out (mirrored,
    another size) must fit better than the plan before it counts. `lean_rad`: how far the horizon may lean from the plan.
    `horizon`: how far it may be above or below it, heights. `way`: least agreement (cosine) of the camera's way with the
    planned one, `way_amount`: least share of it that must be gone. `own_motion`: least share of the planned motion
    of subjects that must be there. `match`: least share of the words that the pictures must show, where that is asked. `content`: how
    sure a detector may be that a picture shows what it should not, where that is looked for.
    """

    sharpness: float = Field(default=40.0, ge=0)
    dark: float = Field(default=0.85, ge=0, le=1)
    bright: float = Field(default=0.4, ge=0, le=1)
    freeze: float = Field(default=0.2, ge=0, le=1)
    black: float = Field(default=0.04, ge=0, le=1)
    flicker: float = Field(default=4.0, ge=0)
    cut: float = Field(default=0.5, ge=0, le=1)
    motion_max: float = Field(default=1.5, ge=0)
    jerk: float = Field(default=6.0, ge=0)
    camera: float = Field(default=0.5, ge=0, le=1)
    truck: float = Field(default=0.004, ge=0)
    drift: float = Field(default=0.15, ge=0)
    overlap: float = Field(default=0.25, ge=0, le=1)
    side: float = Field(default=0.05, ge=0, le=0.5)
    size: float = Field(default=1.7, ge=1)
    stands_out: float = Field(default=0.15, ge=0, le=2)
    lean_rad: float = Field(default=0.1, ge=0)
    horizon: float = Field(default=0.25, ge=0)
    way: float = Field(default=0.5, ge=-1, le=1)
    way_amount: float = Field(default=0.03, ge=0)
    own_motion: float = Field(default=0.1, ge=0)
    match: float = Field(default=0.5, ge=0, le=1)
    content: float = Field(default=0.65, ge=0, le=1)
