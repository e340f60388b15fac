"""Optional networks that look at takes: small graphs of the real models' shapes, and what a take says of what they find."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from person_networks import mask_network, saved

from benchmarks.blocking_check import write_video
from vr_server.bootstrap import aids_of
from vr_server.config import Settings
from vr_server.domain.errors import InvalidInput, InvalidModel
from vr_server.domain.shot import ShotSpec
from vr_server.layering.depth import NetworkMasks, PersonModel
from vr_server.review.aids import Aids
from vr_server.review.bar import QualityBar
from vr_server.review.networks import MaskPeople, NudityFinder
from vr_server.review.watching import look_at_take

BREAST = 4 + 3


def detector(path: Path, rows: int = 22) -> Path:
    """As sure of bare breasts as the picture's mean is red; sure of a face always. Three places."""
    weights = np.zeros((3, rows), np.float32)
    weights[0, min(BREAST, rows - 1)] = 1
    faces = np.zeros(rows, np.float32)
    faces[5] = 0.9
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["scores"]),
        helper.make_node("Add", ["scores", "faces"], ["all"]),
        helper.make_node("Unsqueeze", ["all", "end"], ["one"]),
        helper.make_node("Expand", ["one", "shape"], ["out"]),
    ]
    consts = {
        "axes": np.array([2, 3]),
        "w": weights,
        "faces": faces,
        "end": np.array([2]),
        "shape": np.array([1, rows, 3]),
    }
    return saved(path, nodes, ["batch", 3, "height", "width"], consts)


def scene(red: int, *, left: int = 100) -> np.ndarray:
    picture = np.full((72, 128, 3), 60, np.uint8)
    picture[20:60, left : left + 16] = (red, 20, 20)
    return picture


def test_people_are_boxed(tmp_path: Path) -> None:
    finder = MaskPeople(NetworkMasks(PersonModel(mask_network(tmp_path / "m.onnx", "probabilities"), "m")))
    (box,) = finder.people(scene(230))
    assert (box.left, box.right) == pytest.approx((100 / 128, 116 / 128), abs=0.03)
    assert (box.top, box.bottom) == pytest.approx((20 / 72, 60 / 72), abs=0.05)
    assert finder.people(scene(60)) == []


def test_the_surest_of_what_should_not_be_shown_is_told_with_its_frame_and_faces_are_not(tmp_path: Path) -> None:
    finder = NudityFinder(detector(tmp_path / "d.onnx"))
    red = np.zeros((90, 160, 3), np.uint8)
    red[..., 0] = 255
    found = finder.look([(0, np.zeros_like(red)), (7, red), (9, red // 2)])
    assert found is not None
    assert (found.what, found.frame) == ("female_breast_exposed", 7)
    assert found.score == pytest.approx(90 / 160, abs=0.02)  # the rest of the square is black
    assert finder.look([]) is None
    with pytest.raises(InvalidModel, match="no NudeNet"):
        NudityFinder(detector(tmp_path / "other.onnx", rows=9))


def take(tmp_path: Path, red: int) -> Path:
    frames = [
        np.full((72, 128, 3), (red, 40, 40), np.uint8) + np.random.default_rng(n).integers(0, 9, (72, 128, 3), np.uint8)
        for n in range(6)
    ]
    (tmp_path / "clip").mkdir()
    write_video(tmp_path / "clip" / "clip.mp4", frames, size=(128, 72), fps=12)
    return tmp_path


@pytest.mark.parametrize(("language", "words"), [("en", "bare breasts"), ("zh", "裸露胸部")])
def test_a_take_that_shows_it_is_marked_with_a_reason(tmp_path: Path, language: str, words: str) -> None:
    aids = Aids(content_model=detector(tmp_path / "d.onnx"))
    spec = ShotSpec(text="a beach", language=language)
    folder = take(tmp_path, 240)
    (found,) = (
        f
        for f in look_at_take(folder, folder / "clip", spec, QualityBar(content=0.4), aids=aids)
        if f.check == "content"
    )
    assert words in found.reason
    assert found.value > found.threshold == 0.4
    easy = QualityBar(content=0.9)
    assert "content" not in {f.check for f in look_at_take(folder, folder / "clip", spec, easy, aids=aids)}


def test_networks_that_fail_never_fail_a_take(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a network")
    aids = Aids(content_model=tmp_path / "bad.onnx", people_model=PersonModel(tmp_path / "bad.onnx", "bad"))
    folder = take(tmp_path, 240)
    notes: list[str] = []
    found = look_at_take(
        folder, folder / "clip", ShotSpec(text="a", language="en"), QualityBar(), aids=aids, note=notes.append
    )
    assert "content" not in {f.check for f in found}
    assert notes == [
        "The pictures were not looked through for what should not be shown: bad.onnx cannot be read as an ONNX network: it is damaged or something else."
    ]


def test_what_is_set_up_is_opened_at_the_start_and_a_wrong_file_names_its_variable(tmp_path: Path) -> None:
    assert aids_of(Settings.load({})) == Aids()
    mask, found = mask_network(tmp_path / "m.onnx", "probabilities"), detector(tmp_path / "d.onnx")
    told = {"VR_PREVIS_PEOPLE_MODEL": str(mask), "VR_PREVIS_CONTENT_CHECK": str(found)}
    assert aids_of(Settings.load(told)) == Aids(people_model=PersonModel(mask, "m"), content_model=found)
    for name in told:
        with pytest.raises(InvalidInput, match=name):
            aids_of(Settings.load({name: str(tmp_path / "none.onnx")}))


def test_nudenet_is_asked_for_by_name_and_its_absence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"vr-previs\[content\]"):
        aids_of(Settings.load({"VR_PREVIS_CONTENT_CHECK": "nudenet"}))
