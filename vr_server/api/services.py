"""What the routes work with, put on the application by bootstrap."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, params
from starlette.requests import HTTPConnection

from vr_server.api.access import role_of
from vr_server.config import Settings
from vr_server.domain.room import Role
from vr_server.export import ClipExport
from vr_server.generation.survey import EngineReport
from vr_server.jobs import Previews, Production
from vr_server.rooms import roles
from vr_server.rooms.hub import RoomHub


@dataclass(frozen=True, slots=True)
class Services:
    """One server's parts. `engines`: every engine there is, those that are not set up among them."""

    settings: Settings
    production: Production
    hub: RoomHub
    export: ClipExport
    engines: tuple[EngineReport, ...] = ()
    previews: Previews = field(default_factory=Previews)


def services(connection: HTTPConnection) -> Services:
    """The services of the application that serves this connection."""
    return cast("Services", connection.app.state.services)


def role(connection: HTTPConnection) -> Role:
    """What the caller's token makes them."""
    return role_of(connection.scope)


def may(deed: str) -> params.Depends:
    """A dependency that raises Forbidden unless the caller may do `deed` (a message type of the room protocol)."""

    def check(caller: Annotated[Role, Depends(role)]) -> None:
        roles.check(caller, deed)

    return params.Depends(check)


Parts = Annotated[Services, Depends(services)]
Caller = Annotated[Role, Depends(role)]
