"""What every engine can do and what it lacks, in one shape for people, programs and the API. Asks no network by itself."""

import asyncio
from collections.abc import Iterable
from typing import get_args

from pydantic import Field

from vr_server.domain.base import Model
from vr_server.domain.errors import EngineUnreachable, PrevisError

from .port import Capabilities, ChecksItself, Engine, Mode, RemoteEngine

_CHECK_S = 15.0


class EngineReport(Model):
    """`modes`: what a clip can be made from, with the capabilities of the model that serves it. `missing`: what must be
    set before the engine can be used, one line; None: ready."""

    name: str
    embedded: bool
    missing: str | None = None
    modes: dict[Mode, Capabilities] = Field(default_factory=dict)


class Answer(Model):
    """What an engine said when it was asked. `ok` None: it was not asked, for the reason in `detail`."""

    ok: bool | None
    detail: str


def report_embedded(engine: Engine) -> EngineReport:
    """One of our own: always ready."""
    able = engine.capabilities()
    return EngineReport(name=able.name, embedded=True, modes=dict.fromkeys(able.modes, able))


def report_remote(engine: RemoteEngine) -> EngineReport:
    """As it is set up now."""
    modes: dict[Mode, Capabilities] = {}
    for mode in get_args(Mode):
        able = engine.capabilities(mode)
        if mode in able.modes:
            modes[mode] = able
    return EngineReport(name=engine.capabilities().name, embedded=False, missing=engine.problem(), modes=modes)


async def ask(engine: RemoteEngine) -> Answer:
    """Ask the engine what costs nothing. Does not raise; lets go of the engine's connections."""
    try:
        if engine.problem() is not None:
            return Answer(ok=None, detail="it is not set up")
        if not isinstance(engine, ChecksItself):
            return Answer(ok=None, detail="it offers no call that costs nothing")
        async with asyncio.timeout(_CHECK_S):
            return Answer(ok=True, detail=await engine.check())
    except TimeoutError:
        return Answer(ok=False, detail=f"{EngineUnreachable.title}: no answer within {_CHECK_S:g} s")
    except PrevisError as error:
        return Answer(ok=False, detail=str(error))
    finally:
        await engine.aclose()


async def ask_all(engines: Iterable[RemoteEngine]) -> dict[str, Answer]:
    """All at the same time, by name."""
    asked = tuple(engines)
    answers = await asyncio.gather(*(ask(engine) for engine in asked))
    return {engine.capabilities().name: answer for engine, answer in zip(asked, answers, strict=True)}
