"""What subjects do to and with each other: where two meet, how far apart, who faces whom."""

import math
from dataclasses import dataclass, field

import numpy as np

from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import PathKey

from .cast import MUTUAL, Actor, Beat
from .geometry import Array, forward, unit, vec
from .marks import Mark
from .paths import Pose2, path_at

_APART_M = {
    "fight": 0.86, "embrace": 0.3, "talk": 1.15, "hand_over": 0.95, "receive": 0.95, "push": 0.72, "stagger": 0.72, "dance": 0.95,
    "walk": 1.1, "run": 1.2, "approach": 1.2, "chase": 1.6, "kneel": 1.5, "bow": 1.7, "crawl": 1.2, "wave": 2.6, "sit": 1.1,
}  # fmt: skip
"""Between two people of 1.75 m, root to root; others stand at arm's length of a metre."""
CLOSING_M = {"embrace": 0.9, "hand_over": 0.8, "push": 0.5}
"""How far off they begin who have not come walking."""
FACED = {
    "point",
    "look_at",
    "wave",
    "aim",
    "shoot",
    "draw_gun",
    "throw",
    "turn",
    "laugh",
    "cry",
    "look_up",
    "sword_dance",
}
"""Done from where one stands, with the face to it."""
_BESIDE_M = 0.35


@dataclass
class Floor:
    """What is known while paths are planned one after another."""

    spec: ShotSpec
    seed: int
    cast: tuple[Actor, ...]
    marks: list[Mark]
    paths: dict[str, tuple[PathKey, ...]] = field(default_factory=dict)
    meetings: dict[tuple[str, str], Pose2] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_key = {a.key: a for a in self.cast}
        self._meet()

    def _meet(self) -> None:
        """Pairs that act on each other meet half way between their marks, side by side in the frame."""
        for a in self.cast:
            for b in a.beats:
                other = self.by_key.get(b.target or "")
                if not _mutual(a, b, other) or other is None or (a.key, other.key) in self.meetings:
                    continue
                first, second = (a, other) if a.number < other.number else (other, a)
                p, q = self.marks[first.number].at, self.marks[second.number].at
                across = unit(vec(1.0 if q[0] >= p[0] else -1.0, 0.0, 0.32))
                self.meetings[first.key, second.key] = Pose2((p + q) / 2, math.atan2(-across[0], -across[2]))
                self.meetings[second.key, first.key] = Pose2((p + q) / 2, math.atan2(across[0], across[2]))

    def place_of(self, key: str, t_s: float) -> tuple[Array, float]:
        path = self.paths.get(key)
        if path is not None:
            return path_at(path, t_s)
        return self.marks[self.by_key[key].number].at, math.pi

    def contact(self, actor: Actor, beat: Beat, t_s: float) -> Pose2 | None:
        """Where to be at `t_s` for what is done to `beat.target`; None where there is no such subject or no need to go."""
        other = self.by_key.get(beat.target or "")
        if other is None or other.key == actor.key or beat.action in FACED:
            return None
        met = self.meetings.get((actor.key, other.key))
        if met is not None and beat.action == "talk" and actor.spec.key == other.spec.key:
            return None  # two who came together only turn to each other
        if met is not None and beat.action in {*MUTUAL, *MUTUAL.values(), "walk", "run", "approach"}:
            apart = _apart(beat.action if beat.action in _APART_M else "talk", actor, other)
            return Pose2(met.at - forward(met.yaw) * (apart / 2), met.yaw)
        at, yaw = self.place_of(other.key, t_s)
        at = vec(float(at[0]), float(self.marks[actor.number].at[1]), float(at[2]))
        if beat.action in {"sit", "type_keys"} and other.kind.sits_m is not None:
            return Pose2(at + forward(yaw) * (0.19 * actor.size_m[1] - 0.05), yaw)
        away = self.marks[actor.number].at - at
        away[1] = 0.0
        if float(np.linalg.norm(away)) < 0.05:
            away = forward(yaw) if other.is_person else vec(0.0, 0.0, 1.0)
        side = unit(away)
        gap = _apart(beat.action, actor, other) if other.is_person else _edge(other, yaw, side) + _BESIDE_M
        if beat.action == "enter":
            gap = 0.0
        return Pose2(at + side * gap, math.atan2(side[0], side[2]))

    def towards(self, actor_at: Array, beat: Beat, t_s: float) -> float | None:
        """The yaw that faces the beat's target."""
        if beat.target not in self.by_key:
            return None
        line = self.place_of(beat.target, t_s)[0] - actor_at
        return math.atan2(-line[0], -line[2]) if math.hypot(line[0], line[2]) > 0.05 else None


def _mutual(a: Actor, b: Beat, other: Actor | None) -> bool:
    if other is None or other.key == a.key or not a.is_person or not other.is_person or b.action not in MUTUAL:
        return False
    return any(o.target == a.key and o.action in {b.action, MUTUAL[b.action]} for o in other.beats)


def _apart(action: str, a: Actor, b: Actor) -> float:
    big = (a.size_m[1] + b.size_m[1]) / 3.5
    if action == "fight" and {"sword", "spear", "staff"} & {*a.spec.props, *b.spec.props}:
        big *= 1.5  # a blade's length between them
    return _APART_M.get(action, 1.0) * big


def _edge(other: Actor, yaw: float, side: Array) -> float:
    """From a thing's middle to its edge, metres, in a horizontal direction."""
    ahead = abs(float(forward(yaw) @ side))
    across = math.sqrt(max(1 - ahead * ahead, 0.0))
    w, _, d = other.size_m
    return min(w / 2 / max(across, 1e-6), d / 2 / max(ahead, 1e-6))
