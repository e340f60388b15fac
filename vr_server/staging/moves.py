"""Camera moves as numbers that grow from a beat's start to its end, eased, joined from beat to beat."""

import math
from dataclasses import dataclass

import numpy as np

from vr_server.domain.shot import CameraAngle, CameraBeat, CameraIntent, ShotSize

from .geometry import Array, smooth, wobble

FIELDS = ("yaw", "distance", "elevation", "rise", "ahead", "side", "pan", "tilt", "tan", "roll", "third")
YAW, DISTANCE, ELEVATION, RISE, AHEAD, SIDE, PAN, TILT, TAN, ROLL, THIRD = range(len(FIELDS))
"""State of a camera, float64 [11]: azimuth about what it frames (rad), log of the distance (m), elevation (rad), height
added to camera and to its aim (m), way to its right (m), turn to the left and up (rad), log of tan(yfov / 2), roll (rad),
and how far the target stands off the middle (shares of half the frame's width, + to the right)."""

DOLLY, ZOOM, TRUCK, SWING_RAD, PAN_RAD, TILT_RAD = 0.6, 1.7, 0.24, 0.436, 0.26, 0.2
WHIP_SPEED = 2.5
_REFRAME_SHARE = 0.7
_ASPECT = 16 / 9


@dataclass(frozen=True)
class Hold:
    """A beat's framing without its move: the state, what it frames (`one`: a telling part, else whole bodies), from how
    high over the ground its middle is, and how far a body reaches beneath a close frame's middle."""

    state: Array
    one: bool
    low_angle: bool
    centre_m: float
    below_m: float


@dataclass(frozen=True)
class Leg:
    """A stretch of time in which the state goes from `start` to `end`; the picture turns to the beat's target with it."""

    start_s: float
    end_s: float
    start: Array
    end: Array
    whip: bool = False
    reframe: bool = False

    def ease(self, t: float) -> float:
        u = (t - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        if self.whip:
            # a whip is over in a third of a second, whatever room the beat has
            share = min(0.9, 0.45 / max(self.end_s - self.start_s, 1e-9))
            u = 0.5 + (u - 0.5) / share
        elif self.reframe:
            u /= _REFRAME_SHARE
        return smooth(u)


def beats_of(intent: CameraIntent) -> tuple[CameraBeat, ...]:
    """The intent's beats, or the one that fills the shot."""
    return intent.beats or (CameraBeat(move=intent.move, shot_size=intent.shot_size, angle=intent.angle),)


def carried(
    beats: tuple[CameraBeat, ...], intent: CameraIntent
) -> tuple[list[ShotSize], list[CameraAngle], list[str | None]]:
    """Size, angle and focus of every beat: what a beat does not say stays as it was."""
    sizes: list[ShotSize] = []
    angles: list[CameraAngle] = []
    focus: list[str | None] = []
    size, angle, about = intent.shot_size, intent.angle, intent.focus
    for beat in beats:
        size, angle, about = beat.shot_size or size, beat.angle or angle, beat.focus or about
        sizes.append(size)
        angles.append(angle)
        focus.append(about)
    return sizes, angles, focus


def windows(beats: tuple[CameraBeat, ...], duration_s: float) -> list[tuple[float, float]]:
    total = sum(b.weight for b in beats)
    ends = np.cumsum([b.weight for b in beats]) / total * duration_s
    return [(float(a), float(b)) for a, b in zip([0.0, *ends[:-1]], ends, strict=True)]


def delta(move: str, hold: Hold, speed: float) -> Array:
    """What the whole move adds to the state."""
    d = np.zeros(len(FIELDS))
    state = hold.state
    distance, tan = math.exp(state[DISTANCE]), math.exp(state[TAN])
    half_x, half_y = math.atan(tan * _ASPECT), math.atan(tan)
    way, _, side = move.rpartition("_")
    sign = -1.0 if side in {"left", "down", "in"} else 1.0
    if way == "dolly" and side != "zoom":
        d[DISTANCE] = sign * math.log1p(DOLLY * speed)
    elif way == "zoom":
        d[TAN] = sign * math.log(ZOOM) * speed
    elif move == "dolly_zoom":
        d[DISTANCE] = -math.log1p(0.9 * speed)
        d[TAN] = -d[DISTANCE]
    elif way == "truck":
        # a near face must not leave a long lens's narrow frame, nor the camera turn after it: that would be an orbit
        reach = min(TRUCK, 0.38 * tan * _ASPECT) if hold.one else TRUCK
        d[SIDE] = sign * 2 * reach * distance * speed
    elif way == "orbit":
        d[YAW] = sign * 2 * SWING_RAD * speed
    elif way == "pan":
        d[PAN] = -sign * 2 * min(PAN_RAD, 0.5 * half_x) * speed
    elif way == "tilt":
        amount = (
            min(0.6 * half_y + math.atan(hold.below_m / distance), 0.7)
            if hold.one
            else 2 * min(TILT_RAD, 0.55 * half_y)
        )
        d[TILT] = sign * amount * speed
    elif way == "crane":
        amount = (0.3 * distance + 0.15) * speed
        if hold.low_angle:
            amount = min(amount, 0.62 * hold.centre_m)
        d[RISE] = sign * amount
        # a low camera that rises goes on looking up
        d[AHEAD] = 0.15 * d[RISE] if hold.low_angle and sign > 0 else 0.0
    return d


def legs_of(
    beats: tuple[CameraBeat, ...], holds: list[Hold], times: list[tuple[float, float]], speed: float
) -> list[Leg]:
    """One leg a beat. What a beat leaves behind (a new place, a turned head) stays until another framing is asked."""
    legs: list[Leg] = []
    for n, (beat, hold, (start_s, end_s)) in enumerate(zip(beats, holds, times, strict=True)):
        change = delta(beat.move, hold, speed)
        whip = speed >= WHIP_SPEED and beat.move.startswith("pan")
        if n == 0:
            before, after = _first(beat.move, hold, change, alone=len(beats) == 1, whip=whip)
            legs.append(Leg(start_s, end_s, before, after, whip))
            continue
        last = legs[-1].end
        anew = beat.shot_size is not None or beat.angle is not None or beat.focus is not None
        goal = hold.state if anew else hold.state + (last - holds[n - 1].state)
        if (
            anew
            and beat.move in {"dolly_in", "dolly_out", "zoom_in", "zoom_out"}
            and _goes_right_way(change, goal - last)
        ):
            change = np.zeros_like(change)  # the new size is where the move ends
        elif beat.move.startswith(("pan", "tilt", "truck")):
            change = 0.6 * change
            if anew and beat.focus is not None:
                change = np.zeros_like(change)  # it lands on what it turns to
        end = goal + change
        limit = 0.8 * math.atan(math.exp(end[TAN]) * _ASPECT)
        end[PAN] = min(max(end[PAN], -limit), limit)
        legs.append(Leg(start_s, end_s, last, end, whip, beat.move == "static"))
    return legs


def _goes_right_way(change: Array, way: Array) -> bool:
    """Whether the change of framing alone goes in or out as the move says."""
    asked = change[DISTANCE] + change[TAN]
    given = way[DISTANCE] + way[TAN]
    return bool(asked * given > 0 and abs(given) > 0.5 * abs(asked))


def _first(move: str, hold: Hold, change: Array, *, alone: bool, whip: bool) -> tuple[Array, Array]:
    """Start and end of the first beat. What goes in ends at the size asked for, what goes out starts there; a turn or a
    way across passes the framing in the middle of the shot, or ends on it where another beat follows."""
    state = hold.state
    if move in {"dolly_in", "zoom_in", "crane_down", "dolly_zoom"} or whip:
        # a crane comes down to the framing from above
        return state - change, state
    if move in {"tilt_up", "tilt_down"} and hold.one:
        return (state - change, state) if move == "tilt_up" else (state, state + change)
    if move in {"dolly_out", "zoom_out", "crane_up"}:
        return state, state + change
    if alone:
        return state - 0.5 * change, state + 0.5 * change
    return state - 0.6 * change, state


def states_at(legs: list[Leg], times: Array) -> tuple[Array, Array]:
    """States [n, 11] at `times` [n], and how much of each leg's target the picture holds, [n, legs]."""
    states, holds = np.zeros((len(times), len(FIELDS))), np.zeros((len(times), len(legs)))
    for k, t in enumerate(times):
        n = next((i for i, leg in enumerate(legs) if t < leg.end_s), len(legs) - 1)
        leg = legs[n]
        e = leg.ease(float(t))
        states[k] = leg.start + (leg.end - leg.start) * e
        if n == 0:
            holds[k, 0] = 1.0
        else:
            holds[k, n - 1], holds[k, n] = 1 - e, e
    return states, holds


def shake(times: Array, seed: int, amount: float) -> tuple[Array, Array]:
    """A hand that holds the camera: way right and up in metres [n, 2] and turns (pan, tilt, roll) in radians [n, 3];
    `amount` 0..1 fades it."""
    w = [
        np.array([wobble(float(t), seed + i, hz) for t in times])
        for i, hz in ((0, 0.45), (2, 0.6), (6, 0.5), (8, 0.62), (4, 0.4))
    ]
    return amount * np.stack([w[0], 0.8 * w[1]], axis=1), amount * np.stack([w[2], w[3], w[4]], axis=1)
