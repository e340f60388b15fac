"""Stills of takes that are being made: from what an engine says of itself to what a browser is given."""

import asyncio
import struct

import cv2
import numpy as np
import pytest
from remote_comfyui import ComfyUIReplay, fitted, picture, said
from replay import FakeClock, make_clip, serving

from vr_server.bus import EventBus, TakeProgress
from vr_server.domain.base import now_utc
from vr_server.domain.errors import NotFound
from vr_server.domain.order import Order
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Provenance, Take
from vr_server.generation.port import Preview
from vr_server.jobs import OrderDesk, Previews, RemoteMaker, TakeMaker
from vr_server.jobs.previews import MOST_BYTES
from vr_server.media.stills import size_of, small_jpeg
from vr_server.storage import MemoryBlobs, MemoryStore, TakeFolders


def coded(kind: str, shade: int = 90, size: tuple[int, int] = (832, 480)) -> bytes:
    return bytes(cv2.imencode(kind, np.full((size[1], size[0], 3), (20, shade, 200), np.uint8))[1])


def jpeg(shade: int) -> Preview:
    return Preview("image/jpeg", coded(".jpg", shade, (64, 36)))


def shade_of(still: bytes) -> int:
    return int(cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR)[..., 1].mean())


# --- pictures of strangers


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_picture_becomes_a_small_one_of_ours(kind):
    data = coded(kind)
    assert size_of(data) == (832, 480)
    still = small_jpeg(data + b"<script>alert(1)</script>")
    assert size_of(still) == (480, 277)
    assert shade_of(still) == pytest.approx(90, abs=3)
    assert b"script" not in still
    assert size_of(small_jpeg(coded(kind, size=(96, 54)))) == (96, 54), "small ones are not blown up"


def test_a_jpeg_says_its_size_behind_whatever_comes_first():
    data = coded(".jpg")
    note = b"\xff\xfe" + struct.pack(">H", 2 + 3000) + b"\xff\xc0" * 1500  # a comment that looks like a frame
    assert size_of(data[:2] + note + data[2:]) == (832, 480)


@pytest.mark.parametrize(
    "lie",
    [
        b"", b"\xff\xd8", b"\xff\xd8\xff\xe0 a small picture", b"<svg onload=alert(1)>", b"GIF89a" + bytes(64),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        coded(".png", size=(32, 32))[:16] + struct.pack(">II", 60000, 60000) + coded(".png", size=(32, 32))[24:],
        coded(".png", size=(32, 32))[:60],
        coded(".jpg", size=(2064, 16)),
        b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03" + bytes(60),
    ],
)  # fmt: skip
def test_what_is_no_picture_or_a_huge_one_is_passed_on_as_nothing(lie):
    assert small_jpeg(lie) is None


async def test_one_still_a_take_and_no_more_than_so_many():
    previews = Previews(most_takes=3)
    first = previews.show("a", jpeg(40))
    assert first is not None
    assert previews.show("a", jpeg(40)) == first, "the same picture is no new one"
    assert previews.show("a", Preview("image/jpeg", bytes(MOST_BYTES + 1))) == first, "too large"
    second = previews.show("a", jpeg(200))
    assert second not in {None, first}
    assert shade_of(await previews.still("a")) == pytest.approx(200, abs=3)
    lie = previews.show("b", Preview("image/png", b"no picture"))
    for _ in range(2):
        with pytest.raises(NotFound):
            await previews.still("b")
    assert previews.show("b", Preview("image/png", b"no picture")) == lie, "it is not asked for again and again"
    for name in "cda":
        previews.show(name, jpeg(60))
    assert [previews.number(name) is not None for name in "abcd"] == [True, False, True, True]
    previews.drop("a")
    previews.drop("a")
    with pytest.raises(NotFound):
        await previews.still("a")


# --- from ComfyUI to the room


async def test_what_comfyui_shows_is_told_as_progress_and_gone_with_the_order(tmp_path):
    replay, store, blobs, bus = ComfyUIReplay(), MemoryStore(), MemoryBlobs(), EventBus()
    replay.clip, replay.looks = make_clip(tmp_path / "source.mp4"), ["running"]
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        request = fitted(engine, replay)
        told = Provenance(engine="comfyui", model="m", engine_version="1", seed=5, prompt_sent="a", order_id="o")
        spec = ShotSpec(text="a", language="en")
        async with store.transaction() as unit:
            await unit.put_project(Project(id="p", title="t", created_at=now_utc()))
            await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
            await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))
            await unit.put_take(
                Take(id="t", project_id="p", shot_id="s", number=1, created_at=now_utc(), spec=spec, provenance=told)
            )
            await unit.put_order(Order(
                id="o", project_id="p", engine="comfyui", created_at=now_utc(), request=request.model_dump_json(),
                take_ids=("t",),
            ))  # fmt: skip
        desk = OrderDesk(
            store=store, blobs=blobs, engines={"comfyui": engine}, scratch=tmp_path / "scratch", clock=FakeClock()
        )  # fmt: skip
        folders, previews, events = TakeFolders(tmp_path / "takes", blobs), Previews(), bus.subscribe()
        maker = TakeMaker(store=store, folders=folders, runner=None, bus=bus)
        remote = RemoteMaker(
            maker=maker, desk=desk, store=store, blobs=blobs, bus=bus, estimators="", previews=previews
        )  # fmt: skip
        making = asyncio.create_task(remote.clip("t"))

        async def told_of(number):
            async for event in events:
                if isinstance(event, TakeProgress) and event.preview not in {None, number}:
                    return event.preview
            raise AssertionError("the bus has ended")

        async def send(*messages):
            while not replay.sockets:  # noqa: ASYNC110 - somebody listens once it was seen to run
                await asyncio.sleep(0.005)
            (socket,) = replay.sockets.values()
            for message in messages:
                await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message))

        async with asyncio.timeout(20):
            await send(picture(jpeg(40).data))
            first = await told_of(None)
            assert shade_of(await previews.still("t")) == pytest.approx(40, abs=3)
            await send(picture(b"", event=3), picture(jpeg(200).data), said("progress", "another", node="10"))
            assert await told_of(first) > first
            assert shade_of(await previews.still("t")) == pytest.approx(200, abs=3)
            replay.looks = ["done"]
            assert await blobs.read(await making) == replay.clip
        assert previews.number("t") is None
        await desk.stop()
