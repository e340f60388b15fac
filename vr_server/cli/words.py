"""`script` and `interpret`: what the server understands of a script and of a note."""

from pathlib import Path
from typing import Any

import click

from vr_server.cli.output import emit, json_option, read_bytes
from vr_server.cli.plan import read_take
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.language import interpret as interpret_note
from vr_server.language import parse_spec
from vr_server.script import breakdown


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--project", default=None, help="Title of the project; the script's own by default.")
@json_option
def script(file: Path, project: str | None, as_json: bool) -> None:
    """Break a script (Fountain, FDX, plain text) down into shots."""
    found = breakdown(read_bytes(file), filename=file.name)
    title = project or found.title
    shots = [shot for scene in found.scenes for shot in scene.shots]
    value: dict[str, Any] = {
        "title": title,
        "shots": [
            {"slate": s.slate, "heading": s.heading, "spec": s.spec.model_dump(mode="json", by_alias=True)}
            for s in shots
        ],
    }
    lines = [f"{title}: {len(shots)} shots"]
    for shot in shots:
        spec = shot.spec
        lines.append(f"{shot.slate:>5}  {spec.camera.shot_size} {spec.camera.move}  {spec.duration_s:g} s  {spec.text}")
    emit(as_json, value, "\n".join(lines))


@click.command()
@click.argument("text")
@click.option("--lang", type=click.Choice(["auto", "en", "zh"]), default="auto", show_default=True)
@click.option("--spec", "spec_file", type=click.Path(path_type=Path), help="take.json of the take the note is about.")
@json_option
def interpret(text: str, lang: str, spec_file: Path | None, as_json: bool) -> None:
    """Say what a note would change: "make it slower and move the camera closer"."""
    spec = read_take(spec_file)[0] if spec_file else parse_spec("A man walks down a street.")
    found = interpret_note(text, spec, language=None if lang == "auto" else "zh" if lang == "zh" else "en")
    diff = diff_specs(spec, apply_changes(spec, found.changes))
    value = {
        "changes": [c.model_dump(mode="json", by_alias=True) for c in found.changes],
        "diff": [d.model_dump(mode="json", by_alias=True) for d in diff],
        "explanation": found.explanation,
        "unknownWords": list(found.unknown_words),
    }
    lines = [found.explanation, *(f"  {d.path}: {d.before} -> {d.after}" for d in diff)]
    emit(as_json, value, "\n".join(lines))
