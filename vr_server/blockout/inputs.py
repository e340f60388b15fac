"""What the kernels of a frame are given: plain arrays and numbers, in named tuples."""

from typing import NamedTuple

from .jit import F32, F64, I32, U8, U16

TWO_SIDED, GROUND, GRAIN, FLAT, METAL, WET, ACTOR, WATER = 1, 2, 4, 8, 16, 32, 64, 128
"""What a triangle is: seen from both sides; ground; grained; one normal and colour all over; bare metal;
wet; of a subject; water."""


class Surfaces(NamedTuple):
    """Everything that can be seen: `tri` int32 [t, 3]; `normals`, `colours` float32 [v, 3]; per triangle
    `object_id` uint16, `kind` uint8 (bits, see `TWO_SIDED`), `emission` float32; `grain`: see `grain.grain_table`."""

    tri: I32
    normals: F32
    colours: F32
    object_id: U16
    kind: U8
    emission: F32
    grain: F32


class View(NamedTuple):
    """`rows` float64 [3, 3]: right, up, forward; `origin` float64 [3]; `lens` float64 [3]: f, cx, cy in px."""

    rows: F64
    origin: F64
    lens: F64


class Lights(NamedTuple):
    """`direction`, `radiance` float64 [n, 3]: towards each body and its light on a surface facing it; the first
    `shadowed` of them cast shadows. `ambient` float64 [3, 3]: zenith, horizon, ground bounce. `fog` float64 [4]:
    density per metre at the ground, colour. `fill` float64 [3]: soft light from the camera's side that only actors
    get, where the key does not reach them. `shine`: brightness of what metal mirrors. `lamps` float64 [n, 7]: see
    `lamps.lamp_light`. `exposure`: factor before the film curve. `wet`: how much water stands on the ground, 0..1;
    `time_s`: for ripples; `mirrors`: whether water shows what is in the picture (not where several pictures must meet)."""

    direction: F64
    radiance: F64
    shadowed: int
    ambient: F64
    fog: F64
    fill: F64
    shine: float
    lamps: F64
    exposure: float
    wet: float
    time_s: float
    mirrors: bool


class Visibility(NamedTuple):
    """`inverse` float32 [s, h, w], `seen` int32 [s, h, w], `rec` float64 [n, RECORD], `src` int32 [n];
    `occlusion` float32 [h / 2, w / 2]: 1 = open; `half_z` float32 [h / 2, w / 2]: the depths it was made for."""

    inverse: F32
    seen: I32
    rec: F64
    src: I32
    occlusion: F32
    half_z: F32
