"""What only the database on disk has: migrations, settings, damage and other programs."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from vr_server.domain.errors import StorageFailed
from vr_server.domain.shot import Project
from vr_server.storage import SqlStore
from vr_server.storage.migrations import upgrade
from vr_server.storage.tables import metadata

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def a_project(key: str = "p", title: str = "Two suns") -> Project:
    return Project(id=key, title=title, created_at=T0)


async def keep(store: SqlStore, project: Project) -> None:
    async with store.transaction() as unit:
        await unit.put_project(project)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    content = bytearray(path.read_bytes() if path.exists() else b"")
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


def database_size(path: Path) -> int:
    return path.stat().st_size


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "previs.sqlite"


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        # compare_metadata does not see constraint names or nullability of keys everywhere: compare what SQLite holds
        names = "SELECT type, name, tbl_name FROM sqlite_master WHERE tbl_name <> 'alembic_version' ORDER BY 2, 1"
        migrated = connection.execute(text(names)).fetchall()
    engine.dispose()
    made = create_engine("sqlite://")
    with made.begin() as connection:
        metadata.create_all(connection)
        assert connection.execute(text(names)).fetchall() == migrated
    made.dispose()


async def test_opening_again_keeps_everything(database: Path) -> None:
    first = await SqlStore.open(database)
    await keep(first, a_project())
    await first.close()
    second = await SqlStore.open(database)
    assert await second.projects() == (a_project(),)
    await second.close()


async def test_two_stores_on_one_file_see_each_other(database: Path) -> None:
    one, other = await SqlStore.open(database), await SqlStore.open(database)
    await keep(one, a_project())
    await keep(other, a_project("q"))
    assert {p.id for p in await one.projects()} == {p.id for p in await other.projects()} == {"p", "q"}
    await one.close()
    await other.close()


async def test_commits_are_flushed_and_keys_are_checked(database: Path) -> None:
    store = await SqlStore.open(database)
    async with store._engine.connect() as connection:
        settings = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 10_000]
    await store.close()


async def test_a_file_that_is_no_database_is_told(database: Path) -> None:
    overwrite(database, 0, b"a director's shopping list" * 100)
    with pytest.raises(StorageFailed, match="damaged"):
        await SqlStore.open(database)


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be used"):
        await SqlStore.open(tmp_path / "file" / "previs.sqlite")


async def test_a_damaged_page_is_told(database: Path) -> None:
    store = await SqlStore.open(database)
    await keep(store, a_project(title="x" * 200_000))
    await store.close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(database, 4096, b"\xff" * (database_size(database) - 4096))
    with pytest.raises(StorageFailed, match="damaged"):
        await SqlStore.open(database)


async def test_a_full_disk_is_told_and_changes_nothing(database: Path) -> None:
    store = await SqlStore.open(database)
    await keep(store, a_project())
    async with store._engine.connect() as connection:  # the pool's one connection so far
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count={pages + 2}"))
    with pytest.raises(StorageFailed, match="disk is full"):
        await keep(store, a_project("q", title="x" * 100_000))
    assert await store.projects() == (a_project(),)
    await keep(store, a_project("r"))  # what fits is still kept
    assert len(await store.projects()) == 2
    await store.close()


async def test_another_programs_lock_is_told(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vr_server.storage.sql._BUSY_MS", 20)
    store = await SqlStore.open(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageFailed, match="another program"):
            await keep(store, a_project())
        assert await store.projects() == ()  # reading goes on
        other.execute("COMMIT")
    await keep(store, a_project())
    await store.close()


async def test_a_row_of_a_newer_program_is_told(database: Path) -> None:
    store = await SqlStore.open(database)
    await keep(store, a_project())
    async with store._engine.begin() as connection:
        await connection.execute(text("""UPDATE projects SET document = '{"id": "p", "mood": "blue"}'"""))
    with pytest.raises(StorageFailed, match="newer version"):
        await store.projects()
    await store.close()
