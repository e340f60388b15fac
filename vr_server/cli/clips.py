"""`generate`, `bake` and `view`: a clip from words, a layered clip from a clip, a picture from a layered clip."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np

from vr_server.bootstrap import engine_named
from vr_server.cli.output import emit, json_option, output_folder, progress, write_json
from vr_server.domain.base import Vec3, new_id
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import FrameSource
from vr_server.generation.port import ClipRequest, EmbeddedClip
from vr_server.language import compile_prompt, parse_spec
from vr_server.layering import Baker, BakeSettings, render_view
from vr_server.media import ClipWriter, read_clip, read_flat_clip
from vr_server.staging import to_glb


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    del context, parameter
    try:
        width, height = (int(n) for n in value.lower().split("x"))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a size such as 1280x720") from error
    return width, height


def _offset(context: click.Context, parameter: click.Parameter, value: str) -> Vec3:
    del context, parameter
    try:
        x, y, z = (float(n) for n in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an offset such as 0.1,0,0 (metres)") from error
    if not all(math.isfinite(n) for n in (x, y, z)):
        raise click.BadParameter("an offset is three finite numbers, metres")
    return x, y, z


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
    (folder / "stage.glb").write_bytes(to_glb(clip.staging, fps=fps, aspect=size[0] / size[1]))
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


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--depth", default="auto", show_default=True, help="auto, known, or FILE.npz with `depth` float32 [n,h,w], metres."
)
@click.option(
    "--camera", type=click.Path(path_type=Path), default=None, help="camera.json; the folder's own by default."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@json_option
def bake(source: Path, depth: str, camera: Path | None, out: Path, as_json: bool) -> None:
    """Turn a clip with depth into a layered clip: manifest.json, tiers, poster.jpg, report.json."""
    clip = _open_source(source, depth, camera)
    plan = clip.plan
    baker = Baker(output_folder(out), plan, shot_id="shot", take_id=source.stem, settings=BakeSettings())
    try:
        with progress("baking", plan.frame_count) as bar:
            for frame in clip:
                baker.add(frame)
                bar.advance(bar.task_ids[0])
        report = baker.finish()
    except BaseException:
        baker.abort()
        raise
    value = {"out": str(out), "report": asdict(report)}
    emit(as_json, value, f"{plan.frame_count} frames baked into {out}")


def _open_source(source: Path, depth: str, camera: Path | None) -> FrameSource:
    if not source.exists():
        raise InvalidInput(f"There is no {source}.")
    known = source.is_dir() and (source / "depth.mkv").exists()
    if depth in {"auto", "known"}:
        if not known:
            raise InvalidInput(
                f"{source} brings no depth of its own (a folder made by `generate` does): pass --depth FILE.npz."
            )
        return read_clip(source)
    clip = source / "clip.mp4" if source.is_dir() else source
    cameras = camera or (source / "camera.json" if source.is_dir() else None)
    return read_flat_clip(clip, depth=Path(depth), camera=cameras)


@click.command()
@click.argument("layered", type=click.Path(path_type=Path))
@click.option("--frame", type=click.IntRange(0), required=True)
@click.option(
    "--offset", default="0,0,0", show_default=True, callback=_offset, help="X,Y,Z metres in the camera's axes."
)
@click.option("--yaw", type=float, default=0.0, show_default=True, help="Radians; positive turns left.")
@click.option("--pitch", type=float, default=0.0, show_default=True, help="Radians; positive looks up.")
@click.option("--depth-out", type=click.Path(path_type=Path), default=None, help="float32 [h,w] metres as .npy.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
@json_option
def view(
    layered: Path, frame: int, offset: Vec3, yaw: float, pitch: float, depth_out: Path | None, out: Path, as_json: bool
) -> None:
    """Re-project the decoded atlas to another eye: the reference for what the headset shows."""
    color, depth = render_view(layered, frame, offset_m=offset, yaw_rad=yaw, pitch_rad=pitch)
    output_folder(out.parent)
    encoded, data = cv2.imencode(out.suffix or ".png", cv2.cvtColor(color, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise InvalidInput(f"{out.suffix} is no picture format that can be written.")
    out.write_bytes(data.tobytes())
    if depth_out is not None:
        np.save(depth_out, depth)
    value = {
        "out": str(out),
        "width": color.shape[1],
        "height": color.shape[0],
        "depthOut": str(depth_out) if depth_out else None,
    }
    emit(as_json, value, f"frame {frame} seen from {offset} m: {out}")
