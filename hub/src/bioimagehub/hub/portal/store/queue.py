"""The queue: each job is held by one worker at a time, and is done once.

A worker holds a job by a lease that it renews while it works. A worker that was killed renews nothing, so another one
takes the job when the lease has run out. Only who holds the lease can finish a job, in the same transaction that
writes what came of it: so nothing is done twice, however often somebody began.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, update

from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import (
    EDITION_ACTIVE,
    JOB_DONE,
    JOB_RUNNING,
    JOB_WAITING,
    RESCORE,
    SCORED,
    EditionRow,
    JobRow,
    SubmissionRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LEASE_SECONDS = 30.0


def claim(session: Session, worker: str, lease: float = LEASE_SECONDS) -> JobRow | None:
    """Take the oldest job that can be taken, or return None.

    Nobody's second job begins while the first is under way, so one person's many do not keep the others waiting.

    Parameters
    ----------
    session : Session
        One that writes.
    worker : str
        The name of the worker; another one after each start.
    lease : float
        Seconds for which the job is this worker's.
    """
    moment = now()
    busy = select(JobRow.user).where(JobRow.state == JOB_RUNNING, JobRow.lease > moment, JobRow.kind != RESCORE)
    free = or_(
        (JobRow.state == JOB_WAITING) & or_(JobRow.user.not_in(busy), JobRow.kind == RESCORE),
        (JobRow.state == JOB_RUNNING) & (JobRow.lease <= moment),
    )
    job = session.scalars(select(JobRow).where(free).order_by(JobRow.id).limit(1)).first()
    if job is None:
        return None
    job.state, job.worker, job.attempts = JOB_RUNNING, worker, job.attempts + 1
    job.lease, job.stage = moment + timedelta(seconds=lease), "started"
    return job


def renew(session: Session, job: int, worker: str, lease: float = LEASE_SECONDS, stage: str | None = None) -> bool:
    """Renew a lease; tell whether the job was still this worker's."""
    values: dict[str, object] = {"lease": now() + timedelta(seconds=lease)}
    if stage is not None:
        values["stage"] = stage
    held = (JobRow.id == job) & (JobRow.worker == worker) & (JobRow.state == JOB_RUNNING)
    return session.execute(update(JobRow).where(held).values(**values).returning(JobRow.id)).first() is not None


def finish(session: Session, job: int, worker: str, stage: str = "done") -> bool:
    """End a job; tell whether it was still this worker's. If not, what the worker found must not be written."""
    held = (JobRow.id == job) & (JobRow.worker == worker) & (JobRow.state == JOB_RUNNING)
    values = {"state": JOB_DONE, "stage": stage, "finished": now(), "lease": None}
    return session.execute(update(JobRow).where(held).values(**values).returning(JobRow.id)).first() is not None


def place_in_queue(session: Session, submission: str) -> int | None:
    """Return how many jobs are taken before that of a submission; None if it does not wait."""
    job = session.scalars(
        select(JobRow).where(JobRow.submission_id == submission, JobRow.state != JOB_DONE).order_by(JobRow.id)
    ).first()
    if job is None or job.state != JOB_WAITING:
        return None
    before = select(func.count()).select_from(JobRow).where(JobRow.state != JOB_DONE, JobRow.id < job.id)
    return session.scalar(before) or 0


def stage_of(session: Session, submission: str) -> str | None:
    """Return what is being done with a submission now, or None."""
    return session.scalars(
        select(JobRow.stage)
        .where(JobRow.submission_id == submission, JobRow.state != JOB_DONE)
        .order_by(JobRow.id)
        .limit(1)
    ).first()


def queue_length(session: Session) -> int:
    """Return the number of jobs that are not done."""
    return session.scalar(select(func.count()).select_from(JobRow).where(JobRow.state != JOB_DONE)) or 0


def add_rescores(session: Session, challenge_id: int, edition: EditionRow) -> int:
    """Queue all scored submissions of a challenge to be scored by an edition; return how many those are."""
    done = select(JobRow.submission_id).where(JobRow.edition_id == edition.id, JobRow.submission_id.is_not(None))
    rows = session.scalars(
        select(SubmissionRow)
        .where(
            SubmissionRow.challenge_id == challenge_id,
            SubmissionRow.state == SCORED,
            SubmissionRow.id.not_in(done),
        )
        .order_by(SubmissionRow.received)
    ).all()
    for row in rows:
        session.add(
            JobRow(
                kind=RESCORE, submission_id=row.id, edition_id=edition.id, user=row.user, state=JOB_WAITING,
                attempts=0, stage="waiting", created=now(),
            )
        )  # fmt: skip
    session.flush()
    return len(rows)


def rescores_left(session: Session, edition_id: int) -> int:
    """Return how many submissions an edition still has to score again."""
    return (
        session.scalar(
            select(func.count())
            .select_from(JobRow)
            .where(JobRow.edition_id == edition_id, JobRow.kind == RESCORE, JobRow.state != JOB_DONE)
        )
        or 0
    )


def active_edition(session: Session, challenge_id: int) -> EditionRow | None:
    """Return the edition in force of a challenge."""
    return session.scalars(
        select(EditionRow)
        .where(EditionRow.challenge_id == challenge_id, EditionRow.state == EDITION_ACTIVE)
        .order_by(EditionRow.number.desc())
        .limit(1)
    ).first()
