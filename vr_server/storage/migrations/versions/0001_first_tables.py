"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(64)
_INDEXED = {
    "sequences": ("project_id",),
    "shots": ("project_id", "sequence_id"),
    "takes": ("project_id", "shot_id", "state"),
    "notes": ("project_id", "take_id"),
    "revisions": ("project_id", "shot_id"),
    "rooms": ("project_id",),
}


def _create(
    name: str, *columns: sa.Column[object] | sa.Column[str] | sa.Column[int], unique: tuple[str, ...] = ()
) -> None:
    belongs_to = {"project_id": "projects", "sequence_id": "sequences", "shot_id": "shots", "take_id": "takes", "note_id": "notes"}  # fmt: skip
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint("id", name=f"pk_{name}")]
    for column in columns:
        if column.name in belongs_to:
            parent = belongs_to[column.name]
            key = f"fk_{name}_{column.name}_{parent}"
            constraints.append(sa.ForeignKeyConstraint([column.name], [f"{parent}.id"], name=key))
    if unique:
        constraints.append(sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"))
    op.create_table(
        name,
        sa.Column("id", _ID, nullable=False),
        *columns,
        sa.Column("document_version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        *constraints,
    )
    for column_name in _INDEXED.get(name, ()):
        op.create_index(f"ix_{name}_{column_name}", name, [column_name])


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, _ID, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _created_at() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    _create("projects", _created_at())
    _create("sequences", _key("project_id"), _number("position"))
    _create("shots", _key("project_id"), _key("sequence_id"), _number("position"))
    _create(
        "takes",
        _key("project_id"),
        _key("shot_id"),
        _number("number"),
        sa.Column("state", sa.String(16), nullable=False),
        _created_at(),
        unique=("shot_id", "number"),
    )
    _create(
        "notes",
        _key("project_id"),
        _key("take_id"),
        sa.Column("client_id", _ID, nullable=True),
        _created_at(),
        unique=("project_id", "client_id"),
    )
    _create("revisions", _key("project_id"), _key("shot_id"), _key("note_id"), unique=("note_id",))
    _create("rooms", _key("project_id"), _created_at())


def downgrade() -> None:
    for name in ("rooms", "revisions", "notes", "takes", "shots", "sequences", "projects"):
        op.drop_table(name)
