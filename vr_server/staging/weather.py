"""What the weather does to a shot: the air's density, how far clouds close the sky, the wind, how wet the ground is."""

from dataclasses import dataclass

from vr_server.domain.base import Vec3
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Rgb

from .places import Place

_COVERS = {
    "clear": 0.08,
    "stars": 0.05,
    "clouds": 0.72,
    "rain": 0.92,
    "snow": 0.85,
    "storm": 1.0,
    "lightning": 1.0,
    "fog": 0.35,
    "dust": 0.3,
    "sand": 0.4,
}
_VEILS = {"fog": 0.4, "rain": 0.62, "storm": 0.45, "lightning": 0.45, "snow": 0.45, "clouds": 0.25}
_FOGS = {
    "fog": 0.017,
    "dust": 0.011,
    "sand": 0.026,
    "rain": 0.0075,
    "snow": 0.008,
    "storm": 0.0065,
    "lightning": 0.0065,
    "smoke": 0.013,
}
_WINDS = {
    "wind": 5.0,
    "storm": 10.0,
    "lightning": 6.0,
    "sand": 11.0,
    "dust": 5.0,
    "leaves": 2.6,
    "snow": 1.6,
    "rain": 1.4,
    "smoke": 1.2,
    "sparks": 1.5,
}
_CALM_M_S = 0.65
_LIT_STORM = 0.52
_WET = {"rain": 0.85, "storm": 1.0}
_SOFT_WET = 0.45
"""Share of a film of water that stands on loose ground."""
_HARD = {
    "asphalt",
    "stone",
    "concrete",
    "quay",
    "rooftop",
    "metal",
    "boards",
}


@dataclass(frozen=True)
class Air:
    """`cover`: clouds 0..1; `veil`: how far grey replaces the sky's colour; `dark`: factor on the zenith; `sun`: share of
    the key light that comes through; `fog`: density per metre; `menace`: how dark the clouds are; `lit`: factor on the
    metered exposure; `dusty`: the air has the ground's colour."""

    cover: float
    veil: float
    dark: float
    sun: float
    fog: float
    menace: float
    lit: float
    dusty: bool


def air_of(spec: ShotSpec) -> Air:
    told = set(spec.weather)
    night = spec.time_of_day == "night"
    veil = max((_VEILS[w] for w in told if w in _VEILS), default=0.0)
    covers = [_COVERS[w] for w in told if w in _COVERS]
    cover = max(covers) if covers else 0.18 if night else 0.38
    if told and told <= {"clear", "stars"}:
        cover = min(_COVERS[w] for w in told)
    stormy = bool({"storm", "lightning"} & told)
    return Air(
        cover=cover, veil=veil, dark=0.30 if stormy else 0.8 if "rain" in told else 1.0, sun=0.3 if stormy else 1 - 1.25 * veil if veil else 1.0,
        fog=max((_FOGS[w] for w in told if w in _FOGS), default=0.0), menace=0.9 if stormy else 0.35 if "rain" in told else 0.0,
        lit=_LIT_STORM if stormy and not night else 0.86 if "rain" in told and not night else 1.32 if "snow" in told or spec.place == "snowfield" else 1.0, dusty=bool({"dust", "sand"} & told),
    )  # fmt: skip


def wind_of(spec: ShotSpec, place: Place) -> Vec3:
    """Metres a second, mostly to the right of the frame; next to none between walls."""
    speed = max((_WINDS[w] for w in spec.weather if w in _WINDS), default=_CALM_M_S)
    if place.interior is not None:
        speed = 0.15
    return (round(0.94 * speed, 3), 0.0, round(0.31 * speed, 3))


def wetness_of(spec: ShotSpec, place: Place) -> float:
    """0..1, see `Staging.wetness`: rain, told puddles, or what the place has anyway."""
    if place.interior is not None:
        return 0.0
    rain = max((_WET[w] for w in spec.weather if w in _WET), default=0.0)
    rain *= 1.0 if place.ground in _HARD else _SOFT_WET
    return round(max(rain, place.wetness, 0.6 if "puddles" in spec.set_dressing else 0.0), 3)


def ground_colour_of(spec: ShotSpec, place: Place) -> Rgb:
    """The place's own; snow lies on it where snow falls, and rain darkens what drinks it."""
    c = place.colour
    if place.interior is not None or spec.place == "snowfield":
        return c
    if "snow" in spec.weather:
        return (round(c[0] * 0.4 + 0.46, 4), round(c[1] * 0.4 + 0.475, 4), round(c[2] * 0.4 + 0.5, 4))
    if {"rain", "storm"} & set(spec.weather):
        return (round(c[0] * 0.72, 4), round(c[1] * 0.73, 4), round(c[2] * 0.76, 4))
    return c
