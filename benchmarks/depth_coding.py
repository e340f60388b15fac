"""What H.264 does to the depth of a layered clip: what is decoded, against the grid that was sent.

    .venv/bin/python -m benchmarks.depth_coding --json [--size 1280x720] [--frames 24] [--kbps 4000] [--only NAME]

Disparity in px of a picture 1280 wide at 70 degrees of horizontal view and a baseline of 63 mm: `NAME_mean_px`,
`NAME_p99_px`. `NAME_flying`: the share of samples that came to lie off their surface, by more than `FLYING_PX`: between two
surfaces or on the wrong one; `NAME_flying_at_edges`: the same of those within 2 samples of a step of `EDGE_PX` (`NAME_edges`:
their share).
`NAME_ratio`: the mean error over the line wanted; `ratio`: the worst of them (at most 1 is wanted).
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks import ground_truth, render
from benchmarks.ground_truth import FPS
from vr_server import blockout
from vr_server.domain.frame import ClipPlan, Frame
from vr_server.domain.staging import Staging
from vr_server.layering import Baker, BakeSettings, TierSettings, decode_frame
from vr_server.layering.layers import split
from vr_server.staging import build_scene

F32 = npt.NDArray[np.float32]

BASELINE_M = 0.063
FOCAL_PX = 1280 / 2 / np.tan(np.radians(35))
WANTED_MEAN_PX = 0.05
EDGE_PX, FLYING_PX = 1.0, 0.5

SHOTS: dict[str, Callable[[], Staging]] = {
    "street": lambda: render.staged("street", render.SEED),
    "forest": lambda: render.staged("grove", render.SEED),  # the thinnest: five hundred stems and their leaves, in wind
    "planet": lambda: render.staged("planet", render.SEED),
    **ground_truth.SHOTS,
}


@dataclass(frozen=True, slots=True)
class Coded:
    """Errors of one frame, px of disparity, float32 [h, w], and the sent grid in the same unit."""

    error_px: F32
    sent_px: F32

    @property
    def flying(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.error_px > FLYING_PX)

    @property
    def beside_edges(self) -> npt.NDArray[np.bool_]:
        """Samples with a step of more than `EDGE_PX` within two samples."""
        around = np.ones((5, 5), np.uint8)
        step = cv2.dilate(self.sent_px, around) - cv2.erode(self.sent_px, around)
        return np.asarray(step > EDGE_PX)


def coded(plan: ClipPlan, frames: Sequence[Frame], kbps: int) -> list[Coded]:
    """Bake `frames`; the errors of the last of each GOP and of the one after it (a keyframe), where there are such."""
    with tempfile.TemporaryDirectory() as folder:
        settings = BakeSettings(tiers=(TierSettings("high", kbps),))
        baker = Baker(Path(folder), plan, shot_id="bench", take_id="depth", settings=settings)
        for frame in frames:
            baker.add(frame)
        baker.finish()
        interval = baker.manifest.keyframe_interval
        out = []
        for index in range(len(frames)):
            if index % interval not in (0, interval // 2, interval - 1):
                continue
            sent = split(frames[index], head_box_m=settings.head_box_m).inverse1
            got = decode_frame(Path(folder), index).inverse1
            px = np.float32(FOCAL_PX * BASELINE_M)
            out.append(Coded(np.abs(got - sent) * px, np.asarray(sent * px, np.float32)))
        return out


def figures(found: Sequence[Coded]) -> dict[str, float]:
    error = np.stack([c.error_px for c in found])
    edges = np.stack([c.beside_edges for c in found])
    flying = np.stack([c.flying for c in found])
    mean = float(error.mean())
    return {
        "mean_px": mean,
        "p99_px": float(np.quantile(error, 0.99)),
        "flying": float(flying.mean()),
        "flying_at_edges": float(flying[edges].mean()) if edges.any() else 0.0,
        "edges": float(edges.mean()),
        "ratio": mean / WANTED_MEAN_PX,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--kbps", type=int, default=4000, help="for a 720p source")
    parser.add_argument("--only", choices=sorted(SHOTS), action="append", help="these shots (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    width_px, height_px = (int(n) for n in arguments.size.split("x"))
    report: dict[str, float] = {}
    for name in arguments.only or SHOTS:
        clip = blockout.render(
            build_scene(SHOTS[name]()), width_px=width_px, height_px=height_px, fps=FPS, quality="draft"
        )
        count = min(arguments.frames, clip.plan.frame_count)
        first = min(clip.plan.frame_count // 2, clip.plan.frame_count - count)
        frames = [
            Frame(i, f.color, f.depth, f.ids, f.camera) for i, f in enumerate(clip.frames(range(first, first + count)))
        ]
        plan = clip.plan
        plan = ClipPlan(
            width_px, height_px, FPS, count, plan.near_m, plan.far_m, plan.cameras[first : first + count], plan.metric
        )
        found = figures(coded(plan, frames, arguments.kbps))
        report |= {f"{name}_{key}": value for key, value in found.items()}
        if not arguments.json:
            print(f"{name:8}", "  ".join(f"{key} {value:.4f}" for key, value in found.items()), flush=True)
    report["ratio"] = max(value for key, value in report.items() if key.endswith("_ratio"))
    print(json.dumps({key: round(value, 4) for key, value in report.items()}))


if __name__ == "__main__":
    main()
