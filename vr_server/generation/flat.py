"""A remote engine's flat video, from the file to a folder that can be streamed. Runs in a worker process."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import cast

from vr_server.domain.errors import Cancelled, InvalidModel, Unavailable
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.layering import Baker
from vr_server.layering.depth import (
    DepthEstimator,
    NetworkMasks,
    PersonMasks,
    PersonModel,
    ScaleHints,
    find_depth,
    lens_prior,
)
from vr_server.media import VideoPictures, take_in
from vr_server.staging import compose, to_glb

from .laid_in import lay_in
from .masks import RedrawOf
from .pipeline import CLIP_FOLDER, disk_told, measured
from .progress import Made, MakingProgress, Report

Estimators = Callable[[], tuple[DepthEstimator, ...]]


def bake_video(
    video: Path,
    folder: Path,
    *,
    spec: ShotSpec,
    seed: int,
    shot_id: str,
    take_id: str,
    estimators: str,
    report: Report,
    cancelled: Callable[[], bool],
    redraw: RedrawOf | None = None,
    people: PersonModel | None = None,
) -> Made:
    """Find the depth of `video`, leaning on the lens and the metres that were planned, and bake it into `folder`, which is
    emptied first; with `redraw`, once it is laid into the clip of its parent take.

    Writes clip/clip.mp4, the shot's planned staging.json and stage.glb, and what `layering.Baker` writes.
    `estimators`: ``module:function`` that gives the ways to find depth, best first. `people`: the network by whose masks
    people are cut out; where it fails report.json says so, and they are not. When it does not succeed nothing is
    left of the folder. Raise Cancelled, InvalidMedia, NoDepth or StorageFailed.
    """
    made: Made | None = None
    try:
        with disk_told(folder):
            shutil.rmtree(folder, ignore_errors=True)
            (folder / CLIP_FOLDER).mkdir(parents=True)
            report(MakingProgress("staging", 0, 0, 0))

            def watched(_: str, __: float) -> None:
                if cancelled():
                    raise Cancelled("The take was cancelled.")

            pictures, given = _pictures(video, folder, redraw, lambda: watched("", 0.0))
            staging = _stage(folder, spec, seed, aspect=pictures.width_px / pictures.height_px, fps=pictures.fps)
            clip = find_depth(
                pictures,
                _load(estimators)(),
                lens=lens_prior(spec.camera, staging.camera),
                hints=ScaleHints.planned(staging, pictures.frame_count, pictures.fps),
                masks=_masks(people),
                report=watched,
            )
            plan = clip.plan
            baker = Baker(folder, plan, shot_id=shot_id, take_id=take_id, depth=clip.found, remarks=pictures.remarks)
            try:
                for done, frame in enumerate(clip, 1):
                    watched("", 0.0)
                    baker.add(frame)
                    report(MakingProgress("final", done, plan.frame_count, baker.playable_frames))
                baker.finish()
            except BaseException:
                baker.abort()
                raise
            made = Made("final", plan.width_px, plan.height_px, plan.frame_count)
            if redraw is not None:
                made = measured(made, folder / CLIP_FOLDER, redraw, given)
    finally:
        if made is None:
            shutil.rmtree(folder, ignore_errors=True)
    return made


def _pictures(
    video: Path, folder: Path, redraw: RedrawOf | None, watched: Callable[[], None]
) -> tuple[VideoPictures, float]:
    """clip/clip.mp4 as it is to be shown, and which share of it outside a region the engine had kept (1 without one)."""
    clip = folder / CLIP_FOLDER
    if redraw is None:
        return take_in(video, clip / "clip.mp4"), 1.0
    taken = clip / "engine.mp4"
    try:
        return lay_in(take_in(video, taken), redraw, clip, watched)
    finally:
        taken.unlink(missing_ok=True)


def _stage(folder: Path, spec: ShotSpec, seed: int, *, aspect: float, fps: Fraction) -> Staging:
    """Write the blocking that the take was planned with: what leans on the plan leans on what stands in the folder."""
    staging = compose(spec, seed)
    (folder / "staging.json").write_text(staging.model_dump_json(by_alias=True), encoding="utf-8")
    (folder / "stage.glb").write_bytes(to_glb(staging, fps=max(1, round(fps)), aspect=aspect))
    return staging


def _masks(model: PersonModel | None) -> PersonMasks | str | None:
    """Masks by the model, or in one line why there are none."""
    if model is None:
        return None
    try:
        return NetworkMasks(model)
    except (InvalidModel, Unavailable) as error:
        return str(error)


def _load(name: str) -> Estimators:
    module, _, function = name.partition(":")
    return cast("Estimators", getattr(import_module(module), function))
