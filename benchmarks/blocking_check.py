"""How well a take is held against its planned blocking: false alarms on takes as planned, and what is found in takes that
are wrong on purpose, over the prompts of gallery_prompts.toml; once with the takes' own ids, once by pictures alone.

`.venv/bin/python -m benchmarks.blocking_check --json`; `ratio` is the share of right takes, seen by pictures alone, that
have any finding. `cost_cpu_s` is the CPU of the whole quality check over a second of 720p video, decoding included.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vr_server import blockout
from vr_server.domain.staging import Staging
from vr_server.media.codec import H264Encoder, H264Settings, write_mp4
from vr_server.media.colour import rgb_to_i420
from vr_server.review.bar import QualityBar
from vr_server.review.blocking_check import Measure
from vr_server.review.quality import flows_of
from vr_server.review.watching import against_plan, look_at_take, watch
from vr_server.staging import build_scene, compose

from .measure import cpu_s
from .prompts import SEED, load_prompts

SIZE, FPS = (256, 144), 12
BAR = QualityBar()
LARGER, TILT_DEG = 2.2, 10.0
Colors = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Clip:
    """`colors` uint8 [n, h, w, 3], `ids` uint16 [n, h, w] or None."""

    colors: Colors
    ids: Ids | None


def rendered(staging: Staging) -> Clip:
    frames = list(
        blockout.render(build_scene(staging), width_px=SIZE[0], height_px=SIZE[1], fps=Fraction(FPS), quality="draft")
    )
    return Clip(np.stack([f.color for f in frames]), np.stack([f.ids for f in frames if f.ids is not None]))


def mirrored(clip: Clip) -> Clip:
    return Clip(clip.colors[:, :, ::-1].copy(), None if clip.ids is None else clip.ids[:, :, ::-1])


def larger(clip: Clip) -> Clip:
    """Its middle, as a longer lens would show it."""
    h, w = clip.colors.shape[1:3]
    rows, columns = (slice(int(n * (1 - 1 / LARGER) / 2), int(n * (1 + 1 / LARGER) / 2)) for n in (h, w))

    def grown(picture: npt.NDArray[Any], how: int) -> npt.NDArray[Any]:
        return np.asarray(cv2.resize(picture[rows, columns], (w, h), interpolation=how))

    ids = None if clip.ids is None else np.stack([grown(i, cv2.INTER_NEAREST) for i in clip.ids])
    return Clip(np.stack([grown(c, cv2.INTER_CUBIC) for c in clip.colors]), ids)


def tilted(clip: Clip) -> Clip:
    h, w = clip.colors.shape[1:3]
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), TILT_DEG, 1 / 0.72)  # no corner without a picture
    return Clip(np.stack([cv2.warpAffine(c, turn, (w, h), flags=cv2.INTER_CUBIC) for c in clip.colors]), None)


def backwards(clip: Clip) -> Clip:
    return Clip(clip.colors[::-1], None)


def panned(clip: Clip) -> Clip:
    """A window that wanders over it: another move than planned, or on top of it."""
    h, w = clip.colors.shape[1:3]
    lefts = np.linspace(0, 0.3 * w, len(clip.colors)).round().astype(int)
    parts = [c[int(0.15 * h) : int(0.85 * h), x : x + int(0.7 * w)] for c, x in zip(clip.colors, lefts, strict=True)]
    return Clip(np.stack([np.asarray(cv2.resize(p, (w, h)), np.uint8) for p in parts]), None)


def frozen(clip: Clip) -> Clip:
    return Clip(np.repeat(clip.colors[:1], len(clip.colors), axis=0), None)


WRONG: dict[str, Callable[[Clip], Clip]] = {
    "right": lambda clip: clip, "mirrored": mirrored, "larger": larger, "tilted": tilted, "backwards": backwards,
    "panned": panned, "frozen": frozen,
}  # fmt: skip


def measured(clip: Clip, staging: Staging, *, exact: bool) -> tuple[Measure, ...]:
    seen = watch(iter(clip.colors), len(clip.colors), FPS)
    ids = {n: clip.ids[n] for n in seen.colors} if exact and clip.ids is not None else None
    return against_plan(seen, staging, flows=flows_of(seen.greys, BAR), bar=BAR, ids=ids)


def write_video(path: Path, colors: Iterable[Colors], *, size: tuple[int, int], fps: int) -> None:
    """Pictures as the flat video that an engine would send."""
    rate = Fraction(fps)
    encoder = H264Encoder(H264Settings(*size, rate, keyframe_interval=fps, crf=20, preset="veryfast", profile="high"))
    packets = []
    for color in colors:
        picture = np.asarray(cv2.resize(color, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        packets += encoder.encode(rgb_to_i420(np.ascontiguousarray(picture)))
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=size[0], height_px=size[1], fps=rate)


def cost(clip: Clip, staging: Staging) -> float:
    """CPU-seconds of the quality check over a second of 720p video."""
    spec = load_prompts()[0].spec()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_video(folder / "clip.mp4", np.repeat(clip.colors, 2, axis=0), size=(1280, 720), fps=2 * FPS)
        (folder / "staging.json").write_text(staging.model_dump_json(by_alias=True), encoding="utf-8")
        seconds, _ = cpu_s(lambda: look_at_take(folder, folder, spec, BAR))
    return seconds / (len(clip.colors) / FPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED, help="of the stagings: the bar was set with seed 1")
    parser.add_argument("--only", help="prompts whose names hold this")
    options = parser.parse_args()
    found: dict[str, Counter[str]] = {}
    told: dict[str, Counter[str]] = {}
    any_finding: Counter[str] = Counter()
    takes, dear = 0, 0.0
    for prompt in load_prompts():
        if options.only and options.only not in prompt.name:
            continue
        staging = compose(prompt.spec(), options.seed)
        takes += 1
        clip = rendered(staging)
        dear = dear or cost(clip, staging)
        for name, wrong in WRONG.items():
            changed = wrong(clip)
            for exact in (True, False) if changed.ids is not None else (False,):
                key = f"{name}_{'ids' if exact else 'pictures'}"
                measures = measured(changed, staging, exact=exact)
                missed = [m for m in measures if not m.held]
                found.setdefault(key, Counter()).update({m.check for m in missed})
                told.setdefault(key, Counter()).update({m.check for m in measures if m.value is not None})
                any_finding[key] += bool(missed)
                if name == "right":
                    for m in missed:
                        print(f"{prompt.name} {key}: {m.check} {m.value} {m.reason}")
    for key, counts in found.items():
        print(f"{key:20} any {any_finding[key]:3} of {takes}  {dict(counts)}  measured {dict(told[key])}")
    result = {
        "ratio": any_finding["right_pictures"] / takes, "right_ids_ratio": any_finding["right_ids"] / takes,
        "takes": takes, "cost_cpu_s": round(dear, 3),
        "found": {k: dict(v) for k, v in found.items()}, "measured": {k: dict(v) for k, v in told.items()},
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
