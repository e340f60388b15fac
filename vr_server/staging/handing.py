"""A thing that changes hands: giver and taker at the same time, face to face."""

import math

import numpy as np

from vr_server.domain.staging import PathKey, TimedAction

from .cast import Actor
from .geometry import turn_between
from .paths import path_at
from .people import Planned

_TURN_S = 0.5


def handed_over(cast: tuple[Actor, ...], planned: dict[str, Planned]) -> dict[str, Planned]:
    """`planned` with every `receive` begun when its giver's `hand_over` really begins (the way there counts), and both
    turned to each other from then on."""
    found = dict(planned)
    for giver in cast:
        for act in found[giver.key][1]:
            taker = act.target
            if act.action != "hand_over" or taker not in found or taker == giver.key:
                continue
            path, actions = found[taker]
            found[taker] = path, _begun(actions, "receive", act.start_s)
            here, there = path_at(found[giver.key][0], act.start_s)[0], path_at(path, act.start_s)[0]
            line = there - here
            if math.hypot(line[0], line[2]) > 0.05:
                yaw = math.atan2(-line[0], -line[2])
                for key, facing in ((giver.key, yaw), (taker, yaw + math.pi)):
                    found[key] = _turned(found[key][0], act.start_s, facing), found[key][1]
    return found


def _begun(actions: tuple[TimedAction, ...], name: str, start_s: float) -> tuple[TimedAction, ...]:
    """The action `name` begun at `start_s`; the one before it lasts until then."""
    kept = list(actions)
    for n, action in enumerate(kept):
        if action.action != name or not 0 <= start_s < action.end_s - 0.1:
            continue
        kept[n] = action.model_copy(update={"start_s": start_s})
        if n:
            kept[n - 1] = kept[n - 1].model_copy(update={"end_s": start_s})
        elif start_s > 0:
            kept.insert(0, TimedAction(action="stand", start_s=0.0, end_s=start_s))
        break
    return tuple(kept)


def _turned(path: tuple[PathKey, ...], at_s: float, yaw_rad: float) -> tuple[PathKey, ...]:
    """The path with the face towards `yaw_rad` from `at_s` on, after a turn of half a second."""
    begin = max(at_s - _TURN_S, 0.0)
    before = path_at(path, begin)[1]
    goal = before + turn_between(before, yaw_rad)
    times = sorted({*(k.t_s for k in path), begin, at_s})
    keys = []
    for t in times:
        place, yaw = path_at(path, t)
        if t > begin:
            share = min((t - begin) / max(at_s - begin, 1e-6), 1.0)
            yaw = before + (goal - before) * float(share * share * (3 - 2 * share))
        x, y, z = (float(v) for v in np.round(place, 4))
        keys.append(PathKey(t_s=t, position_m=(x, y, z), yaw_rad=round(float(yaw), 5)))
    return tuple(keys)
