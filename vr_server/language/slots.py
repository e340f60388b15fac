"""The five slots of a prompt: from the bracket template, from labels, or sorted clause by clause."""

import re
from collections.abc import Iterator

from vr_server.domain.shot import PromptSlots

from .lexicon import Lexicon
from .scan import Clause, prompt_categories, scan
from .text import fold, is_telling

SLOT_ORDER = ("atmosphere", "subject_action", "environment", "camera_language", "colour")
_BRACKET = re.compile(r"[\[【〔]([^\[\]【】〔〕]*)[\]】〕]")
_BETWEEN = re.compile(r"^[\s+＋,,。.;;::]*|[\s+＋,,;;]*$")


def read_slots(text: str, lexicon: Lexicon) -> tuple[PromptSlots, str]:
    """The slots, and the text as it is spoken: without brackets and labels."""
    filled = _from_template(text, lexicon)
    if filled:
        spoken = "\n".join(filled[name] for name in SLOT_ORDER if filled.get(name))
        if any(map(is_telling, spoken)):
            return PromptSlots.model_validate(filled), spoken
    return _sorted(text, lexicon), text


def _labels(lexicon: Lexicon) -> dict[str, str]:
    entries = [e for slot in lexicon.ids("slot") if (e := lexicon.get("slot", slot))]
    return {word.lower(): e.id for e in entries for word in (*e.en, *e.zh)}


def _from_template(text: str, lexicon: Lexicon) -> dict[str, str]:
    """`[label] words`, `[label: words]`, `[words]+[words]+...` in slot order; {} when it is no template."""
    brackets = list(_BRACKET.finditer(text))
    labels = _labels(lexicon)
    named = [_split_label(b[1], labels) for b in brackets]
    if len(brackets) < 2 and not any(slot for slot, _ in named):  # one bracket is a remark
        return _from_lines(text, labels)
    filled: dict[str, list[str]] = {}
    free: Iterator[str] = iter(SLOT_ORDER)
    ends = [*(b.start() for b in brackets[1:]), len(text)]
    for bracket, (slot, words), end in zip(brackets, named, ends, strict=True):
        behind = _BETWEEN.sub("", text[bracket.end() : end]).strip()
        name = slot or next(free, SLOT_ORDER[-1])
        filled.setdefault(name, []).extend(w for w in (words, behind) if w)
    lead = _BETWEEN.sub("", text[: brackets[0].start()]).strip()
    if lead:
        filled.setdefault("subject_action", []).insert(0, lead)
    return {name: ", ".join(words) for name, words in filled.items()}


def _split_label(inside: str, labels: dict[str, str]) -> tuple[str | None, str]:
    whole = fold(inside).strip()
    if whole in labels:
        return labels[whole], ""
    head, colon, rest = inside.replace(":", ":").partition(":")
    slot = labels.get(fold(head).strip())
    return (slot, rest.strip()) if colon and slot else (None, inside.strip())


def _from_lines(text: str, labels: dict[str, str]) -> dict[str, str]:
    """`label: words` line by line, or parted by +; at least two labels make a template."""
    pieces = [p for p in re.split(r"[\n+＋;;]", text) if p.strip()]
    named = [_split_label(p, labels) for p in pieces]
    if sum(1 for slot, words in named if slot and words) < 2:
        return {}
    filled: dict[str, list[str]] = {}
    slot_now = "subject_action"
    for slot, words in named:
        slot_now = slot or slot_now
        if words:
            filled.setdefault(slot_now, []).append(words)
    return {name: ", ".join(words) for name, words in filled.items()}


def _sorted(text: str, lexicon: Lexicon) -> PromptSlots:
    filled: dict[str, list[str]] = {}
    last = "subject_action"
    for clause in scan(text, lexicon, prompt_categories(lexicon)):
        last = _slot_of(clause) or last
        filled.setdefault(last, []).append(" ".join(clause.text.split()))
    comma = "," if any("\u4e00" <= c <= "\u9fff" for c in text) else ", "
    return PromptSlots.model_validate({name: comma.join(words) for name, words in filled.items()})


def _slot_of(clause: Clause) -> str | None:
    acted = clause.has("subject") and clause.has("action")
    if (
        clause.has("shot_size", "angle", "move", "viewpoint", "projection", "lens", "tempo") and not acted
    ) or _camera_leads(clause):
        return "camera_language"
    if clause.has("subject") or (clause.has("action") and not clause.has("sky", "weather")):
        return "subject_action"
    if clause.has("grade") or (clause.has("style") and not clause.has("place", "weather", "time", "set")):
        return "colour"
    if clause.has("place", "set", "weather", "sky", "time", "heaven"):
        return "environment"
    return "atmosphere" if clause.has("atmosphere") else None


def _camera_leads(clause: Clause) -> bool:
    """Whether the camera is named before any subject: "the camera follows a woman"."""
    for match in clause.matches:
        if match.get("subject"):
            return False
        if match.get("camera") and not match.negated:
            return True
    return False
