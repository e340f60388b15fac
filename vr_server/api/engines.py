"""Engines over HTTP: what they can do, and what a take by one of them would be and cost."""

from fastapi import APIRouter
from pydantic import Field

from vr_server.api.services import Parts, may
from vr_server.domain.base import Model
from vr_server.generation.survey import EngineReport
from vr_server.jobs import Estimate

router = APIRouter(prefix="/api")


class EstimateRequest(Model):
    """As of a take request."""

    engine: str | None = Field(default=None, max_length=64)
    seed: int | None = Field(default=None, ge=0, le=2147483647)


@router.get("/engines")
async def engines(parts: Parts) -> tuple[EngineReport, ...]:
    """Every engine there is: what it can do in each mode, its price, and what is missing before it can be used."""
    return parts.engines


@router.post("/shots/{shot_id}/estimate", dependencies=[may("requestTake")])
async def estimate(shot_id: str, parts: Parts, wanted: EstimateRequest | None = None) -> Estimate:
    """What a take of the shot would be: the prompt as the engine would be told it, what is not in it, what was changed
    to fit, what it costs, and why it would be refused. Nothing is kept or sent."""
    wanted = wanted or EstimateRequest()
    return await parts.production.estimate_take(shot_id, engine=wanted.engine, seed=wanted.seed)
