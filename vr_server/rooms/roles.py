"""Who may do what in a room."""

from typing import Final

from vr_server.domain.errors import Forbidden
from vr_server.domain.room import Role

_MAY: Final[dict[Role, frozenset[str]]] = {
    "viewer": frozenset({"hello", "pose", "ping"}),
    "collaborator": frozenset({"hello", "pose", "ping", "writeNote", "requestTake"}),
    "director": frozenset({
        "hello", "pose", "ping", "writeNote", "requestTake", "transport", "selectTake", "cancelTake", "decideRevision",
        "resolveTake", "setBudget", "overrideGate", "approveTake",
    }),
}  # fmt: skip
_WORDS: Final[dict[str, str]] = {
    "writeNote": "write notes",
    "requestTake": "ask for takes",
    "transport": "play, pause or seek for the room",
    "selectTake": "choose what the room sees",
    "cancelTake": "cancel takes",
    "resolveTake": "send paid orders again or drop them",
    "setBudget": "set the budget",
    "approveTake": "approve takes",
    "overrideGate": "answer for words that the gate refuses",
    "decideRevision": "decide on revisions",
}


def check(role: Role, deed: str) -> None:
    """`deed` is the type of a client message. Raise Forbidden when `role` may not."""
    if deed not in _MAY[role]:
        raise Forbidden(f"A {role} may not {_WORDS.get(deed, deed)}; ask the director for another link.")
