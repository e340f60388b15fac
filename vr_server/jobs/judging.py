"""A finished take's stills shown to whoever can tell whether they are what was asked for."""

import asyncio
import logging
from pathlib import Path

from vr_server.bus import EventBus, TakeChanged
from vr_server.domain.errors import Cancelled, EngineFailed
from vr_server.domain.match import Match
from vr_server.domain.take import Finding, Take
from vr_server.review.bar import QualityBar
from vr_server.review.semantic import SemanticMatch, finding_of
from vr_server.storage import Store

_log = logging.getLogger(__name__)
STILLS_FOLDER = "stills"


class Judge:
    """Adds a finding to a take, or a remark where nobody could tell: a take never fails here."""

    def __init__(self, *, match: SemanticMatch, store: Store, bus: EventBus, bar: QualityBar) -> None:
        self._match = match
        self._store = store
        self._bus = bus
        self._bar = bar

    async def look(self, take: Take, folder: Path) -> None:
        """Judge the stills in the take's `folder`. May be done again. Raise Cancelled."""
        try:
            stills = await asyncio.to_thread(_stills, folder / STILLS_FOLDER)
            found = await self._match.match(take.spec.text, take.spec.language, stills)
        except (EngineFailed, OSError) as error:
            _log.warning("take %s was not held against its words: %s", take.id, error)
            words = {"en": "The pictures were not held against the words", "zh": "画面未能与文字核对"}[
                take.spec.language
            ]
            await self._keep(take.id, None, f"{words}: {error}")
            return
        await self._keep(take.id, found, None)

    async def _keep(self, take_id: str, found: Match | None, remark: str | None) -> None:
        async with self._store.transaction() as unit:
            take = await unit.take(take_id)
            if take.state == "cancelled":
                raise Cancelled(f"Take {take.number} was cancelled.")
            findings: tuple[Finding, ...] = tuple(f for f in take.findings if f.check != "match")
            if found is not None and (finding := finding_of(found, self._bar)) is not None:
                findings = (*findings, finding)
            remarks = take.provenance.remarks
            if remark is not None and remark not in remarks:
                remarks = (*remarks, remark)
            provenance = take.provenance.model_copy(update={"remarks": remarks})
            changed = take.model_copy(update={"findings": findings, "provenance": provenance})
            if changed != take:
                await unit.put_take(changed)
        if changed != take:
            self._bus.publish(TakeChanged(changed))


def _stills(folder: Path) -> tuple[bytes, ...]:
    found = sorted(folder.glob("*.jpg"))
    if not found:
        raise FileNotFoundError("the take has no stills")
    return tuple(path.read_bytes() for path in found)
