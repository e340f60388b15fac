"""One websocket connection to a room: bytes in, protocol out, and a clear answer to anything else."""

import asyncio
import json
import logging

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from vr_server.api.services import Caller, Parts
from vr_server.domain.errors import InvalidMessage, PrevisError
from vr_server.domain.room import Role
from vr_server.rooms import protocol
from vr_server.rooms.outbox import seal
from vr_server.rooms.room import LiveRoom, Seat

log = logging.getLogger(__name__)
router = APIRouter()

SILENCE_S = 6.0
_SEND_LIMIT_S = 10.0
_CLOSE_SILENT, _CLOSE_SLOW, _CLOSE_REFUSED, _CLOSE_GONE = 4408, 4409, 4404, 1001


def parse(raw: str | bytes) -> protocol.ClientMessage:
    """Read one message. Raise InvalidMessage with one line that says what is wrong with it."""
    if not isinstance(raw, str):
        raise InvalidMessage("Messages are JSON text, not binary.")
    size = len(raw.encode())
    if size > protocol.MESSAGE_LIMIT_BYTES:
        raise InvalidMessage(f"The message has {size} bytes; at most {protocol.MESSAGE_LIMIT_BYTES} are taken.")
    try:
        return protocol.client_messages.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidMessage(f"{where}: {said}" if where else said) from None


def kind_of(raw: str | bytes) -> str | None:
    """The `type` that a refused message gave, if it can be read: for the answer's `re`."""
    if not isinstance(raw, str) or len(raw) > protocol.MESSAGE_LIMIT_BYTES:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    return kind[:40] if isinstance(kind, str) else None


def error_message(error: PrevisError, re: str | None, client_id: str | None = None) -> protocol.ErrorMessage:
    """What the one who asked is told."""
    detail = str(error)[:500]
    return protocol.ErrorMessage(code=error.code, title=error.title, detail=detail, re=re, client_id=client_id)


@router.websocket("/api/rooms/{room_id}/ws")
async def room_socket(socket: WebSocket, room_id: str, parts: Parts, caller: Caller) -> None:
    """A visit to a room."""
    await socket.accept()
    try:
        room = await parts.hub.open(room_id)
    except PrevisError as error:
        log.info("websocket to room %s refused: %s", room_id, error)
        await _refuse(socket, error)
        return
    await Connection(socket, room, caller, silence_s=SILENCE_S).run()


async def _refuse(socket: WebSocket, error: PrevisError) -> None:
    try:
        await socket.send_text(seal(error_message(error, "hello")).text)
        await socket.close(_CLOSE_REFUSED, error.code)
    except (WebSocketDisconnect, RuntimeError):
        log.info("websocket %s left before it was refused", socket.url.path)


class Connection:
    """From the hello to the goodbye. Silence of `silence_s` ends it."""

    def __init__(self, socket: WebSocket, room: LiveRoom, role: Role, *, silence_s: float) -> None:
        self._socket = socket
        self._room = room
        self._role = role
        self._silence_s = silence_s
        self._closing: tuple[int, str] = (1000, "")

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        try:
            hello = await self._hello()
            if hello is None:
                return
            try:
                seat = await self._room.enter(hello, self._role)
            except PrevisError as error:
                await _refuse(self._socket, error)
                return
            try:
                await self._talk(seat)
            finally:
                self._room.leave(seat)
        except (WebSocketDisconnect, TimeoutError):
            pass  # gone, or silent: `leave` has been said
        await self._close()

    async def _talk(self, seat: Seat) -> None:
        """Read and write at the same time; whichever ends first ends the other."""
        reading = asyncio.create_task(self._read(seat), name=f"read {seat.name}")
        writing = asyncio.create_task(self._write(seat), name=f"write {seat.name}")
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, writing):
                task.cancel()
            results = await asyncio.gather(reading, writing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _hello(self) -> protocol.Hello | None:
        """The first message; anything else before it is answered with an error. None: the client has gone silent."""
        while True:
            raw = await self._receive()
            try:
                message = parse(raw)
                if isinstance(message, protocol.Hello):
                    _check_version(message)
                    return message
                raise InvalidMessage("Say hello first.")
            except PrevisError as error:
                log.info("room %s: message refused: %s", self._room.room.id, error)
                await self._socket.send_text(seal(error_message(error, kind_of(raw))).text)

    async def _read(self, seat: Seat) -> None:
        while True:
            raw = await self._receive()
            message: protocol.ClientMessage | None = None
            try:
                message = parse(raw)
                await self._room.handle(seat, message)
            except PrevisError as error:
                kind = kind_of(raw)
                log.info("room %s: %s from %s refused: %s", self._room.room.id, kind or "message", seat.name, error)
                client_id = (
                    message.client_id if isinstance(message, protocol.RequestTake | protocol.WriteNote) else None
                )
                seat.outbox.put(seal(error_message(error, kind, client_id)))

    async def _receive(self) -> str | bytes:
        try:
            async with asyncio.timeout(self._silence_s):
                message = await self._socket.receive()
        except TimeoutError:
            log.info("room %s: a connection was silent for %g s", self._room.room.id, self._silence_s)
            self._closing = (_CLOSE_SILENT, "silent")
            raise
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        return text if text is not None else message.get("bytes", b"")

    async def _write(self, seat: Seat) -> None:
        while (envelope := await seat.outbox.next()) is not None:
            try:
                async with asyncio.timeout(_SEND_LIMIT_S):
                    await self._socket.send_text(envelope.text)
            except TimeoutError:
                log.warning("room %s: %s takes nothing for %g s", self._room.room.id, seat.name, _SEND_LIMIT_S)
                self._closing = (_CLOSE_SLOW, "too slow")
                return
        self._closing = (_CLOSE_SLOW, "too slow") if seat.outbox.overflowed else (_CLOSE_GONE, "the room is closing")

    async def _close(self) -> None:
        code, reason = self._closing
        try:
            async with asyncio.timeout(2.0):
                await self._socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            log.debug("room %s: the connection was gone before it was closed", self._room.room.id)


def _check_version(hello: protocol.Hello) -> None:
    if hello.protocol_version != protocol.PROTOCOL_VERSION:
        raise InvalidMessage(
            f"The client speaks version {hello.protocol_version} of the protocol, the server "
            f"{protocol.PROTOCOL_VERSION}; reload the page."
        )
