"""How a layered clip looks from beside its camera, against true pictures from there.

    .venv/bin/python -m benchmarks.novel_view --json [--scene FILE.npz …] [--size 1280x720] [--frames 48] [--looks 2]
        [--pictures DIR]

Shots of the embedded engine (`ground_truth`), or the scenes given, are baked, and seen by heads that stand to the right,
to the left and above the camera. PSNR and SSIM count the pixels whose surface stands within the source's frame (what lies
beside the frame no layer can know), with pixels that nothing was drawn to as black.

flat      the picture on a screen at the shot's mean inverse depth      mesh    one stretched mesh
layers    two layers as they are split                                   coded   the same after H.264, the best tier
mono_*    the same from depth as a network gives it: edges blurred by 3 px (at 1280 of width), 5 % low-frequency warp;
          layers and coded after our edge sharpening, mono_blurred without it
mono_people   mono_layers with people cut out by masks, where the scene knows its people: soft by 2 px, and by turns 2 px too
          wide and too narrow from frame to frame. `.._people_gain_db`: over mono_layers within 40 px of people

`NAME_CMcm_KIND_psnr_db`, `.._ssim`, `.._torn`: means over the views; torn is the share of pixels that are stretched or
empty. `NAME_ratio`: what coded gains over the mesh at 25 cm, dB; `ratio` and `mean_..` are means over the scenes.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.ground_truth import SHOTS, Bools, GroundTruth, TrueView, from_file, rendered
from vr_server.domain.errors import InvalidInput, PrevisError
from vr_server.domain.frame import ClipPlan, Frame
from vr_server.layering import Baker, BakeSettings, DecodedLayers, TierSettings, decode_frame
from vr_server.layering.ahead import Ahead
from vr_server.layering.depth.edges import sharpen
from vr_server.layering.depth.people import cut_out, follow_people
from vr_server.layering.depth.port import silent
from vr_server.layering.memory import FIRST_STILL_ID
from vr_server.layering.mesh import View
from vr_server.layering.shapes import FlatShape
from vr_server.layering.view import look

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

BLUR_PX = 3.0
WARP = 0.05
KINDS = ("flat", "mesh", "layers", "coded", "mono_mesh", "mono_blurred", "mono_layers", "mono_coded")
PEOPLE = "mono_people"
MEAN = "mean"
RATIO_CM = 25
MASK_OFF_PX = 2


@dataclass(frozen=True, slots=True)
class Figures:
    psnr_db: float
    ssim: float
    torn: float


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


def mono_like(frame: Frame, *, sharpened: bool) -> Frame:
    """`frame` with depth as a network would see it, and after our own edge sharpening if so wished."""
    inverse = 1 / frame.depth
    height, width = inverse.shape
    bumps = np.random.default_rng(5).uniform(-1, 1, (3, 4)).astype(np.float32)
    warp = np.asarray(cv2.resize(bumps / np.abs(bumps).max(), (width, height), interpolation=cv2.INTER_CUBIC))
    blurred = cv2.GaussianBlur(inverse, (0, 0), BLUR_PX * width / 1280) * (1 + WARP * np.clip(warp, -1, 1))
    out = np.asarray(blurred, np.float32)
    if sharpened:
        out = sharpen(out, frame.color)
    with np.errstate(divide="ignore"):
        return replace(frame, depth=np.where(out > 1e-4, 1 / out, np.inf).astype(np.float32))


def _splits(plan: ClipPlan, frames: Iterable[Frame], wanted: set[int]) -> Iterator[tuple[int, DecodedLayers]]:
    """The frames `wanted` as layers that were never coded, with what the shot's other frames taught."""
    ahead = Ahead(FlatShape(plan), BakeSettings().head_box_m, at_once=max(1, round(plan.fps / 2)))
    ready = itertools.chain.from_iterable(ahead.push(frame) for frame in frames)
    for index, found in itertools.chain(ready, ahead.flush()):
        if index in wanted:
            yfov_rad = plan.cameras[index].yfov_rad
            yield (
                index,
                DecodedLayers(found.color, found.inverse1, found.color2, found.inverse2, found.held, yfov_rad),
            )


def _mesh(layers: DecodedLayers) -> DecodedLayers:
    """One stretched mesh: only the continuous layer shows, since the front one is sky, which lies behind it."""
    none = np.zeros_like(layers.inverse1)
    return replace(layers, inverse2=layers.inverse1, color2=layers.color1, inverse1=none, held=none.astype(np.uint8))


def _coded(
    scene: GroundTruth, frames: Iterable[Frame], wanted: set[int], kbps: int
) -> tuple[dict[int, DecodedLayers], float]:
    """The frames `wanted` after a bake of one tier, and the bitrate that it took."""
    with tempfile.TemporaryDirectory() as folder:
        settings = BakeSettings(tiers=(TierSettings("high", kbps),))
        baker = Baker(Path(folder), scene.plan, shot_id="bench", take_id=scene.name, settings=settings)
        for frame in frames:
            baker.add(frame)
        report = baker.finish()
        took_kbps = report.tier_bytes["high"] * 8 * float(scene.plan.fps) / len(scene.frames) / 1000
        return {i: decode_frame(Path(folder), i) for i in wanted}, took_kbps


def _mono(frames: Sequence[Frame], *, sharpened: bool) -> Iterator[Frame]:
    """Without ids: a network's depth comes with none."""
    return (replace(mono_like(frame, sharpened=sharpened), ids=None) for frame in frames)


class NearlyMasks:
    """Implements `PersonMasks` for one pass over `frames`: their people, as a network would nearly show them."""

    name = "nearly"

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = iter(frames)

    def people(self, picture: U8) -> F32:
        frame = next(self._frames)
        body = people_of(frame).astype(np.uint8)
        off = max(1, round(MASK_OFF_PX * picture.shape[1] / 1280))
        change = cv2.erode if frame.index % 2 else cv2.dilate
        body = np.asarray(change(body, np.ones((2 * off + 1, 2 * off + 1), np.uint8)), np.uint8)
        return np.asarray(cv2.GaussianBlur(body.astype(np.float32), (0, 0), off), np.float32)


def people_of(frame: Frame) -> Bools:
    """bool [h, w]: where the people of a frame that knows them are."""
    return (
        np.zeros(frame.depth.shape, np.bool_) if frame.ids is None else (frame.ids > 0) & (frame.ids < FIRST_STILL_ID)
    )


@dataclass(frozen=True, slots=True)
class _Clip:
    """Implements `Pictures` over frames."""

    frames: Sequence[Frame]
    plan: ClipPlan

    @property
    def width_px(self) -> int:
        return self.plan.width_px

    @property
    def height_px(self) -> int:
        return self.plan.height_px

    @property
    def fps(self) -> Fraction:
        return self.plan.fps

    @property
    def frame_count(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[U8]:
        return (frame.color for frame in self.frames)


def with_people(scene: GroundTruth) -> Iterator[Frame]:
    """The scene's frames in mono-like depth, their people cut out by masks as a flat clip's are."""
    blurred = [mono_like(frame, sharpened=False) for frame in scene.frames]
    inverse = np.stack([cv2.resize(1 / f.depth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for f in blurred])
    track = follow_people(
        _Clip(scene.frames, scene.plan), inverse.astype(np.float16), NearlyMasks(scene.frames), silent
    )
    for n, frame in enumerate(blurred):
        depth, ids = cut_out((1 / frame.depth).astype(np.float32), frame.color, track.ids(n), track.sure(n))
        with np.errstate(divide="ignore"):
            yield replace(frame, depth=np.where(depth > 1e-4, 1 / depth, np.inf).astype(np.float32), ids=ids)


def rivals(scene: GroundTruth, kbps: int) -> tuple[dict[str, dict[int, DecodedLayers]], float]:
    """Per kind and looked-at frame its layers; and the bitrate of the coded ones, kb/s."""
    wanted = {view.frame for view in scene.views}
    known = dict(_splits(scene.plan, scene.frames, wanted))
    blurred = dict(_splits(scene.plan, _mono(scene.frames, sharpened=False), wanted))
    coded, took_kbps = _coded(scene, scene.frames, wanted, kbps)

    def each(
        layers: dict[int, DecodedLayers], change: Callable[[DecodedLayers], DecodedLayers]
    ) -> dict[int, DecodedLayers]:
        return {i: change(one) for i, one in layers.items()}

    meshes = each(known, _mesh)
    kinds = {
        "flat": each(meshes, lambda m: replace(m, inverse2=np.full_like(m.inverse2, m.inverse2.mean()))),
        "mesh": meshes,
        "layers": known,
        "coded": coded,
        "mono_mesh": each(blurred, _mesh),
        "mono_blurred": blurred,
        "mono_layers": dict(_splits(scene.plan, _mono(scene.frames, sharpened=True), wanted)),
        "mono_coded": _coded(scene, _mono(scene.frames, sharpened=True), wanted, kbps)[0],
    }
    if any(people_of(frame).any() for frame in scene.frames):
        kinds[PEOPLE] = dict(_splits(scene.plan, with_people(scene), wanted))
    return kinds, took_kbps


def _counted(view: TrueView, mesh: DecodedLayers) -> Bools:
    """Pixels whose surface stands within the source's frame; where no one says so, those that the stretched mesh of the
    known depth reaches."""
    if view.counted is not None:
        return view.counted
    return np.asarray(~np.isnan(look(mesh, offset_m=view.offset_m).depth_m))


def _judge(seen: View, view: TrueView, counted: Bools) -> Figures:
    torn = seen.stretched | np.isnan(seen.depth_m)
    return Figures(psnr_db(seen.rgb, view.rgb, counted), ssim(seen.rgb, view.rgb, counted), float(torn[counted].mean()))


def measure(scene: GroundTruth, kbps: int, pictures: Path | None = None) -> dict[str, float]:
    """Figures of one scene; see the module's head."""
    kinds, took_kbps = rivals(scene, kbps)
    rows: dict[tuple[int, str], list[Figures]] = defaultdict(list)
    near: dict[tuple[int, str], list[float]] = defaultdict(list)
    for n, view in enumerate(scene.views):
        cm = round(100 * float(np.linalg.norm(view.offset_m)))
        counted = _counted(view, kinds["mesh"][view.frame])
        if not counted.any():
            raise InvalidInput(f"{scene.name}: from {view.offset_m} nothing is seen of what frame {view.frame} shows.")
        kernel = np.ones((81, 81), np.uint8)
        around = counted & (cv2.dilate(people_of(scene.frames[view.frame]).astype(np.uint8), kernel) > 0)
        for kind, layers in kinds.items():
            seen = look(layers[view.frame], offset_m=view.offset_m)
            rows[cm, kind].append(_judge(seen, view, counted))
            if kind in {"mono_layers", PEOPLE} and PEOPLE in kinds:
                near[cm, kind].append(psnr_db(seen.rgb, view.rgb, around))
            if pictures is not None:
                _write(pictures / f"{scene.name}-{n:02}-{cm}cm-{kind}.png", seen.rgb)
                _write(pictures / f"{scene.name}-{n:02}-{cm}cm-truth.png", view.rgb)
    report = {"kbps": took_kbps}
    for (cm, kind), figures in rows.items():
        for what in ("psnr_db", "ssim", "torn"):
            report[f"{cm}cm_{kind}_{what}"] = float(np.mean([getattr(f, what) for f in figures]))
    for cm in {cm for cm, _ in rows}:
        at = {kind: report[f"{cm}cm_{kind}_psnr_db"] for kind in kinds}
        report[f"{cm}cm_gain_db"] = at["coded"] - at["mesh"]
        report[f"{cm}cm_mono_gain_db"] = at["mono_coded"] - at["mono_mesh"]
        report[f"{cm}cm_sharpening_db"] = at["mono_layers"] - at["mono_blurred"]
        report[f"{cm}cm_coding_db"] = at["layers"] - at["coded"]
        if PEOPLE in kinds:
            report[f"{cm}cm_people_gain_db"] = float(np.mean(near[cm, PEOPLE]) - np.mean(near[cm, "mono_layers"]))
    nearest = min((cm for cm, _ in rows), key=lambda cm: abs(cm - RATIO_CM))
    report["ratio"] = report[f"{nearest}cm_gain_db"]
    return report


def _write(path: Path, rgb: U8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), rgb[:, :, ::-1])


def _print_table(name: str, figures: dict[str, float], took_s: float) -> None:
    print(f"{name}: {figures['kbps']:.0f} kb/s, {took_s:.0f} s")
    for cm in sorted({int(key.split("cm_")[0]) for key in figures if "cm_" in key}):
        print(
            f"  {cm} cm: coded over mesh {figures[f'{cm}cm_gain_db']:+.2f} dB, coding {figures[f'{cm}cm_coding_db']:.2f} dB"
        )
        for kind in (*KINDS, *((PEOPLE,) if f"{cm}cm_people_gain_db" in figures else ())):
            db, alike, torn = (figures[f"{cm}cm_{kind}_{what}"] for what in ("psnr_db", "ssim", "torn"))
            print(f"    {kind:13} {db:6.2f} dB  ssim {alike:.3f}  torn {100 * torn:.2f} %")


def _scenes(arguments: argparse.Namespace) -> Iterator[GroundTruth]:
    if arguments.scene:
        yield from (from_file(path) for path in arguments.scene)
        return
    width_px, height_px = (int(n) for n in arguments.size.split("x"))
    for name in arguments.only or SHOTS:
        yield rendered(name, SHOTS[name](), (width_px, height_px), arguments.frames, arguments.looks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", type=Path, nargs="+", action="extend", help="npz files (ground_truth.from_file)")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=48, help="how many are coded")
    parser.add_argument("--looks", type=int, default=2, help="how many are looked at: the last of as many equal spans")
    parser.add_argument("--kbps", type=int, default=4000, help="of the tier that is looked at, for a 720p source")
    parser.add_argument("--only", choices=sorted(SHOTS), action="append", help="these shots (default: all)")
    parser.add_argument("--pictures", type=Path, help="write every view and its truth as PNG into this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    measured: dict[str, dict[str, float]] = {}
    try:
        for scene in _scenes(arguments):
            start_s = time.perf_counter()
            name = _free_name(scene.name, {*measured, MEAN})
            measured[name] = measure(scene, arguments.kbps, arguments.pictures)
            if not arguments.json:
                _print_table(name, measured[name], time.perf_counter() - start_s)
    except PrevisError as error:
        parser.exit(2, f"{error}\n")
    print(json.dumps({key: round(value, 4) for key, value in summed_up(measured).items()}))


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, or the first of `name_2`, `name_3` … that is not taken: files of two folders may be called alike."""
    names = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2)))
    return next(n for n in names if n not in taken)


def summed_up(measured: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The figures of all scenes under their names, and means over those scenes that have them."""
    report = {f"{name}_{key}": value for name, figures in measured.items() for key, value in figures.items()}
    means: dict[str, list[float]] = defaultdict(list)
    for figures in measured.values():
        for key, value in figures.items():
            means[key].append(value)
    report |= {f"{MEAN}_{key}": float(np.mean(values)) for key, values in means.items()}
    report["ratio"] = report.pop(f"{MEAN}_ratio")
    return report


if __name__ == "__main__":
    main()
