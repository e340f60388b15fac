"""What a .glb holds in its binary chunk: accessors without repetition, and animation curves with the keys they need."""

import hashlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pygltflib as gl

from .geometry import Array, quat_of
from .scene import Matrix

STILL = 1e-5
"""A channel whose values differ by less than this never changes."""
TOLERANCES = {"translation": 5e-4, "rotation": 4e-4, "scale": 5e-4}
"""How far a curve may be from its samples between its keys: metres, quaternion units (0.05 degrees), ratio."""
_COMPONENTS = {1: gl.UNSIGNED_BYTE, 2: gl.UNSIGNED_SHORT, 4: gl.UNSIGNED_INT}


class Accessors:
    """Collects buffer views and accessors in one blob; equal data is stored once."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[gl.BufferView] = []
        self.accessors: list[gl.Accessor] = []
        self._known: dict[tuple[bytes, str, int, int | None], int] = {}

    def add(
        self, data: npt.NDArray[Any], kind: str, component: int, target: int | None = None, *, normalized: bool = False
    ) -> int:
        """Index of the accessor of `data`: rows of `kind` (SCALAR, VEC3, VEC4) of its own dtype."""
        raw = np.ascontiguousarray(data).tobytes()
        key = (hashlib.blake2b(raw, digest_size=16).digest(), kind, component, target)
        if key in self._known:
            return self._known[key]
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.views.append(gl.BufferView(buffer=0, byteOffset=len(self.blob), byteLength=len(raw), target=target))
        self.blob += raw
        accessor = gl.Accessor(
            bufferView=len(self.views) - 1, componentType=component, count=len(data), type=kind, normalized=normalized
        )
        if not normalized:
            flat = data.reshape(len(data), -1)
            accessor.min, accessor.max = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
        self.accessors.append(accessor)
        self._known[key] = len(self.accessors) - 1
        return self._known[key]

    def indices(self, triangles: npt.NDArray[np.int32]) -> int:
        """Corner numbers in the smallest unsigned type that may hold them (the largest value of each is reserved)."""
        top = int(triangles.max()) if triangles.size else 0
        dtype = np.uint16 if top < 0xFFFF else np.uint32
        flat = triangles.reshape(-1).astype(dtype)
        return self.add(flat, gl.SCALAR, _COMPONENTS[flat.itemsize], gl.ELEMENT_ARRAY_BUFFER)


def trs(m: Matrix) -> tuple[Array, tuple[float, float, float, float], Array]:
    """Translation, rotation xyzw and scale nearest to an affine matrix (glTF has no shear); a mirrored one gets a
    negative scale along x."""
    linear = m[:3, :3]
    scale = np.linalg.norm(linear, axis=0)
    if np.linalg.det(linear) < 0:
        scale = scale * (-1.0, 1.0, 1.0)
    u, _, vt = np.linalg.svd(linear / np.where(np.abs(scale) < 1e-9, 1e-9, scale))
    turn = u @ vt
    if np.linalg.det(turn) < 0:  # flattened to nothing along one axis: that axis may point either way
        u[:, 2] = -u[:, 2]
        turn = u @ vt
    return m[:3, 3], quat_of(turn), scale


def continuous(q: Array) -> Array:
    """Quaternions float64 [n, 4] with signs chosen so that neighbours are on the same side."""
    flips = np.where((q[1:] * q[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    found = q.copy()
    found[1:] *= np.cumprod(flips)[:, None]
    return found


def needed_keys(times: Array, values: Array, tolerance: float) -> npt.NDArray[np.intp]:
    """Rows of `values` float64 [n, d] from which linear interpolation gives all others within `tolerance`.

    Split where the chord is furthest off (Ramer 1972; Douglas and Peucker 1973), here along the time axis.
    """
    keep = np.zeros(len(times), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(times) - 1)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        share = ((times[a + 1 : b] - times[a]) / (times[b] - times[a]))[:, None]
        off = np.abs(values[a] + share * (values[b] - values[a]) - values[a + 1 : b]).max(axis=1)
        worst = int(off.argmax())
        if off[worst] > tolerance:
            split = a + 1 + worst
            keep[split] = True
            spans += [(a, split), (split, b)]
    return np.flatnonzero(keep)


class Curves:
    """The channels of one animation over the sample times `times` (float32 [n], seconds)."""

    def __init__(self, out: Accessors, times: npt.NDArray[np.float32]) -> None:
        self._out, self._times = out, times
        self.animation = gl.Animation(name="shot", channels=[], samplers=[])

    def add(self, node: int, path: str, values: Array) -> None:
        """A channel of `values` float64 [n, 3 or 4] for a node, unless they never change."""
        if float(np.ptp(values, axis=0).max()) < STILL:
            return
        if path == "rotation":
            values = continuous(values)
        rows = needed_keys(self._times.astype(np.float64), values, TOLERANCES[path])
        clock = self._out.add(self._times[rows], gl.SCALAR, gl.FLOAT)
        kept = values[rows]
        if path == "rotation":
            coded = np.round(kept / np.linalg.norm(kept, axis=1, keepdims=True) * 32767).astype(np.int16)
            output = self._out.add(coded, gl.VEC4, gl.SHORT, normalized=True)
        else:
            output = self._out.add(kept.astype(np.float32), gl.VEC3, gl.FLOAT)
        animation = self.animation
        animation.samplers.append(gl.AnimationSampler(input=clock, output=output, interpolation="LINEAR"))
        animation.channels.append(
            gl.AnimationChannel(
                sampler=len(animation.samplers) - 1, target=gl.AnimationChannelTarget(node=node, path=path)
            )
        )


def sample_times(duration_s: float, fps: int) -> npt.NDArray[np.float32]:
    """The frames' times, float32 [n], and the shot's end where no frame is there."""
    times = np.arange(max(2, math.floor(duration_s * fps) + 1)) / fps
    if duration_s - times[-1] > 1e-6:
        times = np.append(times, duration_s)
    return times.astype(np.float32)
