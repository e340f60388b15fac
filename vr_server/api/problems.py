"""RFC 9457 problem responses: every refusal of the HTTP API is made here, and only here."""

import http
import logging
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from vr_server.domain import errors

log = logging.getLogger(__name__)

_STATUS: Final[dict[type[errors.PrevisError], int]] = {
    errors.InvalidInput: 422,
    errors.InvalidOffer: 400,
    errors.InvalidMessage: 400,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.Unavailable: 503,
    errors.EngineFailed: 502,
    errors.EngineThrottled: 503,
    errors.EngineRefused: 422,
    errors.OutcomeUnknown: 504,
    errors.StorageFailed: 507,
    errors.Cancelled: 409,
    errors.PrevisError: 500,
}
_RETRY_AFTER_S = 5
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """The body. `code` is stable (domain/errors.py, or ``http-404`` and the like for plain HTTP refusals)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


def status_of(kind: type[errors.PrevisError]) -> int:
    """The status of the nearest class in the tree that has one."""
    return next(_STATUS[c] for c in kind.__mro__ if c in _STATUS)


def problem(status: int, code: str, title: str, detail: str, instance: str) -> Response:
    """The response itself."""
    body = Problem(
        type=f"urn:vr-previs:problem:{code}", title=title, status=status, detail=detail, instance=instance, code=code
    )
    headers = {"Retry-After": str(_RETRY_AFTER_S)} if status == 503 else None
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA_TYPE)


def problem_of(error: errors.PrevisError, instance: str) -> Response:
    """The problem response of one of our own errors."""
    return problem(status_of(type(error)), error.code, error.title, str(error), instance)


async def _previs(request: Request, error: Exception) -> Response:
    if not isinstance(error, errors.PrevisError):
        raise error
    status = status_of(type(error))
    level = logging.ERROR if status >= 500 and status != 503 else logging.INFO
    log.log(level, "%s %s -> %d %s: %s", request.method, request.url.path, status, error.code, error)
    return problem_of(error, request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = http.HTTPStatus(error.status_code).phrase
    log.info("%s %s -> %d %s", request.method, request.url.path, error.status_code, error.detail)
    detail = phrase if error.detail == phrase else str(error.detail)
    response = problem(error.status_code, f"http-{error.status_code}", phrase, detail, request.url.path)
    response.headers.update(error.headers or {})
    return response


async def _validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    lines = [
        f"{'.'.join(str(part) for part in e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
    ]
    detail = "; ".join(lines[:5])
    log.info("%s %s -> 422 %s", request.method, request.url.path, detail)
    kind = errors.InvalidInput
    return problem(422, kind.code, kind.title, detail, request.url.path)


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the client learns nothing of it
    # the server logs the traceback, once, when Starlette raises the exception again behind this response
    kind = errors.PrevisError
    return problem(
        500, kind.code, kind.title, "The server made a mistake; its log says which. It goes on.", request.url.path
    )


def install(app: FastAPI) -> None:
    """Turn every way a request can fail into a problem response."""
    app.add_exception_handler(errors.PrevisError, _previs)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)
