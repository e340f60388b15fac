"""What a take would be and cost, said before anybody asks for it. Keeps nothing and asks no engine."""

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.shot import Budget
from vr_server.domain.take import Take
from vr_server.generation.fitting import total_of
from vr_server.generation.port import Cost, GenerationRequest, Mode
from vr_server.storage import Reading

from .ordering import Ordering, check_budget, refusal, spending


class Sent(Model):
    """One order that an engine over the network would be asked for, after it was made to fit."""

    mode: Mode
    width: int
    height: int
    fps: int
    duration_s: float

    @classmethod
    def of(cls, request: GenerationRequest) -> "Sent":
        return cls(
            mode=request.mode, width=request.width_px, height=request.height_px, fps=request.fps,
            duration_s=request.duration_s,
        )  # fmt: skip


class Hindrance(Model):
    """Why a take request would be refused now. `code` is the error's; `overridable`: a director may answer for it."""

    code: str
    detail: str
    overridable: bool = False


class Estimate(Model):
    """`dropped`: what of the shot is not in the prompt; `remarks`: what was changed to fit, and what the gate warns of.

    `sent`: empty for an engine of our own. `cost`: of what is asked in all; `due`: of it, what is not there or on its way
    already; None where nobody knows. `spent` and `budget` are the project's.
    """

    shot_id: str
    engine: str
    model: str
    seed: int
    prompt: str
    negative_prompt: str = ""
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    cost: Cost
    due: float | None = 0.0
    spent: float = Field(default=0.0, ge=0)
    budget: Budget | None = None
    hindrances: tuple[Hindrance, ...] = ()


async def estimate(reading: Reading, ordering: Ordering, take: Take) -> Estimate:
    """Of a drafted take. Raise InvalidInput or InvalidPrompt where the engine cannot make it at all."""
    told = take.provenance
    if not ordering.takes(told.engine):
        free = Cost(amount=0.0, basis="made on this server")
        return Estimate(
            shot_id=take.shot_id, engine=told.engine, model=told.model, seed=told.seed, prompt=told.prompt_sent, cost=free,
        )  # fmt: skip
    prepared = await ordering.prepare(reading, take)
    now = await spending(reading, take.project_id)
    verdict = ordering.verdict(prepared.take)
    hindrances: list[Hindrance] = []
    if verdict.refused:
        hindrances.append(Hindrance(code=GateRefused.code, detail=refusal(verdict), overridable=verdict.overridable))
    try:
        check_budget(now, prepared.due)
    except OverBudget as error:
        hindrances.append(Hindrance(code=error.code, detail=str(error)))
    words, requests = prepared.take.provenance, [fitted.request for fitted in prepared.requests]
    return Estimate(
        shot_id=take.shot_id,
        engine=words.engine,
        model=requests[0].model,
        seed=words.seed,
        prompt=words.prompt_sent,
        negative_prompt=requests[0].negative_prompt,
        dropped=words.dropped,
        remarks=(*verdict.lines(), *words.remarks),
        sent=tuple(Sent.of(request) for request in requests),
        cost=total_of(prepared.costs),
        due=total_of(prepared.due).amount,
        spent=now.spent,
        budget=now.budget,
        hindrances=tuple(hindrances),
    )
