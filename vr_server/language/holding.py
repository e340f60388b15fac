"""What people wear and hold, and whose it is."""

from .actor import Actor, give
from .cast import Cast
from .describe import Describer
from .lexicon import Entry
from .scan import Clause
from .text import is_han
from .unknown import Name

_REACH = 12  # words between what somebody wears or holds and its owner
_GIVEN = {"hand_over", "throw"}
_HOLDING = {
    "holding", "carrying", "wearing", "wielding", "bearing", "brandishing", "in", "dressed", "holds", "carries", "wears",
    "手持", "拿着", "提着", "举着", "戴着", "穿着", "身穿", "身着", "身披", "头戴", "握着", "手拿", "戴", "穿", "背着",
}  # fmt: skip


class Holder(Describer):
    """The part of reading a clause that finds the owner of a wardrobe or a prop."""

    def __init__(self, cast: Cast, clause: Clause, names: list[Name]) -> None:
        super().__init__(cast, clause, names)
        self.article: str | None = None
        self.named = False  # a subject was named in this clause

    def stands_alone(self, index: int) -> bool:
        """Whether something to hold is there by itself: nobody holds it, or it lies somewhere."""
        after = self.matches[index + 1] if index + 1 < len(self.matches) else None
        if self.acted and any(e.action in {"look_at", "point", "approach", "aim", "look_up"} for e in self.told):
            return True
        if self.of_camera and not self.nouns and not self.acted:
            return True  # tilts up to a flag
        people = [a for a in [*self.cast.current, *self.cast.actors] if not a.is_thing]
        if after and after.get("placement") and not self.acted and not people:
            return True
        later = [e for m in self.matches[index + 1 : index + 1 + _REACH] if (e := m.get("subject"))]
        owner_after = any(e.group != "thing" for e in later)
        lying = self.cast.fronted is not None or self.relation is not None
        return (not people and not owner_after) or (lying and not self.acted)

    def carry(self, index: int, entry: Entry) -> None:
        """To the noun that follows ("穿汉服的女子"), else to the one before ("a woman in a coat")."""
        here = self.matches[index]
        self.preposition, self.relation = None, None
        colours, self.cloth = (tuple(self.cloth), []) if entry.category == "wardrobe" else ((), self.cloth)
        self.colours = []
        before = self.matches[index - 1] if index else None
        # "then hands a sword to a soldier": it is the giver's, though only the taker is named here
        given = any(e.action in _GIVEN for e in self.told) and any(not a.is_thing for a in self.cast.current)
        named = self.named or given
        for later in self.matches[index + 1 : index + 1 + _REACH]:
            if later.get("action"):
                break
            if (later.get("subject") and not later.get("prop")) or later.start in self.names:
                between = self.clause.text[here.end - self.clause.start : later.start - self.clause.start]
                adjoining = not between and (bool(colours) or not self.nouns)
                if "的" in between or adjoining or (not any(map(is_han, here.text)) and not named):
                    self.cast.carried.append((entry, colours))
                    return
        if before and any(before.get(c) for c in ("count", "measure", "article")):
            self.count = self.article = None  # the number was this thing's, not a person's
        owners = self._holder(index) or [a for a in self.cast.current if not a.is_thing]
        owners = owners or [a for a in self.cast.actors if not a.is_thing][-1:]
        for actor in owners:
            give(actor, entry)
            actor.colours += colours
        if not owners:
            self.cast.carried.append((entry, colours))
        self.count = self.article = None

    def _holder(self, index: int) -> list[Actor]:
        """The person right in front, holding or wearing between: "towards a girl holding a lantern"."""
        holding = False
        for at in range(index - 1, max(-1, index - _REACH), -1):
            match = self.matches[at]
            named = next((a for m, a in self.nouns if m is match and isinstance(a, Actor) and not a.is_thing), None)
            if named:
                return [named] if holding else []
            holding |= match.text.lower() in _HOLDING
            if not holding and not any(match.get(c) for c in ("stop", "count", "measure", "article", "colour", "size")):
                return []
        return []
