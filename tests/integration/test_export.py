"""Clips that leave the house: which take of each shot, what is missing, and content credentials that hold."""

import asyncio
import hashlib
import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from rooms_fixtures import a_house

from vr_server.api.app import create_app
from vr_server.api.services import Services
from vr_server.cli import cli
from vr_server.domain.errors import InvalidInput, InvalidMedia, NotFound
from vr_server.domain.shot import Project, Sequence, Shot, ShotSpec
from vr_server.domain.take import Approval, Finding, Provenance, Rendition, Take, TakeState
from vr_server.export import ClipExport, Credentials, development_identity, own_identity
from vr_server.export.credentials import COMPUTED, TRAINED, read_credentials
from vr_server.storage import Blobs, LocalBlobs, MemoryBlobs, MemoryStore, SqlStore, Store, TakeFolders

T0 = datetime(2026, 3, 1, tzinfo=UTC)
PROMPT = "an old sailor mends a net, 一位老水手"


def a_clip(path: Path, grey: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24))
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(4):
            picture = np.full((64, 64, 3), grey + number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


class Film:
    """A project of three shots and their takes."""

    def __init__(self, root: Path, store: Store, blobs: Blobs) -> None:
        self.root, self.store, self.blobs = root, store, blobs
        self.folders = TakeFolders(root / "takes", blobs)

    async def begin(self) -> None:
        async with self.store.transaction() as unit:
            await unit.put_project(Project(id="p", title="Net", created_at=T0))
            await unit.put_sequence(Sequence(id="q", project_id="p", order=0, title="EXT. PIER"))
            for order, slate in enumerate(("1A", "1B", "2/C")):
                spec = ShotSpec(text=PROMPT, language="en")
                await unit.put_shot(
                    Shot(
                        id=f"s{slate[0]}{slate[-1]}",
                        project_id="p",
                        sequence_id="q",
                        order=order,
                        slate=slate,
                        spec=spec,
                    )
                )

    async def take(
        self, number: int, shot: str = "s1A", *, engine: str = "wan-http", parent: str | None = None,
        state: TakeState = "ready", **told: Any,
    ) -> Take:  # fmt: skip
        digest = await self.blobs.put_file(a_clip(self.root / "in.mp4", 20 * number))
        rendition = Rendition(
            quality="final", width_px=64, height_px=64, frame_count=4, files={"clip/clip.mp4": digest}
        )
        take = Take(
            id=f"{shot}-{number}", project_id="p", shot_id=shot, number=number,
            created_at=T0 + timedelta(minutes=number), spec=ShotSpec(text=PROMPT, language="en"), state=state,
            provenance=Provenance(
                engine=engine, model="wan2.2", engine_version="3", seed=4242, prompt_sent=PROMPT, parent_take_id=parent
            ),
            renditions=(rendition,) if state == "ready" else (), **told,
        )  # fmt: skip
        async with self.store.transaction() as unit:
            await unit.put_take(take)
        return take

    def export(self) -> ClipExport:
        credentials = Credentials(development_identity(self.root / "c2pa"), frozenset({"blockout"}))
        return ClipExport(self.store, self.blobs, self.folders, credentials)


@pytest.fixture
async def film(tmp_path: Path) -> Film:
    made = Film(tmp_path, MemoryStore(), MemoryBlobs())
    await made.begin()
    return made


async def credentials_of(film: Film, take: Take) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """All that the exported clip says, its own manifest, and the file."""
    path, lease = await film.export().clip(take.id)
    target = film.root / "read.mp4"
    shutil.copyfile(path, target)
    lease.release()
    found = read_credentials(target)
    assert found is not None
    return found, found["manifests"][found["active_manifest"]], target


def assertion(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    return next(a["data"] for a in manifest["assertions"] if a["label"].startswith(label))


def failures(found: dict[str, Any]) -> list[str]:
    return [f["code"] for f in found["validation_results"]["activeManifest"]["failure"]]


# ------------------------------------------------------------ credentials


async def test_an_exported_clip_says_what_made_it(film: Film) -> None:
    found, manifest, _ = await credentials_of(film, await film.take(1))
    assert found["validation_state"] == "Valid"
    assert failures(found) == ["signingCredential.untrusted"]  # a development certificate, and nothing else
    (created,) = assertion(manifest, "c2pa.actions")["actions"]
    assert (created["action"], created["digitalSourceType"]) == ("c2pa.created", TRAINED)
    assert created["softwareAgent"] == {"name": "wan-http wan2.2", "version": "3"}
    record = assertion(manifest, "vr-previs.take")
    assert (record["engine"], record["model"], record["seed"], record["slate"]) == ("wan-http", "wan2.2", 4242, "1A")
    assert record["promptSha256"] == hashlib.sha256(PROMPT.encode()).hexdigest()
    assert PROMPT not in json.dumps(found, ensure_ascii=False)
    assert "ingredients" not in manifest


async def test_a_rendering_is_no_trained_models_work(film: Film) -> None:
    _, manifest, _ = await credentials_of(film, await film.take(1, engine="blockout"))
    assert assertion(manifest, "c2pa.actions")["actions"][0]["digitalSourceType"] == COMPUTED


async def test_parents_are_ingredients_with_their_own_credentials(film: Film) -> None:
    await film.take(1, engine="blockout")
    await film.take(2, parent="s1A-1")
    found, manifest, _ = await credentials_of(film, await film.take(3, parent="s1A-2"))
    assert found["validation_state"] == "Valid"
    (parent,) = manifest["ingredients"]
    assert (parent["instance_id"], parent["relationship"]) == ("s1A-2", "inputTo")
    (grandparent,) = found["manifests"][parent["active_manifest"]]["ingredients"]
    assert grandparent["instance_id"] == "s1A-1"
    source = assertion(found["manifests"][grandparent["active_manifest"]], "c2pa.actions")["actions"][0]
    assert source["digitalSourceType"] == COMPUTED
    (used,) = assertion(manifest, "c2pa.actions")["actions"][0]["parameters"]["ingredients"]
    assert "c2pa.ingredient" in used["url"]


async def test_a_parent_without_a_clip_is_named_and_does_no_harm(film: Film) -> None:
    await film.take(1, state="failed")
    _, manifest, _ = await credentials_of(film, await film.take(2, parent="s1A-1"))
    assert "ingredients" not in manifest
    assert assertion(manifest, "vr-previs.take")["parentTake"] == "s1A-1"


@pytest.mark.parametrize("where", ["picture", "record"])
async def test_tampering_shows(film: Film, where: str) -> None:
    _, _, path = await credentials_of(film, await film.take(1))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"mdat") + 200 if where == "picture" else data.index(b"4242")
    data[place] ^= 1
    path.write_bytes(data)
    found = read_credentials(path)
    assert found is not None
    assert found["validation_state"] == "Invalid"
    wanted = "assertion.bmffHash.mismatch" if where == "picture" else "assertion.hashedURI.mismatch"
    assert wanted in failures(found)


async def test_a_clip_is_signed_once_and_the_stored_one_stays_as_it_was(film: Film) -> None:
    take = await film.take(1)
    path, lease = await film.export().clip(take.id)
    before = path.stat().st_mtime_ns
    again, other = await film.export().clip(take.id)
    assert (again, again.stat().st_mtime_ns) == (path, before)
    plain = film.folders.path(take.id, "final") / "clip" / "clip.mp4"
    assert plain.read_bytes() == await film.blobs.read(take.renditions[0].files["clip/clip.mp4"])
    assert read_credentials(plain) is None
    lease.release()
    other.release()
    assert not film.folders._leases


async def test_a_file_that_is_no_clip_cannot_be_signed_and_leaves_nothing(film: Film) -> None:
    take = await film.take(1)
    film.blobs._blobs[take.renditions[0].files["clip/clip.mp4"]] = b"not a clip at all"
    with pytest.raises(InvalidMedia, match="take 1 cannot carry credentials"):
        await film.export().clip(take.id)
    assert [p.name for p in (film.folders.path(take.id, "final") / "clip").iterdir()] == ["clip.mp4"]
    assert not film.folders._leases


def test_the_development_certificate_is_made_once_and_its_key_is_private(tmp_path: Path, caplog) -> None:
    made = development_identity(tmp_path / "c2pa")
    assert made.trusted_by_nobody
    assert "nobody vouches" in caplog.text
    assert stat.S_IMODE((tmp_path / "c2pa" / "development-key.pem").stat().st_mode) == 0o600
    assert development_identity(tmp_path / "c2pa").fingerprint == made.fingerprint
    assert "PRIVATE" not in repr(made)


def test_a_certificate_of_ones_own_has_to_fit_its_key(tmp_path: Path) -> None:
    for name in ("one", "two"):
        development_identity(tmp_path / name)
    chain, key = "development-chain.pem", "development-key.pem"
    assert not own_identity(tmp_path / "one" / chain, tmp_path / "one" / key).trusted_by_nobody
    with pytest.raises(InvalidInput, match="is not that of the first certificate"):
        own_identity(tmp_path / "one" / chain, tmp_path / "two" / key)
    with pytest.raises(InvalidInput, match="cannot be read"):
        own_identity(tmp_path / "nowhere.pem", tmp_path / "two" / key)
    with pytest.raises(InvalidInput, match="must be PEM"):
        own_identity(tmp_path / "one" / key, tmp_path / "one" / key)


# ------------------------------------------------------------ which take, and what is missing


async def test_the_approved_take_goes_before_a_clean_one_and_that_before_the_latest(film: Film) -> None:
    blurred = Finding(check="sharpness", value=1, threshold=2, reason="soft")
    await film.take(1, approval=Approval(by="Wu", at=T0))
    await film.take(2)
    await film.take(1, "s1B")
    await film.take(2, "s1B", findings=(blurred,))
    await film.take(3, "s1B", state="failed", error="The engine refused.")
    await film.take(1, "s2C", state="failed", error="The engine refused.")
    found = await film.export().select("net")
    assert [c.take.id for c in found.chosen] == ["s1A-1", "s1B-1"]
    assert [(m.slate, m.reason) for m in found.missing] == [("2/C", "take 1 is failed (The engine refused.).")]
    assert [c.filename for c in found.chosen] == ["001_1A_t1.mp4", "002_1B_t1.mp4"]
    only = await film.export().select("p", take="s1B-2")
    assert [c.take.id for c in only.chosen] == ["s1B-2"]
    for wrong in ({"shot": "9Z"}, {"take": "nope"}):
        with pytest.raises(NotFound):
            await film.export().select("p", **wrong)


async def test_one_lost_clip_does_not_keep_the_others(film: Film, tmp_path: Path) -> None:
    lost = await film.take(1)
    await film.take(2, "s1B")
    del film.blobs._blobs[lost.renditions[0].files["clip/clip.mp4"]]
    found = await film.export().select("p")
    targets = [tmp_path / c.filename for c in found.chosen]
    missing = await film.export().write(found.chosen, targets)
    assert [(m.slate, m.take_id) for m in missing] == [("1A", "s1A-1")]
    assert [t.exists() for t in targets] == [False, True]
    assert read_credentials(targets[1]) is not None


# ------------------------------------------------------------ from outside


def test_the_command_line_exports_a_project(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()

    async def shoot() -> None:
        film = Film(data, await SqlStore.open(data / "previs.sqlite"), LocalBlobs(data / "blobs"))
        await film.begin()
        await film.take(1)
        await film.take(1, "s1B", approval=Approval(by="林导", at=T0))
        await film.store.close()

    asyncio.run(shoot())

    def run(*words: str) -> tuple[Any, str]:
        done = CliRunner().invoke(cli, ["export", "--data", str(data), "--project", "Net", *words])
        return done.exception, done.output

    error, output = run("--out", str(tmp_path / "out"), "--json")
    assert error is None, output
    told = json.loads(output)
    assert [(c["slate"], c["approved"]) for c in told["clips"]] == [("1A", False), ("1B", True)]
    assert sorted(os.listdir(tmp_path / "out")) == ["001_1A_t1.mp4", "002_1B_t1.mp4"]  # noqa: PTH208
    assert told["missing"] == [{"slate": "2/C", "reason": "no take was made of it yet."}]
    assert told["credentials"]["development"] is True
    error, output = run("--out", str(tmp_path / "b.mp4"), "--shot", "1B")
    assert error is None
    assert "nobody vouches" in output
    assert read_credentials(tmp_path / "b.mp4") is not None
    assert "2 clips do not fit" in str(run("--out", str(tmp_path / "c.mp4"))[0])
    assert "cannot be exported yet" in str(run("--out", str(tmp_path / "x"), "--format", "otio")[0])
    assert "2/C: no take was made" in str(run("--out", str(tmp_path / "x"), "--shot", "2/C")[0])
    assert "no project" in str(run("--out", str(tmp_path / "x"), "--project", "other")[0])


async def test_a_take_is_downloaded_with_its_credentials(tmp_path: Path, film: Film) -> None:
    take = await film.take(1)
    async with a_house(tmp_path / "house") as house:
        app = create_app(Services(house.settings, house.production, house.hub, film.export()))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8760") as client:
            whole = await client.get(f"/api/takes/{take.id}/clip.mp4")
            assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
            assert f'filename="{take.id}.mp4"' in whole.headers["content-disposition"]
            part = await client.get(f"/api/takes/{take.id}/clip.mp4", headers={"range": "bytes=4-7"})
            assert (part.status_code, part.content) == (206, b"ftyp")
            assert (await client.get("/api/takes/nope/clip.mp4")).status_code == 404
            failed = await film.take(2, state="failed", error="The engine refused.")
            missing = await client.get(f"/api/takes/{failed.id}/clip.mp4")
            assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    (tmp_path / "got.mp4").write_bytes(whole.content)
    found = read_credentials(tmp_path / "got.mp4")
    assert found is not None
    assert found["validation_state"] == "Valid"
    assert not film.folders._leases
