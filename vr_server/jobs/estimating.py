"""What takes would be and cost, said before anybody asks for them. Keeps nothing and asks no engine."""

from collections.abc import Sequence

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.shot import Budget, ShotSpec
from vr_server.domain.take import GuidanceWish, Guide, Take, Variant
from vr_server.generation.fitting import total_of
from vr_server.generation.following import Why
from vr_server.generation.port import Cost, GenerationRequest, Mode
from vr_server.storage import Reading

from .ordering import WORDS_ALONE, Asked, Ordering, Prepared, Spending, check_budget, refusal, spending


class Sent(Model):
    """One order that an engine over the network would be asked for, after it was made to fit."""

    mode: Mode
    width: int
    height: int
    fps: int
    duration_s: float
    prompt: str

    @classmethod
    def of(cls, request: GenerationRequest) -> "Sent":
        return cls(
            mode=request.mode, width=request.width_px, height=request.height_px, fps=request.fps,
            duration_s=request.duration_s, prompt=request.prompt,
        )  # fmt: skip


class Hindrance(Model):
    """Why a take request would be refused now. `code` is the error's; `overridable`: a director may answer for it."""

    code: str
    detail: str
    overridable: bool = False


class Followed(Model):
    """What of the blocking a take would follow. `offered`: all that the engine can; `why` and `detail`: why this one."""

    asked: GuidanceWish
    used: Guide | None
    strength: float | None
    offered: tuple[Guide, ...]
    why: Why
    detail: str


class TakeEstimate(Model):
    """One of the takes. `spec`: the shot as it is read in it; `prompt`: the whole shot's, as the engine is told it.

    `dropped`: what of the shot is not in the prompts; `remarks`: what was changed to fit, and what the gate warns of.
    `sent` and `guidance`: none for an engine of our own. `due`: of the `cost`, what is not there, on its way or paid for
    with a take before it; None where nobody knows.
    """

    spec: ShotSpec
    seed: int
    variant: Variant | None = None
    prompt: str
    negative_prompt: str = ""
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    guidance: Followed | None = None
    cost: Cost
    due: float | None = 0.0


class Estimate(Model):
    """`takes`: those of one request, in its order; `cost` and `due`: of all of them. `spent` and `budget`: the project's."""

    shot_id: str
    engine: str
    model: str
    takes: tuple[TakeEstimate, ...]
    cost: Cost
    due: float | None = 0.0
    spent: float = Field(default=0.0, ge=0)
    budget: Budget | None = None
    hindrances: tuple[Hindrance, ...] = ()


async def estimate(reading: Reading, ordering: Ordering, takes: Sequence[Take], asked: Asked = WORDS_ALONE) -> Estimate:
    """Of the drafted takes of one request. Raise InvalidInput or InvalidPrompt where the engine cannot make one at all."""
    first = takes[0]
    if not ordering.takes(first.provenance.engine):
        return Estimate(
            shot_id=first.shot_id, engine=first.provenance.engine, model=first.provenance.model,
            takes=tuple(_free(take) for take in takes), cost=_FREE,
        )  # fmt: skip
    prepared = [await ordering.prepare(reading, take, asked) for take in takes]
    now = await spending(reading, first.project_id)
    estimates: list[TakeEstimate] = []
    due: list[Cost] = []
    before: set[str] = set()
    for one in prepared:
        fresh = one.due(before)
        estimates.append(_paid(ordering, one, fresh))
        due += fresh
        before |= one.keys
    return Estimate(
        shot_id=first.shot_id,
        engine=first.provenance.engine,
        model=prepared[0].take.provenance.model,
        takes=tuple(estimates),
        cost=total_of([cost for one in prepared for cost in one.costs]),
        due=total_of(due).amount,
        spent=now.spent,
        budget=now.budget,
        hindrances=_hindrances(ordering, prepared, now, due),
    )


_FREE = Cost(amount=0.0, basis="made on this server")


def _free(take: Take) -> TakeEstimate:
    told = take.provenance
    return TakeEstimate(spec=take.spec, seed=told.seed, variant=told.variant, prompt=told.prompt_sent, cost=_FREE)


def _paid(ordering: Ordering, one: Prepared, due: Sequence[Cost]) -> TakeEstimate:
    words, choice = one.take.provenance, one.choice
    requests = [fitted.request for fitted in one.requests]
    used = words.guidance
    return TakeEstimate(
        spec=one.take.spec,
        seed=words.seed,
        variant=words.variant,
        prompt=words.prompt_sent,
        negative_prompt=requests[0].negative_prompt,
        dropped=words.dropped,
        remarks=(*ordering.verdict(one.take).lines(), *words.remarks),
        sent=tuple(Sent.of(request) for request in requests),
        guidance=Followed(
            asked=choice.asked, used=choice.used, strength=used.strength if used is not None else None,
            offered=choice.offered, why=choice.why, detail=choice.line,
        ),
        cost=total_of(one.costs),
        due=total_of(due).amount,
    )  # fmt: skip


def _hindrances(
    ordering: Ordering, prepared: Sequence[Prepared], now: Spending, due: Sequence[Cost]
) -> tuple[Hindrance, ...]:
    """Each once, however many of the takes it stands in the way of."""
    found: dict[str, Hindrance] = {}
    for one in prepared:
        verdict = ordering.verdict(one.take)
        if verdict.refused:
            line = refusal(verdict)
            found[line] = Hindrance(code=GateRefused.code, detail=line, overridable=verdict.overridable)
    try:
        check_budget(now, due, len(prepared))
    except OverBudget as error:
        found[str(error)] = Hindrance(code=error.code, detail=str(error))
    return tuple(found.values())
