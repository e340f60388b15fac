"""People by masks: the port and its networks, who is who over a shot, depth that keeps to outlines, and what is said of it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from depth_fixtures import Stills
from hypothesis import given, settings
from hypothesis import strategies as st
from person_networks import LAYOUTS, mask_network, no_mask_network

from benchmarks.blocking_check import write_video
from vr_server.bootstrap import person_masks
from vr_server.cli.layered import bake
from vr_server.domain.errors import InvalidModel, Unavailable
from vr_server.layering.depth import GroundPlane, ModelStore, NetworkMasks, PersonModel, catalogue, find_depth, silent
from vr_server.layering.depth.edges import sharpen
from vr_server.layering.depth.people import PeopleTrack, cut_out, follow_people, without_holes
from vr_server.layering.depth.person_ids import PersonIds
from vr_server.layering.depth.port import F32, U8, PersonMasks

SIZE = (320, 180)


class RedPeople:
    """Implements `PersonMasks` in memory: people are what is red."""

    name = "red"

    def people(self, picture: U8) -> F32:
        return np.asarray((picture[..., 0] > 200) & (picture[..., 1] < 100), np.float32)


@pytest.fixture(params=["memory", *LAYOUTS, "signed"])
def masks(request: pytest.FixtureRequest, tmp_path: Path) -> PersonMasks:
    if request.param == "memory":
        return RedPeople()
    signed = request.param == "signed"
    file = mask_network(tmp_path / "m.onnx", "probabilities" if signed else request.param, signed=signed)
    return NetworkMasks(PersonModel(file, request.param, signed))


@pytest.mark.parametrize("size", [(128, 72), (75, 51)])
def test_masks_are_surenesses_at_the_pictures_size(masks: PersonMasks, size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 60, np.uint8)
    picture[20:50, 10:40] = (230, 20, 20)
    found = masks.people(picture)
    assert (found.shape, found.dtype) == (picture.shape[:2], np.float32)
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found[24:46, 14:36] > 0.9).all()
    assert (found[:, 46:] < 0.2).all()
    assert masks.name


@pytest.mark.parametrize("kind", ["junk", "cut off", "grey", "vector", "three"])
def test_what_gives_no_masks_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.onnx"
    if kind == "junk":
        path.write_bytes(b"\x08\x07junk")
    elif kind == "cut off":
        path.write_bytes(mask_network(path, "probabilities").read_bytes()[:60])
    else:
        no_mask_network(path, kind)
    with pytest.raises(InvalidModel, match=r"bad\.onnx") as told:
        NetworkMasks(PersonModel(path, "bad"))
    assert "\n" not in str(told.value)


def test_person_networks_have_names_of_their_own(tmp_path: Path) -> None:
    entry = catalogue()["pp-humanseg"]
    assert (entry.finds, entry.signed) == ("people", True)
    store = ModelStore(tmp_path)
    with pytest.raises(InvalidModel, match=r"no people model 'depth-anything-v2-small'.* one of pp-humanseg"):
        store.get("depth-anything-v2-small", silent, finds="people")
    with pytest.raises(InvalidModel, match="no depth model 'pp-humanseg'"):
        store.get("pp-humanseg", silent)


def backdrop(seed: int = 3) -> U8:
    noise = np.random.default_rng(seed).integers(0, 120, (SIZE[1] // 4, SIZE[0] // 4, 3), np.uint8)
    return np.asarray(cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC))


@dataclass(frozen=True)
class Walker:
    """A card 40 px wide and 100 high, its left edge at `left` + n * `by`, `inverse` near; the farther hide behind the nearer."""

    left: float
    by: float
    inverse: float
    seed: int

    def at(self, n: int) -> tuple[slice, slice]:
        x = round(self.left + n * self.by)
        return slice(50, 150), slice(max(x, 0), max(x + 40, 0))


class Told:
    """Implements `PersonMasks` from what is known, in the order of the frames; `changed` may make it worse."""

    name = "told"

    def __init__(self, masks: list[F32], changed=lambda _, mask: mask) -> None:
        self._masks, self._changed = enumerate(masks), changed

    def people(self, picture: U8) -> F32:
        n, mask = next(self._masks)
        assert mask.shape == picture.shape[:2]
        return self._changed(n, mask)


def street(walkers: list[Walker], count: int, post: slice | None = None) -> tuple[Stills, F32, list[F32], list[U8]]:
    """Pictures, inverse depth [n, h, w], masks, and whose pixel each is (1, 2 …, in the order given)."""
    pictures, depth, masks, whose = [], [], [], []
    for n in range(count):
        color, inverse, who = backdrop(), np.full(SIZE[::-1], 0.1, np.float32), np.zeros(SIZE[::-1], np.uint8)
        for number, walker in sorted(enumerate(walkers, 1), key=lambda item: item[1].inverse):
            rows, columns = walker.at(n)
            coat = np.random.default_rng(walker.seed).integers(130, 250, (100, 40, 3), np.uint8)
            width = inverse[rows, columns].shape[1]
            color[rows, columns] = cv2.GaussianBlur(coat, (5, 5), 1)[:, :width]
            inverse[rows, columns] = walker.inverse
            who[rows, columns] = number
        if post is not None:
            color[:, post], inverse[:, post], who[:, post] = 15, 1.0, 0
        pictures.append(color)
        depth.append(inverse)
        masks.append((who > 0).astype(np.float32))
        whose.append(who)
    return Stills(pictures), np.stack(depth), masks, whose


def followed(walkers: list[Walker], count: int, changed=lambda _, mask: mask, **more) -> tuple[PeopleTrack, list[U8]]:
    clip, inverse, masks, whose = street(walkers, count, **more)
    return follow_people(clip, inverse.astype(np.float16), Told(masks, changed), silent), whose


def names(track: PeopleTrack, n: int, who: U8, number: int) -> set[int]:
    """The ids that at least a tenth of walker `number`'s pixels have in frame `n`."""
    counts = np.bincount(track.ids(n)[who == number])
    return {int(i) for i in np.flatnonzero(counts > 0.1 * counts.sum())}


@pytest.mark.parametrize("depths", [(0.4, 0.4), (0.5, 0.25)])
def test_two_who_meet_stay_two_and_themselves(depths: tuple[float, float]) -> None:
    """They come to touch at one depth, or pass each other at two."""
    by = 3 if depths[0] == depths[1] else 6
    track, whose = followed([Walker(60, by, depths[0], 1), Walker(200, -by, depths[1], 2)], 17)
    assert track.found == 2
    (first,), (second,) = names(track, 0, whose[0], 1), names(track, 0, whose[0], 2)
    assert first != second
    for n in (8, 16):
        assert names(track, n, whose[n], 1) == {first}
        assert names(track, n, whose[n], 2) <= {second}


def test_masks_that_touch_at_depths_that_differ_are_two_and_one_wide_mask_is_one() -> None:
    touching, whose = followed([Walker(100, 0, 0.5, 1), Walker(130, 0, 0.3, 2)], 3)
    assert touching.found == 2
    assert names(touching, 2, whose[2], 1).isdisjoint(names(touching, 2, whose[2], 2))
    wide = followed(
        [Walker(100, 0, 0.5, 1)], 3, lambda _, mask: np.asarray(cv2.dilate(mask, np.ones((7, 7))), np.float32)
    )[0]
    assert wide.found == 1


def test_one_behind_a_post_is_one_and_keeps_the_name_when_hidden() -> None:
    track, whose = followed([Walker(90, 4, 0.4, 1)], 16, post=slice(140, 152))
    assert track.found == 1
    hidden, whose = followed([Walker(60, 6, 0.4, 1)], 24, post=slice(100, 150))
    assert not (whose[7] == 1).all()
    assert hidden.found == 1
    assert names(hidden, 23, whose[23], 1) == {1}


def test_a_mask_that_flickers_is_held_and_one_that_moves_fast_does_not_lag() -> None:
    track, whose = followed([Walker(100, 1, 0.4, 1)], 10, lambda n, mask: mask * (n not in (5, 6)))
    for n in (4, 5, 6, 7):
        assert (track.ids(n) == 1).sum() > 0.85 * (whose[n] == 1).sum()
    spark = followed([Walker(100, 1, 0.4, 1)], 6, lambda n, mask: np.maximum(mask, _spot() * (n == 3)))[0]
    assert spark.found == 1
    assert not (spark.ids(3)[10:40, 250:290] > 0).any()
    fast, whose = followed([Walker(0, 25, 0.4, 1)], 9)
    for n in range(9):
        there, found = whose[n] == 1, fast.ids(n) > 0
        assert (there & found).sum() > 0.9 * (there | found).sum()


def _spot() -> F32:
    spot = np.zeros(SIZE[::-1], np.float32)
    spot[10:40, 250:290] = 1
    return spot


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), st.floats(0.05, 1)), unique_by=lambda c: c[:2], max_size=8)
)
def test_whoever_stands_apart_has_one_name_inside_the_mask(cells: list[tuple[int, int, float]]) -> None:
    mask, inverse = np.zeros(SIZE[::-1], np.bool_), np.full(SIZE[::-1], 0.02, np.float32)
    for column, row, near in cells:
        spot = slice(row * 45 + 5, row * 45 + 40), slice(column * 40 + 5, column * 40 + 35)
        mask[spot], inverse[spot] = True, near
    people = PersonIds()
    before = np.zeros(mask.shape, np.uint16)
    for _ in range(2):
        ids = people.step(mask, inverse, before)
        before = ids
        assert ((ids > 0) == mask).all()
        assert len(np.unique(ids[mask])) == len(cells) == people.found


def figure(*, coat: int = 110) -> tuple[U8, F32, U8]:
    """A person of the wall's own colour (picture, inverse depth blurred as a network's, ids) at 640x360."""
    ids = np.zeros((360, 640), np.uint8)
    cv2.ellipse(ids, (320, 180), (50, 130), 0, 0, 360, 1, -1)
    true = np.where(ids > 0, 0.5, 0.2).astype(np.float32)
    color = np.full((360, 640, 3), 100, np.uint8)
    color[ids > 0] = coat
    color += np.random.default_rng(2).integers(0, 12, color.shape, np.uint8)
    return color, np.asarray(cv2.GaussianBlur(true, (0, 0), 2.5)), ids


def wrong(inverse: F32, ids: U8) -> float:
    true = np.where(ids > 0, 0.5, 0.2)
    return float((np.abs(inverse - true) > 0.1 * true).sum())


def test_depth_keeps_to_a_persons_outline_where_colours_say_little_and_ids_to_the_depth() -> None:
    color, blurred, ids = figure(coat=104)
    mask = np.asarray(cv2.dilate(ids, np.ones((3, 3), np.uint8)))
    inverse, whose = cut_out(blurred, color, mask.astype(np.uint16), mask * 255)
    assert wrong(inverse, ids) < 0.5 * wrong(sharpen(blurred, color), ids)
    assert ((whose > 0) == (inverse > 0.35)).mean() > 0.998


@pytest.mark.parametrize("shift", [(30, 0), (0, 60)])
def test_a_mask_that_is_wrong_makes_the_depth_no_worse(shift: tuple[int, int]) -> None:
    color, blurred, ids = figure(coat=190)
    mask = np.roll(ids, shift, (1, 0))
    inverse, _ = cut_out(blurred, color, mask.astype(np.uint16), mask * 255)
    assert wrong(inverse, ids) < wrong(sharpen(blurred, color), ids) + 0.002 * ids.size
    flat = np.full_like(blurred, 0.3)
    assert np.array_equal(cut_out(flat, color, mask.astype(np.uint16), mask * 255)[0], flat)


def test_holes_in_a_person_are_filled_but_not_what_shows_beside_an_arm() -> None:
    _, blurred, ids = figure()
    torn = blurred.copy()
    torn[150:180, 310:330] = 0.2
    sure = ids.astype(np.float32)
    filled = without_holes(torn, ids.astype(np.uint16), sure)
    assert np.abs(filled - blurred).max() < 0.02
    sure[145:185, 305:335] = 0.6
    assert np.array_equal(without_holes(torn, ids.astype(np.uint16), sure), torn)
    half = np.where(np.arange(640) > 320, blurred, np.float32(0.2)).astype(np.float32)
    assert np.array_equal(without_holes(half, ids.astype(np.uint16), ids.astype(np.float32)), half)


def crossing(count: int = 6) -> tuple[Stills, list[F32]]:
    clip, _, masks, _ = street([Walker(100, 2, 0.4, 1)], count)
    return clip, masks


def test_a_flat_clip_has_ids_stands_people_upright_and_says_how_many() -> None:
    clip, masks = crossing()
    found = find_depth(clip, (GroundPlane(),), masks=Told(masks))
    assert found.found.people == "cut out by the masks of the network told"
    assert found.found.people_found == 1
    for frame in found:
        assert frame.ids is not None
        body = frame.depth[60:140, 110:118]
        assert np.ptp(body) < 0.1 * body.mean()
        assert (frame.ids[60:140, 112:118] == 1).mean() > 0.95
    bare = find_depth(clip, (GroundPlane(),))
    assert bare.found.people_found is None
    assert next(iter(bare)).ids is None


class Failing:
    name = "failing"

    def people(self, picture: U8) -> F32:
        raise InvalidModel(f"it cannot work on {picture.shape[1]} px.")


def test_masks_that_fail_are_done_without_and_it_is_said() -> None:
    clip, _ = crossing(2)
    for masks, said in ((Failing(), "it cannot work on 320 px."), ("its file is gone.", "its file is gone.")):
        found = find_depth(clip, (GroundPlane(),), masks=masks)
        assert found.found.people == f"no masks of people: {said}"
        assert found.found.people_found is None
        assert next(iter(found)).ids is None


@pytest.fixture
def video(tmp_path: Path) -> Path:
    frames = []
    for n in range(2):
        picture = np.random.default_rng(n).integers(40, 60, (72, 128, 3), np.uint8)
        picture[16:66, 30 + n : 50 + n] = (240, 10, 10)
        frames.append(picture)
    write_video(tmp_path / "flat.mp4", frames, size=(128, 72), fps=12)
    return tmp_path / "flat.mp4"


@pytest.mark.usefixtures("decoded_here")
def test_bake_takes_a_network_for_people_and_reports_them(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = mask_network(tmp_path / "red.onnx", "probabilities")
    asked = [str(video), "--depth", "ground-plane", "--people", str(net), "--json", "--out"]
    done = CliRunner().invoke(bake, [*asked, str(tmp_path / "a")], catch_exceptions=False)
    depth = json.loads((tmp_path / "a" / "report.json").read_text())["depth"]
    assert json.loads(done.stdout)["report"]["depth"] == depth
    assert (depth["people"], depth["people_found"]) == ("cut out by the masks of the network red", 1)
    with pytest.raises(InvalidModel, match="no people model 'nobody'"):
        person_masks("nobody", silent)
    # what cannot be had just now does not stop a bake
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    CliRunner().invoke(bake, [*asked, str(tmp_path / "b")], catch_exceptions=False)
    depth = json.loads((tmp_path / "b" / "report.json").read_text())["depth"]
    assert depth["people"].startswith("no masks of people: Networks need onnxruntime")
    with pytest.raises(Unavailable):
        NetworkMasks(PersonModel(net, "red"))
