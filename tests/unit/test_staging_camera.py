"""What the camera promises: sizes on bodies, moves as told, measured from the keys and the subjects alone."""

import itertools
import math

import numpy as np
import pytest
from staging_fixtures import one, subject

from vr_server.domain.shot import CameraBeat, CameraIntent, ShotSpec
from vr_server.staging import compose
from vr_server.staging.geometry import matrix_of
from vr_server.staging.lenses import SIZES, project
from vr_server.staging.measure import Shots, moves_of, sightings, size_of, steps_apart
from vr_server.staging.meshes.ground import ground_height
from vr_server.staging.places import PLACES
from vr_server.staging.subjects import path_at

MOVES = (
    "static", "dolly_in", "dolly_out", "truck_left", "truck_right", "pan_left", "pan_right", "tilt_up", "tilt_down", "crane_up", "crane_down",
    "orbit_left", "orbit_right", "handheld", "zoom_in", "zoom_out",
)  # fmt: skip


def camera(**intent) -> CameraIntent:
    return CameraIntent(**intent)


def part(shots: Shots, keys: slice) -> Shots:
    return Shots(shots.eye[keys], shots.rotation[keys], shots.yfov[keys], shots.focus_m[keys])


@pytest.mark.parametrize("size", ["close_up", "medium", "full"])
@pytest.mark.parametrize("move", MOVES)
def test_a_move_measured_from_the_keys_is_the_one_asked_for(size, move):
    staging = compose(one(place="desert", camera=camera(shot_size=size, move=move)), 4)
    assert moves_of(Shots.of(staging.camera)).move == move


@pytest.mark.parametrize("kind", ["man", "child", "woman", "mecha"])
@pytest.mark.parametrize("size", list(SIZES))
def test_a_person_is_framed_at_the_size_asked_for(kind, size):
    staging = compose(one(kind, place="desert", camera=camera(shot_size=size)), 4)
    seen = sightings(staging, np.array([0.0, 2.0, 4.0]))
    assert all(size_of(moment[kind].shows) == size for moment in seen)
    assert all(moment[kind].face for moment in seen)


@pytest.mark.parametrize("kind", ["horse", "car", "spaceship", "dog", "dragon", "ship"])
@pytest.mark.parametrize("size", ["close_up", "medium", "full", "wide"])
def test_what_is_no_person_is_framed_by_its_front_and_length(kind, size):
    staging = compose(one(kind, place="plain", camera=camera(shot_size=size)), 4)
    seen = sightings(staging, np.array([2.0]))[0][kind]
    assert steps_apart(size_of(seen.shows), size) <= 1
    assert seen.face
    assert (seen.inside == 1) == (size in {"full", "wide"})


def test_a_seated_head_stays_in_its_close_up():
    staging = compose(one("man", "sit", camera=camera(shot_size="close_up")), 4)
    assert all(moment["man"].face for moment in sightings(staging, np.linspace(0, 4, 17)))


def test_a_zoom_changes_the_lens_and_leaves_the_camera_where_it_is():
    keys = compose(one(camera=camera(move="zoom_in")), 4).camera.keys
    assert len({k.position_m for k in keys}) == 1
    assert keys[0].yfov_rad > 1.4 * keys[-1].yfov_rad
    assert all(a.yfov_rad >= b.yfov_rad for a, b in itertools.pairwise(keys))


def test_focus_is_as_far_as_the_one_the_shot_is_about():
    two = ShotSpec(
        text="Two.", language="en", subjects=(subject("man"), subject("woman")), place="desert",
        camera=camera(shot_size="close_up", focus="woman"),
    )  # fmt: skip
    staging = compose(two, 4)
    seen = sightings(staging, np.array([2.0]))[0]
    assert seen["woman"].face
    key = staging.camera.keys[len(staging.camera.keys) // 2]
    assert key.focus_m == pytest.approx(seen["woman"].distance_m, rel=0.1)


def test_beats_follow_each_other_without_a_jump():
    beats = (
        CameraBeat(move="crane_down", shot_size="wide", angle="eye"),
        CameraBeat(move="dolly_in", shot_size="close_up"),
        CameraBeat(move="orbit_right", weight=2),
    )
    spec = one(place="desert", duration_s=8.0, camera=camera(shot_size="wide", move="crane_down", beats=beats))
    staging = compose(spec, 4)
    shots, count = Shots.of(staging.camera), len(staging.camera.keys)
    assert [moves_of(part(shots, slice(*(round(s * (count - 1)) for s in span)))).move for span in ((0, 0.25), (0.25, 0.5), (0.5, 1))] == [
        "crane_down", "dolly_in", "orbit_right",
    ]  # fmt: skip
    seen = sightings(staging, np.array([2.0, 4.0, 7.9]))
    assert [size_of(s["man"].shows) for s in seen] == ["wide", "close_up", "close_up"]
    assert np.linalg.norm(np.diff(shots.eye, axis=0), axis=1).max() * 12 < 12.0


def test_a_beat_turns_to_its_focus():
    beats = (CameraBeat(move="static", shot_size="medium", focus="man"), CameraBeat(move="pan_right", focus="woman"))
    spec = ShotSpec(
        text="Two.", language="en", subjects=(subject("man"), subject("woman")), place="desert",
        camera=camera(shot_size="medium", beats=beats),
    )  # fmt: skip
    seen = sightings(compose(spec, 4), np.array([0.5, 4.0]))
    assert seen[0]["man"].face
    assert seen[1]["woman"].face
    assert abs(sum(seen[1]["woman"].box[0::2])) < 0.9


def talking(**intent) -> ShotSpec:
    return ShotSpec(
        text="They talk.", language="en", subjects=(subject("man", "talk"), subject("woman", "talk")), place="desert",
        camera=camera(**intent),
    )  # fmt: skip


def test_over_a_shoulder_the_far_face_stands_on_the_other_third():
    staging = compose(
        talking(viewpoint="over_the_shoulder", viewer="man", focus="woman", shot_size="medium_close_up"), 4
    )
    key = staging.camera.keys[24]
    seen = sightings(staging, np.array([2.0]))[0]
    near, far = (0.5 * (seen[k].box[0] + seen[k].box[2]) for k in ("man", "woman"))
    assert near * far < 0
    assert seen["woman"].face
    assert seen["man"].distance_m < 1.3 < seen["woman"].distance_m
    assert 0.05 < abs(far) < 0.6
    faces = project(np.array(key.position_m), matrix_of(key.rotation), key.yfov_rad, np.array([[0.0, 1.5, 0.0]]))
    assert faces[0, 2] > 0


def test_shot_and_reverse_keep_the_camera_on_one_side_of_the_axis():
    eyes = []
    for viewer, focus in (("man", "woman"), ("woman", "man")):
        spec = talking(viewpoint="over_the_shoulder", viewer=viewer, focus=focus, shot_size="medium_close_up")
        eyes.append(np.array(compose(spec, 4).camera.keys[0].position_m))
    assert eyes[0][2] > 0 < eyes[1][2]
    assert eyes[0][0] * eyes[1][0] < 0


def test_eyes_see_the_other_and_not_their_own_head():
    staging = compose(talking(viewpoint="pov", viewer="man"), 4)
    seen = sightings(staging, np.array([1.0, 3.0]))
    assert all(moment["woman"].face and not moment["man"].face for moment in seen)
    assert any("eyes of" in remark for remark in staging.remarks)
    man = staging.subjects[0]
    assert all(0.85 * man.size_m[1] < k.position_m[1] < man.size_m[1] for k in staging.camera.keys)


def test_a_fisheye_is_near_and_still_holds_head_and_feet():
    plain = compose(one(place="desert"), 4).camera
    staging = compose(one(place="desert", camera=camera(projection="fisheye")), 4)
    assert staging.camera.projection == "fisheye"
    assert staging.camera.keys[0].yfov_rad > 1.5
    assert staging.camera.keys[0].focus_m < 0.6 * plain.keys[0].focus_m
    assert sightings(staging, np.array([2.0]))[0]["man"].inside == 1


def test_a_dutch_angle_rolls_and_roll_adds_to_any_angle():
    rolls = [
        moves_of(Shots.of(compose(one(camera=c), 4).camera)).roll_rad
        for c in (camera(), camera(angle="dutch"), camera(angle="low", roll_rad=0.26))
    ]
    assert rolls[0] == pytest.approx(0, abs=1e-6)
    assert abs(rolls[1]) > 0.15
    assert abs(rolls[2]) == pytest.approx(0.26, abs=0.01)


@pytest.mark.parametrize(
    ("angle", "low", "high"), [("low", 0.12, 1.2), ("eye", -0.15, 0.15), ("high", -0.9, -0.3), ("overhead", -1.5, -1.1)]
)
@pytest.mark.parametrize("size", ["close_up", "full"])
def test_angles_look_up_and_down(angle, low, high, size):
    key = compose(one(place="desert", camera=camera(angle=angle, shot_size=size)), 4).camera.keys[0]
    pitch = math.asin(-matrix_of(key.rotation)[1, 2])
    assert low <= pitch <= high


def test_a_close_up_turns_to_the_face_of_who_stands_in_profile():
    for key, sign in (("man", -1), ("woman", 1)):
        staging = compose(talking(shot_size="close_up", focus=key), 4)
        who = next(s for s in staging.subjects if s.key == key)
        eye = np.array(staging.camera.keys[0].position_m)
        nose = -np.array([math.sin(who.path[0].yaw_rad), 0, math.cos(who.path[0].yaw_rad)])
        line = (eye - np.array(who.path[0].position_m)) * [1, 0, 1]
        assert line @ nose / np.linalg.norm(line) > 0.5
        assert eye[2] > 0, "on the camera's own side of the action axis"
        assert np.sign(nose[0]) == -sign * np.sign(1) or abs(nose[0]) < 0.5


def test_who_looks_aside_has_the_room_before_the_face():
    staging = compose(one("man", "stand", place="desert", camera=camera(shot_size="medium")), 4)
    who = staging.subjects[0]
    looks_right = -math.sin(who.path[0].yaw_rad) > 0
    box = sightings(staging, np.array([2.0]))[0]["man"].box
    assert (0.5 * (box[0] + box[2]) < 0) == looks_right


def test_handheld_is_small_and_smooth():
    shots = Shots.of(compose(one(place="desert", camera=camera(move="handheld")), 4).camera)
    assert 0.01 < np.ptp(shots.eye, axis=0).max() < 0.12
    assert np.linalg.norm(np.diff(shots.eye, 2, axis=0), axis=1).max() < 0.003


def test_follow_keeps_its_distance():
    staging = compose(one("man", "run", place="desert", camera=camera(move="follow", shot_size="medium")), 4)
    seen = sightings(staging, np.linspace(0, 4, 9))
    far = [moment["man"].distance_m for moment in seen]
    assert max(far) / min(far) < 1.25
    assert all(moment["man"].face for moment in seen)
    assert moves_of(Shots.of(staging.camera)).travelled_m > 8


def test_a_leap_from_a_cliff_is_seen_from_where_the_ground_does_not_hide_it():
    spec = one("man", "jump_off", place="cliff", duration_s=5.0, camera=camera(shot_size="full"))
    staging = compose(spec, 4)
    times = np.linspace(0.2, 4.8, 9)
    assert all(moment["man"].inside > 0.7 for moment in sightings(staging, times))
    shots = Shots.of(staging.camera)
    for key in range(0, len(shots.eye), 6):
        man = path_at(staging.subjects[0].path, staging.camera.keys[key].t_s)[0] + [0, 0.9, 0]
        line = shots.eye[key] + (man - shots.eye[key]) * np.linspace(0, 1, 20)[:, None]
        assert (line[:, 1] > ground_height(staging.ground, line[:, 0], line[:, 2]) - 0.3).all()


@pytest.mark.parametrize("place", [name for name, place in sorted(PLACES.items()) if place.interior])
def test_a_full_shot_in_a_room_stays_in_the_room_and_holds_everybody(place):
    spec = ShotSpec(
        text="Three.", language="en", subjects=(subject("man", "talk"), subject("woman", "talk"), subject("child")), place=place,
        camera=camera(move="truck_right"),
    )  # fmt: skip
    staging = compose(spec, 4)
    room = PLACES[place].interior
    eyes = Shots.of(staging.camera).eye
    assert (eyes[:, 0] > room.x_m[0] + 0.2).all()
    assert (eyes[:, 0] < room.x_m[1] - 0.2).all()
    assert (eyes[:, 2] < room.z_m[1] - 0.2).all()
    assert (eyes[:, 1] < room.height_m - 0.2).all()
    assert all(seen.inside >= 0.9 for seen in sightings(staging, np.array([2.0]))[0].values())


def test_a_lens_too_long_for_the_room_is_changed_and_told():
    staging = compose(
        one(place="corridor", camera=camera(shot_size="full", lens_mm=85.0, yaw_offset_rad=math.pi / 2)), 4
    )
    assert staging.camera.keys[0].yfov_rad > 1.3 * 2 * math.atan(12 / 85)
    assert any("no room" in remark or "walls" in remark for remark in staging.remarks)


def test_a_medium_shot_of_two_who_talk_holds_both_faces():
    seen = sightings(compose(talking(shot_size="medium"), 4), np.array([0.5, 2.0, 3.5]))
    assert all(moment[key].face for moment in seen for key in ("man", "woman"))
    assert all(steps_apart(size_of(moment["man"].shows), "medium") <= 1 for moment in seen)
