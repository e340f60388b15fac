"""`bake` and `view`: a layered clip from a clip, a picture from a layered clip."""

import math
from dataclasses import asdict
from pathlib import Path

import click
import cv2
import numpy as np

from vr_server.bootstrap import depth_estimators
from vr_server.cli.output import emit, json_option, output_folder, progress, stages
from vr_server.cli.plan import read_plan
from vr_server.domain.base import Vec3
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import FrameSource
from vr_server.layering import Baker, BakeSettings, render_view
from vr_server.layering.depth import KNOWN, Found, ScaleHints, find_depth, lens_prior
from vr_server.media import read_camera_file, read_clip, read_flat_clip, take_in

SOURCE = "source.mp4"
"""A flat clip as it was taken in, beside what is baked from it."""


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
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--depth",
    default="auto",
    show_default=True,
    help="auto, known, parallax, ground-plane, a depth model's name or .onnx file, or FILE.npz with `depth` float32 [n,h,w], metres.",
)
@click.option(
    "--camera", type=click.Path(path_type=Path), default=None, help="camera.json; the folder's own by default."
)
@click.option(
    "--take", type=click.Path(path_type=Path), default=None,
    help="take.json of the shot as it was asked for, for the lens and the scale; the folder's own by default.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@json_option
def bake(source: Path, depth: str, camera: Path | None, take: Path | None, out: Path, as_json: bool) -> None:
    """Turn a clip with depth into a layered clip: manifest.json, tiers, poster.jpg, report.json."""
    clip, found = _open_source(source, depth, camera, take, out)
    plan = clip.plan
    baker = Baker(output_folder(out), plan, shot_id="shot", take_id=source.stem, settings=BakeSettings(), depth=found)
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
    emit(
        as_json,
        value,
        f"{plan.frame_count} frames baked into {out}; depth: {found.reason}; scale: {found.scale_reason}",
    )


def _open_source(
    source: Path, depth: str, camera: Path | None, take: Path | None, out: Path
) -> tuple[FrameSource, Found]:
    """The clip with its depth, and how it came by it."""
    if not source.exists():
        raise InvalidInput(f"There is no {source}.")
    known = source.is_dir() and (source / "depth.mkv").exists()
    if depth == "known" and not known:
        raise InvalidInput(
            f"{source} brings no depth of its own (a folder made by `generate` does): leave --depth out to have it found."
        )
    if known and depth in {"auto", "known"}:
        return read_clip(source), KNOWN
    clip = source / "clip.mp4" if source.is_dir() else source
    cameras = camera or (source / "camera.json" if source.is_dir() and (source / "camera.json").exists() else None)
    if depth.endswith(".npz"):
        return read_flat_clip(clip, depth=Path(depth), camera=cameras), KNOWN
    pictures = take_in(clip, output_folder(out) / SOURCE)
    poses = None if cameras is None else read_camera_file(cameras)[1]
    plan = read_plan(source, take)
    with stages() as report:
        found = find_depth(
            pictures,
            depth_estimators(depth, report),
            cameras=poses,
            lens=None if plan is None else lens_prior(plan.camera, plan.staging.camera),
            hints=None if plan is None else ScaleHints.planned(plan.staging, pictures.frame_count, pictures.fps),
            report=report,
        )
    return found, found.found


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
