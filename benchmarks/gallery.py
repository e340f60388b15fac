"""Contact sheets of the prompts in benchmarks/gallery_prompts.toml, and whether their facts hold.

    .venv/bin/python -m benchmarks.gallery --out DIR [--only NAME ...] [--frames 6] [--size 480x270] [--draft] [--json]

Writes DIR/NAME.png (a few frames of each shot with its words, green facts hold, red ones do not), DIR/overview-N.png
(twelve shots a sheet) and DIR/report.json; prints one JSON object last. `ratio` is the share of facts that hold.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from vr_server import blockout
from vr_server.domain.errors import PrevisError

from .fact import Fact
from .facts import facts_of
from .prompts import Look, Prompt, load_prompts, look_at
from .sheets import BAD, DIM, GOOD, U8, Line, save, sheet, shrunk

PER_OVERVIEW = 12
COLUMNS = 3


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 480x270")
    return int(width) // 2 * 2, int(height) // 2 * 2


def _picture(prompt: Prompt, look: Look, facts: list[Fact]) -> U8:
    spec, camera = look.spec, look.spec.camera
    told = ", ".join(f"{s.count} {s.kind}: {' > '.join(b.action for b in s.beats)}" for s in spec.subjects)
    moves = " > ".join(b.move for b in camera.beats) or camera.move
    where = f"{spec.place}, {spec.time_of_day}, {', '.join(spec.weather) or 'clear'}, {spec.style or 'no look'}"
    head = [
        Line(f"{prompt.name}: {spec.text}"),
        Line(
            f"{told or 'nobody'} | {where} | {camera.shot_size}, {camera.angle}, {moves} | {spec.duration_s:g} s", DIM
        ),
    ]
    foot = [Line(f"no: {f.name}: {f.told}, found {f.found}" + _pending(prompt, f), BAD) for f in facts if not f.held]
    foot.append(Line("yes: " + "; ".join(f"{f.name} {f.told}" for f in facts if f.held), GOOD))
    foot += [Line(remark, DIM) for remark in look.staging.remarks]
    return sheet([frame.color for frame in look.frames], COLUMNS, head, foot)


def _pending(prompt: Prompt, fact: Fact) -> str:
    return " (pending)" if fact.name in prompt.pending else ""


def _overviews(out: Path, shown: list[tuple[Prompt, Look]], width_px: int) -> None:
    for first in range(0, len(shown), PER_OVERVIEW):
        cells = []
        for prompt, look in shown[first : first + PER_OVERVIEW]:
            frame = look.frames[len(look.frames) // 2].color
            cells.append(sheet([shrunk(frame, width_px)], 1, [Line(prompt.name)]))
        high = max(cell.shape[0] for cell in cells)
        save(
            sheet([_padded(cell, high) for cell in cells], COLUMNS, []),
            out / f"overview-{first // PER_OVERVIEW + 1}.png",
        )


def _padded(cell: U8, height_px: int) -> U8:
    return cell if len(cell) == height_px else cell[:height_px]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="prompts whose names begin with these")
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--size", type=_size, default=(480, 270))
    parser.add_argument("--draft", action="store_true", help="draft quality")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    arguments = parser.parse_args()
    prompts = [p for p in load_prompts() if not arguments.only or p.name.startswith(tuple(arguments.only))]
    if not prompts:
        parser.error(f"no prompt is called {' or '.join(arguments.only)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    blockout.warm()
    shown: list[tuple[Prompt, Look]] = []
    report: dict[str, Any] = {}
    for prompt in prompts:
        report[prompt.name] = entry = _one(prompt, arguments, shown)
        if not arguments.json:
            print(f"{prompt.name}: {entry['held']} of {entry['facts']} facts, {entry['cpu_s']:.1f} CPU-s")
            for line in entry["not_held"]:
                print(f"    {line}")
    if len(shown) > 1:
        _overviews(arguments.out, shown, 480)
    facts, held = (sum(e[key] for e in report.values()) for key in ("facts", "held"))
    summary = {"prompts": len(prompts), "facts": facts, "held": held, "ratio": round(held / max(facts, 1), 4)}
    (arguments.out / "report.json").write_text(json.dumps({**summary, "takes": report}, indent=1, ensure_ascii=False))
    print(json.dumps(summary))


def _one(prompt: Prompt, arguments: argparse.Namespace, shown: list[tuple[Prompt, Look]]) -> dict[str, Any]:
    """Render one prompt, save its sheet, and tell what held; a prompt that cannot be made is told with its error."""
    start = time.process_time()
    try:
        look = look_at(
            prompt.spec(),
            frames=arguments.frames,
            size=arguments.size,
            quality="draft" if arguments.draft else "final",
        )
    except PrevisError as error:
        return {"facts": 1, "held": 0, "not_held": [str(error)], "cpu_s": time.process_time() - start}
    facts = facts_of(prompt.facts, look)
    save(_picture(prompt, look, facts), arguments.out / f"{prompt.name}.png")
    shown.append((prompt, look))
    return {
        "facts": len(facts),
        "held": sum(f.held for f in facts),
        "not_held": [f"{f.name}: {f.told}, found {f.found}{_pending(prompt, f)}" for f in facts if not f.held],
        "cpu_s": round(time.process_time() - start, 2),
    }


if __name__ == "__main__":
    main()
