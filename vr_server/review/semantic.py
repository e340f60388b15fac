"""Do a take's pictures show what its words ask for? The port to whoever can tell, and what is made of the answer."""

from typing import Protocol

from vr_server.domain.base import Language
from vr_server.domain.match import Match
from vr_server.domain.take import Finding

from .bar import QualityBar

STILLS = 4
"""So many pictures of a take are shown."""


class SemanticMatch(Protocol):
    """Scores text against pictures. Use within one event loop; close it at the end."""

    name: str

    async def match(self, text: str, language: Language, stills: tuple[bytes, ...]) -> Match:
        """How well `stills` (JPEG, in the order of time) show `text`; the reason is told in `language`.

        Raise EngineFailed and its kinds.
        """
        ...

    async def aclose(self) -> None: ...


def finding_of(match: Match, bar: QualityBar) -> Finding | None:
    """What misses the bar."""
    if match.score >= bar.match:
        return None
    return Finding(check="match", value=match.score, threshold=bar.match, reason=match.reason)
