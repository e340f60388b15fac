"""What every command does alike: read a user's file, print a result, show progress on stderr."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vr_server.domain.errors import InvalidInput, StorageFailed

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def read_bytes(path: Path) -> bytes:
    """Raise InvalidInput when the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file and the folders to it. Raise StorageFailed when that is not possible."""
    output_folder(path.parent)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written: {error.strerror or error}.") from error


def output_folder(path: Path) -> Path:
    """Make the folder; raise StorageFailed when that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"The folder {path} cannot be made: {error.strerror or error}.") from error
    return path


@contextmanager
def whole_or_nothing(out: Path) -> Iterator[Path]:
    """A folder to write into, whose files stand in `out` once all has gone well. What goes wrong leaves nothing behind and
    what `out` held before as it was. Raise StorageFailed where `out` cannot be made."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    output_folder(out)
    work = output_folder(out / f".unfinished-{os.getpid()}")
    try:
        yield work
        for file in sorted(work.iterdir()):
            file.replace(out / file.name)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # somebody else's files have come into it
                folder.rmdir()
        raise
    work.rmdir()


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextmanager
def stages() -> Iterator[Callable[[str, float], None]]:
    """A bar on stderr for work of several stages: call it with what is being done and its share, 0..1."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def emit(as_json: bool, value: dict[str, Any], text: str) -> None:
    """Print the result for a program or for a person."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


@contextmanager
def progress(label: str, total: int) -> Iterator[Progress]:
    """A progress bar on stderr (nothing where stderr is no terminal); advance task 0."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(label, total=total)
        yield bar
