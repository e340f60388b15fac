"""What people do with each other and with things: who meets whom, where, and what changes hands."""

import itertools
import math

import numpy as np
import pytest

from vr_server.domain.shot import ActionBeat, Placement, ShotSpec, SubjectSpec
from vr_server.language import parse_spec
from vr_server.staging import build_scene, compose
from vr_server.staging.body.dress import wardrobe_of
from vr_server.staging.body.limits import LIMITS, measure
from vr_server.staging.body.performance import Performance
from vr_server.staging.geometry import forward
from vr_server.staging.meshes.ground import ledge
from vr_server.staging.palette import COLOURS
from vr_server.staging.subjects import path_at, stage_subjects


def who(key, kind, *acts, **more):
    beats = tuple(ActionBeat(action=a.partition(":")[0], target=a.partition(":")[2] or None) for a in acts)
    return SubjectSpec(key=key, kind=kind, label=kind, beats=beats or (ActionBeat(action="stand"),), **more)


def staged(*subjects, seconds=5.0, seed=1, **more):
    spec = ShotSpec(text="A shot.", language="en", subjects=subjects, duration_s=seconds, **more)
    return {s.key: s for s in stage_subjects(spec, seed)[0]}


def apart(a, b, t):
    return float(np.linalg.norm((path_at(a.path, t)[0] - path_at(b.path, t)[0])[[0, 2]]))


def faces(a, b, t):
    """Cosine between where `a` looks and where `b` is."""
    at, yaw = path_at(a.path, t)
    line = path_at(b.path, t)[0] - at
    return float(forward(yaw) @ line / np.linalg.norm(line))


@pytest.mark.parametrize(("act", "least", "most"), [("fight", 0.7, 1.0), ("embrace", 0.2, 0.4), ("talk", 0.9, 1.4)])
def test_two_who_act_on_each_other_come_as_near_as_it_takes_and_face_each_other(act, least, most):
    found = staged(who("a", "man", f"{act}:b"), who("b", "woman", f"{act}:a"))
    assert least < apart(found["a"], found["b"], 4.5) < most
    assert faces(found["a"], found["b"], 4.5) > 0.95
    assert faces(found["b"], found["a"], 4.5) > 0.95


def test_who_stands_about_answers_and_the_thing_changes_hands():
    found = staged(who("a", "woman", "hand_over:b", props=("letter",)), who("b", "soldier"))
    assert [a.action for a in found["b"].actions][-1:] == ["receive"]
    assert "letter" in found["b"].props
    spec = ShotSpec(
        text="x", language="en", duration_s=5.0, subjects=(who("a", "woman", "hand_over:b", props=("letter",)), who("b", "soldier"))
    )  # fmt: skip
    letters = [n for n in build_scene(compose(spec, 1)).moving if n.part == "letter"]
    sizes = {n.object_id: [float(np.linalg.norm(n.world_at(t)[:3, 0])) for t in (0.5, 4.8)] for n in letters}
    assert sizes[1][0] > 0.5 > sizes[1][1]
    assert sizes[2][0] < 0.5 < sizes[2][1]
    hands = [n.world_at(2.9)[:3, 3] for n in letters]
    assert np.linalg.norm(hands[0] - hands[-1]) < 0.3


def test_a_walk_to_somebody_ends_at_arms_length_in_time():
    found = staged(who("a", "man", "walk", "embrace:b"), who("b", "woman"))
    assert apart(found["a"], found["b"], 0.0) > 2.0
    assert apart(found["a"], found["b"], 4.0) < 0.4
    assert [a.action for a in found["a"].actions][:1] == ["walk"]
    assert "embrace" in [a.action for a in found["b"].actions]


def test_who_turns_around_ends_with_the_face_to_the_camera():
    path = staged(who("a", "man", "turn", "draw_gun"))["a"].path
    assert forward(path_at(path, 0.0)[1])[2] < -0.5
    assert forward(path_at(path, 4.9)[1])[2] > 0.5


def test_a_chaser_follows_the_way_of_who_flees_and_never_reaches_it():
    found = staged(who("a", "man", "run"), who("b", "dog", "stand"), who("c", "woman", "chase:a"))
    for t in (0.5, 2.5, 4.5):
        assert 1.0 < apart(found["a"], found["c"], t) < 4.0
        assert faces(found["c"], found["a"], t) > 0.9


@pytest.mark.parametrize(("mount", "act"), [("horse", "ride"), ("motorcycle", "ride"), ("car", "drive")])
def test_a_rider_goes_along_with_the_mount_and_sits_on_it(mount, act):
    found = staged(who("a", "knight", f"{act}:m"), who("m", mount))
    rider, carrier = found["a"], found["m"]
    assert np.linalg.norm(path_at(carrier.path, 5)[0] - path_at(carrier.path, 0)[0]) > 5
    act_ = Performance(rider)
    for t in (0.2, 2.5, 4.8):
        assert apart(rider, carrier, t) < 0.35 * carrier.size_m[2]
        hips = act_.at(t)["pelvis"][:3, 3]
        assert 0.25 * carrier.size_m[1] < hips[1] < 1.15 * carrier.size_m[1]


def test_a_leap_off_a_cliff_is_a_parabola_after_a_run_up():
    found = staged(who("a", "man", "jump_off"), place="cliff")["a"]
    leap = next(a for a in found.actions if a.action == "jump_off")
    keys = [k for k in found.path if k.t_s > leap.start_s + 0.5]
    heights = np.array([k.position_m[1] for k in keys[:12]])
    times = np.array([k.t_s for k in keys[:12]])
    bend = np.polyfit(times, heights, 2)[0]
    assert bend == pytest.approx(-9.81 / 2, abs=0.35)
    assert found.path[-1].position_m[1] < -15
    assert found.path[0].position_m[1] == 0


def test_who_sits_on_a_chair_has_the_back_to_it_and_no_stool_of_its_own():
    spec = ShotSpec(text="x", language="en", duration_s=4.0, subjects=(who("a", "woman", "sit:c"), who("c", "chair")))
    staging = compose(spec, 1)
    woman, chair = staging.subjects
    assert apart(woman, chair, 3.0) < 0.45
    assert path_at(woman.path, 3.0)[1] == pytest.approx(path_at(chair.path, 3.0)[1], abs=0.2)
    assert "stool" not in {n.part for n in build_scene(staging).moving}


@pytest.mark.parametrize(
    ("side", "check"),
    [("left", lambda d: d[0] < -1), ("right", lambda d: d[0] > 1), ("behind", lambda d: d[2] < -1), ("front", lambda d: d[2] > 1)],
)  # fmt: skip
def test_a_place_beside_another_is_where_the_camera_sees_it_so(side, check):
    found = staged(who("c", "car"), who("a", "man", placement=Placement(side=side, of="c")))
    assert check(path_at(found["a"].path, 2.5)[0] - path_at(found["c"].path, 2.5)[0])


def test_what_stands_on_a_table_is_at_its_top():
    found = staged(who("t", "table"), who("m", "bag", placement=Placement(side="on", of="t")))
    assert path_at(found["m"].path, 1.0)[0][1] == pytest.approx(found["t"].size_m[1], abs=0.05)


def test_nobody_walks_through_anybody_or_through_a_car():
    found = staged(
        who("a", "man", "walk"), who("b", "woman", "run"), who("c", "car"), who("p", "person", "walk", count=6)
    )
    people = [s for s in found.values() if s.kind != "car"]
    for a, b in itertools.combinations(people, 2):
        assert min(apart(a, b, t) for t in np.linspace(0, 5, 26)) > 0.35
    assert min(apart(a, found["c"], t) for a in people for t in np.linspace(0, 5, 26)) > 0.9


def test_sixty_people_differ_in_look_height_and_step():
    crowd = list(staged(who("c", "crowd", "walk", count=60)).values())
    assert len(crowd) == 60
    assert len({s.size_m[1] for s in crowd}) > 25
    assert len({wardrobe_of(s).top for s in crowd}) > 4
    for a, b in itertools.combinations(crowd, 2):
        assert apart(a, b, 2.5) > 0.4


def test_a_character_keeps_its_look_across_shots_of_a_project_whatever_the_seed():
    walk = staged(who("a", "woman", "walk"), seed=1, continuity="film")["a"]
    fall = staged(who("b", "man"), who("a", "woman", "fall"), seed=9, continuity="film")["a"]
    other = staged(who("a", "woman", "walk"), seed=1, continuity="another film")["a"]
    assert wardrobe_of(walk) == wardrobe_of(fall)
    assert walk.size_m == fall.size_m
    assert (wardrobe_of(walk), walk.size_m) != (wardrobe_of(other), other.size_m)


def test_told_colours_and_size_are_worn():
    found = staged(who("a", "woman", wardrobe="dress", colours=("red",)), who("b", "man", scale=2.0))
    assert wardrobe_of(found["a"]).legs == COLOURS["red"]
    assert found["b"].size_m[1] > 3.3


def test_limits_are_measured_on_the_bones_not_on_the_pose():
    found = staged(who("a", "man", "sit"))["a"]
    angles = measure(Performance(found).at(4.5))
    assert 1.2 < angles["knee_l"] < 2.0
    assert 1.0 < angles["hip_flexion_r"] < LIMITS["hip_flexion"][1]
    assert abs(angles["neck_rotation"]) < 0.4
    assert math.isclose(LIMITS["elbow"][1], math.radians(150))


@pytest.mark.parametrize("second", [ActionBeat(action="talk", target="a"), ActionBeat(action="walk")])
@pytest.mark.parametrize("seed", range(4))
def test_nobody_but_who_leaps_comes_near_a_cliff_s_edge(second, seed):
    beats = ((ActionBeat(action="walk"),), (second,), (ActionBeat(action="run"), ActionBeat(action="kneel")))
    who = tuple(SubjectSpec(key=k, kind="man", label=k, beats=b) for k, b in zip("abc", beats, strict=True))
    spec = ShotSpec(text="x", language="en", subjects=who, place="cliff", duration_s=8.0)
    edge = ledge("cliff").edge_z_m
    for subject in stage_subjects(spec, seed)[0]:
        assert min(k.position_m[2] for k in subject.path) >= edge + 0.5


@pytest.mark.parametrize(
    "text",
    [
        "In a room a woman stands up from a chair, then hands a sword to a soldier.",
        "A woman hands a sword to a soldier.",
    ],
)
def test_the_thing_named_is_the_giver_s_to_hand_over(text):
    spec = parse_spec(text)
    subjects = {s.kind: s for s in stage_subjects(spec, 1)[0]}
    giver, taker = subjects["woman"], subjects["soldier"]
    assert giver.props == ("sword",)
    assert taker.props == ("sword",)
    assert any(a.action == "hand_over" and a.target == taker.key for a in giver.actions)
    assert any(a.action == "receive" and a.target == giver.key for a in taker.actions)
