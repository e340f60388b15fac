"""Stills shown to a judge: what it says is on the take, and its failures never fail a take."""

import asyncio
from pathlib import Path

import pytest

from vr_server.bus import EventBus
from vr_server.domain.base import Language, now_utc
from vr_server.domain.errors import Cancelled, EngineUnreachable
from vr_server.domain.match import Match
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Finding, Provenance, Take
from vr_server.jobs.judging import Judge
from vr_server.review.bar import QualityBar
from vr_server.storage import MemoryStore

SOFT = Finding(check="sharpness", value=3, threshold=40, reason="The picture is soft.")


class Says:
    """Implements `review.semantic.SemanticMatch`."""

    name = "says"

    def __init__(self, answer: Match | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Language, tuple[bytes, ...]]] = []

    async def match(self, text: str, language: Language, stills: tuple[bytes, ...]) -> Match:
        self.asked.append((text, language, stills))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def aclose(self) -> None: ...


async def judged(
    folder: Path, says: Says, *, language: Language = "en", state: str = "generating", bar: float = 0.5
) -> Take:
    spec = ShotSpec(text="A man walks.", language=language)
    provenance = Provenance(engine="e", model="m", engine_version="1", seed=1, prompt_sent="A man walks.")
    take = Take(
        id="t", project_id="p", shot_id="s", number=1, created_at=now_utc(), spec=spec, provenance=provenance,
        state=state, findings=(SOFT,),
    )  # fmt: skip
    store = MemoryStore()
    async with store.transaction() as unit:
        await unit.put_project(Project(id="p", title="P", created_at=now_utc()))
        await unit.put_sequence(Sequence(id="q", project_id="p", order=1, title="Q"))
        await unit.put_shot(Shot(id="s", project_id="p", sequence_id="q", order=1, slate="1A", spec=spec))
        await unit.put_take(take)
    judge = Judge(match=says, store=store, bus=EventBus(), bar=QualityBar(match=bar))
    for _ in range(2):  # a step may run again
        await judge.look(take, folder)
    return await store.take("t")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stills").mkdir()
    for n in (2, 1):
        (tmp_path / "stills" / f"{n}.jpg").write_bytes(bytes([n]))
    return tmp_path


async def test_a_score_below_the_bar_is_a_finding_beside_the_others(folder: Path) -> None:
    says = Says(Match(score=0.3, reason="There is no man."))
    take = await judged(folder, says)
    assert take.findings == (SOFT, Finding(check="match", value=0.3, threshold=0.5, reason="There is no man."))
    assert says.asked[0] == ("A man walks.", "en", (b"\x01", b"\x02"))
    assert (await judged(folder, says, bar=0.2)).findings == (SOFT,)


@pytest.mark.parametrize(("language", "words"), [("en", "not held against the words"), ("zh", "画面未能与文字核对")])
async def test_a_judge_that_fails_leaves_a_remark_and_the_take(folder: Path, language: Language, words: str) -> None:
    take = await judged(folder, Says(EngineUnreachable("It did not answer in time.")), language=language)
    assert (take.state, take.findings) == ("generating", (SOFT,))
    (remark,) = take.provenance.remarks
    assert words in remark
    assert remark.endswith("It did not answer in time.")


async def test_without_stills_nobody_is_asked_and_the_remark_says_why(tmp_path: Path) -> None:
    says = Says(Match(score=1, reason="fine"))
    take = await judged(tmp_path, says)
    assert says.asked == []
    assert "no stills" in take.provenance.remarks[0]


async def test_a_take_that_was_cancelled_meanwhile_stays_so(folder: Path) -> None:
    with pytest.raises(Cancelled):
        await judged(folder, Says(Match(score=0, reason="x")), state="cancelled")
    assert not asyncio.all_tasks() - {asyncio.current_task()}
