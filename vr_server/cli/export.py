"""`export`: what leaves the house, in the formats of whoever works on with it."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from vr_server.bootstrap import clip_export, open_storage
from vr_server.cli.output import emit, json_option, output_folder
from vr_server.config import Settings
from vr_server.domain.errors import InvalidInput, NotFound
from vr_server.export import Missing, Selection

FORMATS = ("mp4", "otio", "edl", "fcpxml", "glb", "usd", "pdf", "csv")


@click.command()
@click.option("--project", required=True, help="Id or title.")
@click.option("--shot", help="One shot only: its slate or id.")
@click.option("--take", "take_id", help="One take only: its id.")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="mp4", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="A folder, or for one clip a file FILE.mp4."
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for everything kept.")
@json_option
def export(
    project: str, shot: str | None, take_id: str | None, kind: str, out: Path, as_json: bool, data: Path | None
) -> None:
    """Write the clips of a project, one a shot: the approved take, else the best; signed with content credentials."""
    if kind != "mp4":
        raise InvalidInput(f"The format {kind} cannot be exported yet; there is: mp4.")
    settings = Settings.load(os.environ, data=data)
    if not (settings.data / "previs.sqlite").exists() and settings.database_url is None:
        raise NotFound(f"There is nothing in {settings.data}: name the server's data folder with --data.")
    value = asyncio.run(_export(settings, project, shot, take_id, out))
    emit(as_json, value, _told(value))


async def _export(settings: Settings, project: str, shot: str | None, take_id: str | None, out: Path) -> dict[str, Any]:
    storage = await open_storage(settings)
    try:
        exporting = clip_export(settings, storage)
        found = await exporting.select(project, shot=shot, take=take_id)
        if not found.chosen:
            raise NotFound(f"There is no clip to export: {_listed(found.missing)}")
        targets = _targets(found, out)
        failed = await exporting.write(found.chosen, targets)
        if len(failed) == len(found.chosen):
            raise NotFound(f"No clip could be exported: {_listed(failed)}")
    finally:
        if storage.cold is not None:
            await storage.cold.close()
        await storage.store.close()
    lost = {one.take_id for one in failed}
    signed = exporting.credentials
    return {
        "project": found.project.id,
        "clips": [
            {"slate": one.shot.slate, "take": one.take.id, "number": one.take.number,
             "approved": one.take.approval is not None, "file": str(target)}
            for one, target in zip(found.chosen, targets, strict=True) if one.take.id not in lost
        ],
        "missing": [{"slate": one.slate, "reason": one.reason} for one in (*found.missing, *failed)],
        "credentials": None if signed is None else
            {"certificate": signed.identity.fingerprint, "development": signed.identity.trusted_by_nobody},
    }  # fmt: skip


def _targets(found: Selection, out: Path) -> Sequence[Path]:
    """Where each clip goes. Raise InvalidInput, or StorageFailed when the folder cannot be made."""
    if out.suffix.lower() == ".mp4" and not out.is_dir():
        if len(found.chosen) > 1:
            raise InvalidInput(
                f"{len(found.chosen)} clips do not fit into {out.name}: name a folder, or one shot with --shot."
            )
        output_folder(out.parent)
        return [out]
    folder = output_folder(out)
    return [folder / one.filename for one in found.chosen]


def _listed(missing: Sequence[Missing]) -> str:
    return " ".join(f"{one.slate}: {one.reason}" for one in missing)


def _told(value: dict[str, Any]) -> str:
    lines = [
        f"{clip['slate']:<6} take {clip['number']}{' (approved)' if clip['approved'] else ''}  {clip['file']}"
        for clip in value["clips"]
    ]
    lines += [f"{one['slate']:<6} missing: {one['reason']}" for one in value["missing"]]
    signed = value["credentials"]
    if signed is None:
        lines.append("without content credentials: install vr-previs[c2pa] for them")
    elif signed["development"]:
        lines.append(
            "signed with this machine's development certificate, which nobody vouches for: docs/credentials.md"
        )
    return "\n".join(lines)
