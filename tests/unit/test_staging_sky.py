"""Skies and weather: suns and moons as many as told, hours and storms that a picture shows."""

from fractions import Fraction

import numpy as np
import pytest
from staging_fixtures import one

from vr_server.blockout import render
from vr_server.domain.shot import CameraIntent
from vr_server.staging import build_scene, compose

FALLING = ("rain", "snow", "sand", "dust", "leaves", "sparks", "storm")


def sky_of(**more):
    return compose(one("man", place=more.pop("place", "plain"), **more), 5).sky


def count(sky, kind):
    return sum(b.kind == kind for b in sky.bodies)


@pytest.mark.parametrize("suns", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("hour", ["dawn", "day", "sunset", "dusk"])
def test_suns_are_as_many_as_told(suns, hour):
    assert count(sky_of(suns=suns, time_of_day=hour), "sun") == suns


@pytest.mark.parametrize(("moons", "shown"), [(0, 1), (1, 1), (2, 2), (3, 3)])
def test_a_night_has_its_moons_and_no_sun(moons, shown):
    sky = sky_of(moons=moons, time_of_day="night")
    assert count(sky, "moon") == shown
    assert count(sky, "sun") == 0


def test_moons_by_day_stand_beside_the_sun():
    sky = sky_of(moons=2)
    assert (count(sky, "moon"), count(sky, "sun")) == (2, 1)
    assert sky.bodies[0].kind == "sun"


def test_a_told_sky_colour_is_that_of_the_sky():
    plain, purple = sky_of(weather=("storm",)), sky_of(weather=("storm",), sky_colour="purple")
    assert purple.zenith[1] < 0.8 * min(purple.zenith[0], purple.zenith[2])
    assert plain.zenith[1] > 0.9 * plain.zenith[0]


def test_clouds_stars_and_wind_follow_the_weather():
    assert sky_of(weather=("clear",)).cloud_cover < sky_of().cloud_cover < sky_of(weather=("clouds",)).cloud_cover
    assert sky_of(weather=("storm",)).cloud_cover == 1.0
    night = sky_of(time_of_day="night", weather=("stars",)).stars
    assert night > sky_of(time_of_day="night", weather=("clouds",)).stars
    assert sky_of().stars == 0
    calm, windy = (compose(one(weather=w), 5).wind_m_s for w in ((), ("storm",)))
    assert np.linalg.norm(windy) > 5 * np.linalg.norm(calm)


def test_rain_wets_streets_more_than_grass_and_no_room():
    wet = {p: compose(one(place=p, weather=("rain",)), 5).wetness for p in ("street", "plain", "room")}
    assert wet["street"] > wet["plain"] > wet["room"] == 0
    assert compose(one(place="night_market"), 5).wetness > 0.3


def picture(weather=(), **more):
    more.setdefault("camera", CameraIntent(shot_size="wide"))
    staging = compose(one("man", place=more.pop("place", "plain"), weather=weather, duration_s=1.0, **more), 5)
    clip = render(build_scene(staging), width_px=160, height_px=90, fps=Fraction(24), quality="draft")
    frame = next(iter(clip.frames([12])))
    return frame.color.astype(float), frame.depth


@pytest.fixture(scope="module")
def clear():
    return picture(("clear",))[0]


@pytest.mark.parametrize(
    "weather", ["rain", "snow", "sand", "dust", "fog", "leaves", "storm", "sparks", "smoke", "clouds", "lightning"]
)
def test_each_weather_changes_the_picture(weather, clear):
    changed = np.abs(picture(("clear", weather))[0] - clear).max(axis=2)
    assert (changed > 12).mean() > (0.002 if weather in {"leaves", "sparks"} else 0.02)


def test_hours_are_told_by_brightness_and_colour():
    found = {
        hour: picture(time_of_day=hour)[0].reshape(-1, 3).mean(axis=0) for hour in ("day", "sunset", "dusk", "night")
    }
    light = {h: float(c @ (0.2126, 0.7152, 0.0722)) for h, c in found.items()}
    assert light["day"] > light["sunset"] > light["dusk"] > light["night"]
    warmth = {h: c[0] / c[2] for h, c in found.items()}
    assert warmth["sunset"] > 1.15 * warmth["day"]
    assert warmth["night"] < warmth["day"]


def test_moons_are_bright_discs_in_the_picture():
    color, depth = picture(("clear",), moons=2, time_of_day="night", place="desert")
    bright = ((color.max(axis=2) > 140) & ~np.isfinite(depth)).astype(np.uint8)
    cv2 = pytest.importorskip("cv2")
    labels, _, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=8)
    assert sum(stats[i, cv2.CC_STAT_AREA] >= 4 for i in range(1, labels)) == 2


def test_rain_falls_outside_a_room_and_not_in_it():
    shot = {"place": "room", "camera": CameraIntent(shot_size="medium")}
    dry, wet = picture(**shot), picture(("rain",), **shot)
    inside = dry[1] < 3.0
    assert inside.mean() > 0.05
    # light and exposure follow the weather; single streaks would stand out from their neighbours
    grain = [np.abs(np.diff(p[0].mean(axis=2), axis=1))[inside[:, 1:] & inside[:, :-1]].mean() for p in (dry, wet)]
    assert grain[1] < 1.3 * grain[0]


def test_lightning_strikes_within_the_first_seconds_and_goes_again():
    staging = compose(one("man", weather=("storm",), duration_s=4.0), 5)
    clip = render(build_scene(staging), width_px=96, height_px=54, fps=Fraction(12), quality="draft")
    light = np.array([f.color.mean() for f in clip.frames(range(6, 46, 2))])
    assert light.max() > 1.25 * np.median(light)
    assert light.min() > 0.75 * np.median(light)
