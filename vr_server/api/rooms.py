"""Rooms over HTTP, and WHEP: how a viewer gets a room's pictures (draft-ietf-wish-whep)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field
from starlette.exceptions import HTTPException

from vr_server.api.access import JoinTokens
from vr_server.api.services import Caller, Parts, may
from vr_server.domain.base import Model
from vr_server.domain.room import Participant, Playhead, Role, Room

router = APIRouter(prefix="/api/rooms")

_SDP = "application/sdp"
_TRICKLE = "application/trickle-ice-sdpfrag"


class NewRoom(Model):
    """A room to be made."""

    project_id: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=120)


class RoomView(Model):
    """A room and who is in it. `invitations`: paths to send to others, by role; for directors of a guarded server."""

    room: Room
    live: bool
    participants: tuple[Participant, ...] = ()
    playhead: Playhead | None = None
    invitations: dict[Role, str] = Field(default_factory=dict)


@router.get("")
async def rooms(parts: Parts, project: Annotated[str | None, Query(max_length=64)] = None) -> tuple[Room, ...]:
    """All rooms, or those of one project."""
    store = parts.production.store
    ids = [project] if project is not None else [p.id for p in await store.projects()]
    return tuple([room for project_id in ids for room in await store.rooms(project_id)])


@router.post("", status_code=201, dependencies=[may("selectTake")])
async def new_room(wanted: NewRoom, response: Response, parts: Parts) -> Room:
    """Make a room for a project."""
    made = await parts.hub.create(wanted.project_id, wanted.name)
    response.headers["Location"] = f"/api/rooms/{made.id}"
    return made


@router.get("/{room_id}")
async def room(room_id: str, parts: Parts, caller: Caller) -> RoomView:
    """One room; looking at it does not open it."""
    found = await parts.production.store.room(room_id)
    live = next((r for r in parts.hub.live if r.room.id == room_id), None)
    secret = parts.settings.token
    invitations: dict[Role, str] = {}
    if secret is not None and caller == "director":
        tokens = JoinTokens(secret.get_secret_value())
        others: tuple[Role, ...] = ("collaborator", "viewer")
        invitations = {role: f"/join?token={tokens.token(role)}&room={room_id}" for role in others}
    return RoomView(
        room=found,
        live=live is not None,
        participants=live.participants if live else (),
        playhead=live.screen.playhead if live else None,
        invitations=invitations,
    )


@router.post("/{room_id}/whep", status_code=201)
async def whep_offer(
    room_id: str, request: Request, parts: Parts, content_type: Annotated[str, Header()] = ""
) -> Response:
    """Answer an SDP offer; the answer's Location is the viewer's own resource."""
    _expect(content_type, _SDP)
    live = await parts.hub.open(room_id)
    viewer = await live.watch(await _text(request))
    headers = {"Location": f"/api/rooms/{room_id}/whep/{viewer.id}", "ETag": f'"{viewer.id}"', "Accept-Patch": _TRICKLE}
    return Response(viewer.answer_sdp, 201, headers, media_type=_SDP)


@router.patch("/{room_id}/whep/{viewer_id}", status_code=204)
async def whep_candidates(
    room_id: str, viewer_id: str, request: Request, parts: Parts, content_type: Annotated[str, Header()] = ""
) -> None:
    """Take trickled ICE candidates."""
    _expect(content_type, _TRICKLE)
    await parts.hub.find(room_id).screen.add_candidates(viewer_id, await _text(request))


@router.delete("/{room_id}/whep/{viewer_id}")
async def whep_end(room_id: str, viewer_id: str, parts: Parts) -> Response:
    """End a viewer's connection."""
    await parts.hub.find(room_id).screen.disconnect(viewer_id)
    return Response()


def _expect(content_type: str, wanted: str) -> None:
    if content_type.partition(";")[0].strip().lower() != wanted:
        raise HTTPException(415, f"The body must be {wanted}.")


async def _text(request: Request) -> str:
    return (await request.body()).decode("utf-8", "replace")
