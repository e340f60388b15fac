"""A request held against an engine's capabilities, before any money is spent. Pure."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from vr_server.domain.errors import InvalidInput, InvalidPrompt

from .port import Capabilities, Cost, GenerationRequest, InputRole, MaskEdit, Mode, Repaint

_ASPECT_TOLERANCE = 0.06
"""How far a picture's shape may be from the one asked for: 832x480 stands in for 16:9, 1:1 does not."""
_DURATION_LOSS = 0.1
"""How much of a shot may be lost to an engine's longest clip."""

_COMMAS = ",\uff0c\u3001"  # Western, Chinese, and the Chinese one in lists

_NEEDED: dict[Mode, tuple[InputRole, ...]] = {
    "text": (),
    "image": ("first_frame",),
    "first_last": ("first_frame", "last_frame"),
    "reference": ("reference",),
    "repaint": ("source_video",),
    "edit_mask": ("source_video", "mask"),
    "extend": ("source_video",),
    "outpaint": ("source_video",),
}
_EDITS: dict[Mode, str] = {"repaint": "repaint", "edit_mask": "mask_edit", "outpaint": "outpaint"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A request that the engine can be sent as it is. `remarks`: what was changed, a line each, for the director."""

    request: GenerationRequest
    remarks: tuple[str, ...]


def request_key(request: GenerationRequest) -> str:
    """The identity of a request, SHA-256 hex: equal for equal requests on every machine, different for any other."""
    told = json.dumps(request.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def frame_count(duration_s: float, fps: int, step: int = 1) -> int:
    """Frames of a clip that lasts about `duration_s`: the nearest k * step + 1 where step > 1."""
    frames = max(1, round(duration_s * fps))
    return frames if step == 1 else round((frames - 1) / step) * step + 1


def cost_of(request: GenerationRequest, able: Capabilities) -> Cost:
    """What the declared price makes of a request."""
    if able.price is None:
        return Cost(basis=f"no price is configured for {able.name}")
    price = able.price
    amount = round(price.per_clip + price.per_s * request.duration_s, 6)
    basis = f"{request.duration_s:g} s at {price.per_s:g} {price.currency}/s"
    return Cost(
        amount=amount, currency=price.currency, basis=basis + (f" + {price.per_clip:g}" if price.per_clip else "")
    )


def total_of(costs: Sequence[Cost]) -> Cost:
    """Of one engine's orders, so in one currency; its amount is None where one of them is not known."""
    if not costs:
        return Cost(amount=0.0)
    amounts = [cost.amount for cost in costs]
    known = [amount for amount in amounts if amount is not None]
    amount = round(sum(known), 6) if len(known) == len(amounts) else None
    return costs[0].model_copy(update={"amount": amount, "basis": "; ".join(cost.basis for cost in costs)})


def fit(request: GenerationRequest, able: Capabilities) -> Fitted:
    """The nearest request the engine can be sent, with what was changed.

    Size, frame rate and duration move to what is offered while the picture stays the one asked for; a guide, a seed
    or a negative prompt that the engine does not take is left out. Everything else that is outside is refused.
    Raise InvalidInput or InvalidPrompt with one line that says what the engine takes.
    """
    work = _Fitting(request, able)
    work.mode()
    work.words()
    work.size()
    work.time()
    work.rest()
    return Fitted(
        request.model_copy(update={"engine": able.name, "model": able.model, **work.changes}), tuple(work.remarks)
    )


@dataclass
class _Fitting:
    request: GenerationRequest
    able: Capabilities
    changes: dict[str, object] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def mode(self) -> None:
        mode, name = self.request.mode, self.able.name
        if mode not in self.able.modes:
            raise InvalidInput(
                f"Engine {name} makes no clip by {mode!r}; its model {self.able.model} offers: {', '.join(self.able.modes)}."
            )
        missing = [role for role in _NEEDED[mode] if self.request.input(role) is None]
        if missing:
            raise InvalidInput(f"A clip made by {mode!r} needs: {', '.join(missing)}.")
        edit = self.request.edit
        if edit is not None and _EDITS.get(mode) != edit.kind:
            raise InvalidInput(f"A clip made by {mode!r} takes no instructions for {edit.kind!r}.")
        if edit is None and mode == "outpaint":
            raise InvalidInput("A clip made by 'outpaint' must say how far each side grows.")
        if isinstance(edit, Repaint) and edit.control.removesuffix("_face") not in self.able.guides:
            raise InvalidInput(f"Engine {name} cannot follow {edit.control!r}; it offers: {self._guides()}.")
        if mode == "edit_mask":
            self._mask(edit if isinstance(edit, MaskEdit) else MaskEdit())
        guide = self.request.guide
        if guide is not None and guide not in self.able.guides:
            self.changes["guide"] = None
            self.changes["inputs"] = tuple(i for i in self.request.inputs if i.role != "guide")
            self.remarks.append(
                f"{name} follows no {guide} guide (it offers: {self._guides()}): the take follows its prompt alone."
            )
        elif guide is not None and self.request.input("guide") is None:
            raise InvalidInput(f"A clip that follows a {guide} guide needs the guide itself.")

    def _mask(self, edit: MaskEdit) -> None:
        mask, offered = self.request.input("mask"), self.able.masks
        if mask is not None and mask.media_type == "video/mp4":
            if "video" not in offered:
                raise InvalidInput(f"Engine {self.able.name} takes a mask as one picture, not as a video.")
        elif edit.tracking and "tracked" not in offered:
            other = " or send a video of it, a mask for each frame" if "video" in offered else ""
            raise InvalidInput(
                f"Engine {self.able.name} keeps a mask where it was drawn: ask for one that does not follow{other}."
            )

    def words(self) -> None:
        able, request = self.able, self.request
        if request.language not in able.languages:
            raise InvalidInput(f"Engine {able.name} takes no prompts in {request.language!r}.")
        if len(request.prompt) > able.prompt_limit_chars:
            raise InvalidPrompt(
                f"The prompt has {len(request.prompt)} characters, {able.name} reads {able.prompt_limit_chars} and "
                "drops the rest unsaid: shorten it."
            )
        words = count_words(request.prompt)
        if able.prompt_limit_words is not None and words > able.prompt_limit_words:
            raise InvalidPrompt(
                f"The prompt has {words} words, {able.name} reads {able.prompt_limit_words}: shorten it."
            )
        if len(request.negative_prompt) > able.negative_limit_chars:
            kept = _whole_terms(request.negative_prompt, able.negative_limit_chars)
            self.changes["negative_prompt"] = kept
            left = request.negative_prompt[len(kept) :].lstrip(_COMMAS + " ")
            self.remarks.append(f"{able.name} takes no more of the negative prompt: left out {left!r}.")

    def size(self) -> None:
        able, asked = self.able, self.request.size
        size = _offered_size(asked, able) if able.sizes else _free_size(asked, able)
        if size is None:
            raise InvalidInput(
                f"Engine {able.name} cannot make {asked[0]}x{asked[1]}; it offers: {', '.join(f'{w}x{h}' for w, h in able.sizes)}."
            )
        if size != asked:
            self.changes |= {"width_px": size[0], "height_px": size[1]}
            self.remarks.append(f"{able.name} makes {size[0]}x{size[1]}, not {asked[0]}x{asked[1]}.")

    def time(self) -> None:
        able, request = self.able, self.request
        fps = request.fps
        if able.fps and fps not in able.fps:
            fps = min(able.fps, key=lambda offered: (abs(offered - fps), offered))
            self.changes["fps"] = fps
            self.remarks.append(f"{able.name} makes {fps} frames a second, not {request.fps}.")
        # a clip of k * step + 1 frames is a little longer or shorter than the duration it is offered as
        rounding_s = able.frames_step / 2 / fps if able.frames_step > 1 else 0.0
        seconds = _offered_duration(request.duration_s, able, rounding_s)
        if seconds is None:
            most = max(able.durations_s, default=able.max_duration_s)
            raise InvalidInput(
                f"Engine {able.name} makes at most {most:g} s at a time, not {request.duration_s:g} s: split the shot."
            )
        if able.frames_step > 1:
            seconds = (frame_count(seconds, fps, able.frames_step)) / fps
        if abs(seconds - request.duration_s) > 1e-6:
            self.changes["duration_s"] = round(seconds, 6)
            if abs(seconds - request.duration_s) > 0.5 / fps * able.frames_step + 1e-6:
                self.remarks.append(f"{able.name} makes {seconds:.3g} s, not {request.duration_s:g} s.")

    def rest(self) -> None:
        able, request = self.able, self.request
        if able.seed_max is None:
            self.remarks.append(f"{able.name} takes no seed: the same request can come out differently.")
        elif request.seed > able.seed_max:
            raise InvalidInput(f"Engine {able.name} takes seeds from 0 to {able.seed_max}, not {request.seed}.")

    def _guides(self) -> str:
        return ", ".join(self.able.guides) or "none"


def count_words(text: str) -> int:
    """Words as engines count them: runs of letters, and each Chinese character by itself."""
    chinese = sum(1 for c in text if "\u4e00" <= c <= "\u9fff")
    other = "".join(" " if "\u4e00" <= c <= "\u9fff" else c for c in text)
    return chinese + sum(1 for word in other.split() if any(c.isalnum() for c in word))


def _whole_terms(text: str, limit: int) -> str:
    """As many whole terms from the front as fit."""
    if limit <= 0:
        return ""
    cut = text[: limit + 1]
    end = max(cut.rfind(mark) for mark in _COMMAS)
    return cut[:end] if end > 0 else ""


def _offered_size(asked: tuple[int, int], able: Capabilities) -> tuple[int, int] | None:
    """The offered size of nearly the same shape: the smallest that is no smaller, else the largest."""
    if asked in able.sizes:
        return asked
    shape = math.log(asked[0] / asked[1])
    alike = [s for s in able.sizes if abs(math.log(s[0] / s[1]) - shape) <= _ASPECT_TOLERANCE]
    area = asked[0] * asked[1]
    larger = [s for s in alike if s[0] * s[1] >= area]
    if larger:
        return min(larger, key=lambda s: (s[0] * s[1], s))
    return max(alike, key=lambda s: (s[0] * s[1], s), default=None)


def _free_size(asked: tuple[int, int], able: Capabilities) -> tuple[int, int]:
    """Scaled into `max_size` (either way up) and rounded to the step, shape kept."""
    long, short = max(able.max_size), min(able.max_size)
    room = (long, short) if asked[0] >= asked[1] else (short, long)
    scale = min(1.0, room[0] / asked[0], room[1] / asked[1])
    step = able.size_step_px
    width, height = (max(step, round(side * scale / step) * step) for side in asked)
    return min(width, room[0] // step * step), min(height, room[1] // step * step)


def longest_of(able: Capabilities, *, stretched: bool = False) -> float:
    """Seconds of the engine's longest clip; `stretched`: of the longest shot that it still stands in for."""
    longest = max(able.durations_s, default=able.max_duration_s)
    return longest / (1 - _DURATION_LOSS) if stretched else longest


def _offered_duration(asked: float, able: Capabilities, rounding_s: float) -> float | None:
    """The shortest offered duration that is no shorter (the rest can be trimmed), else the longest if it nearly does.
    One that falls short by no more than `rounding_s` is no shorter."""
    longest = longest_of(able)
    if asked > longest:
        return longest if asked <= longest_of(able, stretched=True) + 1e-9 else None
    if able.durations_s:
        return min(offered for offered in able.durations_s if offered >= asked - rounding_s)
    seconds = max(asked, able.min_duration_s)
    if able.duration_step_s:
        seconds = min(math.ceil((seconds - rounding_s) / able.duration_step_s - 1e-9) * able.duration_step_s, longest)
    return seconds
