"""ComfyUI's orders: steps and previews over the websocket, how they end, and looking them up."""

import asyncio
import json
import logging

import pytest
from remote_comfyui import ComfyUIReplay, fitted, ordered, picture, said, until
from replay import KEY, FakeClock, Fault, make_clip, serving
from starlette.responses import JSONResponse, RedirectResponse

from vr_server.domain.base import now_utc
from vr_server.domain.errors import Cancelled, EngineUnreachable, OutcomeUnknown, ResultGone
from vr_server.domain.order import Order
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Provenance, Take
from vr_server.generation.engines.comfyui_feed import Heard, ProgressFeed, preview_in
from vr_server.generation.fitting import request_key
from vr_server.generation.port import FindsOrders
from vr_server.generation.remote import wait_for
from vr_server.jobs import OrderDesk
from vr_server.jobs.line import Ticket
from vr_server.storage import MemoryBlobs, MemoryStore

JPEG = b"\xff\xd8\xff\xe0 a small picture"


@pytest.fixture
async def replay():
    replay = ComfyUIReplay()
    async with serving(replay):
        yield replay


@pytest.fixture
async def engine(replay):
    made = replay.engine(replay.base_url, FakeClock())
    yield made
    await made.aclose()


# --- steps and previews


async def test_steps_and_previews_come_over_the_websocket(engine, replay):
    handle, _ = await ordered(engine, replay)
    replay.looks = ["running"]
    replay.greeting = [said("executing", handle.id, node="10"), said("progress", handle.id, node="10", value=4, max=10)]
    assert (await engine.poll(handle)).progress is None  # nobody has said anything yet

    async def progress():
        return (await engine.poll(handle)).progress

    assert await until(progress) == pytest.approx(0.2)
    (socket,) = replay.sockets.values()
    await socket.send_bytes(picture(JPEG))
    states = {"10": {"value": 10, "max": 10, "state": "finished"}, "11": {"value": 5, "max": 10, "state": "running"}}
    await socket.send_text(said("progress_state", handle.id, nodes=states))
    await until(lambda: reached(engine, handle, 0.75))
    assert (await engine.poll(handle)).preview.data == JPEG
    assert len(replay.sockets) == 1  # it listens on, and does not come anew for each poll
    replay.looks = ["done"]
    done = await engine.poll(handle)
    assert (done.state, done.preview) == ("succeeded", None)
    await until(lambda: gone(replay))


async def reached(engine, handle, share):
    status = await engine.poll(handle)
    return True if status.progress == pytest.approx(share) else None


async def gone(replay):
    return True if not replay.sockets else None


async def test_without_a_websocket_the_order_comes_all_the_same(replay, caplog):
    caplog.set_level(logging.DEBUG)
    engine = replay.engine(replay.base_url, FakeClock())
    routes = ComfyUIReplay.routes(replay)
    replay.routes = lambda: [route for route in routes if route.path != "/ws"]
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock())
        handle, _ = await ordered(engine, replay)
        replay.looks = ["pending", "running", "running", "done"]
        seen = []
        await wait_for(engine, handle, clock=FakeClock(), on_status=lambda s: seen.append((s.state, s.progress)))
        assert seen == [("queued", None), ("running", None), ("running", None), ("succeeded", 1.0)]
        await engine.aclose()
    assert KEY not in ours(caplog)


async def test_the_key_goes_to_the_socket_and_into_no_log(engine, replay, caplog):
    caplog.set_level(logging.DEBUG)
    handle, _ = await ordered(engine, replay)
    replay.looks = ["running"]
    await engine.poll(handle)

    async def listening():
        return next(iter(replay.sockets.values()), None)

    socket = await until(listening)
    assert socket.headers["authorization"] == f"Bearer {KEY}"
    assert socket.query_params["clientId"] == f"vr-previs-{handle.id}"
    assert KEY not in ours(caplog)


def ours(caplog):
    """What this side logged: the replaying server stands in the same process."""
    return "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn"))


async def test_the_key_follows_no_redirect(replay):
    stolen = []

    async def elsewhere(socket):
        stolen.append(socket.headers)
        await socket.close()

    async def redirecting(socket):
        await socket.send_denial_response(RedirectResponse(f"{other.base_url.replace('http', 'ws')}/ws"))

    other = ComfyUIReplay()
    other.socket, replay.socket = elsewhere, redirecting
    async with serving(replay, other):
        engine = replay.engine(replay.base_url, FakeClock())
        with pytest.raises(EngineUnreachable, match="no websocket"):
            await engine._http.socket("ws", {"clientId": "us"})
        await engine.aclose()
    assert stolen == []


async def test_listening_begins_again_after_it_broke_off_and_ends_when_nobody_asks(engine, replay):
    opened = []

    async def connect(client_id):
        opened.append(client_id)
        return await engine._http.socket("ws", {"clientId": client_id})

    async def listening():
        return replay.sockets.get("us")

    feed = ProgressFeed(connect, idle_s=0.5, again_s=0)
    heard = feed.watch("p", "us")
    socket = await until(listening)
    feed.watch("p", "us")
    assert len(opened) == 1
    replay.greeting = [said("progress", "p", node="a", value=1, max=4)]
    await socket.close()
    await until(lambda: heard_again(feed))
    assert len(opened) > 1
    await until(lambda: gone(replay))  # nobody asks any more
    assert heard.share(("a",)) == 0.25
    await feed.aclose()
    assert feed.watch("p", "us") is not heard, "it is forgotten"
    await feed.aclose()


async def heard_again(feed):
    return feed.watch("p", "us").share(("a",))


@pytest.mark.parametrize(
    "message",
    ["", "[]", "{", "3", '{"type": "progress"}', '{"type": "progress", "data": {"prompt_id": "p", "node": 3}}',
     '{"type": "progress", "data": {"prompt_id": "other", "node": "a", "value": 1, "max": 2}}',
     '{"type": "progress_state", "data": {"prompt_id": "p", "nodes": {"a": 3}}}', b"", b"\0\0\0\1", b"\0\0\0\4\xff\xff\xff\xffx"],
)  # fmt: skip
def test_messages_that_are_no_sense_are_passed_over(message):
    heard = Heard("p")
    heard.take(message)
    assert heard == Heard("p")


def test_previews_come_in_two_ways():
    assert preview_in(picture(JPEG)).media_type == "image/jpeg"
    assert preview_in(picture(b"\x89PNG...", second=2)).media_type == "image/png"
    told = json.dumps({"node_id": "10"}).encode()
    assert preview_in(picture(told + JPEG, event=4, second=len(told))).data == JPEG
    assert preview_in(picture(b"text", event=3)) is None


def test_a_share_of_the_work_is_of_all_named_nodes():
    heard = Heard("p")
    assert heard.share(("10", "11")) is None
    heard.take(said("progress", "p", node="3", value=1, max=1))
    assert heard.share(("10", "11")) is None
    heard.take(said("progress", "p", node="11", value=0, max=0))  # joined late: what came before it is done
    assert heard.share(("10", "11")) == 0.5


# --- endings


async def test_interrupted_at_the_server_is_cancelled(engine, replay):
    handle, _ = await ordered(engine, replay)
    replay.looks = ["done"]
    replay.messages = [["execution_start", {}], ["execution_interrupted", {"node_id": "10"}]]
    with pytest.raises(Cancelled):
        await wait_for(engine, handle, clock=FakeClock())


async def test_what_waits_is_taken_out_of_the_queue_and_what_runs_is_interrupted(engine, replay):
    handle, _ = await ordered(engine, replay)
    replay.looks = ["pending"]
    assert await engine.cancel(handle)
    assert [call.path.rpartition("/")[2] for call in replay.of("cancel")] == ["queue"]
    assert not await engine.cancel(handle)  # it is gone: nobody else's work is interrupted
    assert len(replay.of("cancel")) == 1
    # it began between the look and the deletion
    handle, _ = await ordered(engine, replay, variant=1)
    replay.looks = ["pending", "running"]
    replay.delete = None
    replay.faults["cancel"] = [Fault("text", body="")]
    assert await engine.cancel(handle)
    assert json.loads(replay.of("cancel")[-1].body) == {"prompt_id": handle.id}


async def test_a_failure_names_the_node_and_hides_the_rest(engine, replay):
    handle, _ = await ordered(engine, replay)
    replay.fail_task("torch.OutOfMemoryError", f"Tried to allocate 20 GiB with {KEY}\nat line 3")
    status = (await engine.poll(handle), await engine.poll(handle))[1]
    told = str(status.failure)
    assert "in 'Sampler, low noise' (KSamplerAdvanced): out of GPU memory: ask for a smaller size" in told
    assert KEY not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({}, "saved no video"),
        ({"14": {"images": [ComfyUIReplay.file("a.png")]}}, "saved no video"),
        ({"14": {"images": [ComfyUIReplay.file("a.webm")]}}, "saved a.webm, and an mp4 is needed"),
        ({"13": {"images": [ComfyUIReplay.file("a.mp4")]}}, "saved no video"),  # not the node that the bindings name
        ({"14": {"images": [ComfyUIReplay.file("what-it-loaded.mp4", "input")]}}, "saved no video"),
        ({"14": {"text": ["a.mp4"], "images": [{"filename": 3}]}}, "saved no video"),
    ],
)
async def test_a_workflow_that_saves_no_mp4_says_so(engine, replay, outputs, told):
    handle, _ = await ordered(engine, replay)
    replay.looks, replay.outputs = ["done"], outputs
    assert told in str((await engine.poll(handle)).failure)


async def test_an_order_the_server_forgot_has_failed(engine, replay):
    handle, _ = await ordered(engine, replay)
    replay.queue.clear()
    status = await engine.poll(handle)
    assert status.state == "failed"
    assert "the server was restarted" in str(status.failure)


async def test_a_file_that_was_tidied_away_is_gone(engine, replay, tmp_path):
    handle, _ = await ordered(engine, replay)
    status = await wait_for(engine, handle, clock=FakeClock())
    replay.outputs = {}
    with pytest.raises(ResultGone):
        await engine.fetch(handle, status, tmp_path / "clip.mp4")


# --- orders whose answer was lost


@pytest.mark.parametrize("keeps_ids", [True, False], ids=["our id", "its own id"])
@pytest.mark.parametrize("looks", ["pending", "running", "done"])
async def test_an_order_whose_answer_was_lost_is_found(engine, replay, keeps_ids, looks):
    assert isinstance(engine, FindsOrders)
    replay.keeps_ids = keeps_ids
    request = fitted(engine, replay)
    assert await engine.find(request) is None
    handle = await engine.submit(request, None)
    replay.looks = [looks]
    found = await engine.find(request)
    assert found == handle.model_copy(update={"submitted_at_s": found.submitted_at_s})
    assert await engine.find(request.model_copy(update={"variant": 1})) is None
    assert len(replay.of("submit")) == 1


async def test_a_lost_answer_is_in_doubt_until_it_is_looked_up(replay):
    engine = replay.engine(replay.base_url, FakeClock(), read_timeout_s=0.2)
    request = fitted(engine, replay)
    prompt = replay.prompt

    async def lost(asked):
        await prompt(asked)
        await asyncio.sleep(0.5)
        return JSONResponse({})

    replay.prompt = lost
    async with serving(replay):
        engine = replay.engine(replay.base_url, FakeClock(), read_timeout_s=0.2)
        with pytest.raises(OutcomeUnknown):
            await engine.submit(request, None)
        replay.looks = ["running", "done"]
        handle = await engine.find(request)
        assert (await engine.poll(handle)).state == "succeeded"
        await engine.aclose()
    body = json.loads(replay.of("submit")[0].body)
    assert body["extra_data"] == {"vr-previs": {"request": request_key(request)}, "preview_method": "auto"}


@pytest.mark.parametrize("lost", ["after the engine took it", "before it did"])
async def test_the_desk_goes_on_with_an_order_that_died_in_between(engine, replay, tmp_path, lost):
    """As a killed server leaves it: written down as being sent, and no answer kept."""
    replay.clip, replay.looks = make_clip(tmp_path / "source.mp4"), ["running", "done"]
    request, store, blobs = fitted(engine, replay), MemoryStore(), MemoryBlobs()
    if lost.startswith("after"):
        await engine.submit(request, None)
    told = Provenance(engine="comfyui", model="m", engine_version="1", seed=5, prompt_sent=request.prompt, order_id="o")
    spec = ShotSpec(text=request.prompt, language="en")
    take = Take(id="t", project_id="p", shot_id="s", number=1, created_at=now_utc(), spec=spec, provenance=told)
    async with store.transaction() as unit:
        await unit.put_project(Project(id="p", title="t", created_at=now_utc()))
        await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title=""))
        await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=0, slate="1", spec=spec))
        await unit.put_take(take)
        await unit.put_order(Order(
            id="o", project_id="p", engine="comfyui", created_at=now_utc(), request=request.model_dump_json(),
            state="submitting", take_ids=("t",), submits=1,
        ))  # fmt: skip
    desk = OrderDesk(
        store=store, blobs=blobs, engines={"comfyui": engine}, scratch=tmp_path / "scratch", clock=FakeClock()
    )  # fmt: skip
    assert await blobs.read(await desk.clip("o", "t", Ticket("p"))) == replay.clip
    assert (await store.order("o")).state == "fetched"
    assert len(replay.of("submit")) == 1
    await desk.stop()


async def test_an_engine_that_cannot_be_asked_says_so(replay):
    engine = replay.engine("http://127.0.0.1:1", FakeClock())
    with pytest.raises(EngineUnreachable):
        await engine.find(replay.request)
    await engine.aclose()
