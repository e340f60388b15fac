"""What is asked of a paid engine: kept before it is sent, so that nothing is paid twice and nothing is lost."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Model

OrderState = Literal["waiting", "submitting", "submitted", "fetched", "failed", "unknown", "cancelled", "left"]
"""`submitting`: written before the engine is asked, so that a crash leaves a trace. `unknown`: asked, and nobody can
tell whether it was taken. `left`: the engine works on, nobody waits; an identical request takes it up again."""

OPEN_ORDERS: tuple[OrderState, ...] = ("waiting", "submitting", "submitted")


class Order(Model):
    """One paid generation. `id` is the content hash of its request: identical requests are one order.

    `request` and `handle` are JSON, the engine port's own (`generation.port`). `take_ids`: who waits for it, or has it.
    `estimate` and `cost` in `currency`, None where nobody knows. `clip`: SHA-256 of the video once it is fetched.
    `made`: planned inputs that were made, name -> SHA-256 of the bytes. `submits`: how often it was sent, tries that the engine did not take among them.
    """

    id: str
    project_id: str
    engine: str
    created_at: datetime
    request: str
    state: OrderState = "waiting"
    take_ids: tuple[str, ...] = ()
    handle: str | None = None
    made: dict[str, str] = Field(default_factory=dict)
    submits: int = 0
    estimate: float | None = None
    cost: float | None = None
    currency: str = "USD"
    clip: str | None = None
    failure_code: str | None = None
    failure: str | None = None

    @property
    def spent(self) -> float:
        """Money that is gone or bound to go: the cost, else the estimate of an order that was or may have been taken."""
        if self.cost is not None:
            return self.cost
        return 0.0 if self.state in {"failed", "cancelled"} else (self.estimate or 0.0)
