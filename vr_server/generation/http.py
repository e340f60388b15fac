"""Manners towards engines over HTTP, in one place: limits, redirects, addresses, errors, keys.

An adapter says what to ask; this says how: every answer has a size limit and a deadline, no redirect of a call is
followed, the key goes to the configured origin only, and whatever goes wrong becomes one of the EngineFailed kinds
with nothing in it that must not be repeated.
"""

import asyncio
import hashlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
from pydantic import JsonValue, SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from vr_server import __version__
from vr_server.domain.errors import EngineLied, EngineUnreachable, InvalidMedia, OutcomeUnknown, StorageFailed
from vr_server.media.inspect import inspect_video

from .addresses import AddressBook, Resolver, Target, resolve
from .failures import Reason, failure_from_answer, failure_of_download, reason_in
from .port import VideoFile
from .redaction import Redactor

_CHUNK = 1 << 16
_PINNED_SKIPS = {"authorization", "cookie"}
_SILENT = logging.Logger("websockets", logging.CRITICAL)  # noqa: LOG001 - that is the point
"""The library's debug lines hold the headers, and so the key. It stands outside logging's tree: nobody turns it up."""
_SILENT.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. `answer_s` and `download_s` bound a whole exchange, however slowly it drips."""

    connect_s: float = 10.0
    read_s: float = 60.0
    answer_s: float = 120.0
    download_s: float = 1800.0
    answer_bytes: int = 4 << 20
    media_bytes: int = 2 << 30
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart form."""

    field: str
    path: Path
    media_type: str
    name: str


class _Connect(connect):
    """Follows no redirect: the key would go along."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # the system's own authorities


class EngineHttp:
    """One engine's HTTP: JSON calls to its origin, downloads from where it points. Use within one event loop."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        key: SecretStr | None = None,
        limits: Limits = Limits(),
        result_hosts: tuple[str, ...] = (),
        proxy: SecretStr | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self.name = name
        self.base = httpx.URL(base_url.rstrip("/") + "/")
        self.hide = Redactor((key, proxy))
        self._key = key
        self._proxy = proxy
        self._limits = limits
        self._book = AddressBook(name, self.base, result_hosts, resolver)
        self._made: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"EngineHttp({self.name!r}, {self.hide(str(self.base))!r})"

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None or self._made.is_closed:
            limits = self._limits
            self._made = httpx.AsyncClient(
                timeout=httpx.Timeout(limits.read_s, connect=limits.connect_s),
                headers={"User-Agent": f"vr-previs/{__version__}", "Accept-Encoding": "identity"},
                verify=_tls(),
                follow_redirects=False,
                trust_env=False,  # no .netrc passwords, no proxy that nobody configured here
                proxy=self._proxy.get_secret_value() if self._proxy else None,
            )
        return self._made

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()

    async def json(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, JsonValue] | None = None,
        form: Mapping[str, str] | None = None,
        uploads: tuple[Upload, ...] = (),
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        paid: bool = False,
        reason: Reason = reason_in,
        most_bytes: int | None = None,
    ) -> dict[str, Any]:
        """One call to the engine's own origin, and its JSON object.

        `paid`: the call orders something. Then an answer that got lost on the way, or says yes and cannot be read, is
        OutcomeUnknown: not a failure to ask again about. `reason`: code and message in the body of a refusal. `most_bytes`: of an answer that may be
        longer than the limits say. Raise EngineFailed and its kinds.
        """
        request = await self._request(
            method, self.base.join(path.lstrip("/")), body=body, form=form, uploads=uploads, params=params,
            headers={"Accept": "application/json", **self._auth(), **(headers or {})},
        )  # fmt: skip
        text = await self._answer(request, paid=paid, reason=reason, most_bytes=most_bytes)
        try:
            return self._object(self.hide.without_keys(text))  # ids and prompts of an answer are kept
        except EngineLied as error:
            raise (self._doubt(str(error)) if paid else error) from None

    def no_id(self, what: str = "an id") -> OutcomeUnknown:
        """For an adapter: the engine said yes to an order, and not how to ask for it."""
        return self._doubt(f"Engine {self.name} took the order without giving it {what}.")

    def _doubt(self, told: str) -> OutcomeUnknown:
        return OutcomeUnknown(f"{told} It may charge for it: look there, then retry or drop it.")

    async def tell(self, path: str, body: Mapping[str, JsonValue]) -> None:
        """POST to the engine's own origin, where the answer is its status alone. Raise EngineFailed and its kinds."""
        request = await self._request("POST", self.base.join(path.lstrip("/")), body=body, headers=self._auth())
        await self._answer(request)

    async def _answer(
        self,
        request: httpx.Request,
        *,
        paid: bool = False,
        reason: Reason = reason_in,
        most_bytes: int | None = None,
    ) -> str:
        limit = most_bytes or self._limits.answer_bytes
        async with self._talking(paid=paid, deadline_s=self._limits.answer_s):
            response = await self._client.send(request, stream=True)
            try:
                text = (await self._read(response, limit)).decode("utf-8", "replace")
            except EngineLied as error:
                raise (self._doubt(str(error)) if paid and response.is_success else error) from None
            finally:
                await response.aclose()
        if not response.is_success:
            raise failure_from_answer(
                self.name, response.status_code, response.headers, text, self.hide, paid=paid, reason=reason
            )
        return text

    async def socket(self, path: str, params: Mapping[str, str]) -> ClientConnection:
        """A websocket at the engine's own origin, to be closed by the caller. Raise EngineUnreachable."""
        url = self.base.join(path.lstrip("/")).copy_merge_params(dict(params))
        secure = url.scheme == "https"
        try:
            return await _Connect(
                str(url.copy_with(scheme="wss" if secure else "ws")),
                additional_headers=self._auth(),
                user_agent_header=f"vr-previs/{__version__}",
                ssl=_tls() if secure else None,
                proxy=self._proxy.get_secret_value() if self._proxy else None,
                logger=_SILENT,
                open_timeout=self._limits.connect_s,
                close_timeout=1.0,
                max_size=self._limits.answer_bytes,
            )
        except (OSError, WebSocketException, ValueError):  # ValueError: a proxy or an address that is none
            raise EngineUnreachable(f"Engine {self.name} opens no websocket at {self.hide(str(self.base))}.") from None

    async def send_form(self, url: str, form: Mapping[str, str], upload: Upload) -> None:
        """Put a file where the engine says uploads go: a judged address, without the key."""
        target = await self._book.check(url, self.base)
        request = await self._request("POST", target.url, form=form, uploads=(upload,))
        async with self._talking(deadline_s=self._limits.download_s):
            response = await self._client.send(_pinned(request, target), stream=True)
            try:
                text = (await self._read(response, self._limits.answer_bytes)).decode("utf-8", "replace")
            finally:
                await response.aclose()
        if not response.is_success:
            raise failure_from_answer(self.name, response.status_code, response.headers, text, self.hide)

    async def fetch_video(self, url: str, to: Path) -> VideoFile:
        """Download an mp4 and look at it. `to` is the whole clip afterwards, or does not exist.

        Raise ResultGone, EngineLied (no video, not whole, an address inside our network, too large) and its kin, or
        StorageFailed when the disk does not take it.
        """
        part = to.with_name(to.name + ".part")
        try:
            sha256, size = await self._download(url, part)
            facts = await asyncio.to_thread(inspect_video, part)
            await asyncio.to_thread(part.replace, to)
        except InvalidMedia as error:
            reason = str(error).replace(part.name, "it")
            raise EngineLied(f"The clip that engine {self.name} made cannot be used: {self.hide(reason)}") from None
        except OSError as error:
            raise StorageFailed(f"The clip cannot be written to {to.name}: {error.strerror or error}.") from error
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return VideoFile(
            to, sha256, size, facts.width_px, facts.height_px, facts.fps, facts.frame_count, facts.duration_s
        )

    async def _download(self, url: str, to: Path) -> tuple[str, int]:
        base, auth = self.base, True
        async with self._talking(deadline_s=self._limits.download_s):
            for _ in range(self._limits.redirects + 1):
                target = await self._book.check(url, base)
                # the key goes to the engine's own origin, and never where a stranger sends us on to
                own = auth and target.pinned is None
                request = await self._request("GET", target.url, headers=self._auth() if own else None)
                response = await self._client.send(_pinned(request, target), stream=True)
                try:
                    if response.is_success:
                        return await self._store(response, to)
                    if not response.has_redirect_location:
                        text = (await self._read(response, _CHUNK, cut=True)).decode("utf-8", "replace")
                        raise failure_of_download(
                            self.name, response.status_code, response.headers, text, self.hide, own=own
                        )
                    url, base = response.headers["location"], target.url
                    auth = auth and target.pinned is None
                finally:
                    await response.aclose()
        raise EngineLied(f"The clip of engine {self.name} is behind more than {self._limits.redirects} redirects.")

    async def _store(self, response: httpx.Response, to: Path) -> tuple[str, int]:
        limit = self._limits.media_bytes
        self._refuse_long(response, limit)
        digest, size = hashlib.sha256(), 0
        file = await _opened(to)
        try:
            async for chunk in response.aiter_bytes(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise self._too_long(limit)
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)
        return digest.hexdigest(), size

    async def _read(self, response: httpx.Response, limit: int, *, cut: bool = False) -> bytes:
        if not cut:
            self._refuse_long(response, limit)
        body = bytearray()
        async for chunk in response.aiter_bytes(_CHUNK):
            body += chunk
            if len(body) > limit:
                if cut:
                    break
                raise self._too_long(limit)
        return bytes(body)

    def _refuse_long(self, response: httpx.Response, limit: int) -> None:
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise self._too_long(limit)

    def _too_long(self, limit: int) -> EngineLied:
        return EngineLied(f"Engine {self.name} sends more than {limit / 1e6:.3g} MB: cut off.")

    def _object(self, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise EngineLied(
                f"Engine {self.name} answered with something that is no JSON: {self.hide(text, 80)}"
            ) from None
        if not isinstance(value, dict):
            raise EngineLied(f"Engine {self.name} answered with JSON that is no object: {self.hide(text, 80)}")
        return value

    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}

    async def _request(
        self,
        method: str,
        url: httpx.URL,
        *,
        body: Mapping[str, JsonValue] | None = None,
        form: Mapping[str, str] | None = None,
        uploads: tuple[Upload, ...] = (),
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        files: list[tuple[str, tuple[str | None, bytes | str, str | None]]] = []
        if form is not None and not uploads:  # a multipart form without files: httpx would send it url-encoded
            files = [(name, (None, value, None)) for name, value in form.items()]
            form = None
        for upload in uploads:
            data = await asyncio.to_thread(upload.path.read_bytes)
            files.append((upload.field, (upload.name, data, upload.media_type)))
        return self._client.build_request(
            method, url, json=body, data=form, files=cast("Any", files or None), params=params, headers=headers
        )

    @asynccontextmanager
    async def _talking(self, *, deadline_s: float, paid: bool = False) -> AsyncIterator[None]:
        """Whatever the network does becomes one of ours. `paid`: see `json`."""
        try:
            async with asyncio.timeout(deadline_s):
                yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise EngineUnreachable(f"Engine {self.name} cannot be reached at {self.hide(str(self.base))}.") from None
        except (httpx.TransportError, TimeoutError) as error:
            slow = isinstance(error, httpx.TimeoutException | TimeoutError)
            what = "did not answer in time" if slow else "broke off in the middle of its answer"
            if paid:
                raise self._doubt(f"Engine {self.name} {what}, and may have taken the order.") from None
            raise EngineUnreachable(f"Engine {self.name} {what}.") from None
        except httpx.HTTPError:
            told = f"Engine {self.name} answered with something that is no HTTP."
            raise (self._doubt(told) if paid else EngineLied(told)) from None


async def _opened(path: Path) -> BinaryIO:
    """The file, to be written; closed again when nobody waits for it any more."""
    opening = asyncio.ensure_future(asyncio.to_thread(path.open, "wb"))

    def close(done: asyncio.Future[Any]) -> None:
        if done.exception() is None:
            done.result().close()

    try:
        return cast("BinaryIO", await asyncio.shield(opening))
    except asyncio.CancelledError:
        opening.add_done_callback(close)
        raise


def _pinned(request: httpx.Request, target: Target) -> httpx.Request:
    """The same request to the judged address: its name stays in the Host header and in TLS."""
    if target.pinned is None:
        return request
    headers = {k: v for k, v in request.headers.items() if k.lower() not in _PINNED_SKIPS}
    return httpx.Request(
        request.method,
        request.url.copy_with(host=target.pinned),
        headers=headers,  # Host is among them: httpx made it from the name
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": target.url.host},
    )
