"""Depth networks: the real models' shapes on small graphs, the store's pins, and one clear line for what is broken."""

import hashlib
import http.server
import threading

import numpy as np
import pytest
from depth_fixtures import Stills, network

from vr_server.domain.errors import InvalidModel, NoDepth, StorageFailed, Unavailable
from vr_server.domain.frame import CameraPose
from vr_server.layering.depth import (
    CameraTrack,
    EstimatedClip,
    FoundShot,
    GroundPlane,
    ModelEntry,
    ModelStore,
    MotionParallax,
    NetworkDepth,
    catalogue,
    choose,
    find_depth,
    silent,
)

STILL = CameraTrack(
    (CameraPose(np.eye(4), 0.7),) * 40, moves=False, metric=False, confidence=0.9, reason="it stands still"
)


def ramp(count=5, width=96, height=64):
    """Pictures brighter to the right: nearer there, for the tiny networks."""
    row = np.linspace(20, 230, width, dtype=np.uint8)
    return Stills([np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2)] * count)


@pytest.mark.parametrize("shape", [
    ["b", 3, "h", "w"], [1, 3, "h", "w"], [2, 3, "h", "w"], [1, 3, 518, 518], ["b", 3, 56, 84],
    ["b", "t", 3, "h", "w"], [1, 8, 3, 56, 84], [1, "t", 3, 56, 84],
])  # fmt: skip
@pytest.mark.parametrize("count", [1, 5, 19])
def test_every_shape_of_the_real_models_is_fed_and_read(tmp_path, shape, count):
    if count == 19 and shape == [1, 3, 518, 518]:
        count = 3
    found = NetworkDepth(network(tmp_path / "n.onnx", shape), name="tiny", side=56).estimate(ramp(count), STILL, silent)
    assert len(found.inverse) == count
    assert not found.metric
    inverse = found.inverse.astype(float)
    assert (np.diff(inverse.mean(axis=(0, 1))) >= -1e-2).all()
    assert inverse[..., -1].mean() > inverse[..., 0].mean() + 1


def test_metres_are_claimed_only_when_the_network_gives_them(tmp_path):
    metric = NetworkDepth(network(tmp_path / "m.onnx", ["b", 3, "h", "w"], gives="metres"), name="m", side=56)
    found = metric.estimate(ramp(), STILL, silent)
    assert found.metric
    clip = EstimatedClip(ramp(), [FoundShot(0, STILL, found, 1.0)])
    assert clip.plan.metric
    frame = next(iter(clip))
    bright = (230 / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    assert np.median(frame.depth[:, -3:]) == pytest.approx(bright.mean() + 3, rel=0.05)
    relative = NetworkDepth(network(tmp_path / "r.onnx", ["b", 3, "h", "w"]), name="r", side=56)
    shot = FoundShot(0, STILL, relative.estimate(ramp(), STILL, silent), None)
    assert not EstimatedClip(ramp(), [shot]).plan.metric


@pytest.mark.parametrize(("make", "line"), [
    (lambda p: p.write_bytes(b"\x08\x07junk"), "cannot be read as an ONNX network"),
    (lambda p: p.write_bytes(network(p, ["b", 3, "h", "w"]).read_bytes()[:60]), "cannot be read as an ONNX network"),
    (lambda p: network(p, ["b", 1, "h", "w"]), "no depth network"),
    (lambda p: network(p, ["b", 3, "h", "w"], out="vector"), "does not give maps"),
    (lambda p: network(p, [1, 3, 20_000, 20_000]), "20000x20000"),
    (lambda p: network(p, [1, 9999, 3, 56, 56]), "9999 at once"),
])  # fmt: skip
def test_what_is_no_depth_network_is_told_in_one_line(tmp_path, make, line):
    path = tmp_path / "bad.onnx"
    make(path)
    with pytest.raises(InvalidModel, match=line) as told:
        NetworkDepth(path, name="bad")
    assert "\n" not in str(told.value)


def test_numbers_that_are_none_are_refused(tmp_path):
    broken = NetworkDepth(network(tmp_path / "n.onnx", ["b", 3, "h", "w"], scale=float("nan")), name="n", side=56)
    with pytest.raises(InvalidModel, match="numbers that are none"):
        broken.estimate(ramp(), STILL, silent)


@pytest.fixture
def home(tmp_path):
    """A server with one model, and the entry that names it."""
    root = tmp_path / "home"
    root.mkdir()
    body = network(root / "tiny.onnx", ["b", 3, "h", "w"]).read_bytes()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(root))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/tiny.onnx"
        yield (
            root,
            ModelEntry(
                url=url, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body), gives="inverse", licence="none"
            ),
        )
        server.shutdown()
        thread.join()


def test_a_model_is_fetched_once_with_progress_and_kept(tmp_path, home):
    root, entry = home
    store, told = ModelStore(tmp_path / "store", {"tiny": entry}), []
    assert not store.has("tiny")
    path, _ = store.get("tiny", lambda what, share: told.append((what, share)))
    assert told[-1] == ("fetching tiny", 1.0)
    assert store.has("tiny")
    (root / "tiny.onnx").unlink()
    assert store.get("tiny", silent)[0] == path
    assert [p.name for p in (tmp_path / "store").iterdir()] == [path.name]


@pytest.mark.parametrize(("change", "error", "line"), [
    (lambda r, e: e.model_copy(update={"sha256": "0" * 64}), InvalidModel, "not the pinned file"),
    (lambda r, e: e.model_copy(update={"bytes": e.bytes + 9}), InvalidModel, "broke off"),
    (lambda r, e: e.model_copy(update={"bytes": e.bytes - 9}), InvalidModel, "longer than the pinned"),
    (lambda r, e: e.model_copy(update={"url": e.url + "x"}), Unavailable, "cannot be fetched"),
    (lambda r, e: e.model_copy(update={"url": "http://127.0.0.1:9/x"}), Unavailable, "cannot be fetched"),
])  # fmt: skip
def test_what_is_not_the_pinned_file_is_thrown_away(tmp_path, home, change, error, line):
    root, entry = home
    store = ModelStore(tmp_path / "store", {"tiny": change(root, entry)})
    with pytest.raises(error, match=line):
        store.get("tiny", silent)
    assert list((tmp_path / "store").iterdir()) == []


def test_a_stored_model_that_was_damaged_is_removed_and_said(tmp_path, home):
    store = ModelStore(tmp_path / "store", {"tiny": home[1]})
    path, _ = store.get("tiny", silent)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InvalidModel, match="damaged"):
        store.get("tiny", silent)
    store.get("tiny", silent)


def test_names_files_and_folders(tmp_path):
    store = ModelStore(tmp_path / "store", {})
    own = network(tmp_path / "own.onnx", ["b", 3, "h", "w"])
    assert store.get(str(own), silent) == (own, None)
    assert store.get(str(tmp_path), silent) == (own, None)
    network(tmp_path / "second.onnx", ["b", 3, "h", "w"])
    with pytest.raises(InvalidModel, match=r"2 \.onnx files"):
        store.get(str(tmp_path), silent)
    with pytest.raises(InvalidModel, match="no depth model 'nope'"):
        store.get("nope", silent)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    entry = next(iter(catalogue().values()))
    with pytest.raises(StorageFailed):
        ModelStore(blocked / "store", {"a": entry}).get("a", silent)


def test_the_catalogue_is_pinned():
    assert "depth-anything-v2-small" in catalogue()
    assert all(len(e.sha256) == 64 and e.url.startswith("https://") for e in catalogue().values())


def test_auto_takes_the_next_way_and_says_what_refused():
    track = choose(ramp(), STILL, (MotionParallax(), GroundPlane()), silent)
    assert track.estimator == "ground-plane"
    assert "parallax: There is no parallax" in track.reason
    with pytest.raises(NoDepth, match="it stands still"):
        choose(ramp(), STILL, (MotionParallax(),), silent)


def test_a_flat_clip_becomes_frames_with_bounded_depth():
    clip = find_depth(ramp(4, 96, 66), (MotionParallax(), GroundPlane()))
    frames = list(clip)
    assert [f.index for f in frames] == [0, 1, 2, 3]
    assert not clip.plan.metric
    assert clip.found.estimator == "ground-plane"
    for frame in frames:
        assert np.isfinite(frame.depth).all()
        assert clip.plan.near_m * 0.99 <= frame.depth.min()
        assert frame.depth.max() <= clip.plan.far_m * 1.001
