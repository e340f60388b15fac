"""The engine port: what can be asked of whatever makes clips.

Embedded engines make frames with depth in our own workers. Remote engines take an order, are asked how it goes, and
hand over a flat video. Both say what they can do in `Capabilities`; `fitting.fit` holds a request against them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self, runtime_checkable

from pydantic import Field, model_validator

from vr_server.domain.base import Language, Model
from vr_server.domain.errors import EngineFailed
from vr_server.domain.frame import FrameSource
from vr_server.domain.shot import PROMPT_LIMIT_CHARS, ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Guide as Guide  # noqa: PLC0414 - the port's word too
from vr_server.domain.take import Quality

from .recipes import MediaType, Recipe, media_type_of, name_of

Mode = Literal["text", "image", "first_last", "reference", "repaint", "edit_mask", "extend", "outpaint"]
"""What a clip is made from. `image`: a first frame; `repaint`: a video redrawn whole, its motion kept; `edit_mask`: a
video redrawn where a mask is white; `extend`: what follows a clip; `outpaint`: a video with more around it."""

InputRole = Literal["first_frame", "last_frame", "reference", "source_video", "mask", "guide"]

MaskKind = Literal["still", "tracked", "video"]
"""What the mask of an edit may be. `still`: a picture, which stays where it was drawn; `tracked`: a picture, which the
engine itself moves with what it covers; `video`: as long as the clip, a mask for each of its frames."""

Dialect = Literal["plain", "wan"]
"""How prompts are best told to the engine; `prompting.compile_for` knows what each means."""


class Price(Model):
    """What a clip costs: `per_clip` + `per_s` for each second, in `currency`. As a production configured it."""

    currency: str = "USD"
    per_clip: float = Field(default=0.0, ge=0)
    per_s: float = Field(default=0.0, ge=0)


class Cost(Model):
    """Money, said or reckoned. `amount` is None where nobody knows the price."""

    amount: float | None = None
    currency: str = "USD"
    basis: str = ""  # how it was reckoned, for a person to read


class Capabilities(Model):
    """What an engine declares. A request outside it is adapted where that is honest, else refused before any work."""

    name: str
    model: str
    version: str
    embedded: bool  # runs in our own worker processes
    gives_depth: bool
    gives_ids: bool
    gives_camera: bool
    modes: tuple[Mode, ...] = ("text",)
    guides: tuple[Guide, ...] = ()
    masks: tuple[MaskKind, ...] = ("still",)  # of `edit_mask`
    extend_s: float = Field(default=1.0, gt=0)  # how much of a clip `extend` is given; its own clip begins with that
    sizes: tuple[tuple[int, int], ...] = ()  # empty: any size up to max_size
    max_size: tuple[int, int] = (1920, 1080)
    size_step_px: int = Field(default=2, ge=1)  # without `sizes`, both sides are multiples of it
    fps: tuple[int, ...] = (24,)  # empty: whatever the engine likes
    min_duration_s: float = 0.5
    max_duration_s: float = 16.0
    durations_s: tuple[float, ...] = ()  # empty: any from min to max
    duration_step_s: float | None = None  # without `durations_s`, a multiple of it
    frames_step: int = Field(default=1, ge=1)  # frame counts are k * step + 1; 1: any
    languages: tuple[Language, ...] = ("en", "zh")
    dialect: Dialect = "plain"
    prompt_limit_chars: int = Field(default=PROMPT_LIMIT_CHARS, ge=1)
    prompt_limit_words: int | None = Field(default=None, ge=1)  # a Chinese character is a word
    negative_limit_chars: int = Field(default=0, ge=0)  # 0: the engine takes no negative prompt
    seed_max: int | None = 2**31 - 1  # None: the engine takes no seed
    concurrent_tasks: int = Field(default=1, ge=1)  # at the same time, per account
    cancels: Literal["no", "queued", "always"] = "no"
    price: Price | None = None  # None: unknown


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Everything an embedded engine may need. Pickles: embedded engines run in worker processes.

    `like`: the staging of the take that this one is laid into (`edit_mask`): its camera holds, and its exposure under the
    same sky.
    """

    spec: ShotSpec
    prompt: str
    seed: int
    width_px: int
    height_px: int
    fps: int
    quality: Quality
    like: Staging | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedClip:
    """A clip being made: frames as they come, and the staging they show.

    `panorama` opens the same shot as an equirectangular clip with radial depth, its argument pixels high and twice as
    wide; None where the engine makes none.
    """

    staging: Staging
    frames: FrameSource
    panorama: Callable[[int], FrameSource] | None = None


class Engine(Protocol):
    def capabilities(self) -> Capabilities: ...


class EmbeddedEngine(Engine, Protocol):
    """Makes frames in the calling (worker) process."""

    def warm(self) -> None:
        """Compile and load what the first frame would otherwise wait for. Idempotent."""

    def open(self, request: ClipRequest) -> EmbeddedClip:
        """Stage the shot and return its clip; frames are rendered while they are iterated.

        Raise InvalidPrompt or EngineFailed.
        """
        ...


class MediaInput(Model):
    """A file that goes along with a request, so named that a request is the same wherever it lies.

    `sha256`: of its bytes; of its `recipe` where it is planned and made only when the order is about to be sent.
    """

    role: InputRole
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: MediaType
    recipe: Recipe | None = Field(default=None, discriminator="kind")

    @model_validator(mode="after")
    def _named_by_its_recipe(self) -> Self:
        if self.recipe is not None and self.sha256 != name_of(self.recipe):
            raise ValueError("a planned input is named by its recipe")
        return self

    @classmethod
    def planned(cls, role: InputRole, recipe: Recipe) -> Self:
        """An input that does not exist yet."""
        return cls(role=role, sha256=name_of(recipe), media_type=media_type_of(recipe), recipe=recipe)


class Repaint(Model):
    """Redraw a video. `strength`: 1 keeps the guide's motion fully, 0 not at all."""

    kind: Literal["repaint"] = "repaint"
    control: Literal["depth", "pose", "pose_face", "scribble"] = "depth"
    strength: float = Field(default=1.0, ge=0, le=1)


class MaskEdit(Model):
    """Redraw where the mask is white. `frame`: where the mask was drawn; `tracking`: it follows what it covers there (a
    mask that is a video does so by itself)."""

    kind: Literal["mask_edit"] = "mask_edit"
    frame: int = Field(default=0, ge=0)
    tracking: bool = True
    expand_ratio: float = Field(default=0.05, ge=0, le=1)
    expand_shape: Literal["hull", "bbox", "original"] = "hull"


class Outpaint(Model):
    """How far the picture grows on each side: 1 is not at all, 2 twice the way from the centre."""

    kind: Literal["outpaint"] = "outpaint"
    top: float = Field(default=1.0, ge=1, le=2)
    bottom: float = Field(default=1.0, ge=1, le=2)
    left: float = Field(default=1.0, ge=1, le=2)
    right: float = Field(default=1.0, ge=1, le=2)


Edit = Repaint | MaskEdit | Outpaint


class GenerationRequest(Model):
    """Everything a remote engine is told. JSON in and out; `fitting.request_key` is its identity."""

    engine: str
    model: str = ""  # filled in by `fit`
    mode: Mode = "text"
    prompt: str = Field(min_length=1)
    negative_prompt: str = ""
    language: Language = "en"
    width_px: int = Field(ge=16, le=8192)
    height_px: int = Field(ge=16, le=8192)
    fps: int = Field(default=24, ge=1, le=120)
    duration_s: float = Field(gt=0, le=600)
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    guide: Guide | None = None
    inputs: tuple[MediaInput, ...] = ()
    edit: Edit | None = Field(default=None, discriminator="kind")
    variant: int = Field(default=0, ge=0)  # asks for another attempt at the very same thing

    @property
    def size(self) -> tuple[int, int]:
        return self.width_px, self.height_px

    def input(self, role: InputRole) -> MediaInput | None:
        """The first input of that role."""
        return next((given for given in self.inputs if given.role == role), None)


Files = Callable[[MediaInput], Path]
"""Where an input's bytes lie on this machine. Raise NotFound or StorageFailed."""


class TaskHandle(Model):
    """What is kept of an order once the engine took it: enough to ask for it after a restart. Holds no key.

    `context` is the adapter's own (a client id, an address of the result).
    """

    engine: str
    id: str
    model: str
    submitted_at_s: float  # unix time
    context: dict[str, str] = Field(default_factory=dict)


TaskState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL_STATES: frozenset[TaskState] = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture of a clip that is being made, as the engine sent it: nobody has looked at it yet."""

    media_type: Literal["image/jpeg", "image/png"]
    data: bytes


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """How an order goes. `failure` is set in state ``failed``: the order came to nothing, for this reason.

    `progress`: 0 to 1, None where the engine tells none. `result_url`: where the clip is, if the engine says so.
    `actual_prompt`: what the engine made of the prompt, if it says so. `preview`: the newest picture of what is being made.
    """

    state: TaskState
    progress: float | None = None
    result_url: str | None = None
    failure: EngineFailed | None = None
    cost: Cost | None = None
    actual_prompt: str | None = None
    preview: Preview | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A clip that was looked at and is what it says: an mp4 with a picture that decodes."""

    path: Path
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    fps: float
    frame_count: int
    duration_s: float


@runtime_checkable
class FindsOrders(Protocol):
    """A remote engine that knows its orders by what was asked (it is told `fitting.request_key` with each)."""

    async def find(self, request: GenerationRequest) -> TaskHandle | None:
        """The order that the engine took for this very request; None: it never took one. Raise as `poll`."""
        ...


@runtime_checkable
class ChecksItself(Protocol):
    """A remote engine whose contract has a call that costs nothing and shows whether the key is accepted."""

    async def check(self) -> str:
        """Make that call: what it showed, in a few words. Raise as `poll`."""
        ...


class RemoteEngine(Protocol):
    """Takes orders over the network. Every method that talks raises EngineFailed and its kinds, or StorageFailed.

    The methods are small so that each can be a durable step: what `submit` returns is enough to go on after a crash.
    None of them retries: `remote.run` and the service do, by error class.
    """

    def capabilities(self, mode: Mode = "text") -> Capabilities:
        """What the model that serves `mode` can do; those of the text model where no model does."""
        ...

    def problem(self) -> str | None:
        """What is missing before the engine can be used (a key, an address), in one line; None: ready to be asked."""
        ...

    def estimate(self, request: GenerationRequest) -> Cost:
        """What the request will cost. Asks nobody."""
        ...

    async def submit(self, request: GenerationRequest, files: Files) -> TaskHandle:
        """Order a fitted request. Paid: ask once.

        Raise EngineUnreachable or EngineThrottled when nothing was ordered; OutcomeUnknown when nobody can tell.
        """
        ...

    async def poll(self, handle: TaskHandle) -> TaskStatus:
        """How it goes. An order that came to nothing is a status; an error means that asking did not work."""
        ...

    async def fetch(self, handle: TaskHandle, status: TaskStatus, to: Path) -> VideoFile:
        """Download and check the clip of a status ``succeeded``. `to` holds the whole clip afterwards, or nothing."""
        ...

    async def cancel(self, handle: TaskHandle) -> bool:
        """Ask the engine to stop; whether it did. What has run may be charged."""
        ...

    async def aclose(self) -> None:
        """Let go of connections. Idempotent."""
        ...
