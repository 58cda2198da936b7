"""Runs the migrations on the connection that `Store.migrate` gives."""

from __future__ import annotations

from alembic import context

from bioimagehub.hub.portal.store.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
