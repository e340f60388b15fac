"""A relative depth tied to metres: by whom, how surely, and never without reason; and the lens that the words speak of."""

import json
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from depth_fixtures import Stills

from vr_server.cli.plan import read_plan
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.shot import CameraIntent, ShotSpec
from vr_server.domain.staging import Staging
from vr_server.generation.engines.blockout import BlockoutEngine
from vr_server.generation.port import ClipRequest
from vr_server.language import parse_spec
from vr_server.layering.depth import (
    CameraTrack,
    DepthTrack,
    GroundPlane,
    LensPrior,
    ScaleHints,
    estimate_camera,
    find_depth,
    lens_prior,
    silent,
)
from vr_server.layering.depth.evidence import Evidence, gathered
from vr_server.layering.depth.ground import layout
from vr_server.layering.depth.level import find_level
from vr_server.layering.depth.scale import judged, tied
from vr_server.layering.depth.unit import in_one_unit

UNIT_M = 7.3


@dataclass(frozen=True)
class Take:
    spec: ShotSpec
    staging: Staging
    frames: list[Frame]

    @property
    def clip(self) -> Stills:
        return Stills([f.color for f in self.frames])

    @property
    def hints(self) -> ScaleHints:
        return ScaleHints.planned(self.staging, len(self.frames), Fraction(24))


def made(prompt: str) -> Take:
    spec = parse_spec(prompt, duration_s=0.5)
    opened = BlockoutEngine().open(ClipRequest(spec, spec.text, 3, 400, 224, 24, "draft"))
    return Take(spec, opened.staging, list(opened.frames))


@pytest.fixture(scope="module")
def walk() -> Take:
    return made("Full shot: a man walks in a street. Static camera.")


@pytest.fixture(scope="module")
def wide_truck() -> Take:
    return made("Wide shot, 14mm lens: a woman walks through a ruin. Truck right.")


@dataclass(frozen=True)
class InUnits:
    """An estimator: the true depth in units of `UNIT_M`, soft at its edges as a network's is."""

    frames: list[Frame]
    shift: float = 0.0
    name: str = "units"

    def estimate(self, *_: object) -> DepthTrack:
        inverse = np.stack([cv2.GaussianBlur(1 / f.depth, (0, 0), 1.0) for f in self.frames]) * UNIT_M + self.shift
        return DepthTrack(inverse.astype(np.float16), False, False, self.name, "told", "none")


def ratio(found: np.ndarray, frame: Frame) -> float:
    seen = np.isfinite(frame.depth) & (frame.depth < 25)
    return float(np.median(found[seen] / frame.depth[seen]))


def test_a_planned_man_and_the_planned_camera_make_metres(walk):
    clip = find_depth(
        walk.clip, [InUnits(walk.frames)], hints=walk.hints, lens=lens_prior(walk.spec.camera, walk.staging.camera)
    )
    assert clip.found.metric
    assert clip.found.scale_reason.startswith("metric by the height of man and the staging's camera height 1.3")
    assert int(clip.found.scale_reason.split("+-")[1].split(" %")[0]) in range(8, 16)
    assert ratio([*clip][6].depth, walk.frames[6]) == pytest.approx(1.0, abs=0.12)


def test_without_a_plan_it_is_sized_but_never_called_metres(walk):
    clip = find_depth(walk.clip, [InUnits(walk.frames)], lens=LensPrior(walk.frames[0].camera.yfov_rad))
    assert not clip.found.metric
    assert not clip.plan.metric
    assert "too unsure for metres" in clip.found.scale_reason
    assert ratio([*clip][6].depth, walk.frames[6]) == pytest.approx(1.0, abs=0.3)


def test_a_man_where_none_was_planned_is_not_taken_for_him(walk):
    """A plan of a close-up: nobody stands whole in it, so nobody's height is read."""
    close = tuple(CameraPose(c.t_world_camera, 0.15) for c in walk.hints.cameras)
    clip = find_depth(walk.clip, [InUnits(walk.frames)], hints=replace(walk.hints, cameras=close))
    assert not clip.found.metric
    assert "the height of" not in clip.found.scale_reason


def test_the_ground_tells_the_camera_s_height_and_tilt():
    inverse = layout(120, 200, 0.8, -0.2)
    level = find_level(inverse, 0.8)
    assert level is not None
    assert level.height == pytest.approx(1.6, rel=0.01)
    assert np.arcsin(level.normal[2]) == pytest.approx(0.2, abs=0.01)
    assert find_level(np.full((120, 200), 0.2, np.float32), 0.8) is None  # a wall is no ground


def ways(unit_m: float, bend: float = 0.0) -> tuple[CameraTrack, ScaleHints, DepthTrack]:
    """A camera 1.6 m over a level ground that goes 1 m to the right, found in units of `unit_m` and `bend`ing away."""

    def poses(unit: float, aside: float) -> tuple[CameraPose, ...]:
        found = []
        for t in np.linspace(0, 1, 9):
            pose = np.eye(4)
            pose[:3, 3] = t / unit, (0.0 if unit != 1 else 1.6), -aside * t * t / unit
            found.append(CameraPose(pose, 0.8))
        return tuple(found)

    depth = np.stack([layout(120, 200, 0.8, 0.0) * unit_m] * 9).astype(np.float16)
    track = CameraTrack(poses(unit_m, bend), moves=True, metric=False, confidence=0.9, reason="it travels")
    return track, ScaleHints(poses(1.0, 0.0)), DepthTrack(depth, False, False, "x", "r", "none", of_way=True)


def test_a_way_like_the_planned_one_counts_and_another_does_not():
    blank = Stills([np.zeros((120, 200, 3), np.uint8)] * 9)
    for bend, sources in ((0.0, ["height", "path"]), (1.5, ["height"])):
        camera, hints, depth = ways(0.4, bend)
        found = gathered(blank, camera, depth, hints)
        assert [e.source.split("camera ")[1].split()[0] for e in found] == sources
        assert all(e.unit_m == pytest.approx(0.4, rel=0.03) for e in found)
    camera, hints, depth = ways(0.4)
    scaled = tied(blank, camera, depth, hints, silent)
    assert scaled.depth.metric
    assert scaled.camera.metric
    assert scaled.camera.cameras[-1].t_world_camera[0, 3] == pytest.approx(1.0, rel=0.03)
    assert "camera path of 1.0 m" in scaled.depth.scale_reason


def test_what_agrees_is_put_together_and_what_does_not_is_told():
    eye, way, man = Evidence(2.0, 0.3, "eye"), Evidence(2.2, 0.35, "way"), Evidence(9.0, 0.3, "man")
    agreed = judged([eye, way])
    assert agreed is not None
    assert agreed.sure
    assert 2.0 < agreed.unit_m < 2.2
    assert agreed.sigma == pytest.approx(0.228, abs=0.002)
    torn = judged([eye, way, man])
    assert torn is not None
    assert not torn.sure  # half as much speaks against it as for it
    assert "man would make it" in str(torn)
    assert "larger" in str(torn)
    alone = judged([eye])
    assert alone is not None
    assert not alone.sure
    assert judged([]) is None


def test_a_layout_is_never_metric_whatever_was_planned(walk):
    clip = find_depth(walk.clip, [GroundPlane()], hints=walk.hints)
    assert not clip.found.metric
    assert "as was planned, 1.3" in clip.found.scale_reason


def test_a_network_s_depth_and_the_camera_s_way_share_a_unit(wide_truck):
    """The network's scale and shift are its own, the way's unit another: after parallax has compared them they are one."""
    first = np.linalg.inv(wide_truck.frames[0].camera.t_world_camera)
    poses = []
    for frame in wide_truck.frames:
        pose = first @ frame.camera.t_world_camera
        pose[:3, 3] /= 3.0
        poses.append(CameraPose(pose, frame.camera.yfov_rad))
    track = CameraTrack(tuple(poses), moves=True, metric=False, confidence=0.9, reason="it travels")
    raw = InUnits(wide_truck.frames, shift=0.15).estimate()
    camera, depth = in_one_unit(wide_truck.clip, track, raw)
    assert camera is track
    assert ratio(1 / np.maximum(depth.inverse[6].astype(float), 1e-3), wide_truck.frames[6]) == pytest.approx(
        1 / 3.0, rel=0.06
    )
    metres = replace(raw, inverse=InUnits(wide_truck.frames).estimate().inverse / np.float16(UNIT_M), metric=True)
    camera, depth = in_one_unit(wide_truck.clip, track, metres)
    way = np.linalg.norm(camera.cameras[-1].t_world_camera[:3, 3])
    assert camera.metric
    assert way == pytest.approx(3 * np.linalg.norm(poses[-1].t_world_camera[:3, 3]), rel=0.1)


def test_a_way_that_is_not_the_depth_s_is_left_out(wide_truck):
    astray = tuple(CameraPose(f.camera.t_world_camera, 0.5) for f in wide_truck.frames)
    track = CameraTrack(astray, moves=True, metric=False, confidence=0.3, reason="hardly any points agree")
    camera, _ = in_one_unit(wide_truck.clip, track, InUnits(wide_truck.frames).estimate())
    assert not camera.moves
    assert "left out" in camera.reason
    assert all(not c.t_world_camera[:3, 3].any() for c in camera.cameras)


def way_error(frames: list[Frame], track: CameraTrack) -> float:
    """How far the way is from the true one, its unit aside, as a share of it."""
    first = np.linalg.inv(frames[0].camera.t_world_camera)
    true = np.array([(first @ f.camera.t_world_camera)[:3, 3] for f in frames])
    found = np.array([c.t_world_camera[:3, 3] for c in track.cameras])
    unit = (true * found).sum() / max(float((found * found).sum()), 1e-12)
    return float(np.linalg.norm(true - unit * found) / np.linalg.norm(true))


def test_the_words_for_the_lens_make_field_of_view_and_way_better(wide_truck):
    true = wide_truck.frames[0].camera.yfov_rad
    prior = lens_prior(wide_truck.spec.camera, wide_truck.staging.camera)
    assert prior is not None
    told, untold = (estimate_camera(wide_truck.clip, p) for p in (prior, None))
    off = [abs(np.log(np.tan(t.cameras[0].yfov_rad / 2) / np.tan(true / 2))) for t in (told, untold)]
    assert off[0] < 0.1 < 0.5 < off[1]
    assert way_error(wide_truck.frames, told) < 0.6 * way_error(wide_truck.frames, untold)


def test_a_told_lens_is_surer_than_a_usual_one_and_a_zoom_less(walk, wide_truck):
    path = walk.staging.camera
    usual = lens_prior(CameraIntent(), path)
    told = lens_prior(CameraIntent(lens_mm=35), path)
    keys = (path.keys[0], path.keys[0].model_copy(update={"yfov_rad": path.keys[0].yfov_rad / 2, "t_s": 1.0}))
    zoom = lens_prior(CameraIntent(lens_mm=35, move="zoom_in"), path.model_copy(update={"keys": keys}))
    assert usual is not None
    assert told is not None
    assert zoom is not None
    assert told.sigma < usual.sigma < zoom.sigma
    assert zoom.yfov_rad < told.yfov_rad == pytest.approx(path.keys[0].yfov_rad)
    assert lens_prior(CameraIntent(projection="fisheye"), path.model_copy(update={"projection": "fisheye"})) is None


def test_a_plan_is_read_from_take_json_or_made_again_from_it(tmp_path, walk):
    take = tmp_path / "take.json"
    take.write_text(json.dumps({"spec": walk.spec.model_dump(mode="json", by_alias=True), "seed": 3}), "utf-8")
    assert read_plan(tmp_path / "clip.mp4", None) is None
    found = read_plan(tmp_path, None)
    assert found is not None
    assert found.staging.camera == walk.staging.camera
    take.write_text('{"seed": 1}', "utf-8")
    with pytest.raises(InvalidInput, match=r"not a take\.json"):
        read_plan(tmp_path / "clip.mp4", take)
    (tmp_path / "staging.json").write_text("{}", "utf-8")
    take.unlink()
    with pytest.raises(InvalidInput, match="no staging"):
        read_plan(tmp_path, None)
