"""The bounded queue between a room and a connection."""

import asyncio
import json
import logging

import pytest

from vr_server.domain.base import now_utc
from vr_server.domain.room import Playhead
from vr_server.rooms import protocol
from vr_server.rooms.outbox import Outbox, seal


def playhead(frame: int) -> protocol.PlayheadMessage:
    return protocol.PlayheadMessage(
        playhead=Playhead(take_id="take-1", quality="draft", frame=frame, playing=True, counter=frame)
    )


def progress(take_id: str, fraction: float) -> protocol.Progress:
    return protocol.Progress(take_id=take_id, stage="draft", fraction=fraction)


def error(text: str) -> protocol.ErrorMessage:
    return protocol.ErrorMessage(code="conflict", title="No", detail=text)


POSES = protocol.Poses(heads={"participant-1": (0, 1.6, 0, 0, 0, 0, 1)})


async def drain(outbox: Outbox) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    while True:
        try:
            envelope = await asyncio.wait_for(outbox.next(), 0.02)
        except TimeoutError:
            return out
        if envelope is None:
            return out
        out.append(json.loads(envelope.text))


async def test_nothing_leaves_before_the_welcome_and_nothing_is_lost_meanwhile() -> None:
    outbox = Outbox("Li")
    outbox.put(seal(error("meanwhile")))
    assert await drain(outbox) == []
    outbox.open(seal(error("welcome")))
    assert [m["detail"] for m in await drain(outbox)] == ["welcome", "meanwhile"]


async def test_spans_from_before_the_welcome_are_outdated_by_it() -> None:
    outbox = Outbox("Li")
    span = protocol.Span(
        counter=3, take_id="take-1", quality="draft", frame=3, frame_count=9, fps=(24, 1), playing=True
    )
    outbox.put(seal(span))
    outbox.open(seal(error("welcome")))
    assert [m["type"] for m in await drain(outbox)] == ["error"]


async def test_newer_playheads_and_progress_replace_what_still_waits() -> None:
    outbox = Outbox("Li")
    outbox.open()
    for message in (
        playhead(1),
        progress("take-1", 0.1),
        progress("take-2", 0.5),
        playhead(2),
        progress("take-1", 0.2),
    ):
        outbox.put(seal(message))
    got = await drain(outbox)
    assert [(m["type"], m.get("takeId"), m.get("fraction")) for m in got] == [
        ("progress", "take-2", 0.5), ("playhead", None, None), ("progress", "take-1", 0.2),
    ]  # fmt: skip


async def test_a_full_outbox_gives_up_poses_then_playheads_then_progress_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox = Outbox("Li", limit=4)
    outbox.open()
    for message in (progress("take-1", 0.1), playhead(1), POSES, error("1"), error("2")):
        outbox.put(seal(message))
    assert outbox.dropped == {"poses": 1}
    outbox.put(seal(error("3")))
    assert outbox.dropped == {"poses": 1, "playhead": 1}
    outbox.put(seal(error("4")))
    assert outbox.dropped == {"poses": 1, "playhead": 1, "progress": 1}
    outbox.put(seal(POSES))
    assert outbox.dropped["poses"] == 2
    assert not outbox.overflowed
    assert [m["detail"] for m in await drain(outbox)] == ["1", "2", "3", "4"]
    assert "dropping poses" in caplog.text


async def test_a_hopeless_connection_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox("Li", limit=2)
    outbox.open()
    with caplog.at_level(logging.WARNING):
        for text in "abc":
            outbox.put(seal(error(text)))
    assert outbox.overflowed
    assert await outbox.next() is None
    assert "too slow" in caplog.text


async def test_closing_wakes_the_writer() -> None:
    outbox = Outbox("Li")
    outbox.open()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    outbox.close()
    assert await waiting is None
    outbox.put(seal(protocol.Pong(t=1.0, server_time=now_utc())))
    assert await outbox.next() is None
