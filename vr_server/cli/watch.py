"""Takes being made, shown on the terminal: bars for a person, lines for a log."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from vr_server.bus import Event, TakeChanged, TakeProgress
from vr_server.domain.take import Take


class TakeWatch:
    """Told of every bus event. `slates`: shot id -> slate."""

    def __init__(self, console: Console, slates: dict[str, str]) -> None:
        self._console = console
        self._slates = slates
        self._takes: dict[str, Take] = {}
        self._said: dict[str, str] = {}
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move the take's bar, or say what has become of it."""
        match event:
            case TakeProgress(take_id=take_id, stage=stage, fraction=fraction):
                if take_id not in self._bars:
                    self._bars[take_id] = self._progress.add_task(take_id, total=1.0)
                self._progress.update(
                    self._bars[take_id], description=f"{self._name(take_id)} {stage}", completed=fraction
                )
            case TakeChanged(take=take):
                self._takes[take.id] = take
                self._say(take)
            case _:
                pass

    def _say(self, take: Take) -> None:
        best = take.best()
        news = take.state if take.state != "generating" else f"{best.quality} ready" if best else ""
        if not news or news == "queued" or self._said.get(take.id) == news:
            return
        self._said[take.id] = news
        self._console.print(f"{self._name(take.id)}: {news}{f' ({take.error})' if take.error else ''}", markup=False)
        if take.state in {"ready", "failed", "cancelled"} and take.id in self._bars:
            self._progress.remove_task(self._bars.pop(take.id))

    def _name(self, take_id: str) -> str:
        take = self._takes.get(take_id)
        return take_id if take is None else f"shot {self._slates.get(take.shot_id, '?')} take {take.number}"
