"""From a take to an order at a paid engine, in the transaction that keeps the take: what cannot be is refused at once."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vr_server.domain.base import new_id
from vr_server.domain.decision import Decision, Override
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.order import Order
from vr_server.domain.shot import Budget
from vr_server.domain.take import Take
from vr_server.generation.fitting import fit, request_key
from vr_server.generation.port import Cost, Edit, GenerationRequest, MediaInput, Mode, RemoteEngine
from vr_server.review.gate import Gate
from vr_server.storage import Reading, Store, Unit

_AGAIN = {"failed", "cancelled"}
"""Orders that came to nothing: another take may send the same request."""


@dataclass(frozen=True, slots=True)
class Spending:
    """A project's money at paid engines. `spent` holds what is ordered but not yet made too."""

    spent: float
    currency: str
    budget: Budget | None
    orders: int


async def spending(reading: Reading, project_id: str) -> Spending:
    """Raise NotFound."""
    budget = (await reading.project(project_id)).budget
    orders = await reading.orders(project_id)
    currency = budget.currency if budget is not None else (orders[-1].currency if orders else "USD")
    spent = round(sum(order.spent for order in orders if order.currency == currency), 6)
    return Spending(spent, currency, budget, len(orders))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a take of a paid engine is made from besides its words: `inputs` are blobs, named by their SHA-256."""

    mode: Mode = "text"
    inputs: tuple[MediaInput, ...] = ()
    edit: Edit | None = None


WORDS_ALONE = Asked()


class Ordering:
    """Knows the paid engines and in which size and rate takes are asked for."""

    def __init__(
        self,
        engines: Mapping[str, RemoteEngine],
        *,
        size: tuple[int, int] = (1280, 720),
        fps: int = 24,
        gate: Gate | None = None,
    ) -> None:
        self._engines = dict(engines)
        self._size = size
        self._fps = fps
        self._gate = gate or Gate(())

    def takes(self, engine: str) -> bool:
        """Is it one of the paid engines?"""
        return engine in self._engines

    async def place(self, unit: Unit, take: Take, override: Override | None = None, asked: Asked = WORDS_ALONE) -> Take:
        """Keep the order of a new take, or join the one that asks for the very same; the take that names it.

        Nothing passes the gate that it refuses, unless somebody answers for it with an `override`.
        Raise GateRefused (within `refusals`), InvalidInput or InvalidPrompt (the engine cannot make it), OverBudget.
        """
        warnings = await self._judge(unit, take, override)
        engine = self._engines[take.provenance.engine]
        fitted = fit(self._request(take, asked), engine.capabilities(asked.mode))
        key = request_key(fitted.request)
        order = await unit.find_order(key)
        if order is None or order.state in _AGAIN:
            cost = engine.estimate(fitted.request)
            await _afford(unit, take.project_id, cost)
            order = Order(
                id=key,
                project_id=take.project_id,
                engine=take.provenance.engine,
                created_at=take.created_at if order is None else order.created_at,
                request=fitted.request.model_dump_json(),
                estimate=cost.amount,
                currency=cost.currency,
                submits=0 if order is None else order.submits,
            )
        await unit.put_order(order.model_copy(update={"take_ids": (*order.take_ids, take.id)}))
        provenance = take.provenance.model_copy(update={"order_id": key, "remarks": (*warnings, *fitted.remarks)})
        return take.model_copy(update={"provenance": provenance})

    @asynccontextmanager
    async def refusals(self, store: Store) -> AsyncIterator[None]:
        """Around a transaction that places orders: what the gate refuses is kept though the transaction is undone."""
        try:
            yield
        except _Refused as refused:
            async with store.transaction() as unit:
                await unit.put_decision(refused.decision)
            raise

    async def _judge(self, unit: Unit, take: Take, override: Override | None) -> tuple[str, ...]:
        """Hold the words against the gate and keep what comes of it; a line for each that it only warns of."""
        text = f"{take.spec.text}\n{take.provenance.prompt_sent}"
        verdict = self._gate.look(text, take.spec.language)
        if not verdict.hits:
            return ()
        passes = not verdict.refused or (override is not None and verdict.overridable)
        decision = Decision(
            id=new_id("decision"),
            project_id=take.project_id,
            shot_id=take.shot_id,
            engine=take.provenance.engine,
            at=take.created_at,
            outcome="refused" if not passes else "overridden" if verdict.refused else "warned",
            prompt=text,
            lists=tuple(dict.fromkeys(hit.list_id for hit in verdict.hits)),
            reason=verdict.line(),
            override=override if verdict.refused else None,
        )
        if not passes:
            advice = "change the words" + (", or have a director answer for them" if verdict.overridable else "")
            raise _Refused(f"Nothing was sent: {verdict.line()}; {advice}.", decision)
        await unit.put_decision(decision)
        return tuple(f"{hit.found!r}: {hit.reason}" for hit in verdict.hits)

    async def asked_of(self, reading: Reading, take: Take) -> Asked:
        """What a take was made from, for one that is made like it."""
        order_id = take.provenance.order_id
        order = await reading.find_order(order_id) if order_id is not None else None
        if order is None:
            return WORDS_ALONE
        request = GenerationRequest.model_validate_json(order.request)
        return Asked(request.mode, request.inputs, request.edit)

    def _request(self, take: Take, asked: Asked) -> GenerationRequest:
        told = take.provenance
        return GenerationRequest(
            engine=told.engine,
            mode=asked.mode,
            prompt=told.prompt_sent,
            language=take.spec.language,
            width_px=self._size[0],
            height_px=self._size[1],
            fps=self._fps,
            duration_s=take.spec.duration_s,
            seed=told.seed,
            inputs=asked.inputs,
            edit=asked.edit,
            variant=told.attempt,
        )


class _Refused(GateRefused):
    """On its way to where it is kept."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


async def _afford(unit: Unit, project_id: str, cost: Cost) -> None:
    """Raise OverBudget when the project's limit does not allow it."""
    now = await spending(unit, project_id)
    if now.budget is None:
        return
    if cost.amount is None or cost.currency != now.currency:
        raise OverBudget(
            f"The project has a budget in {now.currency}, and nobody knows what this take costs in it ({cost.basis}): "
            "set the engine's price, or lift the budget."
        )
    if now.spent + cost.amount > now.budget.limit + 1e-9:
        raise OverBudget(
            f"The take costs about {cost.amount:.2f} {now.currency}; of the budget of {now.budget.limit:.2f} "
            f"{now.spent:.2f} is spent or ordered: raise the budget, or take a cheaper engine."
        )
