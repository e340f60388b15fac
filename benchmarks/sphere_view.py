"""How a sphere's layered clip looks from beside its camera, against true pictures from there.

    .venv/bin/python -m benchmarks.sphere_view --json [--height 688] [--frames 24] [--only ruin] [--pictures DIR]

The shots of `ground_truth` as panoramas: the last frame is seen by heads 10, 25 and 50 cm to the right, above and behind
the camera that look ahead, to both sides, back over the seam, and down. The truth is the same renderer's panorama from the
head's own place, looked into through the same lens.

flat      the picture on a ball at the shot's mean inverse depth      mesh    one stretched mesh
layers    two layers as they are split                                coded   the same after H.264, the best tier

`NAME_CMcm_KIND_psnr_db`, `.._ssim`, `.._torn`: means over the views; `NAME_CMcm_LOOK_gain_db`: coded over mesh by where the
head looks. `NAME_ratio`: what coded gains over the mesh at 25 cm, dB; `ratio` is the mean over the scenes.
"""

import argparse
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.ground_truth import FPS, SHOTS, Offset, beside
from benchmarks.novel_view import psnr_db, ssim
from vr_server import blockout
from vr_server.domain.frame import ClipPlan, Frame
from vr_server.layering import Baker, BakeSettings, DecodedLayers, Lens, TierSettings, decode_frame
from vr_server.layering.mesh import turn
from vr_server.layering.sphere import Window, lens_rays, places, wrapped
from vr_server.layering.sphere_layers import SphereMemory, split_sphere
from vr_server.layering.view import look
from vr_server.staging import build_scene

U8 = npt.NDArray[np.uint8]

LENS = Lens(1.0, 320, 180)
LOOKS = {
    "ahead": (0.0, 0.0),
    "left": (math.pi / 2, 0.0),
    "right": (-math.pi / 2, 0.0),
    "back": (math.pi, 0.0),
    "down": (0.4, -1.3),
}
DIRECTIONS: tuple[Offset, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
DISTANCES_CM = (10, 25, 50)
KINDS = ("flat", "mesh", "layers", "coded")


@dataclass(frozen=True, slots=True)
class Shot:
    """`truths`: what the head at each offset (metres, camera's axes) sees all round at the last frame, uint8 [h, 2 h, 3]."""

    plan: ClipPlan
    frames: Sequence[Frame]
    truths: Sequence[tuple[Offset, U8]]


def rendered(name: str, height_px: int, frame_count: int) -> Shot:
    """`frame_count` frames that end at the middle of the shot."""
    clip = blockout.panorama(build_scene(SHOTS[name]()), height_px=height_px, fps=FPS, quality="final")
    whole = clip.plan
    last = max(whole.frame_count // 2, min(frame_count, whole.frame_count) - 1)
    numbers = range(max(last - frame_count + 1, 0), last + 1)
    cameras = tuple(whole.cameras[i] for i in numbers)
    offsets = [(x * cm / 100, y * cm / 100, z * cm / 100) for cm in DISTANCES_CM for x, y, z in DIRECTIONS]
    eyes = [(last, beside(cameras[-1], offset)) for offset in offsets]
    pictures = list(clip.seen_from([*zip(numbers, cameras, strict=True), *eyes]))
    frames = [replace(frame, index=i) for i, frame in enumerate(pictures[: len(cameras)])]
    truths = [(offset, frame.color) for offset, frame in zip(offsets, pictures[len(cameras) :], strict=True)]
    plan = replace(whole, frame_count=len(cameras), cameras=cameras)
    return Shot(plan, frames, truths)


def glance(sphere: U8, yaw_rad: float, pitch_rad: float) -> U8:
    """What of a whole sphere's picture `LENS` sees, turned so: uint8 [h, w, 3]."""
    ray = lens_rays(LENS.yfov_rad, (LENS.width_px, LENS.height_px)) @ turn(yaw_rad, pitch_rad).T
    x, y = places(Window(), ray, (sphere.shape[1], sphere.shape[0]))
    return np.asarray(
        cv2.remap(wrapped(sphere, 1, 1), x + 1, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def rivals(shot: Shot, kbps: int) -> tuple[dict[str, DecodedLayers], float]:
    """The last frame's layers by kind, and the bitrate of the coded ones, kb/s."""
    memory = SphereMemory(Window())
    found = [split_sphere(f, Window(), head_box_m=BakeSettings().head_box_m, memory=memory) for f in shot.frames][-1]
    known = DecodedLayers(
        found.color, found.inverse1, found.color2, found.inverse2, found.held, math.pi, window=Window()
    )
    none = np.zeros_like(known.inverse1)
    mesh = replace(known, inverse2=known.inverse1, color2=known.color1, inverse1=none, held=none.astype(np.uint8))
    flat = replace(mesh, inverse2=np.full_like(none, known.inverse1.mean()))
    with tempfile.TemporaryDirectory() as folder:
        width = shot.plan.width_px
        settings = BakeSettings(tiers=(TierSettings("high", kbps),), sphere_width_px=width)
        baker = Baker(Path(folder), shot.plan, shot_id="bench", take_id="sphere", settings=settings)
        for frame in shot.frames:
            baker.add(frame)
        report = baker.finish()
        coded = decode_frame(Path(folder), len(shot.frames) - 1)
    took_kbps = report.tier_bytes["high"] * 8 * float(shot.plan.fps) / len(shot.frames) / 1000
    return {"flat": flat, "mesh": mesh, "layers": known, "coded": coded}, took_kbps


def measure(name: str, shot: Shot, kbps: int, pictures: Path | None) -> dict[str, float]:
    """Figures of one shot; see the module's head."""
    kinds, took_kbps = rivals(shot, kbps)
    rows: dict[str, list[float]] = defaultdict(list)
    all_of_it = np.ones((LENS.height_px, LENS.width_px), bool)
    for offset, sphere in shot.truths:
        cm = round(100 * float(np.linalg.norm(offset)))
        for where, (yaw, pitch) in LOOKS.items():
            truth, db = glance(sphere, yaw, pitch), {}
            for kind, layers in kinds.items():
                seen = look(layers, offset_m=offset, yaw_rad=yaw, pitch_rad=pitch, lens=LENS)
                db[kind] = psnr_db(seen.rgb, truth, all_of_it)
                rows[f"{cm}cm_{kind}_psnr_db"].append(db[kind])
                rows[f"{cm}cm_{kind}_ssim"].append(ssim(seen.rgb, truth, all_of_it))
                rows[f"{cm}cm_{kind}_torn"].append(float((seen.stretched | np.isnan(seen.depth_m)).mean()))
                if pictures is not None:
                    _write(pictures / f"{name}-{cm}cm-{'xyz'[int(np.argmax(offset))]}-{where}-{kind}.png", seen.rgb)
            rows[f"{cm}cm_{where}_gain_db"].append(db["coded"] - db["mesh"])
            if pictures is not None:
                _write(pictures / f"{name}-{cm}cm-{'xyz'[int(np.argmax(offset))]}-{where}-truth.png", truth)
    report = {"kbps": took_kbps} | {key: float(np.mean(values)) for key, values in rows.items()}
    for cm in DISTANCES_CM:
        report[f"{cm}cm_gain_db"] = report[f"{cm}cm_coded_psnr_db"] - report[f"{cm}cm_mesh_psnr_db"]
        report[f"{cm}cm_coding_db"] = report[f"{cm}cm_layers_psnr_db"] - report[f"{cm}cm_coded_psnr_db"]
    report["ratio"] = report["25cm_gain_db"]
    return report


def _write(path: Path, rgb: U8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), rgb[:, :, ::-1])


def _lines(figures: dict[str, float]) -> Iterator[str]:
    for cm in DISTANCES_CM:
        kinds = ", ".join(f"{kind} {figures[f'{cm}cm_{kind}_psnr_db']:.2f}" for kind in KINDS)
        torn = 100 * figures[f"{cm}cm_coded_torn"]
        yield f"  {cm} cm: {kinds} dB; coded over mesh {figures[f'{cm}cm_gain_db']:+.2f} dB, torn {torn:.2f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--height", type=int, default=688, help="of the panorama, px")
    parser.add_argument("--frames", type=int, default=24, help="how many are coded")
    parser.add_argument("--kbps", type=int, default=4000, help="of the tier that is looked at, for a 720p source")
    parser.add_argument("--only", choices=sorted(SHOTS), action="append", help="these shots (default: all)")
    parser.add_argument("--pictures", type=Path, help="write every view and its truth as PNG into this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    report: dict[str, float] = {}
    names = arguments.only or list(SHOTS)
    for name in names:
        figures = measure(name, rendered(name, arguments.height, arguments.frames), arguments.kbps, arguments.pictures)
        report |= {f"{name}_{key}": value for key, value in figures.items()}
        if not arguments.json:
            print("\n".join([f"{name}: {figures['kbps']:.0f} kb/s", *_lines(figures)]))
    for key in [key.split("_", 1)[1] for key in report if key.startswith(f"{names[0]}_")]:
        report[f"mean_{key}"] = float(np.mean([report[f"{name}_{key}"] for name in names]))
    report["ratio"] = report.pop("mean_ratio")
    print(json.dumps({key: round(value, 4) for key, value in report.items()}))


if __name__ == "__main__":
    main()
