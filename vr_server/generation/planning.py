"""What is asked of an engine for one take: guided by the shot's blocking where the engine can be, in parts where the shot
is longer than its clips. Pure; nothing is made here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vr_server.domain.errors import InvalidInput
from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import Guidance, GuidanceWish, Part
from vr_server.language.moments import told_between

from .fitting import Fitted, fit, frame_count, longest_of, request_key
from .following import Choice, choose
from .port import Capabilities, GenerationRequest, InputRole, MediaInput, Mode, Repaint
from .prompting import CompiledPrompt, compile_for
from .recipes import FrameRecipe, GuideRecipe, TailRecipe
from .splitting import beat_times, split

_ONE_FRAME = 1
_SHORTEST_S = 0.5
"""Of what an extension must add to be worth its price."""


@dataclass(frozen=True, slots=True)
class Window:
    """One part of the plan: the shot from `start_s` to `end_s`, made by `mode`."""

    mode: Mode
    start_s: float
    end_s: float
    skip_frames: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """The part before: its order, and where in its clip this one goes on (`FrameRecipe`)."""

    order_id: str
    window: Window


@dataclass(frozen=True, slots=True)
class Plan:
    """How a take is made. `windows`: its parts, in order; `ask` says what each is asked with. `words`: told after the shot's.
    `strength` 0..1: how far the blockout is kept where it is redrawn."""

    base: GenerationRequest
    spec: ShotSpec
    able: Callable[[Mode], Capabilities]
    choice: Choice
    strength: float | None
    windows: tuple[Window, ...]
    words: str = ""

    def told(self, number: int) -> CompiledPrompt:
        """What part `number` is told: who is where throughout, and what happens in its own time. Raise InvalidPrompt."""
        window = self.windows[number]
        of_its_time = told_between(self.spec, window.start_s, window.end_s)
        return compile_for(of_its_time, self.able(window.mode))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a director should know of what it follows and of its parts."""
        lines = [] if self.choice.remark is None else [self.choice.remark]
        if len(self.windows) == 1:
            return tuple(lines)
        joins = ", ".join(f"{window.start_s:.3g} s" for window in self.windows[1:])
        lines.append(
            f"{self.base.engine} makes no clip of {self.base.duration_s:g} s: made in {len(self.windows)} parts, joined at {joins}."
        )
        first, last = self.windows[0].mode, self.windows[-1].mode
        if last != "repaint" and self._follows(first) and not self._follows(last):
            lines.append(
                f"From {self.windows[1].start_s:.3g} s on it follows the part before, not the {self.choice.used} guide."
            )
        return tuple(lines)

    def used_in(self, request: GenerationRequest) -> Guidance:
        """What the fitted request really has the take follow."""
        guide = next((given for given in request.inputs if isinstance(given.recipe, GuideRecipe)), None)
        if guide is None:
            return Guidance(asked=self.choice.asked)
        return Guidance(asked=self.choice.asked, used=self.choice.used, recipe=guide.sha256, strength=self.strength)

    def ask(self, number: int, before: Earlier | None) -> Fitted:
        """The request of part `number`; `before`: of every part but the first.

        Raise InvalidInput or InvalidPrompt where the engine cannot make it.
        """
        window = self.windows[number]
        able = self.able(window.mode)
        alone = len(self.windows) == 1
        seconds = min(window.end_s - window.start_s + window.skip_frames / self.base.fps, longest_of(able))
        inputs = self.base.inputs if before is None else self._from(before, window, able)
        update: dict[str, object] = {"mode": window.mode, "inputs": inputs}
        if not alone:
            update |= {"duration_s": seconds, "prompt": f"{self.told(number).text} {self.words}".strip()}
        asked = self.base.model_copy(update=update)
        fitted = fit(self._guided(asked, window), able)
        request = fitted.request
        if window.mode == "repaint" or request.guide is not None:  # the guide has the size and rate that were fitted
            fitted = replace(fitted, request=self._guided(request, window))
        return fitted

    def all(self) -> tuple[Fitted, ...]:
        """The requests of every part, each going on from the order of the one before. Raise as `ask`."""
        asked: list[Fitted] = []
        for number in range(len(self.windows)):
            before = Earlier(request_key(asked[-1].request), self.windows[number - 1]) if asked else None
            asked.append(self.ask(number, before))
        return tuple(asked)

    def _from(self, before: Earlier, window: Window, able: Capabilities) -> tuple[MediaInput, ...]:
        """What carries over from the part before: its last frame, or its end."""
        at_s = before.window.end_s - before.window.start_s
        skip = before.window.skip_frames
        if window.mode == "extend":
            tail = TailRecipe(order_id=before.order_id, at_s=at_s, seconds=min(able.extend_s, at_s), skip_frames=skip)
            return (MediaInput.planned("source_video", tail),)
        frame = FrameRecipe(order_id=before.order_id, at_s=at_s, skip_frames=skip)
        return (MediaInput.planned("reference" if window.mode == "repaint" else "first_frame", frame),)

    def _follows(self, mode: Mode) -> bool:
        return self.choice.used in self.able(mode).guides

    def _guided(self, request: GenerationRequest, window: Window) -> GenerationRequest:
        """The request with the guide as it is for its size, rate and length."""
        used = self.choice.used
        if used is None:
            return request
        repaints = window.mode == "repaint"
        if not repaints and window.mode != "text" and not self._follows(window.mode):
            return request
        role: InputRole = "source_video" if repaints else "guide"
        skipped_s = window.skip_frames / request.fps
        recipe = GuideRecipe(
            show="picture" if repaints else used, spec=self.spec, seed=request.seed, width_px=request.width_px,
            height_px=request.height_px, fps=request.fps, start_s=max(window.start_s - skipped_s, 0.0),
            frames=frame_count(request.duration_s, request.fps, self.able(window.mode).frames_step),
        )  # fmt: skip
        others = tuple(given for given in request.inputs if given.role != role)
        update: dict[str, object] = {"inputs": (*others, MediaInput.planned(role, recipe))}
        if repaints:
            strength = 1.0 if self.strength is None else self.strength
            update["edit"] = Repaint(control="depth" if used == "camera" else used, strength=strength)
        else:
            update["guide"] = used
        return request.model_copy(update=update)


def plan(
    base: GenerationRequest, spec: ShotSpec, able: Callable[[Mode], Capabilities], wish: GuidanceWish = "auto",
    strength: float | None = None, words: str = "",
) -> Plan:  # fmt: skip
    """How `base`, which asks for the whole shot, is made. `able`: what the engine can do in each mode. `words`: told in the
    base's prompt after the shot's own.

    Raise InvalidInput where the shot is longer than the engine's clips and it can go on from none.
    """
    choice = choose(base, spec, able, wish)
    redraws = choice.mode == "repaint" and choice.used is not None
    strength = (1.0 if strength is None else strength) if redraws else None
    return Plan(base, spec, able, choice, strength, _windows(base, spec, choice.mode, able), words)


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of how a take was asked for. `parts`: empty where one order makes it; `dropped`: what no part is told."""

    parts: tuple[Part, ...]
    dropped: tuple[str, ...]
    remarks: tuple[str, ...]
    guidance: Guidance


def record_of(made: Plan, asked: Sequence[Fitted], dropped: tuple[str, ...]) -> Record:
    """Of a plan and its requests as they are sent. `dropped`: of the whole shot's words."""
    several = len(asked) > 1
    parts = tuple(
        Part(
            order_id=request_key(fitted.request), start_s=window.start_s, end_s=window.end_s,
            skip_frames=window.skip_frames, prompt_sent=fitted.request.prompt,
        )
        for window, fitted in zip(made.windows, asked, strict=True)
    )  # fmt: skip
    if several:
        dropped = tuple(dict.fromkeys(line for number in range(len(asked)) for line in made.told(number).dropped))
    remarks = (*made.remarks, *(remark for fitted in asked for remark in fitted.remarks))
    return Record(parts if several else (), dropped, tuple(dict.fromkeys(remarks)), made.used_in(asked[0].request))


def _windows(
    base: GenerationRequest, spec: ShotSpec, mode: Mode, able: Callable[[Mode], Capabilities]
) -> tuple[Window, ...]:
    whole = (Window(mode, 0.0, base.duration_s),)
    longest = longest_of(able(mode))
    if base.duration_s <= longest_of(able(mode), stretched=True) or mode not in {"text", "image", "repaint"}:
        return whole
    further, skip = _further(base, mode, able)
    # one repeated frame is let go at the shot's end rather than paid for by a part more
    further_s = longest_of(able(further)) - max(skip - _ONE_FRAME, 0) / base.fps if further is not None else 0.0
    if further is None or (further == "extend" and further_s < _SHORTEST_S):
        raise InvalidInput(
            f"Engine {base.engine} makes at most {longest:g} s at a time, not {base.duration_s:g} s, and cannot go on "
            "from a clip or its last frame: split the shot."
        )
    rates = able(mode).fps
    fps = min(rates, key=lambda rate: (abs(rate - base.fps), rate)) if rates else base.fps
    parts = split(base.duration_s, longest, further_s, beats_s=beat_times(spec), fps=fps)
    return tuple(
        Window(mode if n == 0 else further, start, end, 0 if n == 0 else skip) for n, (start, end) in enumerate(parts)
    )


def _further(base: GenerationRequest, mode: Mode, able: Callable[[Mode], Capabilities]) -> tuple[Mode | None, int]:
    """By which mode the parts after the first are made, and how many frames each repeats of the one before.

    A repaint goes on along the same guide, with the last frame as its reference.
    """
    if mode == "repaint":
        return "repaint", 0
    if "image" in able("image").modes:
        return "image", _ONE_FRAME
    if "extend" in able("extend").modes:
        repeated = round(able("extend").extend_s * base.fps)
        return "extend", repeated
    return None, 0
