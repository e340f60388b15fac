"""The tables: keys, order and foreign keys as columns, the thing itself as a JSON document beside them.

`document_version` says which form of the domain model the document has; a migration rewrites older ones.
"""

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

DOCUMENT_VERSION = 1

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = String(64)
_DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


def _table(name: str, *columns: Column[str] | Column[int] | Column[object] | UniqueConstraint) -> Table:
    return Table(
        name,
        metadata,
        Column("id", _ID, primary_key=True),
        *columns,
        Column("document_version", Integer, nullable=False),
        Column("document", _DOCUMENT, nullable=False),
    )


def _belongs_to(table: str, column: str) -> Column[str]:
    return Column(column, _ID, ForeignKey(f"{table}.id"), nullable=False, index=True)


def _created_at() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False)


projects = _table("projects", _created_at())
sequences = _table("sequences", _belongs_to("projects", "project_id"), Column("position", Integer, nullable=False))
shots = _table(
    "shots",
    _belongs_to("projects", "project_id"),
    _belongs_to("sequences", "sequence_id"),
    Column("position", Integer, nullable=False),
)
takes = _table(
    "takes",
    _belongs_to("projects", "project_id"),
    _belongs_to("shots", "shot_id"),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    _created_at(),
    UniqueConstraint("shot_id", "number"),
)
notes = _table(
    "notes",
    _belongs_to("projects", "project_id"),
    _belongs_to("takes", "take_id"),
    Column("client_id", String(64), nullable=True),
    _created_at(),
    UniqueConstraint("project_id", "client_id"),
)
revisions = _table(
    "revisions",
    _belongs_to("projects", "project_id"),
    _belongs_to("shots", "shot_id"),
    Column("note_id", _ID, ForeignKey("notes.id"), nullable=False, unique=True),
)
rooms = _table("rooms", _belongs_to("projects", "project_id"), _created_at())
orders = _table(
    "orders",
    _belongs_to("projects", "project_id"),
    Column("state", String(16), nullable=False, index=True),
    _created_at(),
)
decisions = _table("decisions", _belongs_to("projects", "project_id"), _belongs_to("shots", "shot_id"), _created_at())
