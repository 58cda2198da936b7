"""Submissions: taken within the limits, found by their owner alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from bioimagehub.hub.errors import ConflictError, LimitReachedError, NotFoundError
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import (
    COUNTED,
    JOB_DONE,
    JOB_WAITING,
    METHOD,
    RUN,
    SCORE,
    WAITING,
    WITHDRAWN,
    ChallengeRow,
    EditionRow,
    JobRow,
    SubmissionRow,
)
from bioimagehub.hub.portal.store.queue import find_same, new_job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bioimagehub.challenges.challenge_parts import Phase


def day_of(moment: datetime) -> datetime:
    """Return the first moment of a day, in UTC: limits do not depend on where somebody lives."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def count_submissions(session: Session, challenge: ChallengeRow, phase: str, user: str) -> tuple[int, int, int]:
    """Return how many of somebody's submissions count today and in total, and all attempts of today.

    Refused, withdrawn and failed ones count as attempts only. Those that passed a limit of time or memory count.
    """
    today = day_of(now())
    own = [SubmissionRow.challenge_id == challenge.id, SubmissionRow.user == user]
    counted = [*own, SubmissionRow.phase == phase, SubmissionRow.state.in_(COUNTED)]
    count = select(func.count()).select_from(SubmissionRow)
    return (
        session.scalar(count.where(*counted, SubmissionRow.received >= today)) or 0,
        session.scalar(count.where(*counted)) or 0,
        session.scalar(count.where(*own, SubmissionRow.received >= today)) or 0,
    )


def check_may_submit(session: Session, challenge: ChallengeRow, phase: Phase, user: str, attempts_per_day: int) -> None:
    """Check that a phase is open and that somebody's limits are not used up.

    Raises
    ------
    ConflictError
        If the phase has not begun or has ended, by the server's clock.
    LimitReachedError
        If the limit of a day or of the phase is used up.
    """
    check_open(phase, now())
    today, total, attempts = count_submissions(session, challenge, phase.name, user)
    limits = phase.limits
    tomorrow = f"{day_of(now()) + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    if limits.total is not None and total >= limits.total:
        msg = (
            f"Cannot take another submission for the phase {phase.name!r}: its limit of {limits.total} is used up. "
            "Refused ones do not count. Ask the organisers if you need more."
        )
        raise LimitReachedError(msg)
    if limits.per_day is not None and today >= limits.per_day:
        msg = (
            f"Cannot take another submission for the phase {phase.name!r} today: the limit of {limits.per_day} a day "
            f"is used up. Refused ones do not count. The next day begins at {tomorrow}."
        )
        raise LimitReachedError(msg)
    if attempts >= attempts_per_day:
        msg = (
            f"Cannot take another submission for the challenge {challenge.name!r} today: {attempts} were sent, "
            f"most of them refused. Check it with `bioimagehub challenge check` first, and come back at {tomorrow}."
        )
        raise LimitReachedError(msg)


def check_open(phase: Phase, moment: datetime) -> None:
    """Check that a phase takes submissions at a moment; ConflictError if not."""
    if phase.opens is not None and moment < phase.opens:
        msg = (
            f"Cannot submit to the phase {phase.name!r}: it opens at {phase.opens.astimezone(UTC):%Y-%m-%d %H:%M:%S} "
            f"UTC, and here it is {moment:%Y-%m-%d %H:%M:%S} UTC. Come back then."
        )
        raise ConflictError(msg)
    if phase.closes is not None and moment >= phase.closes:
        msg = (
            f"Cannot submit to the phase {phase.name!r}: it closed at {phase.closes.astimezone(UTC):%Y-%m-%d %H:%M:%S} "
            f"UTC, and here it is {moment:%Y-%m-%d %H:%M:%S} UTC. Look for another phase."
        )
        raise ConflictError(msg)


def add_submission(session: Session, row: SubmissionRow, edition: EditionRow) -> None:
    """Add a submission and the job that scores it, in one transaction.

    Raises
    ------
    ConflictError
        If the same bytes of the same person already have a score for this entry, or will have one.
    """
    same = find_same(session, row)
    if same is not None:
        msg = (
            f"These bytes were already submitted for the entry {row.entry!r}: it is the submission {same}. It counts "
            "once. Look at that one, or submit something else."
        )
        raise ConflictError(msg)
    session.add(row)
    session.flush()
    kind = RUN if row.kind == METHOD else SCORE
    session.add(new_job(kind, edition.id, turn=row.user, submission=row.id))


def list_own(session: Session, user: str, challenge: str | None = None) -> list[tuple[SubmissionRow, ChallengeRow]]:
    """Return somebody's submissions with their challenges, the newest first."""
    wanted = (
        select(SubmissionRow, ChallengeRow)
        .join(ChallengeRow, ChallengeRow.id == SubmissionRow.challenge_id)
        .where(SubmissionRow.user == user)
    )
    if challenge is not None:
        wanted = wanted.where(ChallengeRow.name == challenge)
    return [(row[0], row[1]) for row in session.execute(wanted.order_by(SubmissionRow.received.desc()))]


def find_own(session: Session, identifier: str, user: str) -> tuple[SubmissionRow, ChallengeRow]:
    """Return a submission of somebody.

    Raises
    ------
    NotFoundError
        If there is none of this id, or it is somebody else's: nobody learns which.
    """
    found = session.execute(
        select(SubmissionRow, ChallengeRow)
        .join(ChallengeRow, ChallengeRow.id == SubmissionRow.challenge_id)
        .where(SubmissionRow.id == identifier, SubmissionRow.user == user)
    ).first()
    if found is None:
        msg = "You have no submission of this id. Expected was one of your own. Look into the list of your submissions."
        raise NotFoundError(msg)
    return found[0], found[1]


def withdraw(session: Session, identifier: str, user: str) -> SubmissionRow:
    """Withdraw a submission that is still waiting, and of which nothing was run; it counts no more.

    Raises
    ------
    NotFoundError
        See `find_own`.
    ConflictError
        If it is no longer waiting, or its method has run.
    """
    row, _ = find_own(session, identifier, user)
    if row.run is not None and row.state == WAITING:
        # Else one could look at how it ran, and take it back.
        msg = (
            f"Cannot withdraw the submission {identifier}: its method has run, and only what nothing was done with can "
            "be withdrawn. Its predictions wait to be scored."
        )
        raise ConflictError(msg)
    job = session.execute(
        update(JobRow)
        .where(JobRow.submission_id == identifier, JobRow.state == JOB_WAITING, JobRow.attempts == 0)
        .values(state=JOB_DONE, stage="withdrawn", finished=now())
        .returning(JobRow.id)
    ).first()
    if row.state != WAITING or job is None:
        msg = (
            f"Cannot withdraw the submission {identifier}: it is {row.state}, and only one that waits can be "
            "withdrawn. A scored submission stays as it is."
        )
        raise ConflictError(msg)
    row.state, row.finished = WITHDRAWN, now()
    return row


def set_state(
    session: Session,
    identifier: str,
    state: str,
    report: list[dict[str, Any]] | None = None,
    run: dict[str, Any] | None = None,
) -> None:
    """Set the state of a submission; what the validator or the hub says of it ends it; and how a method ran."""
    values: dict[str, Any] = {"state": state}
    if report is not None:
        values |= {"report": report, "finished": now()}
    if run is not None:
        values["run"] = run
    session.execute(update(SubmissionRow).where(SubmissionRow.id == identifier).values(**values))
