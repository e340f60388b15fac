"""What a clip was planned as: take.json and staging.json, as `generate` writes them."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vr_server.cli.output import read_bytes
from vr_server.domain.errors import InvalidInput
from vr_server.domain.shot import CameraIntent, ShotSpec
from vr_server.domain.staging import Staging
from vr_server.staging import compose

TAKE, STAGING = "take.json", "staging.json"


@dataclass(frozen=True, slots=True)
class Plan:
    camera: CameraIntent
    staging: Staging


def read_plan(source: Path, take: Path | None) -> Plan | None:
    """The plan of the clip `source` (a file or its folder): `take` or the folder's own take.json, and the staging.json beside
    it, else what its shot and seed make again. None where there is neither. Raise InvalidInput for a file that is no plan."""
    if take is None and source.is_dir() and (source / TAKE).exists():
        take = source / TAKE
    if take is None:
        alone = source / STAGING
        return Plan(CameraIntent(), _staging(alone)) if alone.exists() else None
    spec, seed = read_take(take)
    beside = take.parent / STAGING
    return Plan(spec.camera, _staging(beside) if beside.exists() else compose(spec, seed))


def read_take(path: Path) -> tuple[ShotSpec, int]:
    """What take.json says was asked for, and the seed. Raise InvalidInput."""
    try:
        told = json.loads(read_bytes(path))
        return ShotSpec.model_validate(told["spec"]), int(told.get("seed", 0))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} is not a take.json: it has no valid spec.") from error


def _staging(path: Path) -> Staging:
    try:
        return Staging.model_validate_json(read_bytes(path))
    except ValidationError as error:
        raise InvalidInput(f"{path} is no staging of this version: take it away or make the take again.") from error
