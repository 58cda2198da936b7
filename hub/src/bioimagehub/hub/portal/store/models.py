"""The tables of the portal.

::

    challenges ─┬─ editions ────┬─ jobs
                ├─ submissions ─┼─ results
                └─ boards ──────┘
    sessions

A submission never changes after it was received, but for its state. A result and a board never change at all.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (SQLAlchemy reads the annotations)
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bioimagehub.hub.portal.store.columns import JsonText, Moment

# What a submission can be.
WAITING, RUNNING, CHECKING, SCORING, SCORED = "waiting", "running", "checking", "scoring", "scored"
REFUSED, FAILED, WITHDRAWN, UNFINISHED = "refused", "failed", "withdrawn", "unfinished"
# Those that have a score, or may have one.
STANDING = (WAITING, RUNNING, CHECKING, SCORING, SCORED)
# What used its time counts, too: else a method that never ends would be free.
COUNTED = (*STANDING, UNFINISHED)

# What is submitted.
PREDICTIONS, METHOD = "predictions", "method"

# What an edition of a challenge can be.
EDITION_WAITING, EDITION_ACTIVE, EDITION_REFUSED = "waiting", "active", "refused"

# What a job can be, and what it does.
JOB_WAITING, JOB_RUNNING, JOB_DONE = "waiting", "running", "done"
INSTALL, RUN, SCORE, RESCORE, RANK = "install", "run", "score", "rescore", "rank"


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ChallengeRow(Base):
    """A challenge; what it asks for is in its editions."""

    __tablename__ = "challenges"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(255))


class EditionRow(Base):
    """One version of a challenge file with its truth. The active one with the highest number is in force."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("challenge_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    definition: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    report: Mapped[list[str]] = mapped_column(JsonText)
    # Results of the controls by their names, once the edition is active. They are large, and only boards need them.
    controls: Mapped[Any | None] = mapped_column(JsonText, deferred=True)
    created: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(255))


class SubmissionRow(Base):
    """What somebody submitted."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("ix_submissions_own", "challenge_id", "user", "received"),
        # The same bytes stand once: a request that is sent again, or caught and replayed, adds nothing.
        Index(
            "uq_submissions_bytes",
            "challenge_id", "phase", "user", "entry", "sha256",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'running', 'checking', 'scoring', 'scored')"),
            postgresql_where=text("state IN ('waiting', 'running', 'checking', 'scoring', 'scored')"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    phase: Mapped[str] = mapped_column(String(64))
    user: Mapped[str] = mapped_column(String(255))
    entry: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    received: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(16))
    # What the validator or the hub said: a list of {case, what, expected, cure}.
    report: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    # Of a method: how it ran, and in what environment.
    run: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    finished: Mapped[datetime | None] = mapped_column(Moment)


class JobRow(Base):
    """One piece of work for a worker, done exactly once."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("submission_id", "edition_id", "kind"),
        Index("ix_jobs_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    # Of a job that makes a board: which.
    phase: Mapped[str | None] = mapped_column(String(64))
    # Whose job it is: of those of one name, one is done at a time.
    turn: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    worker: Mapped[str | None] = mapped_column(String(64))
    lease: Mapped[datetime | None] = mapped_column(Moment)
    # How many workers took it and did not give it back: all but the present one were killed.
    attempts: Mapped[int]
    # How often it failed under a worker that lives on.
    faults: Mapped[int]
    stage: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(Moment)
    finished: Mapped[datetime | None] = mapped_column(Moment)


class ResultRow(Base):
    """The score of a submission by an edition, as `bioimagehub.challenges` gives it."""

    __tablename__ = "results"
    __table_args__ = (UniqueConstraint("submission_id", "edition_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    key: Mapped[str] = mapped_column(String(80))
    result: Mapped[dict[str, Any]] = mapped_column(JsonText)
    created: Mapped[datetime] = mapped_column(Moment)


class BoardRow(Base):
    """One version of a leaderboard."""

    __tablename__ = "boards"
    __table_args__ = (UniqueConstraint("challenge_id", "phase", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    phase: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    cause: Mapped[str] = mapped_column(String(300))
    board: Mapped[dict[str, Any]] = mapped_column(JsonText)
    # Submissions by the names of their rows.
    entries: Mapped[dict[str, str]] = mapped_column(JsonText)
    created: Mapped[datetime] = mapped_column(Moment)


class SessionRow(Base):
    """Somebody's log-in. The cookie holds the secret; this table its hash, and the token encrypted with it."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(255))
    token: Mapped[str] = mapped_column(String(512))
    expires: Mapped[datetime] = mapped_column(Moment)
