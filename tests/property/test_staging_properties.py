"""Laws of staging over generated shots."""

import itertools
import math

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vr_server.domain.shot import ActionBeat, CameraIntent, ShotSpec, SubjectSpec
from vr_server.staging import compose
from vr_server.staging.geometry import matrix_of, vec
from vr_server.staging.meshes.ground import ground_height
from vr_server.staging.places import PLACES
from vr_server.staging.solids import in_the_way
from vr_server.staging.subjects import path_at

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
SIZES = ("extreme_close_up", "close_up", "medium_close_up", "medium", "medium_full", "full", "wide", "extreme_wide")
ANGLES = ("low", "eye", "high", "overhead", "dutch")
MOVES = (
    "static", "dolly_in", "dolly_out", "truck_left", "truck_right", "pan_left", "pan_right", "tilt_up", "tilt_down", "crane_up", "crane_down",
    "orbit_left", "orbit_right", "follow", "handheld",
)  # fmt: skip
PEOPLE = ("man", "woman", "child", "astronaut", "swordswoman", "elder")
ACTIONS = ("stand", "walk", "run", "turn", "sit", "wave", "sword_dance", "fall", "jump", "talk")


@st.composite
def subjects(draw, kinds=(*PEOPLE, "horse", "car", "spaceship")):
    found = []
    for n in range(draw(st.integers(1, 3))):
        beats = tuple(
            ActionBeat(action=a, weight=draw(st.floats(0.5, 2)))
            for a in draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3))
        )
        kind = draw(st.sampled_from(kinds))
        found.append(SubjectSpec(key=f"s{n}", kind=kind, label=kind, beats=beats, count=draw(st.integers(1, 3))))
    return tuple(found)


@st.composite
def intents(draw):
    return CameraIntent(
        shot_size=draw(st.sampled_from(SIZES)), angle=draw(st.sampled_from(ANGLES)), move=draw(st.sampled_from(MOVES)), move_speed=draw(st.floats(0.2, 3)),
        distance_scale=draw(st.floats(0.3, 3)), height_offset_m=draw(st.floats(-3, 8)), yaw_offset_rad=draw(st.floats(-3.1, 3.1)),
    )  # fmt: skip


@st.composite
def specs(draw):
    return ShotSpec(
        text=draw(st.sampled_from(("A shot.", "Two suns set."))), language="en", subjects=draw(subjects()), place=draw(st.sampled_from(sorted(PLACES))),
        time_of_day=draw(st.sampled_from(("dawn", "day", "sunset", "dusk", "night"))), suns=draw(st.integers(0, 3)), camera=draw(intents()),
        action_speed=draw(st.floats(0.3, 2.0)), duration_s=draw(st.floats(1.0, 8.0)),
    )  # fmt: skip


@FEW
@given(specs(), st.integers(0, 2**31))
def test_camera_stays_above_ground_and_outside_the_set(spec, seed):
    staging = compose(spec, seed)
    eyes = np.array([k.position_m for k in staging.camera.keys])
    floor = ground_height(staging.ground, eyes[:, 0], eyes[:, 2])
    assert (eyes[:, 1] > floor + 0.1).all()
    assert not any(in_the_way(p, eyes, 0.1) for p in staging.set_pieces)


@FEW
@given(specs(), st.integers(0, 2**31))
def test_nobody_acts_inside_a_set_piece(spec, seed):
    staging = compose(spec, seed)
    for s in staging.subjects:
        bodies = np.array([k.position_m for k in s.path]) + vec(0, s.size_m[1] / 2, 0)
        assert not any(in_the_way(p, bodies, 0.2) for p in staging.set_pieces)


@FEW
@given(specs(), st.integers(0, 2**31))
def test_same_spec_and_seed_same_staging(spec, seed):
    assert compose(spec, seed) == compose(spec, seed)


@FEW
@given(specs(), st.integers(0, 2**31))
def test_keys_are_dense_ordered_and_rotations_are_unit(spec, seed):
    staging = compose(spec, seed)
    times = [k.t_s for k in staging.camera.keys]
    assert times == sorted(times)
    assert max(b - a for a, b in itertools.pairwise(times)) <= 0.25
    assert times[-1] >= staging.duration_s - 1e-3
    assert all(abs(math.fsum(q * q for q in k.rotation) - 1) < 1e-6 for k in staging.camera.keys)
    for s in staging.subjects:
        assert [k.t_s for k in s.path] == sorted({k.t_s for k in s.path})
    for body in staging.sky.bodies:
        assert abs(np.linalg.norm(body.direction) - 1) < 1e-3
        assert body.direction[1] > 0


@FEW
@given(
    st.sampled_from(PEOPLE), st.sampled_from(("stand", "walk", "run", "turn", "wave")), st.sampled_from(("low", "eye", "high")), st.sampled_from(MOVES),
    st.sampled_from(sorted(PLACES)), st.integers(0, 2**31),
)  # fmt: skip
def test_a_full_shot_holds_head_and_feet_at_mid_shot(kind, action, angle, move, place, seed):
    who = SubjectSpec(key="a", kind=kind, label=kind, beats=(ActionBeat(action=action),))
    spec = ShotSpec(
        text="A full shot.",
        language="en",
        subjects=(who,),
        place=place,
        camera=CameraIntent(shot_size="full", angle=angle, move=move),
    )
    staging = compose(spec, seed)
    s = staging.subjects[0]
    key = staging.camera.keys[(len(staging.camera.keys) - 1) // 2]
    at, _ = path_at(s.path, key.t_s)
    tan = math.tan(key.yfov_rad / 2)
    for point in (at, at + vec(0, s.size_m[1], 0)):
        local = matrix_of(key.rotation).T @ (point - np.array(key.position_m))
        assert local[2] < 0
        assert abs(local[1] / local[2]) < tan
        assert abs(local[0] / local[2]) < tan * 16 / 9
