"""The database: SQLite on one machine, PostgreSQL where an operator has one."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from bioimagehub.hub.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)
BUSY_SECONDS = 30
# Any number that no other program takes for the same database.
ADVISORY_LOCK = 7_218_337_011


def now() -> datetime:
    """Return this moment by the server's clock, the only one that decides about deadlines."""
    return datetime.now(UTC)


class Store:
    """The portal's database.

    Parameters
    ----------
    url : str
        A database URL of SQLAlchemy: ``sqlite:///<path>`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        options: dict[str, Any] = {}
        if url.startswith("sqlite"):
            options["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        self.engine = create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24, **options)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and changes nothing.

        Raises
        ------
        StoreUnavailableError
            If the database does not answer.
        """
        with _told_plainly(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that writes, one such at a time, all or nothing.

        So what is counted in it, such as the submissions of a day, cannot change before it ends.

        Raises
        ------
        StoreUnavailableError
            If the database does not answer. Whether the last change was kept is not known then.
        """
        engine = self.engine.execution_options(writing=True)
        with _told_plainly(), Session(engine, expire_on_commit=False) as session, session.begin():
            if engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
            yield session

    def migrate(self) -> None:
        """Bring the tables to the state that this code needs."""
        from alembic import command
        from alembic.config import Config

        if self.engine.url.get_backend_name() == "sqlite" and self.engine.url.database:
            # SQLite would let the owner alone write; the workers, in the owner's group, write too.
            os.close(os.open(self.engine.url.database, os.O_RDWR | os.O_CREAT, 0o660))
        configuration = Config()
        configuration.set_main_option("script_location", str(files("bioimagehub.hub.portal").joinpath("migrations")))
        with self.engine.execution_options(writing=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Tell a database that does not answer from one that refuses what was asked."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        # Without the statement, which may hold tokens.
        _log.warning("the database refuses: %s", error.orig)
        msg = (
            f"Cannot use the portal's database: {type(error.orig).__name__}. Expected was a database that answers. "
            "Nothing was lost that had been acknowledged. Try again in a moment; the hub's operator finds more in "
            "the portal's log."
        )
        raise StoreUnavailableError(msg) from error


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001 (SQLAlchemy's)
    # The driver begins no transactions of its own: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    # What was acknowledged survives a loss of power, too; what is deleted is not left in the file.
    for pragma in (
        "journal_mode=WAL", f"busy_timeout={BUSY_SECONDS * 1000}", "synchronous=FULL", "foreign_keys=ON",
        "secure_delete=ON",
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
