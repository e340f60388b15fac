"""`doctor`: is this machine fit for the server, and which engines are there for takes?"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from vr_server.bootstrap import remote_engine, survey
from vr_server.cli.output import emit, json_option
from vr_server.config import Settings
from vr_server.domain.errors import InvalidInput
from vr_server.generation.port import Capabilities
from vr_server.generation.survey import Answer, EngineReport, ask_all


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for everything kept.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default 8760.")
@click.option(
    "--ask", is_flag=True, help="Ask the engines over the network too, where that costs nothing: is the key accepted?"
)
@json_option
def doctor(as_json: bool, ask: bool, **options: Any) -> None:
    """Check whether this machine has what the server needs, and list the engines: what each can do, and what it lacks."""
    from vr_server.cli.checks import checks  # compilers and codecs: nothing the server should wait for

    settings = Settings.load(os.environ, **options)
    found = checks(settings)
    engines = survey(settings.engine_options)
    answers = _answers(engines, settings.engine_options) if ask else {}
    value = {
        "ok": all(c.ok or not c.needed for c in found),
        "checks": [{"name": c.name, "ok": c.ok, "needed": c.needed, "detail": c.detail} for c in found],
        "engines": [
            report.model_dump(mode="json", by_alias=True)
            | {"answer": answers[report.name].model_dump() if report.name in answers else None}
            for report in engines
        ],
    }
    lines = [check.line for check in found]
    for report in engines:
        lines += ["", *_engine_lines(report, answers.get(report.name))]
    emit(as_json, value, "\n".join(lines))
    if not value["ok"]:
        raise SystemExit(1)


def _answers(reports: tuple[EngineReport, ...], options: Mapping[str, SecretStr]) -> dict[str, Answer]:
    engines = []
    for report in reports:
        if report.embedded:
            continue
        try:
            engines.append(remote_engine(report.name, options))
        except InvalidInput:  # the report says it
            continue
    return asyncio.run(ask_all(engines))


def _engine_lines(report: EngineReport, answer: Answer | None) -> Iterator[str]:
    state = "ready" if report.embedded else "set up" if report.missing is None else f"not set up: {report.missing}"
    if state == "set up" and answer is None:
        state = "set up, not asked (--ask)"
    yield f"engine  {report.name:<16} {state}"
    for mode, able in report.modes.items():
        parts = (
            able.model,
            _size(able),
            _seconds(able),
            _rate(able),
            " ".join(able.languages),
            _price(able),
            *_more(able),
        )
        yield f"        {mode:<16} {'; '.join(parts)}"
    if answer is not None:
        yield f"        {'not asked' if answer.ok is None else 'asked':<16} {answer.detail}"


def _size(able: Capabilities) -> str:
    if able.sizes:
        return " ".join(f"{width}x{height}" for width, height in able.sizes)
    return f"up to {able.max_size[0]}x{able.max_size[1]}"


def _seconds(able: Capabilities) -> str:
    if able.durations_s:
        return f"{' or '.join(f'{seconds:g}' for seconds in able.durations_s)} s"
    return f"{able.min_duration_s:g} to {able.max_duration_s:g} s"


def _rate(able: Capabilities) -> str:
    return f"{' '.join(str(rate) for rate in able.fps)} fps" if able.fps else "its own frame rate"


def _price(able: Capabilities) -> str:
    if able.embedded:
        return "free"
    if able.price is None:
        return "price unknown"
    parts = [
        f"{amount:g} {able.price.currency} a {what}"
        for amount, what in ((able.price.per_clip, "clip"), (able.price.per_s, "second"))
        if amount
    ]
    return " and ".join(parts) or "free"


def _more(able: Capabilities) -> Iterator[str]:
    gives = [what for what, given in (("depth", able.gives_depth), ("ids", able.gives_ids), ("camera", able.gives_camera)) if given]  # fmt: skip
    if gives:
        yield f"gives {', '.join(gives)}"
    if able.guides:
        yield f"follows {', '.join(able.guides)}"
    if not able.negative_limit_chars and not able.embedded:
        yield "no negative prompt"
    if able.seed_max is None:
        yield "no seed"
