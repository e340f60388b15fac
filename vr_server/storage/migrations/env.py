"""Alembic runs this file. The connection comes from whoever opens the store; there is no alembic.ini."""

from alembic import context

from vr_server.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
