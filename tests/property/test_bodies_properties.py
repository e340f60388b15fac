"""Laws of bodies over generated shots: kinematics only, nothing is rendered."""

import math
from collections.abc import Iterator

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vr_server.domain.shot import ActionBeat, ShotSpec, SubjectSpec
from vr_server.domain.staging import PathKey, Subject
from vr_server.staging.body.acts import ACTS, CARRIED
from vr_server.staging.body.performance import Performance
from vr_server.staging.body.skeleton import ball_of
from vr_server.staging.geometry import vec
from vr_server.staging.subjects import stage_subjects

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
SLACK_RAD = math.radians(1.5)
FPS = 48
ON_LAND = sorted(set(ACTS) - {"swim", "ride", "drive"})  # those need water, a horse, a car under them


@st.composite
def walks(draw):
    """A winding path with pauses at either end now and then."""
    speed = draw(st.floats(0.5, 4.5))
    yaw, bend = draw(st.floats(-3, 3)), draw(st.floats(-0.25, 0.25))
    at, t, keys = vec(0, 0, 0), 0.0, []
    if draw(st.booleans()):
        keys.append(PathKey(t_s=0, position_m=(0, 0, 0), yaw_rad=yaw))
        t = 0.5
    for _ in range(draw(st.integers(6, 20))):
        keys.append(PathKey(t_s=t, position_m=tuple(at.tolist()), yaw_rad=yaw))
        yaw += bend * 0.2 * speed
        at = at + vec(-math.sin(yaw), 0, -math.cos(yaw)) * speed * 0.2
        t += 0.2
    if draw(st.booleans()):
        last = keys[-1]
        keys.append(PathKey(t_s=last.t_s + 0.5, position_m=last.position_m, yaw_rad=last.yaw_rad))
    return tuple(keys)


def person(path, height=1.75, actions=(), kind="man", seed=3) -> Subject:
    return Subject(
        object_id=1, key="a", kind=kind, label="a", size_m=(0.5, height, 0.4), path=path, actions=actions, seed=seed
    )


def planted_points(act: Performance, t: float) -> Iterator[tuple[str, np.ndarray, float]]:
    """Heels and balls of both feet with their height over the ground the body stands on."""
    joints, ground = act.at(t), float(act.track.position(t)[1])
    heel = vec(0, -act.build.ankle, 0.04 * act.build.height_m)
    for side in "lr":
        foot = joints[f"foot_{side}"]
        for name, local in (("heel", heel), ("ball", ball_of(act.build))):
            point = foot[:3, 3] + foot[:3, :3] @ local
            yield f"{name}_{side}", point, float(point[1]) - ground


def check_feet(act: Performance, *, carried: bool = False) -> None:
    """No foot slides more than 2 cm while planted and none sinks into the ground."""
    planted: dict[str, np.ndarray] = {}
    for t in np.arange(0, act.track.end_s, 1 / FPS):
        hangs = carried or act.action_at(float(t)).action in CARRIED
        for name, point, high in planted_points(act, float(t)):
            assert high > -0.02 or hangs
            if high > 0.0015 or hangs:
                planted.pop(name, None)
                continue
            first = planted.setdefault(name, point)
            assert np.hypot(*(point - first)[[0, 2]]) < 0.02, (name, t)


@FEW
@given(walks(), st.floats(1.1, 1.95))
def test_planted_feet_of_a_winding_walk_do_not_slide_and_none_sinks(path, height):
    check_feet(Performance(person(path, height)))


@FEW
@given(walks(), st.floats(1.5, 1.95))
def test_legs_reach_their_feet_and_knees_bend_forward(path, height):
    act = Performance(person(path, height))
    for t in np.arange(0, act.track.end_s, 1 / 12):
        joints = act.at(float(t))
        left, right = act.footing.at(float(t))
        for side, foot in (("l", left), ("r", right)):
            hip, knee, ankle = (joints[f"{p}_{side}"][:3, 3] for p in ("thigh", "shin", "foot"))
            end = knee - joints[f"shin_{side}"][:3, 1] * act.build.shin
            assert np.linalg.norm(end - ankle) < 0.02
            assert np.linalg.norm(ankle - foot.ankle) < 0.1  # a heel may come up further than the gait asked
            forward = -joints["pelvis"][:3, 2]
            middle = hip + (ankle - hip) * (act.build.thigh / act.build.leg)
            assert float((knee - middle) @ forward) > -0.03


@st.composite
def acting(draw):
    """One person and up to four actions of any length."""
    names = draw(st.lists(st.sampled_from(ON_LAND), min_size=1, max_size=4))
    beats = tuple(ActionBeat(action=name, weight=draw(st.floats(0.5, 2))) for name in names)
    who = SubjectSpec(key="a", kind=draw(st.sampled_from(("man", "woman", "child", "elder"))), label="a", beats=beats)
    return ShotSpec(
        text="x", language="en", subjects=(who,), action_speed=draw(st.sampled_from((0.5, 1.0, 1.5))), duration_s=draw(st.floats(2.0, 9.0))
    )  # fmt: skip


@MANY
@given(acting(), st.integers(0, 2**31))
def test_no_planted_foot_slides_in_any_chain_of_actions(spec, seed):
    subjects, _ = stage_subjects(spec, seed)
    check_feet(Performance(subjects[0]))


@MANY
@given(acting(), st.integers(0, 2**31))
def test_no_joint_bends_past_human_limits_and_the_body_never_jumps(spec, seed):
    subjects, _ = stage_subjects(spec, seed)
    act, last = Performance(subjects[0]), None
    for t in np.arange(0, spec.duration_s, 1 / 12):
        assert not act.strained(float(t), SLACK_RAD)
        now = np.array([act.at(float(t))[part][:3, 3] for part in ("pelvis", "head")])
        if last is not None:
            assert np.linalg.norm(now - last, axis=1).max() * 12 < 12.0  # metres a second
        last = now


@FEW
@given(acting(), st.integers(0, 2**31))
def test_the_same_person_moves_the_same_way_twice(spec, seed):
    a, b = (Performance(stage_subjects(spec, seed)[0][0]) for _ in range(2))
    for t in (spec.duration_s * 0.37, 0.0, spec.duration_s * 0.8):
        for part, world in a.at(t).items():
            np.testing.assert_array_equal(world, b.at(t)[part])


TOGETHER = ("hand_over", "fight", "embrace", "talk", "push", "chase", "shoot", "aim", "point", "approach")
ALONE = ("walk", "run", "stand", "turn", "kneel", "sit", "bow", "wave", "leave", "draw_gun")


@st.composite
def pairs(draw):
    """Two people of any kind who do things with each other, in any order."""
    found = []
    for key, other in (("a", "b"), ("b", "a")):
        names = draw(st.lists(st.sampled_from((*TOGETHER, *ALONE)), min_size=1, max_size=3))
        beats = tuple(
            ActionBeat(action=n, weight=draw(st.floats(0.5, 2)), target=other if n in TOGETHER and draw(st.booleans()) else None)
            for n in names
        )  # fmt: skip
        kind = draw(st.sampled_from(("man", "woman", "child", "elder", "soldier", "swordswoman")))
        found.append(SubjectSpec(key=key, kind=kind, label=key, beats=beats))
    return ShotSpec(text="x", language="en", subjects=tuple(found), duration_s=draw(st.floats(3.0, 8.0)))


@MANY
@given(pairs(), st.integers(0, 2**31))
def test_two_who_act_on_each_other_keep_their_feet_and_joints(spec, seed):
    for subject in stage_subjects(spec, seed)[0]:
        act = Performance(subject)
        check_feet(act)
        for t in np.arange(0, spec.duration_s, 1 / 8):
            assert not act.strained(float(t), SLACK_RAD), (subject.key, t)
