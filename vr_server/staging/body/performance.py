"""A person over time: path, gait and actions joined into one set of joint matrices per moment."""

from vr_server.domain.staging import Subject, TimedAction
from vr_server.staging.geometry import Array, rot_x, rot_y, smooth, vec

from .acts import ACTS, Clock, carrying, idle, running, settle, walking
from .skeleton import Build, Foot, Joints, Pose, get, solve
from .track import Track

_KEPT = 512


class Performance:
    """Joint matrices of one person. Pure in `t`; the last few hundred moments are kept (cloth looks back in time)."""

    def __init__(self, subject: Subject, breadth: float = 1.0) -> None:
        self.subject = subject
        self.build = Build.of(subject.size_m[1], breadth)
        self.track = Track(subject.path, subject.size_m[1])
        self._actions = subject.actions or (TimedAction(action="stand", start_s=0.0, end_s=self.track.end_s),)
        self._prop = next((p for p in subject.props if p in {"lantern", "torch", "umbrella"}), None)
        self._kept: dict[float, Joints] = {}

    def at(self, t_s: float) -> Joints:
        found = self._kept.get(t_s)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[t_s] = self._solve(t_s)
        return found

    def _solve(self, t: float) -> Joints:
        p = carrying(self._prop, self._pose(t))
        root, yaw = self.track.position(t), self.track.yaw(t)
        left, right = self.track.feet(t, self.build)
        feet = (self._offset(left, p, "lf", yaw), self._offset(right, p, "rf", yaw))
        if get(p, "feet_turn") > 0:
            feet = (self._turned(feet[0], p, root), self._turned(feet[1], p, root))
        return solve(self.build, root, yaw, p, feet)

    def _offset(self, foot: Foot, p: Pose, name: str, yaw: float) -> Foot:
        h = self.build.height_m
        move = rot_y(yaw) @ vec(get(p, f"{name}_x") * h, max(get(p, f"{name}_y"), 0.0) * h, get(p, f"{name}_z") * h)
        droop = -2.2 * max(get(p, f"{name}_y"), 0.0)
        return Foot(foot.ankle + move, rot_y(get(p, f"{name}_yaw")) @ foot.rotation @ rot_x(droop))

    @staticmethod
    def _turned(foot: Foot, p: Pose, root: Array) -> Foot:
        turn = rot_y(get(p, "hip_yaw") * get(p, "feet_turn"))
        pivot = vec(float(root[0]), 0.0, float(root[2]))
        return Foot(pivot + turn @ (foot.ankle - pivot), turn @ foot.rotation)

    def _pose(self, t: float) -> Pose:
        acted = self._acted(t)
        phase = self.track.step_phase(t)
        moving = self._moving(t)
        if phase is None or moving <= 0:
            return acted
        walk, steps = phase
        going = running(steps) if walk.running else walking(steps, self.build.height_m, walk.step_m)
        return acted * (1 - moving) + going * moving

    def _moving(self, t: float) -> float:
        """How much the gait owns the body: eases in and out within a stretch of moving."""
        walk = self.track.walk_at(t)
        if walk is None:
            return 0.0
        ease = min(0.4, (walk.end_s - walk.start_s) / 3)
        rise = 1.0 if walk.open_start else smooth((t - walk.start_s) / ease)
        return rise * (1.0 if walk.open_end else smooth((walk.end_s - t) / ease))

    def _acted(self, t: float) -> Pose:
        found = self._one(self._actions[0], t)
        for action in self._actions[1:]:
            weight = settle(t - action.start_s, action.end_s - action.start_s)
            if weight > 0:
                found = found * (1 - weight) + self._one(action, t) * weight
        return found

    def _one(self, action: TimedAction, t: float) -> Pose:
        length = max(action.end_s - action.start_s, 1e-3)
        since = max(t - action.start_s, 0.0)
        clock = Clock(since, min(since / length, 1.0), length, self.subject.seed % 97)
        act = ACTS.get(action.action)
        return idle(Clock(t, 0.0, length, self.subject.seed % 97)) if act is None else act(clock)

    def speed(self, t: float) -> float:
        return (self.track.distance(t + 0.05) - self.track.distance(t - 0.05)) / 0.1
