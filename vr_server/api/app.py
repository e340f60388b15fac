"""The ASGI application: routes, problems, the gate and the client."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from vr_server import __version__
from vr_server.api import client, engines, notes, problems, projects, rooms, socket
from vr_server.api.access import Gate
from vr_server.api.services import Services

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(services: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """Everything the server answers to. `lifespan` starts and stops what the services need."""
    app = FastAPI(
        title="vr-previs",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # they load scripts from another site
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.services = services
    problems.install(app)
    for module in (client, engines, projects, notes, rooms, socket):
        app.include_router(module.router)
    app.mount("/", client.ClientFiles(services.settings.web), name="client")
    app.add_middleware(Gate, settings=services.settings)
    return app
