"""Light and air: time of day, suns and moon (in the frame where the text is about them), fog."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import CameraPath, CelestialBody, Rgb, Sky, Subject

from .geometry import Array, matrix_of, vec
from .palette import rgb_of
from .places import Place
from .silhouette import clear_of
from .weather import air_of

_ASPECT = 16 / 9
_SUN_WORDS = (
    "sun ",
    "suns",
    "sun,",
    "sun.",
    "太阳",
    "夕阳",
    "落日",
    "日落",
    "朝阳",
    "旭日",
    "斜阳",
    "sunset",
    "sunrise",
)
_MOON_WORDS = ("moon", "月亮", "明月", "月下", "圆月", "满月")


# where else in the frame a sun may stand that a subject would cover
_HEIGHTS = (0.9, 0.62, 0.4)
_ACROSS = (0.86, 0.7, 0.5, -0.86, -0.7, -0.5, 0.3, -0.3, 0.1)


@dataclass(frozen=True)
class _Hour:
    zenith: Rgb
    horizon: Rgb
    light: Rgb
    illuminance: float
    elevation_rad: float


_HOURS: dict[str, _Hour] = {
    "dawn": _Hour((0.22, 0.31, 0.50), (0.86, 0.60, 0.48), (1.0, 0.68, 0.46), 2.2, 0.14),
    "day": _Hour((0.15, 0.36, 0.84), (0.66, 0.84, 1.02), (1.0, 0.95, 0.86), 3.2, 0.82),
    "sunset": _Hour((0.19, 0.22, 0.40), (0.98, 0.50, 0.24), (1.0, 0.56, 0.26), 2.5, 0.12),
    "dusk": _Hour((0.06, 0.10, 0.23), (0.42, 0.29, 0.29), (1.0, 0.55, 0.36), 0.75, 0.1),
    "night": _Hour((0.022, 0.034, 0.075), (0.075, 0.10, 0.16), (0.60, 0.73, 1.0), 1.0, 0.62),
}
_AIRS: dict[str, tuple[Rgb, Rgb]] = {  # multiply zenith, horizon
    "bamboo_grove": ((0.9, 1.0, 0.85), (0.96, 1.04, 0.84)),
    "forest": ((0.9, 1.0, 0.9), (0.88, 0.98, 0.76)),
    "desert": ((1.0, 1.0, 0.95), (1.08, 1.0, 0.88)),
    "lava": ((0.42, 0.30, 0.26), (0.80, 0.42, 0.28)),
    "snowfield": ((1.0, 1.05, 1.08), (1.02, 1.05, 1.1)),
    "night_market": ((1.15, 0.9, 1.25), (1.3, 0.9, 1.15)),
}
# dust hangs in the air of some worlds: whatever the hour, the sky has its colour (of brightness 1: zenith, horizon)
_DUSTS: dict[str, tuple[Rgb, Rgb]] = {"red_planet": ((1.45, 0.94, 0.52), (1.48, 0.93, 0.50))}
_LAMPLIT = {"night_market", "alley"}
"""Where lamps outshine the moon."""
_SUN_BY_DAY = ("the sun", "太阳", "烈日", "骄阳", "日头")


def _tint(a: Rgb, b: Rgb, k: float = 1.0) -> Rgb:
    return (round(a[0] * b[0] * k, 4), round(a[1] * b[1] * k, 4), round(a[2] * b[2] * k, 4))


def _blend(a: Rgb, b: Rgb, k: float, gain: float = 1.0) -> Rgb:
    """From `a` to `b` times `gain`."""
    r, g, h = (round(x + (gain * y - x) * k, 4) for x, y in zip(a, b, strict=True))
    return (r, g, h)


def _luma(c: Rgb) -> float:
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]


def make_sky(spec: ShotSpec, place: Place, camera: CameraPath, subjects: tuple[Subject, ...]) -> Sky:
    """The sky over a shot, or the light inside where a place shows none."""
    if place.ambient is not None:
        return _indoors(spec, place, place.ambient)
    hour, air = _HOURS[spec.time_of_day], air_of(spec)
    over, along = _AIRS.get(spec.place, ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)))
    zenith, horizon = _tint(hour.zenith, over), _tint(hour.horizon, along)
    if spec.place in _DUSTS:
        over, along = _DUSTS[spec.place]
        zenith, horizon = (
            _blend(zenith, over, 1.0, 1.2 * _luma(zenith)),
            _blend(horizon, along, 0.9, 1.2 * _luma(horizon)),
        )
    bodies = _bodies(spec, hour, camera, subjects, place)
    # fog lies on the ground and leaves the sky its gradient; rain, snow and storm close it
    if air.veil > 0:
        grey = (0.42, 0.45, 0.48) if spec.time_of_day == "day" else _blend(zenith, horizon, 0.5)
        zenith, horizon = _blend(zenith, grey, air.veil), _blend(horizon, grey, air.veil)
    zenith, horizon = _tint(zenith, (air.dark, air.dark, air.dark)), _tint(horizon, (air.dark**0.45,) * 3)
    bodies = tuple(b.model_copy(update={"illuminance": round(b.illuminance * air.sun, 4)}) for b in bodies)
    cloud = _blend(horizon, (1.0, 0.97, 0.94), 0.75 * (1 - air.menace), 1.35 * _luma(horizon))
    cloud = _blend(cloud, zenith, air.menace, 0.85)
    hue = rgb_of(spec.sky_colour) if spec.sky_colour else None
    light = hour.light
    if hue is not None:
        hue = _tint(hue, (1.0, 1.0, 1.0), 1.0 / max(_luma(hue), 1e-3))
        zenith, horizon = (
            _blend(zenith, hue, 0.68, 0.9 * _luma(zenith)),
            _blend(horizon, hue, 0.5, 0.9 * _luma(horizon)),
        )
        cloud = _blend(cloud, hue, 0.5, _luma(cloud))
        light = _blend(light, hue, 0.35, _luma(light))
        bodies = tuple(b.model_copy(update={"colour": _blend(b.colour, hue, 0.3, _luma(b.colour))}) for b in bodies)
    soil = _tint(place.colour, (1.0, 1.0, 1.0), min(_luma(horizon) / max(_luma(place.colour), 1e-3), 4.0))
    if air.dusty:
        # what is blown about has the ground's colour, and so has all the air
        zenith, horizon = _blend(zenith, soil, 0.55, 0.85), _blend(horizon, soil, 0.6)
    fog_colour = _blend(horizon, soil, 0.3) if air.dusty else _tint(horizon, (1.0, 1.0, 1.0), 1 - 0.45 * air.menace)
    if spec.time_of_day == "day" and not air.dusty:
        fog_colour = _tint(fog_colour, (1.0, 1.0, 1.0), 1.25)
    if spec.time_of_day == "night":
        fog_colour = _tint(fog_colour, (0.6, 0.6, 0.6))
    bounce = _tint(place.colour, light, 0.30 * min(hour.illuminance, 2.0) * max(air.sun, 0.35))
    if spec.place == "lava" or {"lava_river", "lava_cracks"} & set(spec.set_dressing):
        bounce = _blend(bounce, (0.55, 0.14, 0.03), 0.8)
    haze = place.haze if place.interior is not None else max(place.haze, air.fog)
    return Sky(
        time_of_day=spec.time_of_day, bodies=bodies, zenith=zenith, horizon=horizon, ground_bounce=bounce, fog_density_per_m=haze, fog_colour=fog_colour,
        exposure=round(place.lit * air.lit * (_metered(hue) if hue is not None else 1.0), 3), cloud_cover=air.cover, cloud_colour=_capped(cloud), stars=_stars(spec, air.cover),
    )  # fmt: skip


def _metered(hue: Rgb) -> float:
    """The meter goes by brightness, and a deep colour has little: without this a purple sky would be a pink one."""
    return 1.0 - 0.38 * min(max(max(hue) - 1.2, 0.0) / 2.0, 1.0)


def _capped(c: Rgb) -> Rgb:
    return (min(max(c[0], 0.0), 1.5), min(max(c[1], 0.0), 1.5), min(max(c[2], 0.0), 1.5))


def _stars(spec: ShotSpec, cover: float) -> float:
    """How many stars: by night as the clouds let through, at dusk a few, by day only where the text has them."""
    told = "stars" in spec.weather
    share = {"night": 1.0 if told else 0.8, "dusk": 0.7 if told else 0.12}.get(spec.time_of_day, 0.4 * told)
    return round(share * (1 - cover) if not told else share * (1 - 0.5 * cover), 3)


def _indoors(spec: ShotSpec, place: Place, ambient: Rgb) -> Sky:
    """No sun and no sky: what lamps leave over, a little brighter from above."""
    return Sky(
        time_of_day=spec.time_of_day, bodies=(), zenith=_tint(ambient, (1.0, 1.0, 1.0)), horizon=_tint(ambient, (0.9, 0.9, 0.9)),
        ground_bounce=_tint(ambient, place.colour, 2.0), fog_density_per_m=max(place.haze, 0.012 * bool({"fog", "smoke"} & set(spec.weather))), fog_colour=ambient,
        exposure=place.lit if spec.time_of_day == "day" else round(min(1.0, 1.7 * place.lit), 3), cloud_cover=0.0, stars=0.0,
    )  # fmt: skip


def _bodies(
    spec: ShotSpec, hour: _Hour, camera: CameraPath, subjects: tuple[Subject, ...], place: Place
) -> tuple[CelestialBody, ...]:
    """The key light first; suns as many as told by day, moons as many as told, one at least lights a night."""
    text = spec.text.lower()
    if spec.time_of_day == "night":
        return _moons(spec, hour, camera, subjects, max(spec.moons, 1), (), place)
    suns = _suns(spec, hour, camera, subjects, text, place)
    return (*suns, *_moons(spec, hour, camera, subjects, spec.moons, suns, place))


def _moons(
    spec: ShotSpec, hour: _Hour, camera: CameraPath, subjects: tuple[Subject, ...], count: int, suns: tuple[CelestialBody, ...], place: Place,
) -> tuple[CelestialBody, ...]:  # fmt: skip
    """Moons that are told stand in the frame, clear of the subjects; else one lights the night from aside."""
    night = spec.time_of_day == "night"
    if place.interior is not None and place.interior.daylight is not None and not spec.moons:
        return (
            (_body("moon", _direction(place.interior.daylight, 0.6), 0.022, hour.light, 0.55 * hour.illuminance),)
            if night
            else ()
        )
    if night and not spec.moons and not any(word in spec.text.lower() for word in _MOON_WORDS):
        power = hour.illuminance * (0.02 if spec.place in _LAMPLIT else 1.0)
        return (_body("moon", _aside(camera, 0.85, hour.elevation_rad), 0.022, hour.light, power),)
    colour = hour.light if night else (0.86, 0.88, 0.92)
    found: list[CelestialBody] = []
    for i, (across, high) in enumerate(((0.45, 0.62), (-0.5, 0.78), (0.1, 0.85), (-0.2, 0.5))[:count]):
        size = (0.026, 0.017, 0.013, 0.010)[i]
        taken = [np.array(b.direction) for b in (*suns, *found)]
        at = _free(camera, subjects, across, high, taken, size)
        tint = (colour, (1.0, 0.82, 0.66), (0.75, 0.86, 1.0), (0.92, 0.9, 0.8))[i]
        power = hour.illuminance / (1 + 1.4 * i) if night else 0.06
        found.append(_body("moon", at, size, tint, power))
    return tuple(found)


def _free(
    camera: CameraPath, subjects: tuple[Subject, ...], across: float, high: float, taken: list[Array], size: float
) -> Array:
    """A direction in the frame near the wanted one that no subject covers."""
    near = sorted(((a, h) for h in _HEIGHTS for a in _ACROSS), key=lambda p: abs(p[0] - across) + abs(p[1] - high))
    wanted = [(across, high), *near]
    return clear_of(camera, subjects, [in_frame(camera, a, h) for a, h in wanted], taken, 2.2 * size)


def _suns(
    spec: ShotSpec, hour: _Hour, camera: CameraPath, subjects: tuple[Subject, ...], text: str, place: Place
) -> tuple[CelestialBody, ...]:
    low = spec.time_of_day in {"sunset", "dawn"}
    told = any(word in text for word in (_SUN_WORDS if spec.time_of_day != "day" else _SUN_BY_DAY))
    if place.interior is not None and place.interior.daylight is not None:
        up = 0.62 if spec.time_of_day == "day" else 0.2
        yaws = [place.interior.daylight + 0.35 - 0.5 * i for i in range(spec.suns)]
        return tuple(
            _body("sun", _direction(y, up), 0.012, hour.light, hour.illuminance / (1 + i)) for i, y in enumerate(yaws)
        )
    if not (spec.suns >= 2 or low or told):
        side = (
            2.45
            if spec.place in {"bamboo_grove", "forest"} and spec.camera.shot_size in {"full", "wide", "extreme_wide"}
            else 0.95
        )
        aside = [(side + 0.5 * i, hour.elevation_rad - 0.15 * i, hour.illuminance / (1 + i)) for i in range(spec.suns)]
        return tuple(_body("sun", _aside(camera, turn, up), 0.012, hour.light, power) for turn, up, power in aside)
    places: tuple[float, ...] = {
        1: (0.13 if spec.place in {"street", "alley", "ancient_city", "night_market"} else 0.5,),
        2: (0.80, 0.52),
        3: (0.62, -0.55, 0.15),
        4: (0.68, -0.6, 0.2, -0.2),
    }.get(spec.suns, ())
    bodies: list[CelestialBody] = []
    for i, across in enumerate(places):
        high = (0.32, 0.60, 0.62, 0.45)[i] if spec.time_of_day != "day" else (0.8, 0.6, 0.9, 0.45)[i]
        size = (0.030, 0.019, 0.014, 0.011)[i] if spec.suns > 1 else 0.016
        colour = hour.light if i == 0 else _blend(hour.light, (1.0, 0.78, 0.55), 0.6)
        taken = [np.array(b.direction) for b in bodies]
        free = _free(camera, subjects, across, high, taken, size)
        bodies.append(_body("sun", free, size, colour, hour.illuminance / (1 + 1.2 * i)))
    return tuple(bodies)


def _body(kind: str, direction: Array, radius: float, colour: Rgb, illuminance: float) -> CelestialBody:
    d = tuple(round(float(x), 6) for x in direction)
    return CelestialBody(
        kind="moon" if kind == "moon" else "sun",
        direction=(d[0], d[1], d[2]),
        angular_radius_rad=radius,
        colour=colour,
        illuminance=round(illuminance, 4),
    )


def _direction(yaw: float, elevation: float) -> Array:
    return vec(-math.sin(yaw) * math.cos(elevation), math.sin(elevation), -math.cos(yaw) * math.cos(elevation))


def _view(camera: CameraPath, at: float) -> tuple[float, float, float]:
    """Yaw, pitch and vertical field of view at a share of the shot."""
    key = camera.keys[round((len(camera.keys) - 1) * at)]
    forward = -matrix_of(key.rotation)[:, 2]
    return (
        math.atan2(-float(forward[0]), -float(forward[2])),
        math.asin(float(np.clip(forward[1], -1, 1))),
        key.yfov_rad,
    )


def _aside(camera: CameraPath, turn: float, elevation: float) -> Array:
    """A key light `turn` radians to the camera's right, counted from behind it; 0 lights the scene from the front."""
    yaw, _, _ = _view(camera, 0.5)
    return _direction(yaw + math.pi + turn, elevation)


def in_frame(camera: CameraPath, across: float, up: float) -> Array:
    """A direction seen throughout: `across` -1..1 of the frame's half width; `up` 0..1 between the horizon and the frame's
    top, in the sky all the same where the frame shows none."""
    views = [_view(camera, s) for s in (0.0, 0.5, 1.0)]
    yaw, _, yfov = views[1]
    half_x = math.atan(math.tan(yfov / 2) * _ASPECT)
    top = min(pitch for _, pitch, _ in views) + yfov / 2
    bottom = max(0.015, max(pitch for _, pitch, _ in views) - yfov / 2)
    room = max(top - bottom, 0.03)
    elevation = bottom + room * 0.8 * up + 0.02
    return _direction(yaw - across * half_x, min(max(elevation, 0.03), 1.4))
