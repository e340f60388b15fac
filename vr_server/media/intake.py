"""Somebody else's video taken in: decoded once by a process of its own with little memory and time, kept as a plain one.

Decoders are where hostile files do their harm. What leaves the process is a video of our own making (H.264, constant rate,
upright, even sides) and a line of JSON; what goes wrong in it is one line of InvalidMedia.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from vr_server.domain.errors import InvalidMedia

from .film import write_film
from .pictures import VideoPictures

MEMORY_MB = 4096
"""Address space, of which Python and its libraries take the first one and a half thousand."""
CPU_S = 120
FILE_MB = 1024
_WALL_S = 300
_CRF = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may use: address space, CPU seconds, and the size of what it writes."""

    memory_mb: int = MEMORY_MB
    cpu_s: int = CPU_S
    file_mb: int = FILE_MB


def take_in(source: Path, target: Path, limits: Limits | None = None) -> VideoPictures:
    """Decode `source` within `limits` into `target` (an mp4, replaced) and open that.

    Raise InvalidMedia with one line when `source` is missing, no video, damaged, too large, too long, or asks for more than
    the limits allow; nothing is left of `target` then.
    """
    limits = limits or Limits()
    command = [sys.executable, "-m", "vr_server.media.intake", str(source), str(target)]
    command += [str(n) for n in (limits.memory_mb, limits.cpu_s, limits.file_mb)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WALL_S, check=False)  # noqa: S603
        line = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
        said = json.loads(line) if line.startswith("{") else {}
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        said = {}
    if "remarks" in said:
        pictures = VideoPictures(target)
        pictures.remarks = tuple(str(remark) for remark in said["remarks"])
        pictures.shown_px = (int(said["shown"][0]), int(said["shown"][1]))
        return pictures
    target.unlink(missing_ok=True)
    if "error" in said:
        raise InvalidMedia(str(said["error"]))
    raise InvalidMedia(
        f"{source.name} needs more memory or time to decode than a clip should ({limits.memory_mb} MB, {limits.cpu_s} s): it was refused."
    )


def _limit(limits: Limits) -> None:
    """Bind this process to its limits (POSIX; elsewhere the wall clock alone holds)."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_mb << 20),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_mb << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _rewrite(source: Path, target: Path) -> dict[str, object]:
    """Write `target` from `source`; what was changed on the way, and how large the picture was."""
    pictures = VideoPictures(source)
    write_film(target, pictures, (pictures.width_px, pictures.height_px), pictures.fps, crf=_CRF)
    return {"remarks": pictures.remarks, "shown": pictures.shown_px}


def _main(source: str, target: str, *numbers: str) -> None:
    _limit(Limits(*(int(n) for n in numbers)))
    try:
        said = _rewrite(Path(source), Path(target))
    except InvalidMedia as error:
        said = {"error": str(error)}
    except MemoryError:
        said = {"error": f"{Path(source).name} needs more memory to decode than a clip should: it was refused."}
    print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
