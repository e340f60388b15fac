"""The whole server, from a request over HTTP to a take that can be watched: guided, and longer than its engine's clips."""

import json
from pathlib import Path
from typing import Any

from film_engine import FPS, KEY, SIZE_PX, FilmEngine
from server import Server, wait_for

from vr_server.media.inspect import inspect_video

SCRIPT = "EXT. STREET - DAY\n\nA man walks down the street, 3 seconds.\n"


def made(server: Server) -> dict[str, Any]:
    """A take of the paid engine, as it is once it is ready. What the quality check makes of it is called off."""
    project = server.import_script(SCRIPT)
    with server.client() as client:
        wanted = {"engine": "comfyui", "guidance": "depth", "seed": 7}
        answer = client.post(f"/api/shots/{project['shots'][0]['id']}/takes", json=wanted)
        assert answer.is_success, answer.text

        def ready() -> dict[str, Any] | None:
            take: dict[str, Any] = client.get(f"/api/takes/{answer.json()['id']}").raise_for_status().json()
            assert take["state"] in {"queued", "generating", "ready"}, f"{take['error']}\n{server.tail()}"
            return take if take["state"] == "ready" else None

        take = wait_for("the take", ready, limit_s=240)
        client.delete(f"/api/projects/{project['project']['id']}/queue").raise_for_status()
    return take


def test_a_guided_long_shot_is_paid_part_by_part_joined_and_ready_to_be_watched(
    server: Server, engine: FilmEngine, tmp_path: Path
) -> None:
    take = made(server)
    told = take["provenance"]
    paid = [json.loads(call.body)["extra_data"]["vr-previs"]["request"] for call in engine.of("submit")]
    assert len(told["parts"]) == 2
    assert [paid.count(part["orderId"]) for part in told["parts"]] == [1, 1]

    guided, further = engine.graphs[:2]
    guide = tmp_path / "guide.mp4"
    guide.write_bytes(engine.uploaded[guided["15"]["inputs"]["file"]])
    sent = inspect_video(guide)
    assert ((sent.width_px, sent.height_px), sent.frame_count) == (SIZE_PX, guided["9"]["inputs"]["length"])
    assert told["guidance"]["used"] == "depth"
    assert engine.uploaded[further["15"]["inputs"]["image"]].startswith(b"\x89PNG"), "on from the last frame"

    assert [(r["quality"], r["frameCount"]) for r in take["renditions"]] == [("final", 3 * FPS)]
    assert {"manifest.json", "poster.jpg"} <= set(take["renditions"][0]["files"])
    assert KEY not in server.log.read_text("utf-8")
