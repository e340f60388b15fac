"""What every engine that runs in a worker must do. A new engine joins by a fixture in `ENGINES`."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import CameraPose, ClipPlan, Frame
from vr_server.domain.shot import ActionBeat, ShotSpec, SubjectSpec
from vr_server.generation.engines.blockout import BlockoutEngine
from vr_server.generation.port import Capabilities, ClipRequest, EmbeddedClip, EmbeddedEngine
from vr_server.staging import compose


class CardEngine:
    """The smallest engine there is: a grey card three metres away, brighter with every frame."""

    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="card", model="card", version="1", embedded=True, gives_depth=True, gives_ids=False, gives_camera=True
        )

    def warm(self) -> None:
        """Nothing waits."""

    def open(self, request: ClipRequest) -> EmbeddedClip:
        able = self.capabilities()
        wide, high = able.max_size
        fits = 16 <= request.width_px <= wide and 16 <= request.height_px <= high
        fits = fits and not request.width_px % 2 and not request.height_px % 2
        if not fits or request.fps not in able.fps:
            raise InvalidInput(
                f"The card engine cannot make {request.width_px}x{request.height_px} at {request.fps} fps."
            )
        if not able.min_duration_s <= request.spec.duration_s <= able.max_duration_s:
            raise InvalidInput(f"The card engine cannot make {request.spec.duration_s:g} s.")
        return EmbeddedClip(compose(request.spec, request.seed), CardFrames(request))


class CardFrames:
    def __init__(self, request: ClipRequest) -> None:
        count = round(request.spec.duration_s * request.fps)
        camera = CameraPose(np.eye(4), 1.0)
        self._seed = request.seed
        self._plan = ClipPlan(
            request.width_px, request.height_px, Fraction(request.fps), count, 2.0, 4.0, (camera,) * count
        )

    @property
    def plan(self) -> ClipPlan:
        return self._plan

    def __iter__(self) -> Iterator[Frame]:
        size = (self._plan.height_px, self._plan.width_px)
        for index, camera in enumerate(self._plan.cameras):
            color = np.full((*size, 3), (self._seed * 7 + index) % 256, np.uint8)
            yield Frame(index, color, np.full(size, 3.0, np.float32), None, camera)


ENGINES = {"blockout": BlockoutEngine, "card": CardEngine}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> EmbeddedEngine:
    return ENGINES[request.param]()


@pytest.fixture
def order(engine: EmbeddedEngine) -> ClipRequest:
    """The shortest shot the engine takes."""
    able = engine.capabilities()
    walker = SubjectSpec(key="man", kind="man", label="man", beats=(ActionBeat(action="walk"),))
    spec = ShotSpec(text="A man walks.", language="en", subjects=(walker,), duration_s=able.min_duration_s)
    return ClipRequest(
        spec=spec, prompt="A man walks.", seed=3, width_px=128, height_px=72, fps=able.fps[0], quality="draft"
    )


def test_the_plan_is_known_before_a_frame_is_made(engine, order):
    plan = engine.open(order).frames.plan
    assert (plan.width_px, plan.height_px, plan.fps) == (128, 72, Fraction(order.fps))
    assert plan.frame_count == round(order.spec.duration_s * order.fps)
    for pose in plan.cameras:
        rotation = pose.t_world_camera[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_frames_come_in_order_and_keep_to_the_plan(engine, order):
    frames = engine.open(order).frames
    plan = frames.plan
    indices = []
    for frame in frames:
        indices.append(frame.index)
        assert frame.color.shape == (72, 128, 3)
        finite = frame.depth[np.isfinite(frame.depth)]
        assert not np.isnan(frame.depth).any()
        assert plan.near_m <= finite.min()
        assert finite.max() <= plan.far_m
        assert (frame.ids is not None) == engine.capabilities().gives_ids
        np.testing.assert_array_equal(frame.camera.t_world_camera, plan.cameras[frame.index].t_world_camera)
    assert indices == list(range(plan.frame_count))


def test_frames_are_the_callers_to_keep(engine, order):
    frames = iter(engine.open(order).frames)
    first = next(frames)
    color, depth = first.color.copy(), first.depth.copy()
    next(frames)
    np.testing.assert_array_equal(first.color, color)
    np.testing.assert_array_equal(first.depth, depth)


def test_the_same_request_gives_the_same_clip(engine, order):
    a, b = engine.open(order), engine.open(order)
    assert a.staging == b.staging
    x, y = next(iter(a.frames)), next(iter(b.frames))
    np.testing.assert_array_equal(x.color, y.color)
    np.testing.assert_array_equal(x.depth, y.depth)


def test_ids_name_every_subject_where_the_engine_gives_ids(engine, order):
    clip = engine.open(order)
    if not engine.capabilities().gives_ids:
        assert all(frame.ids is None for frame in clip.frames)
        return
    seen = set().union(*(set(np.unique(frame.ids).tolist()) for frame in clip.frames))
    assert {subject.object_id for subject in clip.staging.subjects} <= seen


def test_a_request_pickles(order):
    assert pickle.loads(pickle.dumps(order)) == order


@pytest.mark.parametrize(
    "wrong",
    [
        {"width_px": 127},
        {"height_px": 8},
        {"width_px": 4096, "height_px": 2160},
        {"fps": 23},
        {"duration_s": 0.2},
    ],
)
def test_a_request_outside_the_capabilities_is_refused_in_one_line(engine, order, wrong):
    wrong = dict(wrong)
    if "duration_s" in wrong:
        wrong = {"spec": order.spec.model_copy(update=wrong)}
    with pytest.raises(InvalidInput) as refused:
        engine.open(replace(order, **wrong))
    assert "\n" not in str(refused.value)
    assert engine.capabilities().name in str(refused.value)


def test_warming_twice_does_no_harm(engine):
    engine.warm()
    engine.warm()
