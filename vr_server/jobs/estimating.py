"""What a take would be and cost, said before anybody asks for it. Keeps nothing and asks no engine."""

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.shot import Budget
from vr_server.domain.take import Take
from vr_server.generation.fitting import request_key
from vr_server.generation.port import Cost, GenerationRequest, Mode
from vr_server.storage import Reading

from .ordering import Ordering, check_budget, refusal, spending


class Sent(Model):
    """What an engine over the network would be asked for, after it was made to fit."""

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

    `sent`: None for an engine of our own. `cost`: of this one take; `ordered`: the very same is there or on its way
    already, so that asking for it costs nothing more. `spent` and `budget` are the project's, in `cost.currency` where
    a budget says no other.
    """

    shot_id: str
    engine: str
    model: str
    seed: int
    prompt: str
    negative_prompt: str = ""
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sent: Sent | None = None
    cost: Cost
    ordered: bool = False
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
    plan = ordering.plan(take)
    now = await spending(reading, take.project_id)
    verdict = ordering.verdict(plan.take)
    hindrances: list[Hindrance] = []
    warnings: tuple[str, ...] = ()
    if verdict.refused:
        hindrances.append(Hindrance(code=GateRefused.code, detail=refusal(verdict), overridable=verdict.overridable))
    elif verdict.hits:
        warnings = (verdict.line(),)
    ordered = await ordering.ordered(reading, request_key(plan.fitted.request))
    if not ordered:
        try:
            check_budget(now, plan.cost)
        except OverBudget as error:
            hindrances.append(Hindrance(code=error.code, detail=str(error)))
    words, request = plan.take.provenance, plan.fitted.request
    return Estimate(
        shot_id=take.shot_id,
        engine=request.engine,
        model=request.model,
        seed=request.seed,
        prompt=words.prompt_sent,
        negative_prompt=request.negative_prompt,
        dropped=words.dropped,
        remarks=(*warnings, *plan.fitted.remarks),
        sent=Sent.of(request),
        cost=plan.cost,
        ordered=ordered,
        spent=now.spent,
        budget=now.budget,
        hindrances=tuple(hindrances),
    )
