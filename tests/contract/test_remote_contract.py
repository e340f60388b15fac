"""What every remote engine must do, against servers that replay the documented contracts, and when they go wrong.

A new engine joins by a replay server in `REPLAYS`.
"""

import logging
import traceback

import pytest
from documented import ZoetropeReplay
from remote_comfyui import ComfyUIReplay
from remote_dashscope import DashScopeReplay
from remote_openai_videos import OpenAIVideosReplay, SGLangReplay
from remote_wan_http import WanHttpReplay
from replay import KEY, TEN_GB, FakeClock, Fault, make_clip, serving

from vr_server.domain.errors import (
    Cancelled,
    EngineAuth,
    EngineFailed,
    EngineLied,
    EngineRefused,
    EngineThrottled,
    EngineUnreachable,
    InvalidInput,
    OutcomeUnknown,
    PrevisError,
    ResultGone,
)
from vr_server.generation.fitting import fit
from vr_server.generation.remote import run, wait_for

REPLAYS = {
    "dashscope": DashScopeReplay,
    "wan-http": WanHttpReplay,
    "openai-videos": OpenAIVideosReplay,
    "sglang": SGLangReplay,
    "comfyui": ComfyUIReplay,
    "zoetrope": ZoetropeReplay,
}
MEGABYTE = 1_000_000
polled = pytest.mark.parametrize("replay", sorted(n for n, r in REPLAYS.items() if r.polled), indirect=True)
"""Only engines that take an order first and are asked about it later."""
answering_at_once = pytest.mark.parametrize(
    "replay", sorted(n for n, r in REPLAYS.items() if not r.polled), indirect=True
)
cancelling = pytest.mark.parametrize(
    "replay",
    sorted(n for n, r in REPLAYS.items() if r.engine("http://127.0.0.1:1", FakeClock()).capabilities().cancels != "no"),
    indirect=True,
)


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=sorted(REPLAYS))
async def replay(request, clip):
    replay = REPLAYS[request.param]()
    replay.clip = clip
    async with serving(replay):
        yield replay


@pytest.fixture
async def engine(replay, clock):
    made = replay.engine(
        replay.base_url,
        clock,
        answer_timeout_s=0.4,
        read_timeout_s=0.3,
        download_timeout_s=0.4,
        max_clip_bytes=MEGABYTE,
    )
    yield made
    await made.aclose()


@pytest.fixture(autouse=True)
def nothing_leaks(caplog):
    """Whatever happens in these tests, no log line of ours or a library's holds the key or a signature."""
    caplog.set_level(logging.DEBUG, "vr_server")
    yield
    assert KEY not in caplog.text
    assert "signed-secret" not in caplog.text


def no_files(given):
    raise AssertionError(given)


async def order(engine, replay):
    fitted = fit(replay.request, engine.capabilities(replay.request.mode))
    return await engine.submit(fitted.request, no_files)


async def make(engine, replay, clock, tmp_path):
    fitted = fit(replay.request, engine.capabilities(replay.request.mode))
    return await run(engine, fitted.request, no_files, tmp_path / "clip.mp4", clock=clock)


async def fails(engine, replay, clock, tmp_path, kind):
    with pytest.raises(kind) as caught:
        await make(engine, replay, clock, tmp_path)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert KEY not in told
    assert "signed-secret" not in told
    assert "\n" not in str(caught.value)
    assert type(caught.value) is kind
    assert list(tmp_path.iterdir()) == []
    return caught.value


async def test_an_order_becomes_a_checked_clip(engine, replay, clock, tmp_path, clip):
    made = await make(engine, replay, clock, tmp_path)
    assert made.video.path.read_bytes() == clip
    assert (made.video.width_px, made.video.height_px, made.video.frame_count, made.video.fps) == (128, 72, 8, 16)
    assert len(replay.of("submit")) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert KEY not in made.handle.model_dump_json()
    assert made.status.state == "succeeded"


async def test_an_order_goes_on_after_a_restart(engine, replay, clock, tmp_path, clip):
    handle = await order(engine, replay)
    kept = type(handle).model_validate_json(handle.model_dump_json())
    again = replay.engine(replay.base_url, clock)
    try:
        status = await again.poll(kept)
        while status.state in {"queued", "running"}:
            status = await again.poll(kept)
        video = await again.fetch(kept, status, tmp_path / "clip.mp4")
    finally:
        await again.aclose()
    assert video.path.read_bytes() == clip
    assert len(replay.of("submit")) == 1


async def test_capabilities_and_estimates_ask_nobody(engine, replay):
    able = engine.capabilities()
    assert not able.embedded
    assert not able.gives_depth
    assert engine.problem() is None
    assert engine.estimate(replay.request).amount is None
    priced = replay.engine(replay.base_url, FakeClock(), price_per_s=0.1)
    assert priced.estimate(replay.request).amount == pytest.approx(0.1 * replay.request.duration_s)
    assert KEY not in repr(engine) + repr(vars(engine))
    assert replay.calls == []


async def test_a_request_outside_is_refused_before_it_is_sent(engine, replay):
    with pytest.raises(InvalidInput):
        fit(replay.request.model_copy(update={"duration_s": 60.0}), engine.capabilities(replay.request.mode))
    assert replay.calls == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, EngineAuth), (403, EngineAuth), (404, EngineFailed), (400, EngineFailed), (301, EngineLied)],
)
async def test_a_refused_order_is_never_sent_again(engine, replay, clock, tmp_path, status, kind):
    replay.faults["submit"] = [Fault("status", status, "that is not on")]
    error = await fails(engine, replay, clock, tmp_path, kind)
    assert len(replay.of("submit")) == 1
    assert clock.slept == []
    assert ("that is not on" in str(error)) == (status != 301)  # a page of a wrong address is not worth repeating


async def test_throttling_waits_as_long_as_it_is_told(engine, replay, clock, tmp_path):
    replay.faults["submit"] = [
        Fault("status", 429, "slow down", {"retry-after": "17"}),
        Fault("status", 429, "slow down"),
        Fault("status", 429, "slow down", {"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}),
    ]
    await make(engine, replay, clock, tmp_path)
    assert clock.slept[:3] == [17.0, 2.0, 4.0]
    assert len(replay.of("submit")) == 4


async def test_throttling_that_does_not_end_is_given_up(engine, replay, clock, tmp_path):
    replay.faults["submit"] = [Fault("status", 429, "slow down")] * 6
    assert (await fails(engine, replay, clock, tmp_path, EngineThrottled)).retry_after_s is None
    replay.faults["submit"] = [Fault("status", 429, "come tomorrow", {"retry-after": "80000"})]
    assert (await fails(engine, replay, clock, tmp_path, EngineThrottled)).retry_after_s == 80000


@pytest.mark.parametrize("role", ["submit", "media"])
async def test_what_passes_is_tried_again(engine, replay, clock, tmp_path, role):
    replay.faults[role] = [Fault("status", 500, "oops"), Fault("status", 503, "oops")]
    await make(engine, replay, clock, tmp_path)
    assert (clock.slept[:2] if role == "submit" else clock.slept[-2:]) == [1, 2]
    assert len(replay.of(role)) == 3
    assert len(replay.of("submit")) == (3 if role == "submit" else 1)


async def test_what_does_not_pass_is_given_up(engine, replay, clock, tmp_path):
    replay.faults["submit"] = [Fault("status", 500, "oops")] * 6
    assert "oops" in str(await fails(engine, replay, clock, tmp_path, EngineUnreachable))
    assert len(replay.of("submit")) == 6


@polled
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 500, "oops"),
        Fault("status", 504, "oops"),
        Fault("status", 429, "slow down"),
        Fault("hang"),
        Fault("drip"),
    ],
    ids=lambda f: f"{f.kind} {f.status}",
)
async def test_an_order_is_not_lost_with_an_answer_about_it(engine, replay, clock, tmp_path, fault):
    replay.faults["poll"] = [fault, fault]
    await make(engine, replay, clock, tmp_path)
    assert clock.slept[:2] == [1, 2]
    assert len(replay.of("submit")) == 1


@polled
async def test_asking_waits_as_long_as_it_is_told(engine, replay, clock, tmp_path):
    replay.faults["poll"] = [Fault("status", 429, "slow down", {"retry-after": "17"})]
    await make(engine, replay, clock, tmp_path)
    assert clock.slept[0] == 17


@polled
@pytest.mark.parametrize(
    ("status", "kind"), [(401, EngineAuth), (403, EngineAuth), (404, EngineFailed), (302, EngineLied)]
)
async def test_a_question_that_is_refused_is_not_asked_again(engine, replay, clock, tmp_path, status, kind):
    replay.faults["poll"] = [Fault("status", status, "that is not on", {"location": "http://169.254.169.254/"})]
    await fails(engine, replay, clock, tmp_path, kind)
    assert len(replay.of("poll")) == 1
    assert len(replay.of("submit")) == 1


@polled
async def test_an_order_that_is_forgotten_is_not_sent_again(engine, replay, clock):
    handle = await order(engine, replay)
    replay.forget()
    clock.t_s += 25 * 3600
    with pytest.raises(EngineFailed) as caught:
        await wait_for(engine, handle, clock=clock)
    assert handle.id[:8] in str(caught.value) or "404" in str(caught.value)
    assert len(replay.of("submit")) == 1


@pytest.mark.parametrize("fault", [Fault("hang"), Fault("drip"), Fault("status", 504, "gateway")], ids=lambda f: f.kind)
async def test_an_order_whose_answer_is_lost_is_in_doubt(engine, replay, clock, tmp_path, fault):
    replay.faults["submit"] = [fault]
    await fails(engine, replay, clock, tmp_path, OutcomeUnknown)
    assert len(replay.of("submit")) == 1


async def test_an_engine_that_is_not_there_took_no_order(replay, clock, tmp_path):
    gone = replay.engine("http://127.0.0.1:1", clock)
    await fails(gone, replay, clock, tmp_path, EngineUnreachable)
    assert clock.slept == [1, 2, 4, 5, 5]
    await gone.aclose()


NO_ANSWERS = pytest.mark.parametrize(
    "text", ["<html>hello</html>", "[1, 2]", "{}", '{"id": 3, "output": "x"}', "", "[" * 20_000, '{"id":'],
    ids=["page", "list", "nothing", "other", "empty", "deep", "cut"],
)  # fmt: skip


@NO_ANSWERS
async def test_an_answer_to_an_order_that_is_none_leaves_it_in_doubt(engine, replay, clock, tmp_path, text):
    replay.faults["submit"] = [Fault("text", body=text)]
    assert "retry or drop" in str(await fails(engine, replay, clock, tmp_path, OutcomeUnknown))
    assert len(replay.of("submit")) == 1


@polled
@NO_ANSWERS
async def test_answers_about_an_order_that_are_none(engine, replay, clock, tmp_path, text):
    replay.faults["poll"] = [Fault("text", body=text)]
    await fails(engine, replay, clock, tmp_path, EngineLied)
    assert len(replay.of("submit")) == 1


@pytest.mark.parametrize("kind", ["announced", "endless"])
@pytest.mark.parametrize("role", ["submit", "media"])
async def test_ten_gigabytes_are_cut_off(engine, replay, clock, tmp_path, role, kind):
    replay.faults[role] = [Fault(kind)]
    await fails(engine, replay, clock, tmp_path, OutcomeUnknown if role == "submit" else EngineLied)
    assert replay.sent_bytes < TEN_GB // 100


@polled
async def test_ten_gigabytes_about_an_order_are_not_begun(engine, replay, clock, tmp_path):
    replay.faults["poll"] = [Fault("announced")]
    await fails(engine, replay, clock, tmp_path, EngineLied)
    assert replay.sent_bytes < TEN_GB // 100


async def test_a_slow_clip_is_tried_again(engine, replay, clock, tmp_path):
    replay.faults["media"] = [Fault("drip"), Fault("hang")]
    await make(engine, replay, clock, tmp_path)
    assert len(replay.of("media")) == 3


@pytest.mark.parametrize("status", [404, 410])
async def test_a_clip_whose_address_expired_is_gone(engine, replay, clock, tmp_path, status):
    replay.faults["media"] = [Fault("status", status, "expired")]
    await fails(engine, replay, clock, tmp_path, ResultGone)
    assert len(replay.of("media")) == len(replay.of("submit")) == 1


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "http://10.0.0.7/x.mp4", "file:///etc/passwd"])
async def test_a_clip_is_not_fetched_from_our_own_network(engine, replay, clock, tmp_path, target):
    replay.faults["media"] = [Fault("text", 302, headers={"location": target})]
    await fails(engine, replay, clock, tmp_path, EngineLied)
    assert len(replay.of("media")) == 1


@pytest.mark.parametrize("wrong", ["half", "no index", "a page", "a picture", "empty", "zeroes"])
async def test_a_clip_that_is_none_is_not_kept(engine, replay, clock, tmp_path, clip, wrong):
    replay.clip = {
        "half": clip[: len(clip) * 2 // 3],
        "no index": clip[:32] + clip[clip.index(b"mdat") - 4 :],
        "a page": b"<html>" + b"x" * 5000,
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(5000),
        "empty": b"",
        "zeroes": clip[: clip.index(b"mdat") + 4] + bytes(len(clip) - clip.index(b"mdat") - 4),
    }[wrong]
    await fails(engine, replay, clock, tmp_path, EngineLied)


@polled
async def test_a_task_that_fails_says_why(engine, replay, clock, tmp_path):
    replay.fail_task("InvalidParameter", f"size is wrong for {KEY}")
    assert "size is wrong" in str(await fails(engine, replay, clock, tmp_path, EngineFailed))
    replay.fail_task("DataInspectionFailed", "not this")
    await fails(engine, replay, clock, tmp_path, EngineRefused)
    assert len(replay.of("submit")) == 2


@polled
async def test_an_answer_about_another_order_is_a_lie(engine, replay):
    handle = await order(engine, replay)
    replay.change_id()
    with pytest.raises(EngineLied):
        await engine.poll(handle)


@cancelling
async def test_cancelling_reaches_the_engine(engine, replay, clock):
    handle = await order(engine, replay)
    assert await engine.cancel(handle)
    assert replay.of("cancel")
    with pytest.raises(Cancelled):
        await wait_for(engine, handle, clock=clock)


@answering_at_once
async def test_what_is_made_at_once_is_neither_asked_about_nor_stopped(engine, replay):
    handle = await order(engine, replay)
    calls = len(replay.calls)
    assert (await engine.poll(handle)).state == "succeeded"
    assert engine.capabilities().cancels == "no"
    assert not await engine.cancel(handle)
    assert len(replay.calls) == calls


def test_every_failure_is_in_the_tree():
    for kind in (EngineAuth, EngineThrottled, EngineRefused, EngineUnreachable, EngineLied, OutcomeUnknown, ResultGone):
        assert issubclass(kind, EngineFailed)
        assert issubclass(kind, PrevisError)
