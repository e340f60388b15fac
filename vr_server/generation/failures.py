"""What an engine's refusal means: a status, a code and a message -> one of our errors. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from vr_server.domain.base import now_utc
from vr_server.domain.errors import (
    EngineAuth,
    EngineFailed,
    EngineLied,
    EngineRefused,
    EngineThrottled,
    EngineUnreachable,
    OutcomeUnknown,
    ResultGone,
)

from .redaction import Redactor

_MODERATION = ("datainspection", "moderation", "content_policy", "contentpolicy", "safety", "sensitive", "nsfw",
               "inappropriate", "ip_infringement", "ipinfringement")  # fmt: skip
_AUTH = ("invalidapikey", "invalid_api_key", "accessdenied", "arrearage", "unauthorized", "insufficient_quota",
         "insufficient_balance", "model.accessdenied", "unpurchased")  # fmt: skip
_THROTTLED = (
    "throttling",
    "rate_limit",
    "ratelimit",
    "ratequota",
    "allocationquota",
    "too_many_requests",
    "toomanyrequests",
)
_TRANSIENT = ("internalerror", "internal_error", "server_error", "service_unavailable", "serviceunavailable",
              "systemerror", "requesttimeout", "timeout")  # fmt: skip
_LONGEST_WAIT_S = 86_400.0

Reason = Callable[[str], tuple[str, str]]
"""The body of a refusal -> the engine's code for it, and its message."""


def reason_in(body: str) -> tuple[str, str]:
    """Code and message in an error's body, in the shapes that engines use; a body that is none is the message."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", body
    if isinstance(value, dict):
        for nested in ("error", "output"):
            inner = value.get(nested)
            if isinstance(inner, dict):
                value = {**value, **inner}
            elif isinstance(inner, str) and inner:
                return str(value.get("code") or ""), inner
        code, message = value.get("code") or value.get("type") or "", value.get("message") or value.get("detail")
        if message:
            return str(code), message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        return str(code), body
    return "", body


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Retry-After in seconds, told as a number or as a date (RFC 9110, 10.2.3); None when it is absent or no sense."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        try:
            when = parsedate_to_datetime(told)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - (now or now_utc())).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if seconds == seconds else None  # noqa: PLR0124 - not a number


def failure_of(
    name: str, code: str, message: str, hide: Redactor, *, status: int = 0, wait_s: float | None = None
) -> EngineFailed:
    """By the engine's own code where it is telling, else by the HTTP status (0: there was none, a task failed)."""
    said = hide(": ".join(part for part in (code, message) if part)) or "no reason given"
    low = code.lower().replace(" ", "").replace("-", "_")
    if any(word in low for word in _MODERATION):
        return EngineRefused(f"Engine {name} refuses this content: {said}")
    if any(word in low for word in _THROTTLED) or status == 429:
        if "insufficient_quota" in low:
            return EngineAuth(f"The account at engine {name} is out of credit: {said}")
        wait = f" for {wait_s:.0f} s" if wait_s is not None else ""
        return EngineThrottled(f"Engine {name} takes no more{wait}: {said}", wait_s)
    if status in {401, 402, 403} or any(word in low for word in _AUTH):
        return EngineAuth(f"Engine {name} does not accept the key for this: {said}")
    if status >= 500 or status == 408 or (not status and any(word in low for word in _TRANSIENT)):
        return EngineUnreachable(f"Engine {name} is broken for the moment ({status or 'its own error'}): {said}")
    if 300 <= status < 400:
        return EngineLied(f"Engine {name} sends its calls elsewhere (HTTP {status}): check its base address.")
    if status == 404:
        return EngineFailed(f"Engine {name} knows no such model, task or path (404): {said}")
    return EngineFailed(f"Engine {name} could not make the clip: {said}")


def failure_from_answer(
    name: str,
    status: int,
    headers: Mapping[str, str],
    body: str,
    hide: Redactor,
    *,
    paid: bool = False,
    reason: Reason = reason_in,
) -> EngineFailed:
    """The failure of a call. `paid`: the call was an order; a gateway that lost the answer leaves it in doubt."""
    code, message = reason(body)
    failure = failure_of(name, code, message, hide, status=status, wait_s=retry_after_s(headers))
    if paid and status in {502, 504} and isinstance(failure, EngineUnreachable):
        return OutcomeUnknown(
            f"A gateway before engine {name} lost the answer ({status}): the order may have been taken. "
            "Look there, then retry or drop it."
        )
    return failure


def failure_of_download(
    name: str, status: int, headers: Mapping[str, str], body: str, hide: Redactor, *, own: bool
) -> EngineFailed:
    """The failure of a download. A signed address that has expired answers 403 or 404; `own`: the engine's origin."""
    if status in {404, 410} or (status in {400, 401, 403} and not own):
        return ResultGone(f"The clip of engine {name} is no longer at its address (HTTP {status}).")
    return failure_from_answer(name, status, headers, body, hide)
