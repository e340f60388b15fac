"""The join page, the health check and the built client."""

import re
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from vr_server import __version__
from vr_server.api.access import JoinTokens
from vr_server.api.pages import join_page, unbuilt_page
from vr_server.api.services import Parts

router = APIRouter()

_ROOM = re.compile(r"[A-Za-z0-9-]{0,64}")


class Health(BaseModel):
    """`rooms`: live ones; `participants`: in all of them."""

    status: str
    version: str
    rooms: int
    participants: int


@router.get("/health")
async def health(parts: Parts) -> Health:
    """The server answers."""
    live = parts.hub.live
    return Health(
        status="ok", version=__version__, rooms=len(live), participants=sum(len(room.participants) for room in live)
    )


@router.get("/join")
async def join(parts: Parts, token: str = "", room: str = "") -> Response:
    """Keep the right token in a cookie and go on to the room; ask for it otherwise."""
    room = room if _ROOM.fullmatch(room) else ""
    secret = parts.settings.token
    tokens = JoinTokens(secret.get_secret_value() if secret else None)
    if tokens.role(token) is None:
        return join_page(room=room, wrong=bool(token), status=401)
    # the gate has seen the right token too, and puts it into the cookie
    return RedirectResponse(f"/?room={quote(room)}" if room else "/", 303, {"Cache-Control": "no-store"})


class ClientFiles(StaticFiles):
    """The built client. Files under assets/ carry their content's hash in their name and may be kept for ever."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._index = folder / "index.html"

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in {".", "index.html"} and scope["method"] in {"GET", "HEAD"} and not self._index.is_file():
            return unbuilt_page()
        response = await super().get_response(path, scope)
        lasting = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return response
