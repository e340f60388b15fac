"""Engines over HTTP: what they can do, and what takes by one of them would be and cost."""

from fastapi import APIRouter

from vr_server.api.asking import TakeChoice
from vr_server.api.services import Parts, may
from vr_server.generation.survey import EngineReport
from vr_server.jobs import Estimate

router = APIRouter(prefix="/api")


@router.get("/engines")
async def engines(parts: Parts) -> tuple[EngineReport, ...]:
    """Every engine there is: what it can do in each mode, its price, and what is missing before it can be used."""
    return parts.engines


@router.post("/shots/{shot_id}/estimate", dependencies=[may("requestTake")])
async def estimate(shot_id: str, parts: Parts, wanted: TakeChoice | None = None) -> Estimate:
    """What takes of the shot would be: how each is read and told to the engine, what is not in its prompt, what was changed
    to fit, what it follows and why, what each costs and all of them, and why they would be refused. Nothing is kept or sent."""
    wanted = wanted or TakeChoice()
    return await parts.production.estimate_take(
        shot_id, engine=wanted.engine, seed=wanted.seed, variants=wanted.several, asked=wanted.asked
    )
