"""Notes over HTTP, and the painted masks that their regions may name."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from vr_server.api.services import Parts, may
from vr_server.domain.base import Model, Vec3
from vr_server.domain.note import NOTE_LIMIT_CHARS, Note, Revision
from vr_server.domain.region import MaskShape, Region

router = APIRouter(prefix="/api")


class NewNote(Model):
    """A remark on a frame of a take. `client_id`: the same again returns the note already kept. `region`: only that part of
    the picture is meant, and drawn anew once the revision is accepted."""

    client_id: str = Field(min_length=8, max_length=64)
    frame: int = Field(ge=0)
    text: str = Field(min_length=1, max_length=NOTE_LIMIT_CHARS)
    author: str = Field(default="Guest", min_length=1, max_length=60)
    point_m: Vec3 | None = None
    ray_direction: Vec3 | None = None
    region: Region | None = None


class Decision(Model):
    """About a proposed revision."""

    accept: bool


@router.post("/takes/{take_id}/notes", status_code=201, dependencies=[may("writeNote")])
async def new_note(take_id: str, told: NewNote, response: Response, parts: Parts) -> Note:
    """Keep a note; what it asks for is proposed as a revision of the project."""
    take = await parts.production.store.take(take_id)
    note = await parts.production.write_note(
        project_id=take.project_id,
        take_id=take_id,
        frame=told.frame,
        author=told.author,
        text=told.text,
        client_id=told.client_id,
        point_m=told.point_m,
        ray_direction=told.ray_direction,
        region=told.region,
    )
    response.headers["Location"] = f"/api/projects/{take.project_id}"
    return note


@router.post("/takes/{take_id}/masks", status_code=201, dependencies=[may("writeNote")])
async def new_mask(take_id: str, request: Request, parts: Parts) -> MaskShape:
    """Keep a painted mask (the raw body: a PNG of the take's size, white where the region is), to be named by a note."""
    return await parts.production.keep_mask(take_id, await request.body())


@router.post("/revisions/{revision_id}/decision", dependencies=[may("decideRevision")])
async def decide(revision_id: str, decision: Decision, parts: Parts) -> Revision:
    """Accept (a take of it is queued) or reject a proposed revision."""
    return await parts.production.decide_revision(revision_id, decision.accept)
