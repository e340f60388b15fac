"""What the hot folder costs in front of a plain one: the same blobs read through both, turn by turn.

    .venv/bin/python -m benchmarks.cache --json [--blobs 40] [--kb 1024] [--rounds 20]

`ratio`: CPU time of reads through hot and cold with everything hot and uploaded, over the same reads of `LocalBlobs`
alone (1 is wanted; the median over the rounds). Beside it `copy_ratio` of copies into a folder, `small_ratio` of reads of
1 KB, where only the overhead counts, `small_us` of one, and `recall_mb_s` of blobs that come back from a cold folder.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from vr_server.storage import Blobs, ColdSettings, ColdStore, HotColdBlobs, LocalBlobs

SMALL_BYTES = 1024


async def cpu_s(work: Callable[[str], Awaitable[object]], digests: Sequence[str]) -> float:
    began = time.process_time()
    for digest in digests:
        await work(digest)
    return time.process_time() - began


async def turns(
    plain: Callable[[str], Awaitable[object]],
    ours: Callable[[str], Awaitable[object]],
    digests: Sequence[str],
    rounds: int,
) -> tuple[float, float]:
    """Median CPU seconds of one pass over `digests`: plain, ours. One pass each beforehand warms the page cache."""
    await cpu_s(plain, digests)
    await cpu_s(ours, digests)
    pairs = [(await cpu_s(plain, digests), await cpu_s(ours, digests)) for _ in range(rounds)]
    return statistics.median(p for p, _ in pairs), statistics.median(o for _, o in pairs)


async def filled(blobs: Blobs, folder: Path, count: int, size: int) -> list[str]:
    digests = []
    for _ in range(count):
        (folder / "in").write_bytes(os.urandom(size))
        digests.append(await blobs.put_file(folder / "in"))
    return digests


async def measure(count: int, kb: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="previs-cache-") as name:
        folder = Path(name)
        (folder / "cold").mkdir()
        both = await HotColdBlobs.open(folder / "blobs", ColdStore(ColdSettings((folder / "cold").as_uri())))
        plain = LocalBlobs(folder / "blobs")
        uploads = asyncio.create_task(both.run())
        large = await filled(both, folder, count, kb * 1024)
        small = await filled(both, folder, count * 4, SMALL_BYTES)
        while both.state().waiting:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
        out = folder / "out"
        read = await turns(plain.read, both.read, large, rounds)
        copy = await turns(lambda d: plain.copy_to(d, out), lambda d: both.copy_to(d, out), large, rounds)
        tiny = await turns(plain.read, both.read, small, rounds)
        for digest in large:
            assert await both.evict(digest)
        began = time.monotonic()
        for digest in large:
            await both.read(digest)
        recall_s = time.monotonic() - began
        uploads.cancel()
    return {
        "blobs": count, "kb": kb, "plain_ms": round(read[0] * 1e3 / count, 3), "ours_ms": round(read[1] * 1e3 / count, 3),
        "copy_ratio": round(copy[1] / copy[0], 3), "small_ratio": round(tiny[1] / tiny[0], 3),
        "small_us": round(tiny[1] * 1e6 / len(small), 1), "recall_mb_s": round(count * kb / 1024 / recall_s, 1),
        "load": round(os.getloadavg()[0], 1), "ratio": round(read[1] / read[0], 3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--blobs", type=int, default=40)
    parser.add_argument("--kb", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    result = asyncio.run(measure(told.blobs, told.kb, told.rounds))
    if not told.json:
        print(f"a hot read of {told.kb} KB: {result['ours_ms']} ms, plain {result['plain_ms']} ms")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
