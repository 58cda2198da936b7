"""Log-ins in the database: whoever reads it has nobody's cookie and nobody's token."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from bioimagehub.hub.portal.store.database import Store
from bioimagehub.hub.portal.store.models import Base, SessionRow
from bioimagehub.hub.portal.store.sessions import add_session, end_session, find_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "6f1d0a58c1b94f2f9a2f0f8f3a8a6d1e"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'portal.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def store(empty: Store) -> Store:
    empty.migrate()
    return empty


def _upgrade(store: Store, revision: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("bioimagehub.hub.portal").joinpath("migrations")))
    with store.engine.execution_options(writing=True).begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)


def test_the_database_has_no_token_that_can_be_used(store: Store, tmp_path: Path) -> None:
    with store.writing() as session:
        secret = add_session(session, "ann", TOKEN, 1)
    with store.reading() as session:
        row = session.scalars(select(SessionRow)).one()
        assert find_session(session, secret) == ("ann", TOKEN)
    assert TOKEN not in row.token
    assert secret not in row.id
    store.close()
    for path in tmp_path.iterdir():
        assert TOKEN.encode() not in path.read_bytes()
        assert secret.encode() not in path.read_bytes()


@pytest.mark.parametrize("token", [TOKEN, "plain", ""])
def test_a_token_that_was_not_encrypted_with_the_cookie_logs_nobody_in(store: Store, token: str) -> None:
    """Neither a plain one, nor that of another log-in."""
    with store.writing() as session:
        secret, other = add_session(session, "ann", TOKEN, 1), add_session(session, "ben", TOKEN, 1)
        rows = {row.user: row for row in session.scalars(select(SessionRow))}
        rows["ann"].token = token
        rows["ben"].token, foreign = rows["ann"].token, rows["ben"].token
        session.flush()
        assert find_session(session, secret) is None
        assert find_session(session, other) is None
        rows["ann"].token = foreign
        session.flush()
        assert find_session(session, secret) is None


def test_the_longest_token_has_room(store: Store) -> None:
    with store.writing() as session:
        secret = add_session(session, "ann", "x" * 255, 1)
        session.flush()
        assert len(session.scalars(select(SessionRow)).one().token) <= 512
        assert find_session(session, secret) == ("ann", "x" * 255)


def test_a_session_ends(store: Store) -> None:
    with store.writing() as session:
        secret, late = add_session(session, "ann", TOKEN, 1), add_session(session, "ann", TOKEN, -1)
        assert find_session(session, late) is None
        end_session(session, secret)
        assert find_session(session, secret) is None


def test_plain_tokens_of_an_older_portal_are_removed(empty: Store, tmp_path: Path) -> None:
    """Also from the pages of the file that are free now."""
    _upgrade(empty, "0001")
    with empty.engine.execution_options(writing=True).begin() as connection:
        connection.execute(
            text("INSERT INTO sessions (id, user, token, expires) VALUES ('0', 'ann', :token, '2120-01-01 00:00:00')"),
            {"token": TOKEN},
        )
    empty.migrate()
    with empty.reading() as session:
        assert session.scalars(select(SessionRow)).all() == []
    empty.close()
    assert all(TOKEN.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_the_migrations_give_the_tables_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
