"""The status of every error of ours."""

import json
import logging

import pytest

from vr_server import logs
from vr_server.api.problems import problem_of, status_of
from vr_server.domain import errors

TREE = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.PrevisError)]


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_a_status_and_a_whole_problem(kind: type[errors.PrevisError]) -> None:
    response = problem_of(kind("What to\ndo."), "/api/x")
    body = json.loads(bytes(response.body))
    assert response.media_type == "application/problem+json"
    assert body == {
        "type": f"urn:vr-previs:problem:{kind.code}",
        "title": kind.title,
        "status": response.status_code,
        "detail": "What to do.",
        "instance": "/api/x",
        "code": kind.code,
    }
    assert 400 <= response.status_code < 600


def test_statuses_say_whose_fault_it_is() -> None:
    assert status_of(errors.InvalidScript) == 422
    assert status_of(errors.InvalidOffer) == 400
    assert status_of(errors.NotFound) == 404
    assert status_of(errors.Unavailable) == 503
    assert problem_of(errors.Unavailable("Later."), "/").headers["retry-after"] == "5"


def test_a_message_stays_on_its_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "GET %s", ("/a\nERROR forged\x1b[2J",), None)
    assert logs.OneLine("%(message)s").format(record) == "GET /a\\x0aERROR forged\\x1b[2J"
