"""The gate in front of everything: join tokens, the cookie that keeps them, same-origin checks, security headers.

A server with a token serves nothing to a stranger but the page that asks for it. The settings' token makes its
holder director; tokens for collaborators and viewers follow from it, so that one secret has to be kept.
"""

import hashlib
import hmac
import ipaddress
import logging
from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vr_server.api.pages import join_page
from vr_server.api.problems import problem, problem_of
from vr_server.config import Settings
from vr_server.domain.errors import Forbidden, PrevisError
from vr_server.domain.room import Role

log = logging.getLogger(__name__)

COOKIE: Final = "vr_previs_token"
BODY_LIMIT_BYTES: Final = 2 * 1024 * 1024
_ROLE_KEY: Final = "vr_previs.role"
_COOKIE_AGE_S: Final = 30 * 24 * 3600
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob: mediastream:; connect-src 'self' data: blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "xr-spatial-tracking=(self), microphone=(self), camera=(), geolocation=()",
}


class JoinTokens:
    """The tokens of one server; without a secret everybody is director."""

    def __init__(self, secret: str | None) -> None:
        self._by_role: dict[Role, str] = {}
        if secret is not None:
            self._by_role = {
                "director": secret,
                "collaborator": _derive(secret, "collaborator"),
                "viewer": _derive(secret, "viewer"),
            }

    @property
    def required(self) -> bool:
        return bool(self._by_role)

    def role(self, token: str | None) -> Role | None:
        """What `token` makes its holder, or None. Takes as long for a near miss as for any other."""
        if not self._by_role:
            return "director"
        given = (token or "").encode()
        found: Role | None = None
        for role, right in self._by_role.items():
            if hmac.compare_digest(given, right.encode()):
                found = role
        return found

    def token(self, role: Role) -> str | None:
        """The token to hand to somebody who is to be `role`."""
        return self._by_role.get(role)


def _derive(secret: str, role: str) -> str:
    return hmac.new(secret.encode(), f"vr-previs/{role}".encode(), hashlib.sha256).hexdigest()[:32]


def role_of(scope: MutableMapping[str, Any]) -> Role:
    """The role the gate has given this connection."""
    return cast("Role", scope[_ROLE_KEY])


def _cookie_header(token: str, *, secure: bool) -> str:
    """A Set-Cookie value that keeps `token` from scripts and from other sites' requests."""
    flags = "; Secure" if secure else ""
    return f"{COOKIE}={token}; Max-Age={_COOKIE_AGE_S}; Path=/; HttpOnly; SameSite=Lax{flags}"


class Gate:
    """ASGI middleware. Lets through who may come in, and marks their role; bounds request bodies; adds headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self.tokens = JoinTokens(settings.token.get_secret_value() if settings.token else None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        role = self._role(scope, headers)
        foreign = self._foreign(scope, headers)
        refusal: Response | None = None
        if foreign is not None:
            refusal = problem_of(foreign, scope["path"])
        elif role is None and scope["path"] != "/join":
            refusal = _asks_for_token(scope, headers)
        scope[_ROLE_KEY] = role or "viewer"
        outgoing = self._with_headers(scope, send)
        if refusal is None:
            await self._app(scope, _bounded(receive) if scope["type"] == "http" else receive, outgoing)
        elif scope["type"] == "websocket":
            log.warning("websocket %s refused: %s", scope["path"], foreign or "no join token")
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            log.info("%s %s refused: %s", scope["method"], scope["path"], foreign or "no join token")
            await refusal(scope, receive, outgoing)

    def _role(self, scope: Scope, headers: Headers) -> Role | None:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [None])[0]
        return self.tokens.role(query) or self.tokens.role(_cookie(headers))

    def _foreign(self, scope: Scope, headers: Headers) -> PrevisError | None:
        """Another site's page may neither open a socket nor change anything, nor pretend to be us by its DNS."""
        host = headers.get("host", "")
        if not self.tokens.required and not _names_this_machine(host, self._settings.host):
            return Forbidden(f"This server answers to its own address only, not to {host!r}; start it with --lan.")
        origin = headers.get("origin")
        changing = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if origin is not None and changing and urlsplit(origin).netloc != host:
            return Forbidden("The request comes from another site's page.")
        return None

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [None])[0]
        keep = query if scope["type"] == "http" and self.tokens.required and self.tokens.role(query) else None

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if keep is not None:
                    headers.append("Set-Cookie", _cookie_header(keep, secure=self._settings.tls))
            await send(message)

        return sending


def _asks_for_token(scope: Scope, headers: Headers) -> Response:
    if scope["type"] == "http" and "text/html" in headers.get("accept", ""):
        return join_page(room="", wrong=False, status=401)
    detail = "This server asks for its join token: open the link that it printed, or /join."
    return problem(401, Forbidden.code, Forbidden.title, detail, scope["path"])


def _cookie(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _names_this_machine(host: str, configured: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name in {"localhost", configured.lower()} or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > BODY_LIMIT_BYTES:
                raise HTTPException(413, f"The body is larger than {BODY_LIMIT_BYTES // 1024 // 1024} MB.")
        return message

    return receiving
