"""Projects and takes over HTTP."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from vr_server.api.asking import TakeChoice
from vr_server.api.services import Caller, Parts, may
from vr_server.domain.base import Language, Model
from vr_server.domain.decision import Decision, Override
from vr_server.domain.errors import NotFound
from vr_server.domain.note import Note, Revision
from vr_server.domain.shot import Budget, Project, Sequence, Shot
from vr_server.domain.take import Quality, Take, Urgency
from vr_server.jobs import ProjectState, Spending
from vr_server.rooms import roles

router = APIRouter(prefix="/api")

_FILES: Final = {
    "manifest.json": "application/json",
    "report.json": "application/json",
    "staging.json": "application/json",
    "poster.jpg": "image/jpeg",
    "surround.jpg": "image/jpeg",
    "thumbs.jpg": "image/jpeg",
    "stage.glb": "model/gltf-binary",
}
_UNFINISHED: Final = frozenset({"queued", "generating"})
_TIER: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\.mp4")


class HeldFile(FileResponse):
    """A file that stays where it is until it is sent, or the client has gone."""

    def __init__(self, path: Path, release: Callable[[], None], **told: Any) -> None:
        super().__init__(path, **told)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()


class ProjectView(Model):
    """All of a project; shots in the film's order, the rest oldest first."""

    project: Project
    sequences: tuple[Sequence, ...]
    shots: tuple[Shot, ...]
    takes: tuple[Take, ...]
    notes: tuple[Note, ...]
    revisions: tuple[Revision, ...]


class TakeRequest(TakeChoice):
    """New takes, and who waits or answers for them."""

    urgency: Urgency = "room"
    """At paid engines, takes that somebody in the room waits for go before a batch."""
    override: Override | None = None
    """A director may answer for words that the gate refuses, by name and with a reason; it is kept."""


class Resolution(Model):
    """About a take that a paid engine may have taken: send it once more, as a new take, or drop it."""

    retry: bool


class ApprovalChange(Model):
    """The name of whoever approves: the join token says only what they may do."""

    by: str = Field(min_length=1, max_length=80)


class BudgetChange(Model):
    """None: no limit."""

    budget: Budget | None = None


@router.get("/projects")
async def projects(parts: Parts) -> tuple[Project, ...]:
    """Oldest first."""
    return await parts.production.store.projects()


@router.post("/projects", status_code=201, dependencies=[may("requestTake")])
async def new_project(
    request: Request,
    response: Response,
    parts: Parts,
    filename: Annotated[str, Query(min_length=1, max_length=200)] = "script.txt",
    title: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    language: Language | None = None,
) -> ProjectView:
    """A script (the raw body) becomes a project. `filename` says its format: .fountain, .fdx or .txt."""
    data = await request.body()
    project = await parts.production.import_script(data, PurePath(filename).name, title=title, language=language)
    response.headers["Location"] = f"/api/projects/{project.id}"
    return _view(await parts.production.project_state(project.id))


@router.get("/projects/{project_id}")
async def project(project_id: str, parts: Parts) -> ProjectView:
    """One project with everything in it."""
    return _view(await parts.production.project_state(project_id))


@router.post("/shots/{shot_id}/takes", status_code=202, dependencies=[may("requestTake")])
async def new_take(
    shot_id: str, response: Response, parts: Parts, caller: Caller, wanted: TakeRequest | None = None
) -> Take:
    """Queue a take of the shot as its spec is now, or several variants of it; the answer is the first."""
    wanted = wanted or TakeRequest()
    if wanted.override is not None:
        roles.check(caller, "overrideGate")
    take = await parts.production.request_take(
        shot_id,
        engine=wanted.engine,
        seed=wanted.seed,
        variants=wanted.several,
        urgency=wanted.urgency,
        override=wanted.override,
        asked=wanted.asked,
    )
    response.headers["Location"] = f"/api/takes/{take.id}"
    return take


@router.get("/takes/{take_id}")
async def take(take_id: str, parts: Parts) -> Take:
    """One take."""
    return await parts.production.store.take(take_id)


@router.delete("/takes/{take_id}", dependencies=[may("cancelTake")])
async def cancel_take(take_id: str, parts: Parts) -> Take:
    """Cancel a take that is not finished. Takes are never removed."""
    return await parts.production.cancel_take(take_id)


@router.delete("/projects/{project_id}/queue", dependencies=[may("cancelTake")])
async def cancel_all(project_id: str, parts: Parts) -> dict[str, int]:
    """Cancel all takes of the project that are not finished."""
    return {"cancelled": await parts.production.cancel_all(project_id)}


@router.post("/takes/{take_id}/resolve", dependencies=[may("resolveTake")])
async def resolve_take(take_id: str, decision: Resolution, parts: Parts) -> Take:
    """Decide about a take of state unknown; the answer is the new take, or the dropped one."""
    return await parts.production.resolve_take(take_id, retry=decision.retry)


@router.put("/takes/{take_id}/approval", dependencies=[may("approveTake")])
async def approve_take(take_id: str, change: ApprovalChange, parts: Parts) -> Take:
    """Choose a finished take for the film: its files stay at hand, and exports take it before others of its shot."""
    return await parts.production.shelf.approve(take_id, change.by)


@router.delete("/takes/{take_id}/approval", dependencies=[may("approveTake")])
async def withdraw_approval(take_id: str, parts: Parts) -> Take:
    """Take the approval back."""
    return await parts.production.shelf.withdraw(take_id)


@router.get("/projects/{project_id}/budget")
async def budget(project_id: str, parts: Parts) -> Spending:
    """What the project has spent at paid engines, and its limit."""
    return await parts.production.spending(project_id)


@router.get("/projects/{project_id}/decisions", dependencies=[may("overrideGate")])
async def decisions(project_id: str, parts: Parts) -> tuple[Decision, ...]:
    """What the gate refused or warned of, and who answered for it."""
    return await parts.production.store.decisions(project_id)


@router.put("/projects/{project_id}/budget", dependencies=[may("setBudget")])
async def set_budget(project_id: str, change: BudgetChange, parts: Parts) -> Spending:
    """Limit what the project may spend at paid engines, or lift the limit."""
    return await parts.production.set_budget(project_id, change.budget)


@router.get("/takes/{take_id}/clip.mp4")
async def take_clip(take_id: str, parts: Parts) -> Response:
    """The take's clip to download, with content credentials where the server gives any, with ranges."""
    path, lease = await parts.export.clip(take_id)
    headers = {"Cache-Control": "private, no-cache"}
    return HeldFile(path, lease.release, media_type="video/mp4", filename=f"{take_id}.mp4", headers=headers)


@router.get("/takes/{take_id}/preview")
async def take_preview(take_id: str, parts: Parts) -> Response:
    """The newest still of a take that is being made: what its engine shows of it, then its poster as it is baked."""
    take = await parts.production.store.take(take_id)
    headers = {"Cache-Control": "no-store"}
    if take.state in _UNFINISHED:
        with suppress(NotFound):
            return Response(await parts.previews.still(take_id), media_type="image/jpeg", headers=headers)
        quality = parts.hub.renditions.best(take)
        if quality is not None:
            located = await parts.hub.renditions.locate(take_id, quality)
            path = located.folder / "poster.jpg"
            if await asyncio.to_thread(path.is_file):
                return HeldFile(path, located.release, media_type="image/jpeg", headers=headers)
            located.release()
    raise NotFound(f"There is no preview of take {take.number}.")


@router.get("/takes/{take_id}/{quality}/{name}")
async def take_file(take_id: str, quality: Quality, name: str, parts: Parts) -> Response:
    """A file of a rendition, with ranges. Only the names that are part of a rendition."""
    media_type = _FILES.get(name) or ("video/mp4" if _TIER.fullmatch(name) else None)
    if media_type is None:
        raise NotFound(f"A rendition has no file {name!r}.")
    located = await parts.hub.renditions.locate(take_id, quality)
    path = located.folder / name
    if not await asyncio.to_thread(path.is_file):
        located.release()
        raise NotFound(f"The {quality} rendition of this take has no {name}{'' if located.complete else ' yet'}.")
    kept = "private, max-age=31536000, immutable" if located.complete else "no-store"
    return HeldFile(path, located.release, media_type=media_type, headers={"Cache-Control": kept})


def _view(state: ProjectState) -> ProjectView:
    return ProjectView(
        project=state.project,
        sequences=state.sequences,
        shots=state.shots,
        takes=state.takes,
        notes=state.notes,
        revisions=state.revisions,
    )
