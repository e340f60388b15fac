"""The command line: `vr-previs COMMAND`. Every command has --json, and one clear line on bad input."""

import importlib
import json
import sys

import click

from vr_server import __version__
from vr_server.domain.errors import Cancelled, EngineThrottled, EngineUnreachable, OutcomeUnknown, PrevisError

_COMMANDS = {
    "serve": "serve", "demo": "serve", "doctor": "doctor",
    "script": "words", "interpret": "words",
    "generate": "generate", "export": "export", "bake": "layered", "view": "layered",
}  # fmt: skip

_EXIT_CODES: dict[type[PrevisError], int] = {
    OutcomeUnknown: 3,
    EngineThrottled: 75,  # EX_TEMPFAIL: the same may work later
    EngineUnreachable: 75,
    Cancelled: 130,  # as of a program that SIGINT ends
}


class LazyGroup(click.Group):
    """Imports a command's module when it is asked for: `interpret` need not wait for numba or aiortc."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"vr_server.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vr-previs")
def cli() -> None:
    """An immersive preview server for film directors: script in, a scene to step into, a note back, a new take."""


def main() -> None:
    """Entry point. A PrevisError becomes one line on stderr and its exit code (JSON on stdout too with --json)."""
    try:
        cli(prog_name="vr-previs")
    except PrevisError as error:
        if "--json" in sys.argv[1:]:
            click.echo(json.dumps({"error": {"code": error.code, "detail": str(error)}}, ensure_ascii=False))
        click.echo(f"vr-previs: {error}", err=True)
        sys.exit(_exit_code(error))


def _exit_code(error: PrevisError) -> int:
    return next((code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)), 1)


if __name__ == "__main__":
    main()
