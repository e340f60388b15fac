"""From a take to an order at a paid engine, in the transaction that keeps the take: what cannot be is refused at once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vr_server.domain.base import new_id
from vr_server.domain.decision import Decision, Override
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.order import Order
from vr_server.domain.shot import Budget
from vr_server.domain.take import Take
from vr_server.generation.fitting import Fitted, fit, request_key
from vr_server.generation.port import Cost, GenerationRequest, RemoteEngine
from vr_server.generation.prompting import compile_for
from vr_server.review.gate import Gate, Verdict
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a paid take comes to before it is ordered. `take`: with all that would be sent in its provenance.

    `requests` and `costs`: of its orders. `there`: the very same is there or on its way already, and not paid for again.
    """

    take: Take
    requests: tuple[Fitted, ...]
    costs: tuple[Cost, ...]
    there: tuple[bool, ...]

    @property
    def due(self) -> tuple[Cost, ...]:
        """What has to be paid."""
        return tuple(cost for cost, there in zip(self.costs, self.there, strict=True) if not there)


async def spending(reading: Reading, project_id: str) -> Spending:
    """Raise NotFound."""
    budget = (await reading.project(project_id)).budget
    orders = await reading.orders(project_id)
    currency = budget.currency if budget is not None else (orders[-1].currency if orders else "USD")
    spent = round(sum(order.spent for order in orders if order.currency == currency), 6)
    return Spending(spent, currency, budget, len(orders))


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

    async def prepare(self, reading: Reading, take: Take) -> Prepared:
        """Tell the take's shot in the engine's own words and make the request fit. Asks no engine, keeps nothing.

        Raise InvalidInput or InvalidPrompt (the engine cannot make it).
        """
        engine = self._engines[take.provenance.engine]
        told = compile_for(take.spec, engine.capabilities())
        words = {"prompt_sent": told.text, "negative_prompt": told.negative, "dropped": told.dropped}
        take = take.model_copy(update={"provenance": take.provenance.model_copy(update=words)})
        fitted = fit(self._request(take), engine.capabilities())
        key = request_key(fitted.request)
        found = {"order_id": key, "remarks": fitted.remarks}
        take = take.model_copy(update={"provenance": take.provenance.model_copy(update=found)})
        order = await reading.find_order(key)
        there = order is not None and order.state not in _AGAIN
        return Prepared(take, (fitted,), (engine.estimate(fitted.request),), (there,))

    def verdict(self, take: Take) -> Verdict:
        """What the gate says of the shot's own words and of those that would be sent."""
        return self._gate.look(_judged(take), take.spec.language)

    async def place(self, unit: Unit, take: Take, override: Override | None = None) -> Take:
        """Keep the order of a new take, or join the one that asks for the very same; the take that names it.

        Nothing passes the gate that it refuses, unless somebody answers for it with an `override`.
        Raise GateRefused (within `refusals`), InvalidInput or InvalidPrompt (the engine cannot make it), OverBudget.
        """
        prepared = await self.prepare(unit, take)
        take = prepared.take
        warnings = await self._judge(unit, take, override)
        (fitted,), (cost,) = prepared.requests, prepared.costs
        key = request_key(fitted.request)
        order = await unit.find_order(key)
        if order is None or order.state in _AGAIN:
            check_budget(await spending(unit, take.project_id), prepared.due)
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
        remarks = (*warnings, *take.provenance.remarks)
        return take.model_copy(update={"provenance": take.provenance.model_copy(update={"remarks": remarks})})

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
        verdict = self.verdict(take)
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
            prompt=_judged(take),
            lists=tuple(dict.fromkeys(hit.list_id for hit in verdict.hits)),
            reason=verdict.line(),
            override=override if verdict.refused else None,
        )
        if not passes:
            raise _Refused(refusal(verdict), decision)
        await unit.put_decision(decision)
        return verdict.lines()

    def _request(self, take: Take) -> GenerationRequest:
        told = take.provenance
        return GenerationRequest(
            engine=told.engine,
            prompt=told.prompt_sent,
            negative_prompt=told.negative_prompt,
            language=take.spec.language,
            width_px=self._size[0],
            height_px=self._size[1],
            fps=self._fps,
            duration_s=take.spec.duration_s,
            seed=told.seed,
            variant=told.attempt,
        )


class _Refused(GateRefused):
    """On its way to where it is kept."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


def refusal(verdict: Verdict) -> str:
    """What is said to whoever asked for words that the gate refuses."""
    advice = "change the words" + (", or have a director answer for them" if verdict.overridable else "")
    return f"Nothing was sent: {verdict.line()}; {advice}."


def _judged(take: Take) -> str:
    return f"{take.spec.text}\n{take.provenance.prompt_sent}"


def check_budget(now: Spending, due: Sequence[Cost]) -> None:
    """Raise OverBudget when the project's limit does not allow what is due on top of what it has spent."""
    if now.budget is None or not due:
        return
    for cost in due:
        if cost.amount is None or cost.currency != now.currency:
            raise OverBudget(
                f"The project has a budget in {now.currency}, and nobody knows what this take costs in it ({cost.basis}): "
                "set the engine's price, or lift the budget."
            )
    amount = sum(cost.amount or 0.0 for cost in due)
    if now.spent + amount > now.budget.limit + 1e-9:
        raise OverBudget(
            f"The take costs about {amount:.2f} {now.currency}; of the budget of {now.budget.limit:.2f} "
            f"{now.spent:.2f} is spent or ordered: raise the budget, or take a cheaper engine."
        )
