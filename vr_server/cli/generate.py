"""`generate`: a clip from words, in one or several readings, with a panorama where it is asked for."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from vr_server.bootstrap import engine_named, is_embedded
from vr_server.cli import remote
from vr_server.cli.output import emit, json_option, output_folder, progress, write_json
from vr_server.cli.remote import GUIDANCE
from vr_server.cli.sheet import Sheet, SheetRow
from vr_server.domain.base import new_id
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import ClipPlan, Frame, FrameSource
from vr_server.domain.shot import SHOT_LIMIT_S
from vr_server.domain.take import MOST_VARIANTS, Quality
from vr_server.generation.errand import Wish
from vr_server.generation.port import ClipRequest, EmbeddedClip, EmbeddedEngine
from vr_server.language import compile_prompt, parse_spec
from vr_server.language.variants import variants
from vr_server.media import PANORAMA_FILES, ClipWriter
from vr_server.staging import to_glb

_PANORAMA_HEIGHTS_PX: dict[Quality, int] = {"draft": 512, "final": 1024}
_LETTERS = "abc"
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    del context, parameter
    try:
        width, height = (int(n) for n in value.lower().split("x"))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a size such as 1280x720") from error
    return width, height


@click.command(epilog="Exit codes: 1 refused or failed, 2 wrong usage, 3 nobody knows whether the engine took the order, "
               "75 the engine is busy or away: the same command may work later, 130 cancelled.")  # fmt: skip
@click.option("--prompt", help="What the shot shows, in Chinese or English.")
@click.option("--engine", default="blockout", show_default=True, help="`vr-previs doctor` lists them.")
@click.option("--seconds", type=float, default=4.0, show_default=True)
@click.option("--size", default="1280x720", show_default=True, callback=_size)
@click.option("--fps", type=click.IntRange(1, 120), default=24, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--style", default=None, help="A look, as the lexicon names it.")
@click.option("--draft", is_flag=True, help="Draft quality (blockout).")
@click.option("--panorama", is_flag=True, help="Also the whole sphere around the camera, with radial depth (blockout).")
@click.option(
    "--variants", "count", type=click.IntRange(1, MOST_VARIANTS), default=1, show_default=True,
    help="Clearly different readings of the same words, in OUT/a, OUT/b, OUT/c with one contact sheet (blockout).",
)  # fmt: skip
@click.option("--image", type=_FILE, help="The first frame (engines over the network).")
@click.option("--last-image", type=_FILE, help="The last frame, with --image.")
@click.option("--guidance", type=click.Choice(GUIDANCE), default="auto", show_default=True,
              help="What of the shot's blocking the clip is to follow, drawn for engines over the network that can.")  # fmt: skip
@click.option("--negative", default="", help="What should not be seen (engines over the network).")
@click.option("--dry-run", is_flag=True, help="Say what would be sent and what it would cost; send nothing.")
@click.option("--resume", type=_FOLDER, help="Go on with the order that this folder holds, without paying again.")
@click.option("--out", type=_FOLDER)
@json_option
def generate(
    prompt: str | None, engine: str, seconds: float, size: tuple[int, int], fps: int, seed: int, style: str | None,
    draft: bool, panorama: bool, count: int, image: Path | None, last_image: Path | None, guidance: str, negative: str,
    dry_run: bool, resume: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a clip from a prompt: clip.mp4 and take.json, from the blockout also depth, ids, camera and stage.

    Engines over the network are set up by environment variables (docs/engines.md). A shot longer than their clips is made in
    parts. What was ordered is kept in OUT/order.json.
    """
    if resume is not None:
        if prompt is not None or out is not None:
            raise click.UsageError("--resume goes on with what is there: it takes neither --prompt nor --out.")
        remote.resume(resume, as_json=as_json)
        return
    if prompt is None or (out is None and not dry_run):
        raise click.UsageError(f"Missing option '{'--prompt' if prompt is None else '--out'}'.")
    embedded = is_embedded(engine)
    if not 0 < seconds <= SHOT_LIMIT_S:
        raise InvalidInput(f"A shot lasts more than 0 and at most {SHOT_LIMIT_S:g} s, not {seconds:g}.")
    spec = parse_spec(prompt, duration_s=seconds).model_copy(update={"style": style} if style else {})
    if not embedded:
        if panorama or draft or count > 1:
            raise InvalidInput("--panorama, --draft and --variants are the blockout's: leave them out.")
        wish = Wish(
            spec, size, fps, seed, first=image, last=last_image, negative=negative, guidance=remote.wish_for(guidance)
        )
        remote.order(engine, wish, out, dry_run=dry_run, as_json=as_json)
        return
    if image is not None or last_image is not None or negative or guidance != "auto":
        raise InvalidInput(f"Engine {engine} takes no pictures, no guidance and no negative prompt: leave them out.")
    quality: Quality = "draft" if draft else "final"
    request = ClipRequest(
        spec=spec, prompt=compile_prompt(spec), seed=seed, width_px=size[0], height_px=size[1], fps=fps, quality=quality,
    )  # fmt: skip
    if out is None or dry_run:
        _say(engine, request, as_json=as_json)
    else:
        _render(engine_named(engine), request, out, panorama=panorama, count=count, as_json=as_json)


def _say(engine: str, request: ClipRequest, *, as_json: bool) -> None:
    """A dry run of an engine of our own."""
    value = {
        "dryRun": True, "engine": engine, "prompt": request.spec.text, "promptSent": request.prompt,
        "seed": request.seed, "width": request.width_px, "height": request.height_px, "fps": request.fps,
        "durationS": request.spec.duration_s, "estimate": {"amount": 0.0, "basis": "made on this machine"},
        "spec": request.spec.model_dump(mode="json", by_alias=True),
    }  # fmt: skip
    size = f"{request.width_px}x{request.height_px}, {request.fps} fps, {request.spec.duration_s:g} s"
    emit(as_json, value, f"{engine} would make {size} on this machine, free\n  prompt: {request.prompt}")


def _render(
    engine: EmbeddedEngine, request: ClipRequest, out: Path, *, panorama: bool, count: int, as_json: bool
) -> None:
    """The clip, or several readings side by side."""
    if count == 1:
        take, remarks = _make(engine, request, output_folder(out), panorama=panorama, sheet=None)
        emit(as_json, {"out": str(out), **take}, f"{take['frameCount']} frames in {out}{remarks}")
        return
    sheet = Sheet()
    takes, told = [], []
    for letter, reading in zip(_LETTERS, variants(request.spec, count), strict=False):
        folder = output_folder(out / letter)
        asked = replace(request, spec=reading, prompt=compile_prompt(reading))
        take, remarks = _make(engine, asked, folder, panorama=panorama, sheet=sheet.row(letter))
        takes.append({"out": str(folder), **take})
        told.append(f"{take['frameCount']} frames in {folder}{remarks}")
    sheet.save(out / "variants.png")
    emit(as_json, {"out": str(out), "sheet": str(out / "variants.png"), "takes": takes}, "\n".join(told))


def _make(
    engine: EmbeddedEngine, request: ClipRequest, folder: Path, *, panorama: bool, sheet: SheetRow | None
) -> tuple[dict[str, Any], str]:
    """Write one take into `folder`: what take.json says, and the remarks as lines for a person."""
    clip = engine.open(request)
    if panorama and clip.panorama is None:
        raise InvalidInput(f"The {engine.capabilities().name} engine makes no panoramas: leave --panorama out.")
    writer = ClipWriter(folder, clip.frames.plan, ids=engine.capabilities().gives_ids)
    _write("rendering", clip.frames, writer, sheet)
    take = _described(engine, request, clip)
    if panorama and clip.panorama is not None:
        sphere = clip.panorama(_PANORAMA_HEIGHTS_PX[request.quality])
        _write("panorama", sphere, ClipWriter(folder, sphere.plan, ids=False, files=PANORAMA_FILES), None)
        take["panorama"] = _panorama(sphere.plan)
    write_json(folder / "take.json", take)
    staging = clip.staging
    (folder / "staging.json").write_text(staging.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    glb = to_glb(staging, fps=request.fps, aspect=request.width_px / request.height_px)
    (folder / "stage.glb").write_bytes(glb)
    return take, "".join(f"\n  {remark}" for remark in staging.remarks)


def _described(engine: EmbeddedEngine, request: ClipRequest, clip: EmbeddedClip) -> dict[str, Any]:
    plan, able, spec = clip.frames.plan, engine.capabilities(), request.spec
    return {
        "id": new_id("take"), "engine": able.name, "model": able.model, "engineVersion": able.version,
        "seed": request.seed, "prompt": spec.text, "promptSent": request.prompt,
        "width": plan.width_px, "height": plan.height_px, "fps": [plan.fps.numerator, plan.fps.denominator],
        "frameCount": plan.frame_count, "near": plan.near_m, "far": plan.far_m, "metric": plan.metric,
        "projection": plan.projection, "quality": request.quality,
        "remarks": list(clip.staging.remarks), "spec": spec.model_dump(mode="json", by_alias=True),
    }  # fmt: skip


def _panorama(plan: ClipPlan) -> dict[str, Any]:
    """The sphere's entry in take.json; its pictures are coded like the clip's, its depth is the distance to the camera."""
    files = PANORAMA_FILES
    return {
        "clip": files.color, "depth": files.depth, "camera": files.camera, "projection": plan.projection,
        "depthKind": "radial", "width": plan.width_px, "height": plan.height_px, "near": plan.near_m, "far": plan.far_m,
    }  # fmt: skip


def _write(what: str, frames: FrameSource, writer: ClipWriter, sheet: SheetRow | None) -> None:
    plan = frames.plan
    try:
        with progress(what, plan.frame_count) as bar:
            for frame in _looked_at(frames, sheet):
                writer.add(frame)
                bar.advance(bar.task_ids[0])
        writer.finish()
    except BaseException:
        writer.abort()
        raise


def _looked_at(frames: FrameSource, sheet: SheetRow | None) -> Iterable[Frame]:
    for frame in frames:
        if sheet is not None:
            sheet.look(frame, frames.plan.frame_count)
        yield frame
