"""Small rigid-body algebra in the world frame of domain/staging.py: float64, column vectors, quaternions xyzw."""

import math

import numpy as np
import numpy.typing as npt

from vr_server.domain.base import Quat, Vec3

Array = npt.NDArray[np.float64]
UP: Array = np.array([0.0, 1.0, 0.0])


def vec(x: float, y: float, z: float) -> Array:
    return np.array([x, y, z], dtype=np.float64)


def as_vec3(v: Array) -> Vec3:
    """Rounded to a tenth of a millimetre, so that stagings read well as JSON."""
    return (round(float(v[0]), 4), round(float(v[1]), 4), round(float(v[2]), 4))


def rot_x(a: float) -> Array:
    c, s = math.cos(a), math.sin(a)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def rot_y(a: float) -> Array:
    c, s = math.cos(a), math.sin(a)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rot_z(a: float) -> Array:
    c, s = math.cos(a), math.sin(a)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def affine(linear: Array, origin: Array) -> Array:
    """float64 [4, 4] from a [3, 3] linear part and an origin."""
    m = np.eye(4)
    m[:3, :3] = linear
    m[:3, 3] = origin
    return m


def unit(v: Array) -> Array:
    n = float(np.linalg.norm(v))
    return v / n if n > 1e-12 else vec(0.0, 0.0, -1.0)


def forward(yaw_rad: float) -> Array:
    """Where somebody with this yaw looks: yaw 0 is -Z, positive turns left."""
    return vec(-math.sin(yaw_rad), 0.0, -math.cos(yaw_rad))


def turn_between(a: float, b: float) -> float:
    """The signed shorter way from yaw `a` to yaw `b`."""
    return (b - a + math.pi) % (2 * math.pi) - math.pi


def frame_along(y_axis: Array, hint: Array) -> Array:
    """[3, 3] rotation whose Y is `y_axis` and whose -Z leans towards `hint`."""
    y = unit(y_axis)
    z = -(hint - y * float(hint @ y))
    if float(np.linalg.norm(z)) < 1e-9:
        z = vec(1.0, 0.0, 0.0) - y * float(y[0])
    z = unit(z)
    return np.column_stack([np.cross(y, z), y, z])


def look_rotation(direction: Array, roll_rad: float = 0.0) -> Array:
    """[3, 3] camera rotation: -Z along `direction`, +Y as near to up as can be, then rolled about the view axis."""
    z = -unit(direction)
    up = UP if abs(float(z[1])) < 0.999 else vec(0.0, 0.0, -1.0 if z[1] > 0 else 1.0)
    x = unit(np.cross(up, z))
    return np.column_stack([x, np.cross(z, x), z]) @ rot_z(roll_rad)


def quat_of(r: Array) -> Quat:
    """Unit quaternion xyzw of a rotation matrix (Shepperd's method: divide by the largest component)."""
    diagonal = np.array([r[0, 0], r[1, 1], r[2, 2], r[0, 0] + r[1, 1] + r[2, 2]])
    i = int(np.argmax(diagonal))
    q = np.empty(4)
    if i == 3:
        q[:] = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 1 + diagonal[3])
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q[i] = 1 - diagonal[3] + 2 * r[i, i]
        q[j] = r[j, i] + r[i, j]
        q[k] = r[k, i] + r[i, k]
        q[3] = r[k, j] - r[j, k]
    q /= np.linalg.norm(q)
    return (float(q[0]), float(q[1]), float(q[2]), float(q[3]))


def matrix_of(q: Quat) -> Array:
    x, y, z, w = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def smooth(x: float) -> float:
    """Smootherstep (Perlin 2002): 0 to 1 with zero speed and acceleration at both ends, clamped outside."""
    x = min(max(x, 0.0), 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)


def ramp(x: float, start: float, end: float) -> float:
    return smooth((x - start) / (end - start)) if end > start else float(x >= end)


def wobble(t: float, seed: int, hz: float) -> float:
    """Smooth noise in -1..1: three sines of unrelated frequencies, phases from `seed`."""
    p = (seed * 12.9898) % 6.2831853
    w = 2 * math.pi * hz * t
    return 0.5 * math.sin(w + p) + 0.3 * math.sin(1.73 * w + 2.1 * p) + 0.2 * math.sin(2.91 * w + 4.7 * p)
