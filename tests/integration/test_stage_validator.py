"""The Khronos glTF validator finds nothing wrong with the stages we make."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.prompts import load_prompts
from vr_server.staging import compose, to_glb

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from client_build import CLIENT, install, node_paths

NAMES = (
    "script-ship",
    "script-bamboo",
    "script-ruins",
    "night-market",
    "office-talk",
    "dragon-sea",
    "brief-storm",
    "train-leaves",
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stages")
    prompts = {p.name: p for p in load_prompts()}
    files = []
    for name in NAMES:
        files.append(folder / f"{name}.glb")
        files[-1].write_bytes(to_glb(compose(prompts[name].spec(), 1), fps=12))
    install()
    node, _ = node_paths()
    done = subprocess.run(
        [node, CLIENT / "tools" / "validate_glb.mjs", *files], capture_output=True, text=True, cwd=CLIENT, check=False
    )
    assert done.stdout, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {report["path"].rsplit("/")[-1].removesuffix(".glb"): report for report in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_is_valid(reports, name):
    report = reports[name]
    assert (report["errors"], report["warnings"]) == (0, 0), report["messages"][:5]


def test_the_validator_does_find_faults(tmp_path):
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"glTF" + bytes(16))
    node, _ = node_paths()
    done = subprocess.run(
        [node, CLIENT / "tools" / "validate_glb.mjs", broken], capture_output=True, text=True, cwd=CLIENT, check=False
    )
    assert done.returncode != 0
