"""Masks: where a region is in the picture, and how it follows what it covers."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import CameraPose, Frame
from vr_server.domain.region import EllipseShape, PolygonShape, RectShape
from vr_server.generation.follow import FollowsObjects, FollowsPicture, covered_by
from vr_server.generation.masks import expanded, feathered, hull_of, rasterise, read_mask, write_mask
from vr_server.generation.redraw import blended

W, H = 96, 54


def seen(ids: np.ndarray, *, x_m: float = 0.0, z_m: float = 0.0, index: int = 0, depth: float = 4.0) -> Frame:
    pose = np.eye(4)
    pose[:3, 3] = (x_m, 0, z_m)
    color = np.full((*ids.shape, 3), 90, np.uint8)
    return Frame(index, color, np.full(ids.shape, depth, np.float32), ids.astype(np.uint16), CameraPose(pose, 0.8))


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((H, W), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_shapes_cover_the_pixels_whose_centres_lie_in_them() -> None:
    assert (rasterise(RectShape(left=0.25, top=0.5, right=0.5, bottom=1), W, H) == box(24, 27, 48, 54)).all()
    square = PolygonShape(points=((0.25, 0.5), (0.5, 0.5), (0.5, 1), (0.25, 1)))
    assert (rasterise(square, W, H) == box(24, 27, 48, 54)).all()
    disc = rasterise(EllipseShape(x=0.5, y=0.5, radius_x=0.25, radius_y=0.25), W, H)
    assert disc.mean() == pytest.approx(np.pi / 16, rel=0.02)
    ring = PolygonShape(points=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.3), (0.1, 0.9)))
    inside = rasterise(ring, W, H)
    assert inside[10, 48]
    assert not inside[40, 48], "a notch is outside"


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.4))
@settings(max_examples=25, deadline=None)
def test_feathering_never_reaches_out_of_the_mask(seed: int, ratio: float) -> None:
    rng = np.random.default_rng(seed)
    mask = cv2.resize(rng.random((6, 8)).astype(np.float32), (W, H)) > 0.6
    grown = expanded(mask, ratio)
    assert (grown | ~mask).all(), "it only grows"
    weight = feathered(grown)
    assert ((weight > 0) == grown).all()
    assert weight.max(initial=0) <= 1


def test_what_lies_outside_is_the_same_plane_for_plane() -> None:
    rng = np.random.default_rng(3)
    old = seen(np.zeros((H, W)))
    planes = rng.integers(16, 235, (H * 3 // 2, W)).astype(np.uint8)
    old = Frame(0, rng.integers(0, 256, (H, W, 3)).astype(np.uint8), old.depth, old.ids, old.camera, planes)
    new = seen(np.ones((H, W)), depth=2.0)
    mask = box(31, 11, 60, 40)  # odd edges: chroma is shared across them
    both = blended(old, new, feathered(mask))
    assert both.planes is not None
    assert both.ids is not None
    assert (both.planes[:H] == planes[:H])[~mask].all()
    quarter = ~mask.reshape(H // 2, 2, W // 2, 2).all(axis=(1, 3))
    for plane, before in zip(both.planes[H:].reshape(2, -1), planes[H:].reshape(2, -1), strict=True):
        assert (plane == before)[quarter.reshape(-1)].all()
    assert set(np.unique(both.depth[box(40, 20, 50, 30)])) == {2.0}
    assert set(np.unique(both.depth[~mask])) == {4.0}
    assert (both.ids[~mask] == 0).all()


def test_objects_are_weighed_by_how_much_of_them_is_covered() -> None:
    ids = np.zeros((H, W), np.uint16)
    ids[10:50, 30:50], ids[10:50, 50:90], ids[0:10, :] = 1, 2, 3
    found = covered_by(box(28, 8, 60, 52), ids, moving={1, 2})
    assert found.whole == (1,)
    assert set(found.parts) == {2}, "a quarter of the other one"
    assert not found.rest.any(), "the ground beside them was not meant"


def test_a_whole_object_is_followed_by_all_its_pixels() -> None:
    ids = np.zeros((H, W), np.uint16)
    ids[20:40, 30:40] = 7
    follower = FollowsObjects(box(29, 18, 41, 42), seen(ids), {7})
    later = np.roll(ids, (3, 35), axis=(0, 1))
    assert (follower.at(seen(later, index=5)) == (later == 7)).all()
    assert not follower.at(seen(np.zeros_like(ids), index=6)).any(), "gone: nothing of it is left to draw"


def test_a_part_of_a_moving_object_goes_with_its_box() -> None:
    ids = np.zeros((H, W), np.uint16)
    ids[10:50, 20:40] = 7
    follower = FollowsObjects(box(20, 10, 40, 20), seen(ids), {7})  # the head
    later = np.zeros_like(ids)
    later[20:40, 60:70] = 7  # half the size, elsewhere
    mask = follower.at(seen(later, index=3))
    assert mask.sum() == pytest.approx(10 * 5, abs=12)
    assert mask[20:25, 60:70].all()


@pytest.mark.parametrize("move", [(0.4, 0.0), (0.0, -1.0), (-0.3, 1.0)])
def test_what_stands_still_is_followed_as_the_camera_goes(move: tuple[float, float]) -> None:
    """A region on a wall four metres ahead, against the projection of its corners by hand."""
    mask = box(40, 20, 56, 34)
    follower = FollowsObjects(mask, seen(np.zeros((H, W))), set())
    x_m, z_m = move
    found = follower.at(seen(np.zeros((H, W)), x_m=x_m, z_m=z_m, index=4))
    focal = 0.5 * H / np.tan(0.4)

    def across(column: float) -> float:
        place = (column - (W - 1) / 2) / focal * 4.0
        return float((W - 1) / 2 + focal * (place - x_m) / (4.0 + z_m))

    columns = np.flatnonzero(found.any(axis=0))
    assert columns[0] == pytest.approx(across(40), abs=2)
    assert columns[-1] == pytest.approx(across(55), abs=2)
    ideal = mask.sum() * (4.0 / (4.0 + z_m)) ** 2
    assert found.sum() == pytest.approx(ideal, rel=0.15)


def test_without_ids_the_mask_follows_the_picture() -> None:
    rng = np.random.default_rng(5)

    def texture(height: int, width: int) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 2.5)
        return np.asarray(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]

    wall, thing = texture(180, 320), texture(60, 60)
    pictures = [wall.copy() for _ in range(9)]
    for t, picture in enumerate(pictures):
        picture[50:110, 80 + 4 * t : 140 + 4 * t] = thing

    def there(t: int) -> np.ndarray:
        mask = np.zeros((180, 320), bool)
        mask[50:110, 80 + 4 * t : 140 + 4 * t] = True
        return mask

    follower = FollowsPicture(there(4), pictures, frame=4)
    for t in (0, 4, 8):
        mask = follower.at(seen(np.zeros((180, 320)), index=t))
        assert (mask & there(t)).sum() / (mask | there(t)).sum() > 0.8


def test_a_hull_has_no_notch() -> None:
    mask = box(10, 10, 20, 40) | box(10, 30, 60, 40)
    assert hull_of(mask)[25, 22]
    assert (hull_of(mask) | ~mask).all()


def test_a_painted_mask_is_read_as_it_was_written() -> None:
    mask = box(10, 10, 30, 40)
    assert (read_mask(write_mask(mask), {(W, H)}) == mask).all()


def png(width: int, height: int, body: bytes = b"") -> bytes:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    return head + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00" + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no PNG"),
        (b"#!/bin/sh\nrm -rf /", "no PNG"),
        (png(60000, 60000), "it must have the size of its take's picture, 96x54"),
        (write_mask(np.ones((40, 40), bool)), "The mask is 40x40"),
        (png(W, H, b"rubbish"), "damaged or cut short"),
        (write_mask(np.zeros((H, W), bool)), "The mask is empty"),
    ],
)
def test_what_is_no_mask_is_refused_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_mask(data, {(W, H)})
    assert says in str(caught.value)
