"""A paid engine for the real server: ComfyUI's contract replayed, making small clips as long as it is asked for."""

import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS / "contract"))

from remote_comfyui import ComfyUIReplay  # noqa: E402
from replay import KEY, make_clip  # noqa: E402
from threaded import in_a_thread  # noqa: E402

__all__ = ["FPS", "KEY", "SIZE_PX", "FilmEngine", "in_a_thread"]

SIZE_PX, FPS, MOST_FRAMES = (160, 96), 8, 17
SHIPPED = TESTS.parent / "vr_server" / "generation" / "workflows"
WORKFLOWS = ("wan21-vace-guide-14b", "wan22-i2v-14b")
"""Guided from words; and on from a last frame."""


class FilmEngine(ComfyUIReplay):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.graphs: list[dict[str, Any]] = []

    def finish(self, prompt_id: str) -> None:
        graph = self.queue[prompt_id][2]
        self.graphs.append(graph)
        name, asked = f"{len(self.graphs)}.mp4", graph["9"]["inputs"]
        self.clip = make_clip(
            self.folder / name, width_px=asked["width"], height_px=asked["height"], frames=asked["length"], fps=FPS
        )
        self.outputs = {"14": {"images": [self.file(name)], "animated": [True]}}
        super().finish(prompt_id)

    def environment(self) -> dict[str, str]:
        """What the server is told of this engine."""
        return {
            "VR_PREVIS_ENGINE_SIZE": "x".join(map(str, SIZE_PX)),
            "VR_PREVIS_COMFYUI_BASE_URL": self.base_url,
            "VR_PREVIS_COMFYUI_KEY": KEY,
            "VR_PREVIS_COMFYUI_PRICE_PER_CLIP": "0.25",
            "VR_PREVIS_COMFYUI_WORKFLOWS": ",".join(str(self._small(name)) for name in WORKFLOWS),
        }

    def _small(self, name: str) -> Path:
        """A shipped workflow for small pictures and short clips, so that a part costs a test next to nothing."""
        own = {"sizes": [list(SIZE_PX)], "fps": FPS, "max_frames": MOST_FRAMES}
        told, inputs, rest = (SHIPPED / f"{name}.toml").read_text("utf-8").partition("[inputs]")
        lines = [
            f"{key} = {own[key]}" if (key := line.partition(" = ")[0]) in own else line for line in told.splitlines()
        ]
        (self.folder / f"{name}.json").write_bytes((SHIPPED / f"{name}.json").read_bytes())
        (self.folder / f"{name}.toml").write_text("\n".join([*lines, inputs + rest]), "utf-8")
        return self.folder / f"{name}.toml"
