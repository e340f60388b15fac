"""What every domain model shares: immutable, strict about its fields, camelCase on the wire."""

import secrets
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Language = Literal["en", "zh"]
Vec3 = tuple[float, float, float]
"""Metres, WebXR axes: right-handed, +Y up, -Z forward."""
Quat = tuple[float, float, float, float]
"""Unit quaternion, xyzw."""


class Model(BaseModel):
    """Frozen; unknown fields and numbers that are none (NaN, infinity) are errors; camelCase in JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, alias_generator=to_camel, populate_by_name=True
    )


def new_id(prefix: str) -> str:
    """A fresh id such as ``take-4k2m9w7c1x0d``: the kind is readable, 60 random bits follow."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return f"{prefix}-" + "".join(secrets.choice(alphabet) for _ in range(12))


def now_utc() -> datetime:
    return datetime.now(UTC)
