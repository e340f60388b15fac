"""What engines can do and what a take would cost, over HTTP: said without keeping or sending anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rooms_fixtures import House, a_house

from vr_server.bootstrap import remote_engines, survey
from vr_server.config import Settings
from vr_server.domain.shot import Budget
from vr_server.language import parse_spec

KEY = "sk-0123456789abcdef"
OPTIONS = Settings.load({
    "VR_PREVIS_WAN_HTTP_KEY": KEY, "VR_PREVIS_WAN_HTTP_PRICE_PER_S": "0.1",
    "VR_PREVIS_OPENAI_VIDEOS_BASE_URL": "http://127.0.0.1:1", "VR_PREVIS_OPENAI_VIDEOS_IMAGES": "true",
    "VR_PREVIS_OPENAI_VIDEOS_MAX_DURATION_S": "10",
    "VR_PREVIS_DASHSCOPE_KEY": KEY, "VR_PREVIS_DASHSCOPE_PRICE_PER_CLIP": "0.5",
}).engine_options  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, paid=remote_engines(OPTIONS), reports=survey(OPTIONS)) as made:
        yield made


async def test_engines_say_what_they_can_do_in_each_mode_and_what_they_lack(house: House) -> None:
    async with house.client() as client:
        said = await client.get("/api/engines")
    assert KEY not in said.text
    found = {engine["name"]: engine for engine in said.json()}
    assert next(iter(found)) == "blockout"
    assert found["blockout"]["modes"]["text"]["givesDepth"]
    assert (found["wan-http"]["missing"], found["wan-http"]["modes"]["text"]["price"]["perS"]) == (None, 0.1)
    assert set(found["openai-videos"]["modes"]) == {"text", "image"}
    bare = {report.name: report for report in survey({})}
    assert "VR_PREVIS_WAN_HTTP_KEY" in (bare["wan-http"].missing or "")
    assert "text" in bare["wan-http"].modes, "what it could do is known without a key"


@pytest.mark.parametrize("engine", ["wan-http", "openai-videos"])
async def test_an_estimate_is_what_the_take_then_is_and_leaves_nothing_behind(house: House, engine: str) -> None:
    shot = house.shots[1]
    spec = parse_spec("黄昏的竹林,氛围肃杀,一位白衣女子缓缓舞剑,镜头从低角度仰拍缓缓上升")
    async with house.store.transaction() as unit:
        await unit.put_shot(shot.model_copy(update={"spec": spec}))
    path = f"/api/shots/{shot.id}"
    async with house.client() as client:
        said = (await client.post(f"{path}/estimate", json={"engine": engine})).json()
        assert await house.store.takes(house.project.id) == ()
        assert await house.store.orders(house.project.id) == ()
        (one,) = said["takes"]
        assert one["prompt"].startswith("全景"), "the camera comes first in this engine's words"
        assert "舞剑" in one["prompt"]
        assert any("氛围肃杀" in line for line in one["dropped"]), "a mood is no picture, and that is said"
        (sent,) = one["sent"]
        assert (sent["prompt"], one["cost"], one["due"]) == (one["prompt"], said["cost"], said["due"])
        assert (sent["mode"], sent["width"], sent["height"], said["hindrances"]) == ("text", 1280, 720, [])
        assert said["due"] == said["cost"]["amount"]
        told = (await client.post(f"{path}/takes", json={"engine": engine})).json()["provenance"]
        for kept, estimated in (("promptSent", "prompt"), ("negativePrompt", "negativePrompt"), ("dropped", "dropped"),
                                ("remarks", "remarks"), ("seed", "seed")):  # fmt: skip
            assert told[kept] == one[estimated]
        order = await house.store.order(told["orderId"])
        assert order.estimate == said["cost"]["amount"]
        assert one["negativePrompt"] in order.request
        assert bool(one["negativePrompt"]) == (engine == "openai-videos"), "the other takes none"
        again = (await client.post(f"{path}/estimate", json={"engine": engine, "seed": told["seed"]})).json()
        assert again["due"] == 0, "the very same is on its way: it would cost nothing more"
        other = (await client.post(f"{path}/estimate", json={"engine": engine, "seed": 1})).json()
        assert other["due"] == said["due"] != 0


@pytest.mark.parametrize("differ", ["reading", "seed", "style"])
async def test_variants_are_estimated_one_by_one_as_they_then_are(house: House, differ: str) -> None:
    path, ask = f"/api/shots/{house.shots[0].id}", {"engine": "dashscope", "variants": 3, "differ": differ}
    await house.production.set_budget(house.project.id, Budget(limit=1.25))
    async with house.client() as client:
        said = (await client.post(f"{path}/estimate", json=ask)).json()
        assert [one["due"] for one in said["takes"]] == [0.5, 0.5, 0.5]
        assert (said["due"], said["cost"]["amount"]) == (1.5, 1.5)
        (over,) = said["hindrances"]
        assert over["code"] == "over-budget"
        assert "The 3 takes cost about 1.50 USD" in over["detail"]
        assert (await client.post(f"{path}/takes", json=ask)).status_code == 409
        await house.production.set_budget(house.project.id, None)
        assert (await client.post(f"{path}/takes", json=ask)).status_code == 202
        kept = (await client.get(f"/api/projects/{house.project.id}")).json()["takes"]
        told_apart = {(one["prompt"], one["seed"], one["spec"]["style"]) for one in said["takes"]}
        assert len(told_apart) == 3
        for take, one in zip(kept, said["takes"], strict=True):
            told = take["provenance"]
            assert (told["promptSent"], told["seed"], take["spec"]) == (one["prompt"], one["seed"], one["spec"])
            assert told["variant"]["index"] == one["variant"]["index"]
        again = (await client.post(f"{path}/estimate", json=ask | {"seed": kept[0]["provenance"]["seed"]})).json()
        assert ([one["due"] for one in again["takes"]], again["due"]) == ([0, 0, 0], 0)
        wrong = await client.post(f"{path}/estimate", json=ask | {"differ": "style", "styles": ["noir"]})
        assert wrong.status_code == 422


async def test_takes_that_ask_for_the_very_same_are_paid_once(house: House) -> None:
    shot = house.shots[0]
    words = "Wide shot, eye level, static, 35 mm lens, front view, day, noir look: a man walks down a street."
    async with house.store.transaction() as unit:
        await unit.put_shot(shot.model_copy(update={"spec": parse_spec(words)}))
    async with house.client() as client:
        ask = {"engine": "wan-http", "variants": 2}
        said = (await client.post(f"/api/shots/{shot.id}/estimate", json=ask)).json()
        first, second = said["takes"]
        assert first["prompt"] == second["prompt"], "everything is told: there is nothing else to read"
        assert (said["due"], second["due"]) == (first["due"], 0)
        assert (await client.post(f"/api/shots/{shot.id}/takes", json=ask)).status_code == 202
        assert (await house.production.spending(house.project.id)).spent == pytest.approx(said["due"])


async def test_an_estimate_says_what_of_the_blocking_would_be_followed_and_why(house: House) -> None:
    async def guidance(engine: str, **ask: object) -> dict[str, Any]:
        async with house.client() as client:
            path = f"/api/shots/{house.shots[0].id}/estimate"
            said = (await client.post(path, json={"engine": engine, **ask})).json()
        (one,) = said["takes"]
        assert ("repaint" in {sent["mode"] for sent in one["sent"]}) == (one["guidance"]["used"] is not None)
        return {**one["guidance"], "remarks": one["remarks"]}

    told = await guidance("dashscope")
    assert (told["asked"], told["used"], told["why"], told["strength"]) == ("auto", "depth", "chosen", 1.0)
    assert told["offered"] == ["depth", "pose", "scribble"]
    told = await guidance("dashscope", guidance="pose", guidanceStrength=0.5)
    assert (told["used"], told["why"], told["strength"]) == ("pose", "asked", 0.5)
    told = await guidance("dashscope", guidance="off")
    assert (told["used"], told["why"]) == (None, "off")
    assert not any("guide" in line for line in told["remarks"])
    told = await guidance("wan-http", guidance="depth")
    assert (told["used"], told["why"]) == (None, "unable")
    assert told["detail"] in told["remarks"]


async def test_an_estimate_says_what_would_be_refused(house: House) -> None:
    await house.production.set_budget(house.project.id, Budget(limit=0.05))
    shot = house.shots[0]
    async with house.store.transaction() as unit:
        words = {"text": "Tom Cruise walks down a street at night."}
        await unit.put_shot(shot.model_copy(update={"spec": shot.spec.model_copy(update=words)}))
    async with house.client() as client:
        said = (await client.post(f"/api/shots/{shot.id}/estimate", json={"engine": "wan-http"})).json()
        hindrances = {each["code"]: each for each in said["hindrances"]}
        assert set(hindrances) == {"gate-refused", "over-budget"}
        assert hindrances["gate-refused"]["overridable"]
        assert "tom cruise" in hindrances["gate-refused"]["detail"]
        assert said["cost"]["amount"] == pytest.approx(0.1 * said["takes"][0]["sent"][0]["durationS"])
        assert said["budget"]["limit"] == 0.05
        assert await house.store.decisions(house.project.id) == (), "nothing was asked for, so nothing was decided"
        free = (await client.post(f"/api/shots/{shot.id}/estimate")).json()
        assert (free["engine"], free["cost"]["amount"], free["hindrances"]) == ("blockout", 0, [])
        assert (await client.post(f"/api/shots/{shot.id}/estimate", json={"engine": "sora"})).status_code == 422
        assert (await client.post("/api/shots/none/estimate")).status_code == 404


async def test_estimates_are_for_those_who_may_ask_for_takes(tmp_path: Path) -> None:
    async with a_house(tmp_path, token="let-me-in-please") as house:
        path = f"/api/shots/{house.shots[0].id}/estimate"
        async with house.client(params={"token": "let-me-in-please"}) as client:
            invitations = (await client.get("/api/rooms/default")).json()["invitations"]
            assert (await client.post(path)).status_code == 200
        async with house.client() as client:
            assert (await client.get(invitations["viewer"])).status_code == 303
            assert (await client.post(path)).status_code == 403
            assert (await client.get("/api/engines")).status_code == 200
