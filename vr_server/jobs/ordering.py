"""From a take to an order at a paid engine, in the transaction that keeps the take: what cannot be is refused at once."""

from collections.abc import AsyncIterator, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from vr_server.domain.base import new_id
from vr_server.domain.decision import Decision, Override
from vr_server.domain.errors import GateRefused, OverBudget
from vr_server.domain.order import Order
from vr_server.domain.shot import Budget
from vr_server.domain.take import Guidance, GuidanceWish, Provenance, Take
from vr_server.generation.fitting import Fitted, request_key
from vr_server.generation.following import Choice
from vr_server.generation.planning import Earlier, Plan, Window, plan, record_of
from vr_server.generation.port import Cost, Edit, GenerationRequest, MaskKind, MediaInput, Mode, RemoteEngine
from vr_server.generation.prompting import compile_for
from vr_server.generation.recipes import MaskRecipe
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


async def spending(reading: Reading, project_id: str) -> Spending:
    """Raise NotFound."""
    budget = (await reading.project(project_id)).budget
    orders = await reading.orders(project_id)
    currency = budget.currency if budget is not None else (orders[-1].currency if orders else "USD")
    spent = round(sum(order.spent for order in orders if order.currency == currency), 6)
    return Spending(spent, currency, budget, len(orders))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a take of a paid engine is made from besides its words.

    `inputs` are blobs, named by their SHA-256; such a take follows them alone. `guidance`: what of the shot's blocking one
    made from words follows, at `strength` 0..1 (None: fully) where the engine is told. `words`: told after the shot's own.
    """

    mode: Mode = "text"
    inputs: tuple[MediaInput, ...] = ()
    edit: Edit | None = None
    guidance: GuidanceWish = "auto"
    strength: float | None = None
    words: str = ""


WORDS_ALONE = Asked()


@dataclass(frozen=True, slots=True)
class _Placed:
    """A part of a take, fitted. `order`: that of the very same request, where it came to something or still may."""

    key: str
    fitted: Fitted
    window: Window
    order: Order | None
    sent: int = 0
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a paid take comes to before it is ordered. `take`: with all that would be sent in its provenance.

    `parts`: its orders, with their `costs`; those that are there or on their way already are not paid for again.
    `choice`: what it follows, and why.
    """

    take: Take
    parts: tuple[_Placed, ...]
    costs: tuple[Cost, ...]
    choice: Choice

    @property
    def requests(self) -> tuple[Fitted, ...]:
        """What the orders ask for."""
        return tuple(part.fitted for part in self.parts)

    @property
    def keys(self) -> frozenset[str]:
        """Of its orders."""
        return frozenset(part.key for part in self.parts)

    def due(self, beside: Container[str] = ()) -> tuple[Cost, ...]:
        """What has to be paid; `beside`: the keys of orders that are placed before it."""
        return tuple(
            cost
            for cost, part in zip(self.costs, self.parts, strict=True)
            if part.order is None and part.key not in beside
        )


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

    def offers(self, mode: Mode) -> tuple[str, ...]:
        """The paid engines that make clips in that way."""
        return tuple(name for name, engine in self._engines.items() if mode in engine.capabilities(mode).modes)

    def masks(self, engine: str) -> tuple[MaskKind, ...]:
        """What the mask of an edit by that engine may be."""
        return self._engines[engine].capabilities("edit_mask").masks

    async def prepare(self, reading: Reading, take: Take, asked: Asked = WORDS_ALONE) -> Prepared:
        """Tell the take's shot in the engine's own words and make its requests fit. Asks no engine, keeps nothing.

        Raise InvalidInput or InvalidPrompt (the engine cannot make it).
        """
        engine = self._engines[take.provenance.engine]
        compiled = compile_for(take.spec, engine.capabilities(asked.mode))
        text = f"{compiled.text} {asked.words}".strip()
        words = {"prompt_sent": text, "negative_prompt": compiled.negative, "dropped": compiled.dropped}
        take = take.model_copy(update={"provenance": take.provenance.model_copy(update=words)})
        made = plan(
            self._request(take, asked), take.spec, engine.capabilities, asked.guidance, asked.strength, asked.words
        )
        placed: list[_Placed] = []
        for number, window in enumerate(made.windows):
            before = Earlier(placed[-1].key, made.windows[number - 1]) if placed else None
            placed.append(await _ordered(reading, made.ask(number, before), window, take.provenance.attempt))
        take = take.model_copy(update={"provenance": _told(take.provenance, made, placed)})
        costs = tuple(engine.estimate(one.fitted.request) for one in placed)
        return Prepared(take, tuple(placed), costs, made.choice)

    def verdict(self, take: Take) -> Verdict:
        """What the gate says of the shot's own words and of those that would be sent."""
        return self._gate.look(_judged(take), take.spec.language)

    async def place(self, unit: Unit, take: Take, override: Override | None = None, asked: Asked = WORDS_ALONE) -> Take:
        """Keep the order of a new take, or join the one that asks for the very same; the take that names it.

        Nothing passes the gate that it refuses, unless somebody answers for it with an `override`.
        Raise GateRefused (within `refusals`), InvalidInput or InvalidPrompt (the engine cannot make it), OverBudget.
        """
        prepared = await self.prepare(unit, take, asked)
        take = prepared.take
        warnings = await self._judge(unit, take, override)
        check_budget(await spending(unit, take.project_id), prepared.due())
        for one, cost in zip(prepared.parts, prepared.costs, strict=True):
            order = one.order or _new(one, take, cost)
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
        override = override or await _answered_for(unit, take)
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

    async def asked_of(self, reading: Reading, take: Take) -> Asked:
        """What a take was made from, for one that is made like it."""
        told = take.provenance
        order_id = told.parts[0].order_id if told.parts else told.order_id
        order = await reading.find_order(order_id) if order_id is not None else None
        if order is None:
            return WORDS_ALONE
        request = GenerationRequest.model_validate_json(order.request)
        given = tuple(i for i in request.inputs if i.recipe is None or isinstance(i.recipe, MaskRecipe))
        if given:
            able = self._engines[told.engine].capabilities(request.mode)
            words = told.prompt_sent.removeprefix(compile_for(take.spec, able).text).strip()
            return Asked(request.mode, given, request.edit, words=words)
        wish = told.guidance or Guidance(asked="off")
        return Asked(guidance=wish.asked, strength=wish.strength)

    def _request(self, take: Take, asked: Asked) -> GenerationRequest:
        told = take.provenance
        return GenerationRequest(
            engine=told.engine,
            mode=asked.mode,
            prompt=told.prompt_sent,
            negative_prompt=told.negative_prompt,
            language=take.spec.language,
            width_px=self._size[0],
            height_px=self._size[1],
            fps=self._fps,
            duration_s=take.spec.duration_s,
            seed=told.seed,
            inputs=asked.inputs,
            edit=asked.edit,
        )


async def not_waited_for(reading: Reading, orders: Sequence[Order]) -> list[Order]:
    """Of the orders, those that no unfinished take waits for."""
    unfinished = {take.id for take in await reading.unfinished_takes()}
    return [order for order in orders if not unfinished.intersection(order.take_ids)]


async def call_off_unsent(unit: Unit, orders: Sequence[Order]) -> None:
    """Of the orders, those that were never sent and that nobody waits for any more are cancelled."""
    for order in await not_waited_for(unit, [order for order in orders if order.state == "waiting"]):
        await unit.put_order(order.model_copy(update={"state": "cancelled"}))


class _Refused(GateRefused):
    """On its way to where it is kept."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


async def _ordered(reading: Reading, fitted: Fitted, window: Window, attempt: int) -> _Placed:
    """The part's order as far as there is one.

    What is asked once more, word for word, after nobody could tell what became of it, has a number of its own; the take's
    other parts are asked for as before.
    """
    for variant in range(attempt + 1):
        request = fitted.request.model_copy(update={"variant": variant})
        key = request_key(request)
        order = await reading.find_order(key)
        if order is None or order.state != "unknown":
            break
    fitted = replace(fitted, request=request)
    if order is not None and order.state in _AGAIN:
        return _Placed(key, fitted, window, None, order.submits, order.created_at)
    return _Placed(key, fitted, window, order)


async def _answered_for(reading: Reading, take: Take) -> Override | None:
    """Who answered for the very words before, of a take that is only made once more."""
    told = take.provenance
    if not told.attempt and told.retry_of is None:
        return None
    before = [one for one in await reading.decisions(take.project_id) if one.prompt == _judged(take)]
    return before[-1].override if before else None


def _new(one: _Placed, take: Take, cost: Cost) -> Order:
    return Order(
        id=one.key,
        project_id=take.project_id,
        engine=take.provenance.engine,
        created_at=one.first_at or take.created_at,
        request=one.fitted.request.model_dump_json(),
        estimate=cost.amount,
        currency=cost.currency,
        submits=one.sent,
    )


def _told(provenance: Provenance, made: Plan, placed: list[_Placed]) -> Provenance:
    """Where the take comes from, now that it is known what is asked."""
    kept = record_of(made, [one.fitted for one in placed], provenance.dropped)
    return provenance.model_copy(
        update={
            "model": placed[0].fitted.request.model,
            "order_id": placed[-1].key,
            "parts": kept.parts,
            "dropped": kept.dropped,
            "guidance": kept.guidance,
            "remarks": kept.remarks,
        }
    )


def refusal(verdict: Verdict) -> str:
    """What is said to whoever asked for words that the gate refuses."""
    advice = "change the words" + (", or have a director answer for them" if verdict.overridable else "")
    return f"Nothing was sent: {verdict.line()}; {advice}."


def _judged(take: Take) -> str:
    told = take.provenance
    return "\n".join((take.spec.text, told.prompt_sent, *(part.prompt_sent for part in told.parts)))


def check_budget(now: Spending, due: Sequence[Cost], takes: int = 1) -> None:
    """Raise OverBudget when the project's limit does not allow what is due, for so many takes, on top of what it has spent."""
    if now.budget is None or not due:
        return
    for cost in due:
        if cost.amount is None or cost.currency != now.currency:
            raise OverBudget(
                f"The project has a budget in {now.currency}, and nobody knows what a take costs in it ({cost.basis}): "
                "set the engine's price, or lift the budget."
            )
    amount = sum(cost.amount or 0.0 for cost in due)
    if now.spent + amount > now.budget.limit + 1e-9:
        asked, advice = "The take costs", "take a cheaper engine"
        if takes > 1:
            asked, advice = f"The {takes} takes cost", "ask for fewer or of a cheaper engine"
        raise OverBudget(
            f"{asked} about {amount:.2f} {now.currency}; of the budget of {now.budget.limit:.2f}, {now.spent:.2f} is spent or "
            f"ordered: raise the budget, or {advice}."
        )
