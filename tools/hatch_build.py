"""hatchling build hook: one install brings the client, and nobody needs Node of their own."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client_build


class ClientBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel (also an editable one) is made."""

    def dependencies(self) -> list[str]:
        return [client_build.NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        client_build.build()
