"""Region notes over HTTP and the room's websocket: kept, proposed, drawn; bad regions refused in one line."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from rooms_fixtures import House, a_house

from vr_server.api.socket import parse
from vr_server.domain.errors import InvalidMessage
from vr_server.domain.take import Take
from vr_server.rooms.protocol import WriteNote

RECT = {"kind": "rect", "left": 0.2, "top": 0.2, "right": 0.6, "bottom": 0.8}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as made:
        yield made


async def a_whole_take(house: House) -> Take:
    take = await house.take()
    clip = house.folders.path(take.id, "final") / "clip"
    clip.mkdir(parents=True)
    for name in ("clip.mp4", "depth.mkv"):
        (clip / name).write_bytes(name.encode())
    return await house.complete(take, "final")


def told(**changes: object) -> dict[str, object]:
    return {"clientId": "note-0001", "frame": 12, "text": "make it night", "region": {"shape": RECT}} | changes


def refused(answer: httpx.Response, status: int, says: str) -> None:
    assert answer.status_code == status, answer.text
    detail = answer.json()["detail"]
    assert says in detail
    assert "\n" not in detail
    assert len(detail) < 300


async def test_a_region_note_is_kept_proposed_and_drawn(house: House) -> None:
    take = await a_whole_take(house)
    async with house.client() as client:
        answer = await client.post(f"/api/takes/{take.id}/notes", json=told())
        assert answer.status_code == 201
        note = answer.json()
        assert note["region"]["shape"] == RECT
        again = await client.post(f"/api/takes/{take.id}/notes", json=told())
        assert again.json()["id"] == note["id"], "the same client id is the same note"
        project = (await client.get(answer.headers["location"])).json()
        (revision,) = project["revisions"]
        assert revision["noteId"] == note["id"]
        accepted = await client.post(f"/api/revisions/{revision['id']}/decision", json={"accept": True})
        assert accepted.status_code == 200, accepted.text
        made = (await client.get(f"/api/takes/{accepted.json()['takeId']}")).json()
        assert made["provenance"]["redrawn"] == {"noteId": note["id"], "frame": 12, "region": note["region"]}
        refused(await client.post(f"/api/revisions/{revision['id']}/decision", json={"accept": False}), 409, "already")


async def test_bad_regions_are_refused_in_one_line(house: House) -> None:
    take = await a_whole_take(house)
    path = f"/api/takes/{take.id}/notes"
    crossing = {"kind": "polygon", "points": [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]]}
    many = {"kind": "polygon", "points": [[0.5, 0.5]] * 100_000}
    async with house.client() as client:
        for shape, status, says in (
            (RECT | {"right": 1.5}, 422, "leaves the picture"),
            (RECT | {"right": 0.2}, 422, "empty or too small"),
            (crossing, 422, "crosses itself"),
            (many, 422, "3 to 256 points, not 100000"),
            (many | {"points": [[0.5, 0.5]] * 1_000_000}, 413, "larger than 2 MB"),
            ({"kind": "mask", "sha256": "0" * 64}, 422, "send the PNG first"),
        ):
            refused(await client.post(path, json=told(region={"shape": shape})), status, says)
        refused(await client.post(path, json=told(frame=4000)), 422, "The take has frames 0 to 47, not 4000")
    assert await house.store.notes(take.project_id) == ()


async def test_a_mask_is_painted_for_its_take(house: House) -> None:
    take = await a_whole_take(house)
    mask = np.zeros((360, 640), np.uint8)
    mask[100:200, 100:300] = 255
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (50000).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    async with house.client() as client:
        path = f"/api/takes/{take.id}/masks"
        shape = await client.post(path, content=bytes(cv2.imencode(".png", mask)[1]))
        assert shape.status_code == 201
        answer = await client.post(f"/api/takes/{take.id}/notes", json=told(region={"shape": shape.json()}))
        assert answer.json()["region"]["shape"] == shape.json()
        small = bytes(cv2.imencode(".png", mask[::2, ::2])[1])
        refused(await client.post(path, content=small), 422, "The mask is 320x180; it must have the size")
        refused(await client.post(path, content=bomb), 422, "The mask is 50000x50000")
        refused(await client.post(path, content=b"GIF89a"), 422, "no PNG")
        refused(await client.post("/api/takes/take-none/masks", content=small), 404, "take-none")


def test_the_websocket_takes_regions_and_refuses_bad_ones() -> None:
    message = '{"type":"writeNote","clientId":"note-0001","takeId":"t","frame":3,"text":"red","region":{"shape":%s}}'
    note = parse(message % '{"kind":"polygon","points":[[0.1,0.1],[0.9,0.1],[0.5,0.9]]}')
    assert isinstance(note, WriteNote)
    assert note.region is not None
    with pytest.raises(InvalidMessage) as caught:
        parse(message % '{"kind":"polygon","points":[[0.2,0.2],[0.8,0.8],[0.8,0.2],[0.2,0.8]]}')
    assert str(caught.value).endswith("The region's outline crosses itself: draw one loop.")
    with pytest.raises(InvalidMessage, match="bytes; at most 65536 are taken"):
        parse(message % ('{"kind":"polygon","points":[' + "[0.1,0.1]," * 1_000_000 + "[0,0]]}"))
