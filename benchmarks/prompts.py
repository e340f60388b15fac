"""The prompts of benchmarks/gallery_prompts.toml, and how a prompt becomes a take of a few frames."""

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vr_server import blockout
from vr_server.domain.frame import ClipPlan, Frame
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Quality
from vr_server.language import parse_spec
from vr_server.script import breakdown
from vr_server.script.breakdown import sample_script
from vr_server.staging import build_scene, compose

FILE = Path(__file__).with_name("gallery_prompts.toml")
FPS = Fraction(24)
SEED = 1


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(_Table):
    """What must hold of a take. "a|b" stands for either id; None and empty: nothing was told."""

    subjects: dict[str, int] = {}  # kind -> how many
    actions: tuple[tuple[str, str], ...] = ()  # kind, action, in the order of their starts
    place: str | None = None
    time: str | None = None
    style: str | None = None
    size: str | None = None
    angle: str | None = None
    moves: tuple[str, ...] = ()
    weather: tuple[str, ...] = ()
    suns: int | None = None
    moons: int | None = None


class Prompt(_Table):
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    text: str = ""
    slate: str | None = None  # a shot of the sample script in place of a text
    seconds: float | None = None
    facts: Expected
    pending: tuple[str, ...] = ()  # names of facts that do not hold yet

    def spec(self) -> ShotSpec:
        """What the language reads in it. Raise KeyError for a slate that the sample script does not have."""
        return _sample_shots()[self.slate] if self.slate else parse_spec(self.text, duration_s=self.seconds)


@functools.cache
def _sample_shots() -> dict[str, ShotSpec]:
    found = breakdown(sample_script(), filename="demo.fountain")
    return {shot.slate: shot.spec for scene in found.scenes for shot in scene.shots}


def load_prompts(path: Path = FILE) -> tuple[Prompt, ...]:
    return tuple(Prompt.model_validate(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["prompt"])


@dataclass(frozen=True)
class Look:
    """A take looked at in a few frames, spread over the shot with its first and last among them."""

    spec: ShotSpec
    staging: Staging
    plan: ClipPlan
    frames: tuple[Frame, ...]


def spread(frame_count: int, wanted: int) -> list[int]:
    """Frame numbers from the first to the last, evenly."""
    if wanted < 2:
        return [frame_count // 2]
    return sorted({round(i * (frame_count - 1) / (wanted - 1)) for i in range(wanted)})


def look_at(
    spec: ShotSpec, *, frames: int | Sequence[int], size: tuple[int, int], quality: Quality = "final", seed: int = SEED
) -> Look:
    """Stage and render a few frames: as many as `frames`, or those of its numbers. Each is as in the whole clip."""
    staging = compose(spec, seed)
    return look_at_staging(spec, staging, frames=frames, size=size, quality=quality)


def look_at_staging(
    spec: ShotSpec,
    staging: Staging,
    *,
    frames: int | Sequence[int],
    size: tuple[int, int],
    quality: Quality,
) -> Look:
    clip = blockout.render(build_scene(staging), width_px=size[0], height_px=size[1], fps=FPS, quality=quality)
    picks = spread(clip.plan.frame_count, frames) if isinstance(frames, int) else list(frames)
    return Look(spec, staging, clip.plan, tuple(clip.frames(picks)))
