"""A vision-language model that judges stills, against a server that replays /v1/chat/completions."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from replay import KEY, Fault, Replay, serving
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vr_server.domain.errors import (
    EngineAuth,
    EngineFailed,
    EngineLied,
    EngineRefused,
    EngineThrottled,
    EngineUnreachable,
)
from vr_server.generation.vision import VisionMatch, VisionSettings

STILLS = (b"\xff\xd8first", b"\xff\xd8second")
GOOD = '{"score": 0.8, "reason": "The dog is missing."}'


class ChatReplay(Replay):
    """Answers with `said` in turn; refuses the response formats in `refused`."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = [GOOD]
        self.refused: set[str] = set()

    def routes(self):
        return [self.route("chat", "/v1/chat/completions", self.chat, "POST")]

    async def chat(self, request: Request) -> Response:
        body = json.loads(await request.body())
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "no key", "code": "invalid_api_key"}}, 401)
        kind = body.get("response_format", {}).get("type", "words")
        if kind in self.refused:
            return JSONResponse(
                {"error": {"message": f"{kind} is not supported", "type": "invalid_request_error"}}, 400
            )
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return JSONResponse({"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]})

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(call.body) for call in self.of("chat")]


@pytest.fixture
async def chat() -> AsyncIterator[ChatReplay]:
    replay = ChatReplay()
    async with serving(replay):
        yield replay


def judge(chat: ChatReplay, **options: Any) -> VisionMatch:
    told = {"base_url": chat.base_url, "key": KEY, "model": "eyes-1", **options}
    return VisionMatch(VisionSettings.model_validate(told))


async def asked(made: VisionMatch, text: str = "A girl and a dog.", language: Any = "en") -> Any:
    try:
        return await made.match(text, language, STILLS)
    finally:
        await made.aclose()


async def test_stills_go_as_image_parts_in_order_and_the_answer_is_a_score_with_its_reason(chat: ChatReplay) -> None:
    found = await asked(judge(chat), "一个女孩和一条狗", "zh")
    assert (found.score, found.reason) == (0.8, "The dog is missing.")
    (body,) = chat.bodies()
    assert (body["model"], body["temperature"], body["stream"]) == ("eyes-1", 0, False)
    assert body["response_format"]["json_schema"]["strict"] is True
    system, user = body["messages"]
    assert "Simplified Chinese" in system["content"]
    text, first, second = user["content"]
    assert "一个女孩和一条狗" in text["text"]
    assert first["image_url"] == {"url": "data:image/jpeg;base64,/9hmaXJzdA==", "detail": "low"}
    assert second["image_url"]["url"] != first["image_url"]["url"]


@pytest.mark.parametrize(
    ("refused", "left"), [({"json_schema"}, "json_object"), ({"json_schema", "json_object"}, None)]
)
async def test_a_server_that_refuses_a_format_is_asked_in_the_next_and_so_from_then_on(
    chat: ChatReplay, refused: set[str], left: str | None
) -> None:
    chat.refused = refused
    made = judge(chat)
    await made.match("a", "en", STILLS)
    assert (await asked(made)).score == 0.8
    kinds = [body.get("response_format", {}).get("type") for body in chat.bodies()]
    assert kinds[-2:] == [left, left]
    assert len(kinds) == len(refused) + 2


@pytest.mark.parametrize("said", [
    f"```json\n{GOOD}\n```", f"Sure! {GOOD} I hope this helps.", [{"type": "text", "text": GOOD}],
])  # fmt: skip
async def test_what_models_wrap_around_the_answer_is_taken_off(chat: ChatReplay, said: Any) -> None:
    chat.said = [said]
    assert (await asked(judge(chat))).score == 0.8
    assert len(chat.calls) == 1


@pytest.mark.parametrize("said", ["Looks fine.", '{"score": 85, "reason": "x"}', '{"score": 0.5}', "[1]", "{"])
async def test_an_answer_that_cannot_be_read_gets_one_chance_to_be_mended(chat: ChatReplay, said: str) -> None:
    chat.said = [said, GOOD]
    assert (await asked(judge(chat))).score == 0.8
    assert chat.bodies()[1]["messages"][2] == {"role": "assistant", "content": said}
    chat.said = [said]
    with pytest.raises(EngineLied, match="no score"):
        await asked(judge(chat))
    assert len(chat.calls) == 4


@pytest.mark.parametrize(("fault", "error"), [
    (Fault("status", 401, "bad"), EngineAuth),
    (Fault("status", 403, "bad"), EngineAuth),
    (Fault("status", 429, "slow down", {"retry-after": "7"}), EngineThrottled),
    (Fault("status", 500, "oops"), EngineUnreachable),
    (Fault("text", 400, '{"error": {"code": "DataInspectionFailed", "message": "no"}}'), EngineRefused),
    (Fault("hang"), EngineUnreachable),
    (Fault("drip"), EngineUnreachable),
    (Fault("announced"), EngineLied),
    (Fault("text", 200, "not json"), EngineLied),
    (Fault("text", 200, '{"choices": []}'), EngineLied),
])  # fmt: skip
async def test_each_failure_has_its_kind_and_none_shows_the_key(
    chat: ChatReplay, fault: Fault, error: type[EngineFailed], caplog: pytest.LogCaptureFixture
) -> None:
    chat.faults["chat"] = [fault]
    made = judge(chat, answer_timeout_s=0.4)
    with pytest.raises(EngineFailed) as told:
        await asked(made)
    assert type(told.value) is error
    assert KEY not in str(told.value) + repr(made) + caplog.text
    assert len(chat.calls) == 1


async def test_a_path_that_is_not_there_and_a_server_that_is_not_there(chat: ChatReplay) -> None:
    with pytest.raises(EngineFailed, match="404"):
        await asked(judge(chat, path="/nowhere"))
    with pytest.raises(EngineUnreachable):
        await asked(judge(chat, base_url="http://127.0.0.1:9"))


async def test_a_reason_that_repeats_the_key_is_masked(chat: ChatReplay) -> None:
    chat.said = [json.dumps({"score": 0.1, "reason": f"I was sent {KEY}\nand {'x' * 900}"})]
    found = await asked(judge(chat))
    assert KEY not in found.reason
    assert "\n" not in found.reason
    assert len(found.reason) <= 300


async def test_a_cancelled_question_ends_at_once(chat: ChatReplay) -> None:
    chat.faults["chat"] = [Fault("hang")]
    made = judge(chat)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked(made), 0.3)
