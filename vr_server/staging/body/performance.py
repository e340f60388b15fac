"""A person over time: path, gait and actions joined into one set of joint matrices per moment."""

import math
from dataclasses import replace

from vr_server.domain.staging import Subject, TimedAction
from vr_server.staging.geometry import rot_x, smooth, vec

from .acts import ACTS, CARRIED, FOOTED, GESTURES, LOW, carrying, idle, running, walking
from .clock import Clock, settle
from .footing import STAND, Footing, Stance
from .limits import beyond
from .skeleton import HIP_YAW, Build, Foot, Joints, Pose, get, heel_raised, pose, solve
from .track import Track, Walk

_KEPT = 512
_FALLING_M_S = 0.25
_STOOP = pose(
    hip_pitch=-0.06, waist_pitch=-0.2, head_pitch=0.2, lift=-0.012, l_flex=0.12, r_flex=0.12, l_elbow=0.25, r_elbow=0.25
)
"""The back of an elder."""


class Performance:
    """Joint matrices of one person. Pure in `t`; the last few hundred moments are kept (cloth looks back in time)."""

    def __init__(self, subject: Subject, breadth: float = 1.0, hip_half: float | None = None) -> None:
        """`hip_half`: half the hips' width in body heights, where it is not a person's."""
        self.subject = subject
        self.build = Build.of(subject.size_m[1], breadth)
        if hip_half is not None:
            self.build = replace(self.build, hip_half=hip_half * self.build.height_m)
        actions = subject.actions or (TimedAction(action="stand", start_s=0.0, end_s=subject.path[-1].t_s),)
        self._actions = actions
        self._bases = _postures(actions)
        carried = tuple((a.start_s, a.end_s) for a in actions if a.action in CARRIED)
        self.track = Track(subject.path, subject.size_m[1], carried)
        self._prop = next((p for p in subject.props if p in {"lantern", "torch", "umbrella"}), None)
        self.footing = Footing(self.track, self.build, self._stances)
        self._kept: dict[float, Joints] = {}

    def at(self, t_s: float) -> Joints:
        found = self._kept.get(t_s)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[t_s] = self._solve(t_s)
        return found

    def action_at(self, t_s: float) -> TimedAction:
        return next((a for a in reversed(self._actions) if a.start_s <= t_s), self._actions[0])

    @property
    def seating(self) -> TimedAction | None:
        """The first action that is done on a seat of its own: who sits on something told of has that as target."""
        rises = ("stand", *self._bases)
        for n, a in enumerate(self._actions):
            if a.target is not None and a.action in {"sit", "type_keys"}:
                return None
            if a.action in {"sit", "type_keys"} or (
                a.action == "stand_up" and rises[n] not in LOW - {"sit", "type_keys"}
            ):
                return a
        return None

    def strained(self, t_s: float, slack_rad: float) -> dict[str, float]:
        """Joints bent past human limits by more than the slack, and by how much."""
        return beyond(self.at(t_s), slack_rad)

    def _solve(self, t: float) -> Joints:
        p = carrying(self._prop, self._pose(t))
        left, right = self.footing.at(t)
        feet = (self._rolled(left, get(p, "lf_pitch")), self._rolled(right, get(p, "rf_pitch")))
        return solve(self.build, self.track.position(t), self.track.yaw(t), p, feet)

    def _rolled(self, foot: Foot, pitch: float) -> Foot:
        """Up on the ball of the foot, or (less than zero) lying on the heel with the toes up."""
        if pitch >= 0:
            return heel_raised(foot, pitch, self.build) if pitch else foot
        heel = vec(0.0, -self.build.ankle, 0.04 * self.build.height_m)
        rotation = foot.rotation @ rot_x(-pitch)
        return Foot(foot.ankle + foot.rotation @ heel - rotation @ heel, rotation)

    def _stances(self, t: float) -> tuple[Stance, Stance]:
        action = self.action_at(t).action
        falling = self.track.walk_at(t) is None and abs(self.track.climb_m_s(t)) > _FALLING_M_S
        carried = action in CARRIED or falling
        near = {a.action for a in self._actions if a.start_s - 0.6 <= t <= a.end_s + 2.5} | set(self._bases)
        if not carried and not near & FOOTED:
            return STAND, STAND
        p, h = self._acted(t), self.build.height_m
        turn = get(p, "hip_yaw") * get(p, "feet_turn")
        return (
            Stance(
                get(p, "lf_x") * h, get(p, "lf_z") * h, get(p, "lf_yaw"), max(get(p, "lf_y"), 0.0) * h, turn, carried
            ),
            Stance(
                get(p, "rf_x") * h, get(p, "rf_z") * h, get(p, "rf_yaw"), max(get(p, "rf_y"), 0.0) * h, turn, carried
            ),
        )

    def _pose(self, t: float) -> Pose:
        acted = self._acted(t)
        phase = self.track.step_phase(t)
        if phase is None:
            return acted
        walk, steps = phase
        moving = self._moving(walk, t)
        if moving <= 0:
            return acted
        run = walk.run_share(steps)
        going = walking(steps, self.build.height_m, walk.step_m(steps)) * (1 - run) + running(steps) * run
        if self.subject.kind == "elder":
            going = going + _STOOP
        return acted * (1 - moving) + going * moving

    @staticmethod
    def _moving(walk: Walk, t: float) -> float:
        """How much the gait owns the body: eases in and out within a stretch of moving."""
        ease = min(0.4, (walk.end_s - walk.start_s) / 3)
        rise = 1.0 if walk.open_start else smooth((t - walk.start_s) / ease)
        return rise * (1.0 if walk.open_end else smooth((walk.end_s - t) / ease))

    def _acted(self, t: float) -> Pose:
        found = self._one(0, t)
        upright = float(self._bases[0] not in LOW)
        for n in range(1, len(self._actions)):
            action = self._actions[n]
            if t < action.start_s - 0.2:
                break
            since = t - action.start_s
            # up from the ground takes its time; acts that begin where the one before ends need none
            slow = self._bases[n - 1] in LOW and self._bases[n] != self._bases[n - 1] and action.action != "stand_up"
            weight = settle(since - 0.5, 1.6, 1.5) if slow else settle(since, action.end_s - action.start_s)
            if weight > 0:
                to = self._one(n, t)
                found[HIP_YAW] += math.tau * round(
                    (to[HIP_YAW] - found[HIP_YAW]) / math.tau
                )  # whole spins need no unwinding
                found = found * (1 - weight) + to * weight
                upright += (float(self._bases[n] not in LOW) - upright) * weight
        return found + _STOOP * upright if self.subject.kind == "elder" else found

    def _one(self, index: int, t: float) -> Pose:
        action = self._actions[index]
        length = max(action.end_s - action.start_s, 1e-3)
        since = max(t - action.start_s, 0.0)
        before = self._bases[index - 1] if index else ""
        seed = self.subject.seed % 97
        clock = Clock(
            since, min(since / length, 1.0), length, seed, base=self._bases[index], before=before, way_m=self.track.distance(t),
            height_m=self.build.height_m, role=self.subject.seed & 1, armed="sword" in self.subject.props,
        )  # fmt: skip
        act = ACTS.get(action.action)
        if act is None:
            return idle(Clock(t, 0.0, length, seed))
        return act(clock)


def _postures(actions: tuple[TimedAction, ...]) -> tuple[str, ...]:
    """How the body is held in each action: gestures are made standing, sitting or kneeling, as the actions before left it."""
    found: list[str] = []
    for a in actions:
        kept = found[-1] if found else "stand"
        found.append(
            "fall"
            if a.action == "explode"
            else a.action
            if a.action in LOW
            else kept
            if a.action in GESTURES
            else "stand"
        )
    return tuple(found)
