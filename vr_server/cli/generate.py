"""`generate`: a clip from words, in one or several readings, with a panorama where it is asked for."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from vr_server.bootstrap import engine_named
from vr_server.cli.output import emit, json_option, output_folder, progress, write_json
from vr_server.cli.sheet import Sheet, SheetRow
from vr_server.domain.base import new_id
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import ClipPlan, Frame, FrameSource
from vr_server.domain.take import Quality
from vr_server.generation.port import ClipRequest, EmbeddedClip, EmbeddedEngine
from vr_server.language import compile_prompt, parse_spec
from vr_server.language.variants import MOST_VARIANTS, variants
from vr_server.media import PANORAMA_FILES, ClipWriter
from vr_server.staging import to_glb

_PANORAMA_HEIGHTS_PX: dict[Quality, int] = {"draft": 512, "final": 1024}
_LETTERS = "abc"


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    del context, parameter
    try:
        width, height = (int(n) for n in value.lower().split("x"))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a size such as 1280x720") from error
    return width, height


@click.command()
@click.option("--prompt", required=True, help="What the shot shows, in Chinese or English.")
@click.option("--engine", default="blockout", show_default=True)
@click.option("--seconds", type=float, default=4.0, show_default=True)
@click.option("--size", default="1280x720", show_default=True, callback=_size)
@click.option("--fps", type=int, default=24, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--style", default=None, help="A look, as the lexicon names it.")
@click.option("--draft", is_flag=True, help="Draft quality.")
@click.option("--panorama", is_flag=True, help="Also the whole sphere around the camera, with radial depth.")
@click.option(
    "--variants", "count", type=click.IntRange(1, MOST_VARIANTS), default=1, show_default=True,
    help="Clearly different readings of the same words, in OUT/a, OUT/b, OUT/c with one contact sheet.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@json_option
def generate(
    prompt: str, engine: str, seconds: float, size: tuple[int, int], fps: int, seed: int, style: str | None,
    draft: bool, panorama: bool, count: int, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make a clip from a prompt: clip.mp4, take.json, and from the blockout also depth, ids, camera and stage."""
    if not 0 < seconds <= 16:
        raise InvalidInput(f"A shot lasts more than 0 and at most 16 seconds, not {seconds:g}.")
    chosen = engine_named(engine)
    spec = parse_spec(prompt, duration_s=seconds).model_copy(update={"style": style} if style else {})
    quality: Quality = "draft" if draft else "final"
    request = ClipRequest(
        spec=spec, prompt=compile_prompt(spec), seed=seed, width_px=size[0], height_px=size[1], fps=fps, quality=quality,
    )  # fmt: skip
    if count == 1:
        take, remarks = _make(chosen, request, output_folder(out), panorama=panorama, sheet=None)
        emit(as_json, {"out": str(out), **take}, f"{take['frameCount']} frames in {out}{remarks}")
        return
    sheet = Sheet()
    takes, told = [], []
    for letter, reading in zip(_LETTERS, variants(spec, count), strict=False):
        folder = output_folder(out / letter)
        asked = replace(request, spec=reading, prompt=compile_prompt(reading))
        take, remarks = _make(chosen, asked, folder, panorama=panorama, sheet=sheet.row(letter))
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
