"""What of the shot's blocking a take follows, and why that and nothing else. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vr_server.domain.shot import ShotSpec
from vr_server.domain.take import GuidanceWish, Guide

from .port import Capabilities, GenerationRequest, Mode

Why = Literal["asked", "chosen", "only", "off", "given", "unable", "lens"]
"""`chosen`: of several that the engine follows; `only`: it follows no other; `off`: nothing was to be followed; `given`: what
is made from given media follows that; `unable`: the engine does not follow it; `lens`: none can be drawn through this one."""

_PREFERRED: tuple[Guide, ...] = ("depth", "pose", "scribble", "camera")
_THROUGH_ANY_LENS = frozenset[Guide]({"scribble"})


@dataclass(frozen=True, slots=True)
class Choice:
    """`mode`: by which the take is made; `used` None: it follows none of `offered`, what the engine can follow of a blocking."""

    engine: str
    mode: Mode
    asked: GuidanceWish
    used: Guide | None
    why: Why
    offered: tuple[Guide, ...]
    given: str = ""

    @property
    def line(self) -> str:
        """Why, for a person."""
        offered = ", ".join(self.offered) or "none"
        guide = "guide" if self.asked in {"auto", "off"} else f"{self.asked} guide"
        match self.why:
            case "asked":
                return f"The {self.used} guide, as asked."
            case "chosen":
                return f"The {self.used} guide, chosen of what {self.engine} follows: {offered}."
            case "only":
                return f"The {self.used} guide: {self.engine} follows no other."
            case "off":
                return "The words alone, as asked."
            case "given":
                return f"Made from the {self.given} that is given, the take follows that alone, no {guide}."
            case "lens":
                return (
                    f"{self.engine} follows no {guide} seen through a fisheye (it offers: {offered}): the take follows its "
                    "prompt alone."
                )
        return f"{self.engine} follows no {guide} (it offers: {offered}): the take follows its prompt alone."

    @property
    def remark(self) -> str | None:
        """What a director should know who asked for a guide, or has one elsewhere."""
        kept = self.used is not None or self.why == "off" or (self.asked == "auto" and self.why != "lens")
        return None if kept else self.line


def choose(base: GenerationRequest, spec: ShotSpec, able: Callable[[Mode], Capabilities], wish: GuidanceWish) -> Choice:
    """What the take that `base` asks for is to follow. `able`: what the engine can do in each mode.

    A guide beside the words comes before one over the redrawn blockout, which follows no path of a camera.
    """
    beside = frozenset(able("text").guides)
    redrawn = frozenset(able("repaint").guides if "repaint" in able("repaint").modes else ()) - {"camera"}
    offered = tuple(guide for guide in _PREFERRED if guide in beside | redrawn)

    def chosen(why: Why, used: Guide | None = None, mode: Mode = base.mode, given: str = "") -> Choice:
        return Choice(base.engine, mode, wish, used, why, offered, given)

    if wish == "off":
        return chosen("off")
    if base.mode != "text" or base.inputs:
        return chosen("given", given=" and the ".join(given.role.replace("_", " ") for given in base.inputs) or "media")
    wanted = [guide for guide in offered if wish in {"auto", guide}]
    straight = spec.camera.projection == "perspective"
    seen = beside if straight else beside & _THROUGH_ANY_LENS
    used = next((guide for guide in wanted if guide in seen), None)
    mode: Mode = "text" if used is not None else "repaint"
    used = used or next((guide for guide in wanted if guide in redrawn), None)
    if used is None:
        return chosen("lens" if wanted else "unable")
    why: Why = "asked" if wish != "auto" else "chosen" if len(offered) > 1 else "only"
    return chosen(why, used, mode)
