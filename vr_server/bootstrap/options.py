"""Settings of what is set up by name, out of the environment's options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vr_server.domain.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vr_server.generation.settings import EngineSettings


def told(name: str, kind: type[EngineSettings], options: Mapping[str, SecretStr]) -> EngineSettings | None:
    """The settings of what is called `name`; None where nothing was told. Raise InvalidInput as `remote_engines` does."""
    from pydantic import ValidationError

    prefix = name.replace("-", "_") + "_"
    told = {key.removeprefix(prefix): v.get_secret_value() for key, v in options.items() if key.startswith(prefix)}
    if not told:
        return None
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = "_".join(str(part) for part in first["loc"]) or "settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"VR_PREVIS_{(prefix + field).upper()}: {reason}.") from None
