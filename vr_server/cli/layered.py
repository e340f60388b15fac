"""`bake` and `view`: a layered clip from a clip, a picture from a layered clip."""

import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import click
import cv2
import numpy as np
import numpy.typing as npt

from vr_server.bootstrap import depth_estimators, person_masks
from vr_server.cli.output import emit, json_option, progress, stages, whole_or_nothing, write_bytes
from vr_server.cli.plan import Plan, read_plan
from vr_server.domain.base import Vec3
from vr_server.domain.errors import InvalidInput
from vr_server.domain.frame import CameraPose, ClipProjection, FrameSource
from vr_server.layering import (
    LARGEST_SPHERE_PX,
    SPHERE_LENS,
    USUAL_SPHERE_PX,
    Baker,
    BakeReport,
    BakeSettings,
    Lens,
    read_manifest,
    render_view,
)
from vr_server.layering.depth import KNOWN, EstimatedClip, Found, LevelGround, ScaleHints, find_depth, lens_prior
from vr_server.media import (
    PANORAMA_FILES,
    SHOT_FILES,
    USUAL_YFOV_RAD,
    VideoPictures,
    read_camera_file,
    read_clip,
    read_flat_clip,
    take_in,
    told_projection,
)

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


def _finite(context: click.Context, parameter: click.Parameter, value: float) -> float:
    del context, parameter
    if not math.isfinite(value):
        raise click.BadParameter("an angle is a finite number, radians")
    return value


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
@click.option(
    "--people",
    default=None,
    help="A person model's name (pp-humanseg) or .onnx file: people of a flat clip are cut out by its masks.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option(
    "--panorama", is_flag=True, help="The panorama in the folder (`generate --panorama`) in place of its flat clip."
)
@click.option(
    "--projection",
    type=click.Choice(["auto", "perspective", "fisheye", "equirectangular"]),
    default="auto",
    show_default=True,
    help="What a video shows; auto: a sphere where the file says so, else a perspective.",
)
@click.option(
    "--sphere-width",
    type=click.IntRange(256, LARGEST_SPHERE_PX),
    default=USUAL_SPHERE_PX,
    show_default=True,
    help="The most that a panorama is wide, px; above the default its atlas wants a headset that decodes 4K.",
)
@json_option
def bake(
    source: Path, depth: str, camera: Path | None, take: Path | None, people: str | None, out: Path, panorama: bool,
    projection: str, sphere_width: int, as_json: bool,
) -> None:  # fmt: skip
    """Turn a clip with depth into a layered clip: manifest.json, tiers, poster.jpg, report.json."""
    with whole_or_nothing(out) as work:
        opened = _open_source(source, depth, camera, take, people, work, panorama=panorama, projection=projection)
        report = _baked(opened, work, source.stem, BakeSettings(sphere_width_px=sphere_width))
    found = opened.found
    told = f"{report.frames} frames baked into {out}; depth: {found.reason}; scale: {found.scale_reason}"
    people_told = [f"; people: {found.people}"] if people is not None else []
    value = {"out": str(out), "report": asdict(report)}
    emit(as_json, value, "".join([told, *people_told, *(f"\n  {remark}" for remark in report.remarks)]))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A clip with its depth, how it came by it, and what was changed when it was taken in."""

    clip: FrameSource
    found: Found
    remarks: tuple[str, ...] = ()


def _baked(opened: _Opened, out: Path, take_id: str, settings: BakeSettings) -> BakeReport:
    plan = opened.clip.plan
    baker = Baker(
        out, plan, shot_id="shot", take_id=take_id, settings=settings, depth=opened.found, remarks=opened.remarks
    )
    try:
        with progress("baking", plan.frame_count) as bar:
            for frame in opened.clip:
                baker.add(frame)
                bar.advance(bar.task_ids[0])
        return baker.finish()
    except BaseException:
        baker.abort()
        raise


def _open_source(
    source: Path, depth: str, camera: Path | None, take: Path | None, people: str | None, out: Path, *,
    panorama: bool, projection: str,
) -> _Opened:  # fmt: skip
    """The clip with its depth; a video is taken in to `out` first."""
    if not source.exists():
        raise InvalidInput(f"There is no {source}.")
    files = PANORAMA_FILES if panorama else SHOT_FILES
    if panorama and not (source / files.color).exists():
        raise InvalidInput(f"{source} holds no panorama: make one with `generate --panorama`.")
    known = source.is_dir() and (source / files.depth).exists()
    if depth == "known" and not known:
        raise InvalidInput(
            f"{source} brings no depth of its own (a folder made by `generate` does): leave --depth out to have it found."
        )
    if known and depth in {"auto", "known"}:
        clip_folder = read_clip(source, files)
        if projection not in {"auto", clip_folder.plan.projection}:
            raise InvalidInput(f"{source} says that it is {clip_folder.plan.projection}: leave --projection out.")
        return _Opened(clip_folder, KNOWN)
    clip = source / files.color if source.is_dir() else source
    beside = source / files.camera
    cameras = camera or (beside if source.is_dir() and beside.exists() else None)
    poses = None if cameras is None else read_camera_file(cameras)[1]
    shown = _shown(clip, projection)
    given = depth.endswith(".npz")
    if shown != "perspective" and depth not in {"auto", "ground-plane"} and not given:
        raise InvalidInput(
            f"{depth} finds no depth in a picture that is {shown}: give it as FILE.npz (radial metres), or leave --depth out for level ground and a dome."
        )
    plan = read_plan(source, take)
    pictures = take_in(clip, out / SOURCE)
    width, height = pictures.shown_px
    if shown == "equirectangular" and width != 2 * height:
        raise InvalidInput(f"{clip.name} is {width}x{height}: an equirectangular picture is twice as wide as high.")
    if given:
        flat = read_flat_clip(pictures, depth=Path(depth), camera=cameras, projection=shown)
        return _Opened(flat, KNOWN, pictures.remarks)
    if shown != "perspective":
        ground = LevelGround(pictures, shown, poses, USUAL_YFOV_RAD[shown])
        return _Opened(ground, ground.found, pictures.remarks)
    found = _found(pictures, depth, poses, plan, people)
    return _Opened(found, found.found, pictures.remarks)


def _found(
    pictures: VideoPictures, depth: str, poses: tuple[CameraPose, ...] | None, plan: Plan | None, people: str | None
) -> EstimatedClip:
    with stages() as report:
        return find_depth(
            pictures,
            depth_estimators(depth, report),
            cameras=poses,
            lens=None if plan is None else lens_prior(plan.camera, plan.staging.camera),
            hints=None if plan is None else ScaleHints.planned(plan.staging, pictures.frame_count, pictures.fps),
            masks=None if people is None else person_masks(people, report),
            report=report,
        )


def _shown(clip: Path, asked: str) -> ClipProjection:
    """The projection that was asked for, or that the file tells of."""
    return told_projection(clip) or "perspective" if asked == "auto" else cast("ClipProjection", asked)


@click.command()
@click.argument("layered", type=click.Path(path_type=Path))
@click.option("--frame", type=click.IntRange(0), required=True)
@click.option(
    "--offset", default="0,0,0", show_default=True, callback=_offset, help="X,Y,Z metres in the camera's axes."
)
@click.option(
    "--yaw", type=float, default=0.0, show_default=True, callback=_finite, help="Radians; positive turns left."
)
@click.option(
    "--pitch", type=float, default=0.0, show_default=True, callback=_finite, help="Radians; positive looks up."
)
@click.option(
    "--yfov",
    type=click.FloatRange(0.1, 2.5),
    default=SPHERE_LENS.yfov_rad,
    show_default=True,
    callback=_finite,
    help="Radians: the lens into a sphere (a flat clip is seen through its own).",
)
@click.option("--depth-out", type=click.Path(path_type=Path), default=None, help="float32 [h,w] metres as .npy.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
@json_option
def view(
    layered: Path, frame: int, offset: Vec3, yaw: float, pitch: float, yfov: float, depth_out: Path | None, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Re-project the decoded atlas to another eye: the reference for what the headset shows."""
    lens = Lens(yfov, SPHERE_LENS.width_px, SPHERE_LENS.height_px)
    color, depth = render_view(layered, frame, offset_m=offset, yaw_rad=yaw, pitch_rad=pitch, lens=lens)
    write_bytes(out, _coded(color, out.suffix or ".png"))
    if depth_out is not None:
        array = io.BytesIO()
        np.save(array, depth)
        write_bytes(depth_out, array.getvalue())
    box = read_manifest(layered).head_box
    inside = all(low <= at <= high for low, at, high in zip(box.min, offset, box.max, strict=True))
    value = {
        "out": str(out),
        "width": color.shape[1],
        "height": color.shape[0],
        "depthOut": str(depth_out) if depth_out else None,
        "insideHeadBox": inside,
    }
    beyond = "" if inside else f"; beyond the head box of {box.min} to {box.max} m, where not all is known"
    emit(as_json, value, f"frame {frame} seen from {offset} m: {out}{beyond}")


def _coded(color: npt.NDArray[np.uint8], suffix: str) -> bytes:
    """The picture in the format of that suffix. Raise InvalidInput where it is none that can be written."""
    try:
        encoded, data = cv2.imencode(suffix, cv2.cvtColor(color, cv2.COLOR_RGB2BGR))
    except cv2.error:
        encoded, data = False, np.empty(0, np.uint8)
    if not encoded:
        raise InvalidInput(f"{suffix} is no picture format that can be written: try .png or .jpg.")
    return data.tobytes()
