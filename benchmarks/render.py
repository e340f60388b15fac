"""CPU of the blockout renderer per 720p frame, in units of what x264 veryfast needs for the same frames.

    .venv/bin/python -m benchmarks.render --json [--frames 12]

Prints one JSON object last: `ratio` (the street's), `NAME_ratio` per case, and the raw CPU seconds beside them.
Compilation and the shot's preparation (survey, static shadows, sky, light meter) are measured apart, as `setup_s`.
`NAME_first_frame_share`: of the wall time from the spec to the last frame of a warm draft (640x360, 4 s), the share that
has gone by at its first frame.
"""

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

from benchmarks.measure import cpu_s, x264_cpu_s
from vr_server import blockout
from vr_server.domain.frame import Frame
from vr_server.domain.shot import ActionBeat, CameraIntent, ShotSpec, SubjectSpec
from vr_server.domain.staging import Staging
from vr_server.staging import build_scene, compose
from vr_server.staging.scene import Scene

FPS = Fraction(24)
SIZE = (1280, 720)
ROUNDS = 3
"""Batches per case, renderer and x264 by turns; the best of each counts, since a busy machine only ever adds to them."""


def _walker(key: str, kind: str) -> SubjectSpec:
    return SubjectSpec(key=key, kind=kind, label=key, beats=(ActionBeat(action="walk"),))


CASES: dict[str, ShotSpec] = {
    "street": ShotSpec(
        text="Two people walk down a street lined with trees.",
        language="en",
        subjects=(_walker("woman", "woman"), _walker("man", "man")),
        place="street",
        camera=CameraIntent(shot_size="wide", move="dolly_in"),
    ),
    "grove": ShotSpec(
        text="一位穿汉服的女子在竹林间舞剑,镜头从低角度仰拍缓缓上升。",
        language="zh",
        subjects=(
            SubjectSpec(
                key="woman",
                kind="woman",
                label="女子",
                wardrobe="hanfu",
                props=("sword",),
                beats=(ActionBeat(action="sword_dance"),),
            ),
        ),
        place="bamboo_grove",
        weather=("wind",),
        camera=CameraIntent(angle="low", move="crane_up"),
    ),
    "market": ShotSpec(
        text="Two people walk through a neon night market after rain.",
        language="en",
        subjects=(_walker("woman", "woman"), _walker("man", "man")),
        place="night_market",
        time_of_day="night",
        style="neon",
        camera=CameraIntent(shot_size="wide", move="dolly_in"),
    ),
    "planet": ShotSpec(
        text="A silver spaceship lands on a red planet, two suns setting behind it.",
        language="en",
        subjects=(SubjectSpec(key="ship", kind="spaceship", label="spaceship", beats=(ActionBeat(action="land"),)),),
        place="red_planet",
        time_of_day="sunset",
        suns=2,
        camera=CameraIntent(shot_size="wide"),
    ),
}


COUNTED: dict[str, tuple[str, int]] = {"street": ("tree", 40), "grove": ("bamboo", 500)}
"""What a case is measured with: at least so many pieces of this asset."""
SEED, DRAFT_SEED = 7, 11


def staged(name: str, seed: int) -> Staging:
    """A case's staging with as many trees or stems as it is named for: where the place has fewer, copies stand
    between its own."""
    staging = compose(CASES[name], seed)
    if name not in COUNTED:
        return staging
    asset, wanted = COUNTED[name]
    own = [piece for piece in staging.set_pieces if piece.asset == asset]
    copies = [
        piece.model_copy(update={"object_id": 40_000 + n, "position_m": (x + 0.3 * (n % 3 - 1), y, z + 4.0 + 0.7 * (n // len(own)))})
        for n, piece in enumerate(itertools.islice(itertools.cycle(own), max(wanted - len(own), 0)))
        for x, y, z in [piece.position_m]
    ]  # fmt: skip
    return staging.model_copy(update={"set_pieces": (*staging.set_pieces, *copies)})


def first_frame_share(name: str) -> float:
    """Wall time until a warm draft's first frame, over the time until its last. The seed is one that no mesh is cached for."""
    start = time.perf_counter()
    clip = blockout.open_clip(staged(name, DRAFT_SEED), width_px=640, height_px=360, fps=FPS, quality="draft")
    frames = iter(clip)
    next(frames)
    first_s = time.perf_counter() - start
    for _ in frames:
        pass
    return first_s / (time.perf_counter() - start)


def _timed(work: Callable[[], list[Frame]]) -> tuple[float, list[Frame]] | None:
    spent_s, found = cpu_s(work)
    return (spent_s, found) if found else None


def measure(scene: Scene, frames: int) -> dict[str, float]:
    """CPU seconds: preparation of the shot, one frame of the renderer, one frame of x264."""
    opening_s, clip = cpu_s(
        lambda: blockout.render(scene, width_px=SIZE[0], height_px=SIZE[1], fps=FPS, quality="final")
    )
    start = clip.plan.frame_count // 3
    pictures: Iterator[Frame] = clip.frames(range(start, min(start + ROUNDS * frames + 1, clip.plan.frame_count)))
    first_s, first = cpu_s(lambda: next(pictures))
    frame_s, coded_s = math.inf, math.inf
    while batch := _timed(lambda: list(itertools.islice(pictures, frames))):
        spent_s, found = batch
        frame_s = min(frame_s, spent_s / len(found))
        coded_s = min(coded_s, x264_cpu_s([f.color for f in (first, *found)], FPS) / (len(found) + 1))
    return {"setup_s": opening_s + max(first_s - frame_s, 0.0), "frame_s": frame_s, "x264_frame_s": coded_s}


def count(scene: Scene, asset: str) -> int:
    return sum(piece.asset == asset for piece in scene.staging.set_pieces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=12, help="frames per batch, three batches per case (default 12)")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    arguments = parser.parse_args()
    warm_s, _ = cpu_s(blockout.warm)
    report: dict[str, float] = {}
    for name in CASES:
        scene = build_scene(staged(name, SEED))
        figures = measure(scene, max(arguments.frames, 1))
        report[f"{name}_ratio"] = figures["frame_s"] / figures["x264_frame_s"]
        report |= {f"{name}_{key}": value for key, value in figures.items()}
        report[f"{name}_pieces"] = len(scene.staging.set_pieces)
        if name in COUNTED:
            asset = COUNTED[name][0]
            report[f"{name}_{asset}s"] = count(scene, asset)
        meshes = [node.mesh for node in scene.static] + [node.mesh for node in scene.moving]
        report[f"{name}_triangles"] = sum(len(mesh.triangles) for mesh in meshes)
        report[f"{name}_first_frame_share"] = first_frame_share(name)
        if not arguments.json:
            print(f"{name}: {figures['frame_s']:.3f} CPU-s a frame, x264 {figures['x264_frame_s']:.4f}")
    report["ratio"] = report["street_ratio"]
    report["warm_s"] = warm_s
    print(json.dumps({key: round(value, 4) for key, value in report.items()}))


if __name__ == "__main__":
    main()
