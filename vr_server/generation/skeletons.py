"""People of a staging as the stick figures that pose guides are made of: OpenPose's 18 points of the COCO body.

Points and colours as in Cao et al., "OpenPose: Realtime Multi-Person 2D Pose Estimation" (2019): limbs at 60 % over black,
joints on top, in one colour per limb. Only what the camera sees is drawn.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import Frame
from vr_server.domain.staging import Staging, Subject
from vr_server.staging.body.dress import performance_of
from vr_server.staging.body.performance import Performance
from vr_server.staging.kinds import KINDS, UNKNOWN

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""Pairs of points: nose 0, neck 1, right shoulder, elbow, wrist 2-4, left 5-7, right hip, knee, ankle 8-10, left 11-13,
right and left eye 14, 15, right and left ear 16, 17."""
_COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255),
    (255, 0, 170), (255, 0, 85),
)  # fmt: skip
_PARTS = {
    2: "upper_arm_r", 3: "forearm_r", 4: "hand_r", 5: "upper_arm_l", 6: "forearm_l", 7: "hand_l",
    8: "thigh_r", 9: "shin_r", 10: "foot_r", 11: "thigh_l", 12: "shin_l", 13: "foot_l",
}  # fmt: skip
_FACE = {
    0: (0.0, 0.055, -0.068), 14: (0.0185, 0.0725, -0.053), 15: (-0.0185, 0.0725, -0.053),
    16: (0.0445, 0.065, 0.004), 17: (-0.0445, 0.065, 0.004),
}  # fmt: skip
"""Points on the skin in the head's frame, shares of the body's height (`staging.body.head`)."""
_WITHIN_M, _SKIN_M = 0.3, 0.06
"""How deep in a body a joint may lie and still be seen as it; how far before a point of the face its own head may be."""
_LIMB_SHARE = 0.6
_WIDTH, _SLIMMEST = 4 / 512, 0.03
"""Half a limb's width as a share of the picture's height, and at most of the figure's own: far people stay figures."""


@dataclass(frozen=True)
class _Person:
    object_id: int
    height_m: float
    act: Performance

    def points(self, time_s: float) -> F64:
        """float64 [18, 3], world metres."""
        joints, found = self.act.at(time_s), np.zeros((18, 3))
        for point, part in _PARTS.items():
            found[point] = joints[part][:3, 3]
        found[1] = (found[2] + found[5]) / 2
        head = joints["head"]
        for point, local in _FACE.items():
            found[point] = head[:3, 3] + head[:3, :3] @ (np.array(local) * self.height_m)
        return found


class Skeletons:
    """Draws the people of a staging, frame by frame, over black."""

    def __init__(self, staging: Staging) -> None:
        self._people = [_Person(s.object_id, s.size_m[1], performance_of(s)) for s in staging.subjects if is_person(s)]

    def draw(self, frame: Frame, time_s: float) -> U8:
        """uint8 [h, w, 3]; what is hidden is told by the frame's depth and ids (planar Z, a perspective camera)."""
        height, width = frame.depth.shape
        picture = np.zeros((height, width, 3), np.uint8)
        figures = []
        for person in self._people:
            points = person.points(time_s)
            pixels, z = _projected(points, frame)
            if (seen := _seen(person, pixels, z, frame)).any():
                figures.append((float(np.median(z[seen])), pixels, seen))
        for _, pixels, seen in sorted(figures, key=lambda figure: -figure[0]):  # the nearest on top
            _stroke(picture, pixels, seen)
        return picture


def is_person(subject: Subject) -> bool:
    """Has it a human body?"""
    return KINDS.get(subject.kind, UNKNOWN).builder == "person"


def _projected(points: F64, frame: Frame) -> tuple[F64, F64]:
    """Pixels float64 [n, 2] and planar depth float64 [n] of world points."""
    height, width = frame.depth.shape
    pose = frame.camera.t_world_camera
    local = (points - pose[:3, 3]) @ pose[:3, :3]
    z = -local[:, 2]
    focal = 0.5 * height / math.tan(0.5 * frame.camera.yfov_rad)
    safe = np.where(z > 1e-3, z, 1.0)
    x = (width - 1) / 2 + focal * local[:, 0] / safe
    y = (height - 1) / 2 - focal * local[:, 1] / safe
    return np.stack([x, y], axis=1), z


def _seen(person: _Person, pixels: F64, z: F64, frame: Frame) -> npt.NDArray[np.bool_]:
    """bool [18]: in the picture, and nothing else before it."""
    height, width = frame.depth.shape
    inside = (z > 0.05) & (pixels >= 0).all(axis=1) & (pixels[:, 0] <= width - 1) & (pixels[:, 1] <= height - 1)
    x, y = (np.rint(np.where(inside, pixels[:, i], 0)).astype(int) for i in (0, 1))
    before = z - frame.depth[y, x]  # how far behind what is seen there
    own = frame.ids[y, x] == person.object_id if frame.ids is not None else np.ones(len(z), bool)
    hidden = np.where(own, False, before > 0.05)
    for point in _FACE:
        hidden[point] |= bool(before[point] > _SKIN_M)
    hidden |= ~own & (before > _WITHIN_M)
    return np.asarray(inside & ~hidden)


def _stroke(picture: U8, pixels: F64, seen: npt.NDArray[np.bool_]) -> None:
    """Limbs as slim ellipses, then the joints."""
    tall = float(np.ptp(pixels[:, 1]))
    width = max(1.0, min(_WIDTH * picture.shape[0], _SLIMMEST * tall))
    for colour, (a, b) in zip(_COLOURS, _LIMBS, strict=False):
        if not (seen[a] and seen[b]):
            continue
        middle, line = (pixels[a] + pixels[b]) / 2, pixels[a] - pixels[b]
        length, angle = float(np.hypot(*line)), math.degrees(math.atan2(line[1], line[0]))
        axes = (round(length / 2), max(1, round(width)))
        outline = cv2.ellipse2Poly(tuple(np.rint(middle).astype(int).tolist()), axes, round(angle), 0, 360, 5)
        cv2.fillConvexPoly(picture, np.asarray(outline), tuple(round(c * _LIMB_SHARE) for c in colour), cv2.LINE_AA)
    for colour, point, shown in zip(_COLOURS, pixels, seen, strict=True):
        if shown:
            cv2.circle(
                picture, tuple(np.rint(point).astype(int).tolist()), max(1, round(width)), colour, -1, cv2.LINE_AA
            )
