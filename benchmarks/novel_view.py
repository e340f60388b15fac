"""How a layered clip looks from beside its camera, against the renderer's own picture from there.

    .venv/bin/python -m benchmarks.novel_view --json [--size 640x360] [--frames 24] [--only NAME] [--pictures DIR]

Shots of the embedded engine are baked, and one frame of each is seen from heads that stand to the right, to the left
and above the camera. PSNR and SSIM count the pixels whose surface stands within the source's frame (what lies beside
the frame no layer can know), with pixels that nothing was drawn to as black; `empty` is the share of those.

flat      the picture on a screen at the shot's mean inverse depth      mesh    one stretched mesh
layers    two layers as they are split                                   coded   the same after H.264, the best tier
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.render import CASES
from vr_server import blockout
from vr_server.domain.frame import CameraPose, ClipPlan, Frame
from vr_server.layering import Baker, BakeSettings, DecodedLayers, TierSettings, decode_frame, reproject
from vr_server.layering.layers import split
from vr_server.layering.memory import Memory
from vr_server.staging import build_scene, compose

U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Offset = tuple[float, float, float]

FPS = Fraction(24)
DISTANCES_CM = (10, 25, 50)
DIRECTIONS: tuple[Offset, ...] = ((1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def beside(camera: CameraPose, offset_m: Offset) -> CameraPose:
    """`camera` moved by `offset_m` in its own axes (x right, y up, z back)."""
    moved = camera.t_world_camera.copy()
    moved[:3, 3] += moved[:3, :3] @ np.array(offset_m)
    return CameraPose(moved, camera.yfov_rad)


class Case:
    """A shot's middle: consecutive frames as the camera saw them, and the last of them from beside it."""

    def __init__(self, name: str, size: tuple[int, int], frame_count: int) -> None:
        scene = build_scene(compose(CASES[name], seed=7))
        clip = blockout.render(scene, width_px=size[0], height_px=size[1], fps=FPS, quality="final")
        whole = clip.plan
        last = max(whole.frame_count // 2, min(frame_count, whole.frame_count) - 1)
        numbers = range(max(last - frame_count + 1, 0), last + 1)
        cameras = tuple(whole.cameras[i] for i in numbers)
        self.offsets = {cm: [_scaled(d, cm / 100) for d in DIRECTIONS] for cm in DISTANCES_CM}
        flat = [offset for group in self.offsets.values() for offset in group]
        wanted = [*zip(numbers, cameras, strict=True), *((last, beside(cameras[-1], o)) for o in flat)]
        pictures = list(clip.seen_from(wanted))
        self.name = name
        self.frames = [replace(f, index=i) for i, f in enumerate(pictures[: len(cameras)])]
        self.truths = dict(zip(flat, pictures[len(cameras) :], strict=True))
        self.plan = ClipPlan(*size, FPS, len(cameras), whole.near_m, whole.far_m, cameras)


def _scaled(direction: Offset, length: float) -> Offset:
    x, y, z = direction
    return x * length, y * length, z * length


def within_source(truth: Frame, source: CameraPose) -> Bools:
    """bool [h, w]: whose surface point, seen from `truth`, stands within the picture that `source` takes."""
    height, width = truth.depth.shape
    tan = np.tan(truth.camera.yfov_rad / 2)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, 1 - (np.arange(height) + 0.5) / height * 2)
    z = np.where(np.isfinite(truth.depth), truth.depth, 1e5)
    local = np.stack([x * z * tan * width / height, y * z * tan, -z, np.ones_like(z)], axis=-1)
    seen = local @ (np.linalg.inv(source.t_world_camera) @ truth.camera.t_world_camera).T
    ahead = np.maximum(-seen[..., 2], 1e-6)
    tan_source = np.tan(source.yfov_rad / 2)
    inside = np.abs(seen[..., 1]) < ahead * tan_source
    return np.asarray(inside & (np.abs(seen[..., 0]) < ahead * tan_source * width / height) & (seen[..., 2] < 0))


def psnr_db(seen: U8, truth: U8, counted: Bools) -> float:
    error = (seen.astype(np.float64) - truth)[counted]
    return float(10 * np.log10(255**2 / max(float(np.mean(error**2)), 1e-9)))


def ssim(seen: U8, truth: U8, counted: Bools) -> float:
    """Mean structural similarity of the luma (Wang et al. 2004: 11x11 Gaussian, sigma 1.5)."""
    a, b = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (seen, truth))

    def blur(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(p, (11, 11), 1.5))

    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return float(index[counted].mean())


def _rivals(frames: list[Frame]) -> dict[str, DecodedLayers]:
    """The last of `frames` as a flat screen, as one stretched mesh and as two layers that were never coded."""
    memory = Memory()
    for before in frames[:-1]:
        split(before, head_box_m=BakeSettings().head_box_m, memory=memory)
    frame = frames[-1]
    layers = split(frame, head_box_m=BakeSettings().head_box_m, memory=memory)
    ours = DecodedLayers(
        layers.color, layers.inverse1, layers.color2, layers.inverse2, layers.held, frame.camera.yfov_rad
    )
    # only the continuous layer shows: the front one is sky, which lies behind it
    mesh = replace(ours, inverse2=ours.inverse1, color2=frame.color, inverse1=np.zeros_like(ours.inverse1))
    screen = np.full_like(ours.inverse1, ours.inverse1.mean())
    return {"flat": replace(mesh, inverse2=screen), "mesh": mesh, "layers": ours}


def measure(case: Case, settings: BakeSettings, pictures: Path | None = None) -> dict[str, float]:
    """Figures of one case, means over the directions: `KIND_CMcm_psnr_db`, `.._ssim`, `.._empty`."""
    frame = case.frames[-1]
    kinds = _rivals(case.frames)
    with tempfile.TemporaryDirectory() as folder:
        baker = Baker(Path(folder), case.plan, shot_id="bench", take_id=case.name, settings=settings)
        for each in case.frames:
            baker.add(each)
        report = baker.finish()
        kinds["coded"] = decode_frame(Path(folder), frame.index)
    figures: dict[str, float] = {"kbps": report.tier_bytes["high"] * 8 * float(FPS) / len(case.frames) / 1000}
    for cm, offsets in case.offsets.items():
        for kind, layers in kinds.items():
            rows = []
            for i, offset in enumerate(offsets):
                truth = case.truths[offset]
                seen, depth = reproject(layers, offset_m=offset)
                counted = within_source(truth, frame.camera)
                empty = float(np.isnan(depth)[counted].mean())
                rows.append((psnr_db(seen, truth.color, counted), ssim(seen, truth.color, counted), empty))
                if pictures is not None:
                    _write(pictures / f"{case.name}-{cm}cm-{i}-{kind}.png", seen)
                    _write(pictures / f"{case.name}-{cm}cm-{i}-truth.png", truth.color)
            for column, what in enumerate(("psnr_db", "ssim", "empty")):
                figures[f"{kind}_{cm}cm_{what}"] = float(np.mean([row[column] for row in rows]))
    return figures


def _write(path: Path, rgb: U8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), rgb[:, :, ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--frames", type=int, default=36, help="frames coded before the one that is looked at")
    parser.add_argument("--kbps", type=int, default=4000, help="of the tier that is looked at, for a 720p source")
    parser.add_argument("--only", choices=sorted(CASES), action="append", help="these shots (default: all)")
    parser.add_argument("--pictures", type=Path, help="write every view and its truth as PNG into this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    width_px, height_px = (int(n) for n in arguments.size.split("x"))
    settings = BakeSettings(tiers=(TierSettings("high", arguments.kbps),))
    report: dict[str, float] = {}
    for name in arguments.only or CASES:
        start_s = time.perf_counter()
        case = Case(name, (width_px, height_px), arguments.frames)
        figures = measure(case, settings, arguments.pictures)
        report |= {f"{name}_{key}": value for key, value in figures.items()}
        if not arguments.json:
            _print_table(name, figures, time.perf_counter() - start_s)
    keys = {key.split("_", 1)[1] for key in report}
    for key in sorted(keys):
        report[f"mean_{key}"] = float(np.mean([v for k, v in report.items() if k.split("_", 1)[1] == key]))
    print(json.dumps({key: round(value, 4) for key, value in report.items()}))


def _print_table(name: str, figures: dict[str, float], took_s: float) -> None:
    print(f"{name}: {figures['kbps']:.0f} kb/s, {took_s:.0f} s")
    for cm in DISTANCES_CM:
        cells = (
            f"{kind} {figures[f'{kind}_{cm}cm_psnr_db']:.2f} dB {figures[f'{kind}_{cm}cm_ssim']:.3f} "
            f"{100 * figures[f'{kind}_{cm}cm_empty']:.2f} %"
            for kind in ("flat", "mesh", "layers", "coded")
        )
        print(f"  {cm} cm: " + " | ".join(cells))


if __name__ == "__main__":
    main()
