"""`generate`: a clip from words."""

from pathlib import Path
from typing import Any

import click

from vr_server.bootstrap import engine_named
from vr_server.cli.output import emit, json_option, output_folder, progress, write_json
from vr_server.domain.base import new_id
from vr_server.domain.errors import InvalidInput
from vr_server.generation.port import ClipRequest, EmbeddedClip
from vr_server.language import compile_prompt, parse_spec
from vr_server.media import ClipWriter
from vr_server.staging import to_glb


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
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@json_option
def generate(
    prompt: str, engine: str, seconds: float, size: tuple[int, int], fps: int, seed: int, style: str | None,
    draft: bool, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make a clip from a prompt: clip.mp4, take.json, and from the blockout also depth, ids, camera and stage."""
    if not 0 < seconds <= 16:
        raise InvalidInput(f"A shot lasts more than 0 and at most 16 seconds, not {seconds:g}.")
    chosen = engine_named(engine)
    spec = parse_spec(prompt, duration_s=seconds).model_copy(update={"style": style} if style else {})
    request = ClipRequest(
        spec=spec, prompt=compile_prompt(spec), seed=seed, width_px=size[0], height_px=size[1], fps=fps,
        quality="draft" if draft else "final",
    )  # fmt: skip
    clip = chosen.open(request)
    folder = output_folder(out)
    _write_clip(clip, folder)
    plan = clip.frames.plan
    capabilities = chosen.capabilities()
    take: dict[str, Any] = {
        "id": new_id("take"), "engine": capabilities.name, "model": capabilities.model,
        "engineVersion": capabilities.version, "seed": seed, "prompt": prompt, "promptSent": request.prompt,
        "width": plan.width_px, "height": plan.height_px, "fps": [plan.fps.numerator, plan.fps.denominator],
        "frameCount": plan.frame_count, "near": plan.near_m, "far": plan.far_m, "metric": plan.metric,
        "remarks": list(clip.staging.remarks), "spec": spec.model_dump(mode="json", by_alias=True),
    }  # fmt: skip
    write_json(folder / "take.json", take)
    (folder / "staging.json").write_text(clip.staging.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    (folder / "stage.glb").write_bytes(to_glb(clip.staging, fps=fps))
    remarks = "".join(f"\n  {remark}" for remark in clip.staging.remarks)
    emit(as_json, {"out": str(folder), **take}, f"{plan.frame_count} frames in {folder}{remarks}")


def _write_clip(clip: EmbeddedClip, folder: Path) -> None:
    plan = clip.frames.plan
    writer = ClipWriter(folder, plan, ids=True)
    try:
        with progress("rendering", plan.frame_count) as bar:
            for frame in clip.frames:
                writer.add(frame)
                bar.advance(bar.task_ids[0])
        writer.finish()
    except BaseException:
        writer.abort()
        raise
