"""Pictures wider than any flat one: six faces of a cube seen from one point, resampled to a sphere or a fisheye.

Camera axes here are X right, Y up, Z forward. A face is a square picture of a little more than 90 degrees, so that
what looks at its neighbours (occlusion, filters) finds some. Depth is radial: metres from the camera to the surface.
"""

import math

import numpy as np

from vr_server.domain.frame import CameraPose

from .jit import F32, F64, U8, U16, kernel

MARGIN = 0.06
"""How far a face's picture plane reaches beyond the cube's edge, as a share of its half width."""
FACE_YFOV_RAD = 2.0 * math.atan(1.0 + MARGIN)
SMOOTH_STEP = 1.12
"""Depths of neighbours that differ by less are of one surface."""

FACES: F64 = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],  # ahead
        [[0, 0, -1], [0, 1, 0], [1, 0, 0]],  # right
        [[-1, 0, 0], [0, 1, 0], [0, 0, -1]],  # behind
        [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],  # left
        [[1, 0, 0], [0, 0, -1], [0, 1, 0]],  # above
        [[1, 0, 0], [0, 0, 1], [0, -1, 0]],  # below
    ],
    dtype=np.float64,
)
"""float64 [6, 3, 3]: right, up and forward of each face in camera axes."""


def face_pose(pose: CameraPose, face: int) -> CameraPose:
    """The pose that looks through one face of the cube about `pose`."""
    m = pose.t_world_camera
    axes = np.stack([m[:3, 0], m[:3, 1], -m[:3, 2]], axis=1)  # columns: right, up, forward
    right, up, forward = (axes @ FACES[face, k] for k in range(3))
    turned = np.eye(4)
    turned[:3, 0], turned[:3, 1], turned[:3, 2], turned[:3, 3] = right, up, -forward, m[:3, 3]
    return CameraPose(turned, FACE_YFOV_RAD)


def level(pose: CameraPose, heading: CameraPose) -> CameraPose:
    """The place of `pose`, upright, facing where `heading` does: what a panorama is seen from."""
    back = heading.t_world_camera[:3, 2]
    if math.hypot(back[0], back[2]) < 1e-3:  # it looks straight up or down: its top says where ahead is
        back = heading.t_world_camera[:3, 1] * math.copysign(1.0, float(back[1]))
    yaw = math.atan2(float(back[0]), float(back[2]))
    upright = np.eye(4)
    upright[:3, 0] = (math.cos(yaw), 0.0, -math.sin(yaw))
    upright[:3, 2] = (math.sin(yaw), 0.0, math.cos(yaw))
    upright[:3, 3] = pose.t_world_camera[:3, 3]
    return CameraPose(upright, math.pi)


@kernel
def _ray(x: int, y: int, w: int, h: int, equirectangular: bool, angle_rad: float, out: F64) -> bool:
    """Unit direction of a pixel's centre into `out` float64 [3]; False where a fisheye's picture ends.

    `angle_rad`: the whole angle of the frame's height.
    """
    u, v = x + 0.5 - 0.5 * w, 0.5 * h - (y + 0.5)
    if equirectangular:
        lon, lat = u * 2.0 * math.pi / w, v * math.pi / h
        out[0], out[1], out[2] = math.sin(lon) * math.cos(lat), math.sin(lat), math.cos(lon) * math.cos(lat)
        return True
    radius = math.sqrt(u * u + v * v)
    theta = radius * angle_rad / h
    if theta > math.pi:
        return False
    s = math.sin(theta) / max(radius, 1e-9)
    out[0], out[1], out[2] = u * s, v * s, math.cos(theta)
    return True


@kernel
def face_of(d: F64) -> int:
    """The face of the cube that a direction goes through."""
    ax, ay, az = abs(d[0]), abs(d[1]), abs(d[2])
    if az >= ax and az >= ay:
        return 0 if d[2] > 0.0 else 2
    if ax >= ay:
        return 1 if d[0] > 0.0 else 3
    return 4 if d[1] > 0.0 else 5


@kernel
def faces_seen(w: int, h: int, equirectangular: bool, angle_rad: float, ray: F64, out: U8) -> None:
    """Mark in `out` uint8 [6] the faces that a picture needs, by every eighth pixel and its borders."""
    for y in range(0, h + 7, 8):
        for x in range(0, w + 7, 8):
            if _ray(min(x, w - 1), min(y, h - 1), w, h, equirectangular, angle_rad, ray):
                out[face_of(ray)] = 1


@kernel
def join_rows(
    colors: U8, depths: F32, names: U16, faces: F64, equirectangular: bool, angle_rad: float, ray: F64,
    y0: int, y1: int, color: U8, depth: F32, ids: U16,
) -> None:  # fmt: skip
    """Rows [y0, y1) of the joined picture from six faces.

    `colors` uint8 [6, n, n, 3], `depths` float32 [6, n, n] planar metres, `names` uint16 [6, n, n]; `ray` float64
    [3]: scratch. Colour is bilinear. Id and depth are the nearest sample's; where its neighbours are of one surface the
    depth is interpolated as 1/Z, which is exact on planes.
    """
    h, w = depth.shape
    n = depths.shape[1]
    focal = 0.5 * n / (1.0 + MARGIN)
    top = n - 1.001
    for y in range(y0, y1):
        for x in range(w):
            if not _ray(x, y, w, h, equirectangular, angle_rad, ray):
                color[y, x, 0] = color[y, x, 1] = color[y, x, 2] = 0
                depth[y, x], ids[y, x] = np.float32(np.inf), 0
                continue
            k = face_of(ray)
            m = faces[k]
            ahead = m[2, 0] * ray[0] + m[2, 1] * ray[1] + m[2, 2] * ray[2]
            u = (m[0, 0] * ray[0] + m[0, 1] * ray[1] + m[0, 2] * ray[2]) / ahead
            v = (m[1, 0] * ray[0] + m[1, 1] * ray[1] + m[1, 2] * ray[2]) / ahead
            px = min(max(0.5 * (n - 1) + focal * u, 0.0), top)
            py = min(max(0.5 * (n - 1) - focal * v, 0.0), top)
            ix, iy = int(px), int(py)
            fx, fy = px - ix, py - iy
            w00, w10, w01, w11 = (1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy
            for c in range(3):
                value = (
                    w00 * colors[k, iy, ix, c] + w10 * colors[k, iy, ix + 1, c]
                    + w01 * colors[k, iy + 1, ix, c] + w11 * colors[k, iy + 1, ix + 1, c]
                )  # fmt: skip
                color[y, x, c] = np.uint8(value + 0.5)
            jx, jy = int(px + 0.5), int(py + 0.5)
            name, z = names[k, jy, jx], float(depths[k, jy, jx])
            ids[y, x] = name
            low, high, inverse = z, z, 0.0
            same = True
            for j in range(2):
                for i in range(2):
                    other = float(depths[k, iy + j, ix + i])
                    same = same and names[k, iy + j, ix + i] == name
                    low, high = min(low, other), max(high, other)
                    inverse += (fx if i else 1.0 - fx) * (fy if j else 1.0 - fy) / other
            if same and high < low * SMOOTH_STEP:
                z = 1.0 / inverse
            depth[y, x] = np.float32(z / ahead)
