"""A new take, written down as it was asked for, with where it comes from."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from vr_server.domain.base import new_id
from vr_server.domain.decision import Override
from vr_server.domain.errors import InvalidInput, Unavailable, UnknownEngine
from vr_server.domain.region import NotedRegion
from vr_server.domain.shot import Shot, ShotSpec
from vr_server.domain.take import Provenance, Take, Urgency, Variant, Variants
from vr_server.generation.port import Capabilities
from vr_server.language import compile_prompt
from vr_server.language.variants import looks, variants
from vr_server.storage import Unit

from .ordering import WORDS_ALONE, Asked, Ordering


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything a take is asked for with. `asked`: what a paid engine makes it from besides its words. `redrawn`: where it
    differs from its parent."""

    engine: Capabilities
    seed: int | None
    parent_take_id: str | None
    note_ids: tuple[str, ...]
    revision_id: str | None
    urgency: Urgency = "room"
    attempt: int = 0
    override: Override | None = None
    asked: Asked = WORDS_ALONE
    redrawn: NotedRegion | None = None
    variant: Variant | None = None


class NewTakes:
    """Knows the engines and how many takes may be unfinished at the same time."""

    def __init__(
        self, engines: Mapping[str, Capabilities], ordering: Ordering, *, default_engine: str, unfinished_limit: int,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._engines = dict(engines)
        self._ordering = ordering
        self._default_engine = default_engine
        self._unfinished_limit = unfinished_limit
        self._clock = clock

    def engine(self, name: str | None) -> Capabilities:
        """The engine of that name, the default one without. Raise UnknownEngine."""
        name = name or self._default_engine
        if name not in self._engines:
            raise UnknownEngine(f"There is no engine {name!r}; there are: {', '.join(sorted(self._engines))}.")
        return self._engines[name]

    async def several(self, unit: Unit, shot: Shot, wanted: Wanted, asked: Variants) -> list[Take]:
        """Keep the takes of one request, all of them or, in the caller's transaction, none. The later ones have the first as
        their parent; they have its seed too, unless it is the seed in which they differ.

        Raise InvalidInput (such styles are not known) and what `new` raises.
        """
        return await self._each(unit, shot, wanted, asked, self.new)

    async def drafts(self, unit: Unit, shot: Shot, wanted: Wanted, asked: Variants) -> list[Take]:
        """The takes of one request as `several` would keep them but for their numbers, not kept. Raise InvalidInput."""
        return await self._each(unit, shot, wanted, asked, self.draft)

    @staticmethod
    async def _each(
        unit: Unit, shot: Shot, wanted: Wanted, asked: Variants, make: Callable[[Unit, Shot, Wanted], Awaitable[Take]]
    ) -> list[Take]:
        try:
            specs = (
                variants(shot.spec, asked.count, heading=shot.heading) if asked.differ == "reading"
                else looks(shot.spec, asked.count, styles=asked.styles) if asked.differ == "style"
                else (shot.spec,) * asked.count
            )  # fmt: skip
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        request_id = new_id("request")
        takes: list[Take] = []
        for index, spec in enumerate(specs):
            one = wanted
            if len(specs) > 1:
                one = replace(one, variant=Variant(request_id=request_id, differ=asked.differ, index=index))
            if takes:
                seed = takes[0].provenance.seed
                seed = default_seed(str(seed), index) if asked.differ == "seed" else seed
                one = replace(one, seed=seed, parent_take_id=takes[0].id)
            takes.append(await make(unit, shot.model_copy(update={"spec": spec}), one))
        return takes

    async def new(self, unit: Unit, shot: Shot, wanted: Wanted) -> Take:
        """Keep a new take of the shot, and its order where a paid engine makes it.

        Raise InvalidInput (the engine cannot make such a shot), Unavailable, and what `Ordering.place` raises.
        """
        if len(await unit.unfinished_takes()) >= self._unfinished_limit:
            raise Unavailable(f"{self._unfinished_limit} takes are waiting already; try again when some are done.")
        take = await self.draft(unit, shot, wanted)
        if self._ordering.takes(wanted.engine.name):
            take = await self._ordering.place(unit, take, wanted.override, wanted.asked)
        await unit.put_take(take)
        return take

    async def draft(self, unit: Unit, shot: Shot, wanted: Wanted) -> Take:
        """The take that is asked for, not kept yet. Raise InvalidInput."""
        if wanted.engine.embedded:
            _check(wanted.engine, shot.spec)
        number = await unit.next_take_number(shot.id)
        seed = wanted.seed
        if seed is None and wanted.parent_take_id is not None:
            seed = (await unit.take(wanted.parent_take_id)).provenance.seed
        return Take(
            id=new_id("take"),
            project_id=shot.project_id,
            shot_id=shot.id,
            number=number,
            created_at=self._clock(),
            spec=shot.spec,
            provenance=Provenance(
                engine=wanted.engine.name,
                model=wanted.engine.model,
                engine_version=wanted.engine.version,
                seed=default_seed(shot.id, number) if seed is None else seed,
                prompt_sent=f"{compile_prompt(shot.spec)} {wanted.asked.words}".strip(),
                parent_take_id=wanted.parent_take_id,
                note_ids=wanted.note_ids,
                revision_id=wanted.revision_id,
                redrawn=wanted.redrawn,
                attempt=wanted.attempt,
                variant=wanted.variant,
            ),
            urgency=wanted.urgency,
        )


def default_seed(shot_id: str, number: int) -> int:
    """31 bits that follow from the shot and the take number, so that the same request is the same picture."""
    return int.from_bytes(hashlib.sha256(f"{shot_id}/{number}".encode()).digest()[:4], "big") >> 1


def _check(engine: Capabilities, spec: ShotSpec) -> None:
    if not engine.min_duration_s <= spec.duration_s <= engine.max_duration_s:
        raise InvalidInput(
            f"Engine {engine.name} makes shots of {engine.min_duration_s:g} to {engine.max_duration_s:g} s, "
            f"not {spec.duration_s:g} s."
        )
    if spec.language not in engine.languages:
        raise InvalidInput(f"Engine {engine.name} takes no prompts in {spec.language!r}.")
