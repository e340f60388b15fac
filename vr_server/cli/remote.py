"""`generate` by an engine over the network: what would be sent, the orders, their progress, and going on with them later."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

from rich.console import Console
from rich.status import Status

from vr_server.bootstrap import BLOCKOUT, remote_engine
from vr_server.cli.output import emit, output_folder, read_bytes, write_json
from vr_server.config import Settings
from vr_server.domain.base import new_id
from vr_server.domain.errors import EngineThrottled, EngineUnreachable, GateRefused, InvalidInput, StorageFailed
from vr_server.domain.take import GuidanceWish
from vr_server.generation.errand import Errand, ErrandFolder, ErrandOrder, Wish, plan
from vr_server.generation.errands import Runner
from vr_server.generation.fitting import total_of
from vr_server.generation.port import Cost, MediaInput, RemoteEngine, TaskStatus, VideoFile
from vr_server.generation.recipes import FrameRecipe, GuideRecipe
from vr_server.review.gate import Gate, Rules, Verdict, read_rules

_TAKE = "take.json"
GUIDANCE: Final = ("auto", "none", "depth", "pose", "scribble", "camera")
"""What the option takes; ``none`` is the service's ``off``."""


def wish_for(guidance: str) -> GuidanceWish:
    """The option's word as the service's."""
    return cast("GuidanceWish", "off" if guidance == "none" else guidance)


def order(name: str, wish: Wish, out: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Have the engine make a clip into `out`; with `dry_run` only say what would be sent to it.

    Raise UnknownEngine, InvalidInput (settings, options, what the engine cannot make), GateRefused, Conflict (the folder
    holds another order), and what `Runner.run` raises.
    """
    settings = Settings.load(os.environ)
    engine = remote_engine(name, settings.engine_options)
    errand = plan(engine, wish)
    verdict = _judged(errand, settings)
    if dry_run or out is None:
        value = _planned(errand, verdict, engine.problem())
        emit(as_json, value, "\n".join(_plan_lines(errand, verdict, engine.problem())))
        return
    if (problem := engine.problem()) is not None:
        raise InvalidInput(f"Engine {name} cannot be asked yet: {problem}.")
    if verdict.refused:
        raise GateRefused(
            f"Nothing was sent: {verdict.line()}; change the words, or allow them in the production's rules."
        )
    if verdict.hits:
        errand = errand.model_copy(update={"remarks": (*verdict.lines(), *errand.remarks)})
    folder = ErrandFolder(output_folder(out))
    with folder.held():
        errand = folder.begin(errand)
        console = _stderr()
        for line in (
            *errand.remarks,
            *(f"not in the prompt: {line}" for line in errand.dropped),
            _cost(errand.estimate),
        ):
            console.print(line)
        _carry_out(engine, folder, errand, as_json=as_json)


def resume(out: Path, *, as_json: bool) -> None:
    """Go on with the order that `out` holds: nothing is paid again. One that is finished is shown once more."""
    folder = ErrandFolder(out)
    errand = folder.read()
    if errand is None:
        raise InvalidInput(f"{out} holds no order that could be gone on with.")
    if errand.finished and (out / _TAKE).is_file():
        take = json.loads(read_bytes(out / _TAKE))
        emit(as_json, {"out": str(out), **take}, _made_line(out, take))
        return
    engine = remote_engine(errand.engine, Settings.load(os.environ).engine_options)
    if (problem := engine.problem()) is not None:
        raise InvalidInput(f"Engine {errand.engine} cannot be asked: {problem}.")
    with folder.held():
        _carry_out(engine, folder, folder.read() or errand, as_json=as_json)


def _carry_out(engine: RemoteEngine, folder: ErrandFolder, errand: Errand, *, as_json: bool) -> None:
    with _progress(errand.engine) as told:
        runner = Runner(engine, folder, errand, renderer=BLOCKOUT, on_status=told, on_step=told.say)

        async def run() -> VideoFile:
            try:
                return await runner.run()
            finally:
                await engine.aclose()

        try:
            video = asyncio.run(run())
        except (EngineUnreachable, EngineThrottled, StorageFailed) as error:
            if not any(order.state in {"submitted", "fetched"} for order in runner.errand.orders):
                raise
            raise type(error)(f"{error} The order stays open: go on with --resume {folder.path}.") from error
    take = _described(engine, runner.errand, video)
    write_json(folder.path / _TAKE, take)
    runner.settle()
    emit(as_json, {"out": str(folder.path), **take}, _made_line(folder.path, take))


def _judged(errand: Errand, settings: Settings) -> Verdict:
    """As the server's gate judges a take: the director's own words and those that would be sent."""
    rules = read_rules(settings.production) if settings.production is not None else Rules()
    sent = dict.fromkeys(order.request.prompt for order in errand.orders)
    return Gate.load(rules).look("\n".join((errand.spec.text, *sent)), errand.spec.language)


def _planned(errand: Errand, verdict: Verdict, missing: str | None) -> dict[str, Any]:
    request = errand.orders[0].request
    return {
        "dryRun": True, **_asked(errand), "width": request.width_px, "height": request.height_px, "fps": request.fps,
        "durationS": request.duration_s, "estimate": errand.estimate.model_dump(mode="json", by_alias=True),
        "inputs": [given.model_dump(mode="json", by_alias=True, exclude_none=True) for given in request.inputs],
        "parts": [_part(order) | _sent(order) for order in errand.orders if order.part is not None],
        "gate": {"refused": verdict.refused, "reason": verdict.line()} if verdict.hits else None, "missing": missing,
    }  # fmt: skip


def _sent(order: ErrandOrder) -> dict[str, Any]:
    """What a dry run says of a part besides what it shows."""
    request = order.request
    return {
        "mode": request.mode, "durationS": request.duration_s,
        "inputs": [given.model_dump(mode="json", by_alias=True, exclude_none=True) for given in request.inputs],
        "estimate": order.estimate.model_dump(mode="json", by_alias=True),
    }  # fmt: skip


def _plan_lines(errand: Errand, verdict: Verdict, missing: str | None) -> Iterator[str]:
    request = errand.orders[0].request
    count = len(errand.orders)
    length = f"{request.duration_s:.4g} s" if count == 1 else f"{errand.spec.duration_s:.4g} s in {count} parts"
    yield (
        f"Nothing was sent. {request.engine} ({request.model}) would be asked by {request.mode}: "
        f"{request.width_px}x{request.height_px}, {request.fps} fps, {length}, seed {request.seed}"
    )
    for order in errand.orders:
        if order.part is not None:
            yield f"  {order.part.start_s:.3g} to {order.part.end_s:.3g} s, by {order.request.mode}, {_cost(order.estimate)}:"
        yield f"  prompt: {order.request.prompt}"
        yield from (f"  {given.role.replace('_', ' ')}: {_whence(errand, given)}" for given in order.request.inputs)
    if request.negative_prompt:
        yield f"  not to be seen: {request.negative_prompt}"
    yield from (f"  not in the prompt: {line}" for line in errand.dropped)
    yield from (f"  {line}" for line in errand.remarks)
    yield f"  {_cost(errand.estimate)}"
    if verdict.hits:
        yield f"  {'the gate refuses' if verdict.refused else 'the gate warns of'} {verdict.line()}"
    if missing is not None:
        yield f"  it cannot be sent yet: {missing}"


def _whence(errand: Errand, given: MediaInput) -> str:
    """Where an input comes from."""
    if isinstance(given.recipe, GuideRecipe):
        show = "the blockout" if given.recipe.show == "picture" else f"the blockout's {given.recipe.show}"
        return f"{show}, {given.recipe.frames} frames from {given.recipe.start_s:.3g} s"
    if given.recipe is None:
        return errand.files[given.sha256]
    return (
        "the last frame of the part before" if isinstance(given.recipe, FrameRecipe) else "the end of the part before"
    )


def _asked(errand: Errand) -> dict[str, Any]:
    """What take.json and a dry run say alike."""
    request = errand.orders[0].request
    guidance = errand.guidance
    return {
        "engine": request.engine, "model": request.model, "mode": request.mode, "seed": request.seed,
        "prompt": errand.spec.text, "promptSent": errand.prompt, "negativePrompt": request.negative_prompt,
        "dropped": list(errand.dropped), "remarks": list(errand.remarks), "orderId": errand.orders[-1].key,
        "guidance": None if guidance is None else guidance.model_dump(mode="json", by_alias=True),
        "spec": errand.spec.model_dump(mode="json", by_alias=True),
    }  # fmt: skip


def _part(order: ErrandOrder) -> dict[str, Any]:
    return {} if order.part is None else order.part.model_dump(mode="json", by_alias=True)


def _described(engine: RemoteEngine, errand: Errand, video: VideoFile) -> dict[str, Any]:
    orders, request = errand.orders, errand.orders[0].request
    fps = Fraction(video.fps).limit_denominator(1001)
    cost = total_of([order.cost or order.estimate for order in orders])
    take = {
        "id": new_id("take"), **_asked(errand), "engineVersion": engine.capabilities(request.mode).version,
        "taskId": _task_id(orders[-1]), "actualPrompt": orders[0].actual_prompt,
        "cost": cost.model_dump(mode="json", by_alias=True) | {"estimated": any(order.cost is None for order in orders)},
        "parts": [
            _part(order) | {"taskId": _task_id(order), "actualPrompt": order.actual_prompt}
            for order in orders if order.part is not None
        ],
        "width": video.width_px, "height": video.height_px, "fps": [fps.numerator, fps.denominator],
        "frameCount": video.frame_count, "durationS": video.duration_s, "sha256": video.sha256, "quality": "final",
    }  # fmt: skip
    if (video.width_px, video.height_px) != request.size:
        take["remarks"].append(
            f"{request.engine} was asked for {request.width_px}x{request.height_px} and made "
            f"{video.width_px}x{video.height_px}."
        )
    return take


def _task_id(order: ErrandOrder) -> str | None:
    return None if order.handle is None else order.handle.id


def _made_line(out: Path, take: dict[str, Any]) -> str:
    cost = take["cost"]
    spent = "cost unknown" if cost["amount"] is None else f"{cost['amount']:.2f} {cost['currency']}"
    remarks = "".join(f"\n  {remark}" for remark in take["remarks"])
    return f"{take['frameCount']} frames of {take['width']}x{take['height']} in {out}; {spent}{remarks}"


def _cost(cost: Cost) -> str:
    if cost.amount is None:
        return f"what it costs is not known: {cost.basis}"
    return f"costs about {cost.amount:.2f} {cost.currency} ({cost.basis})"


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _progress(name: str) -> Iterator["_Progress"]:
    """On a terminal one line that changes; elsewhere a line for each step."""
    console = _stderr()
    if not console.is_terminal:
        yield _Progress(console, None)
        return
    with console.status(f"{name}: sending") as status:
        yield _Progress(console, status)


class _Progress:
    """Told of every status. Percent are said as far as the engine says them, on a log in steps of ten."""

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console = console
        self._status = status
        self._last = ""

    def __call__(self, status: TaskStatus) -> None:
        line = {"succeeded": "downloading"}.get(status.state, status.state)
        if status.state == "running" and status.progress is not None:
            percent = status.progress * 100
            line += f" {percent:.0f} %" if self._status is not None else f" {percent // 10 * 10:.0f} %"
        self.say(line)

    def say(self, line: str) -> None:
        """What is done now."""
        if self._status is not None:
            self._status.update(line)
        elif line != self._last:
            self._console.print(line)
        self._last = line
