"""The engine of docs/write-an-engine.md, made of that page's own code under the names it gives."""

import re
import sys
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs" / "write-an-engine.md"
_FILE = re.compile(r"^`(?P<path>[\w/]+\.py)`:\n\n```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^```python\n(?P<code>[^\n]+)\n```$", re.MULTILINE)


def files() -> dict[str, str]:
    """Path -> code of each whole file on the page; blank lines before it, so that errors name the page's own lines."""
    text = PAGE.read_text("utf-8")
    return {m["path"]: "\n" * text.count("\n", 0, m.start("code")) + m["code"] for m in _FILE.finditer(text)}


def lines() -> list[str]:
    """The single lines of code that the page says to add somewhere."""
    return [m["code"] for m in _LINE.finditer(PAGE.read_text("utf-8"))]


def module(path: str) -> ModuleType:
    """The page's file as an imported module, under the name it would have in its place."""
    name = path.removesuffix(".py").replace("/", ".").removeprefix("tests.contract.")
    if name not in sys.modules:
        made = ModuleType(name)
        made.__file__ = str(PAGE)
        sys.modules[name] = made
        exec(compile(files()[path], str(PAGE), "exec"), made.__dict__)
    return sys.modules[name]


module("vr_server/generation/engines/zoetrope.py")
ZoetropeReplay = module("tests/contract/remote_zoetrope.py").ZoetropeReplay
