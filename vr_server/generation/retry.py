"""Which failures are worth another attempt, and when. Pure: the same failure at the same attempt waits the same time.

| class                             | again?                                                            |
|-----------------------------------|-------------------------------------------------------------------|
| EngineThrottled                   | after the time told, else backing off                             |
| EngineUnreachable                 | backing off                                                       |
| EngineAuth, EngineRefused         | never: a person must act                                          |
| EngineLied, ResultGone            | never by itself: what is paid for is paid for                     |
| OutcomeUnknown                    | never by itself: it might pay twice                               |
| EngineFailed                      | never: the engine said no to this very request                    |
"""

from dataclasses import dataclass

from vr_server.domain.errors import EngineThrottled, EngineUnreachable, PrevisError


@dataclass(frozen=True, slots=True)
class Backoff:
    """`steps_s`: the waits in seconds; the last one stays. `attempts`: how often it is tried in all."""

    steps_s: tuple[float, ...] = (1, 2, 4, 5)
    attempts: int = 6
    longest_wait_s: float = 600.0  # an engine that asks for more is given up on

    def wait_s(self, error: PrevisError, attempt: int) -> float | None:
        """Seconds to wait after failure number `attempt` (from 1); None: give up."""
        if attempt >= self.attempts or not isinstance(error, EngineThrottled | EngineUnreachable):
            return None
        step = float(self.steps_s[min(attempt, len(self.steps_s)) - 1])
        if isinstance(error, EngineThrottled) and error.retry_after_s is not None:
            return max(step, error.retry_after_s) if error.retry_after_s <= self.longest_wait_s else None
        return step


SUBMIT = Backoff()
POLL = Backoff(attempts=40)  # a task that is paid for is worth some patience
FETCH = Backoff(attempts=8)
