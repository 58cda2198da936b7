"""The queue: each job is held by one worker at a time, and is done once.

A worker holds a job by a lease that it renews while it works. A worker that was killed renews nothing, so another one
takes the job when the lease has run out. Only who holds the lease can finish a job, in the same transaction that
writes what came of it: so nothing is done twice, however often somebody began.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import case, func, or_, select, update

from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import (
    FAILED,
    INSTALL,
    JOB_DONE,
    JOB_RUNNING,
    JOB_WAITING,
    RANK,
    RESCORE,
    RUN,
    SCORE,
    SCORED,
    STANDING,
    UNFINISHED,
    WAITING,
    EditionRow,
    JobRow,
    SubmissionRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

# A board that is asked for again within this time is made once.
BOARD_SECONDS = 3.0
# What workers do that read the truth; methods are run by those that do not.
WORK = (INSTALL, SCORE, RESCORE, RANK)


def new_job(
    kind: str, edition: int, *, turn: str, submission: str | None = None, phase: str | None = None
) -> JobRow:  # fmt: skip
    """Return a job that waits; see `JobRow` for what it has."""
    return JobRow(
        kind=kind, edition_id=edition, turn=turn, submission_id=submission, phase=phase, state=JOB_WAITING,
        attempts=0, faults=0, stage="waiting", created=now(),
    )  # fmt: skip


def claim(session: Session, worker: str, lease: float, kinds: Collection[str] = WORK) -> JobRow | None:
    """Take the oldest job that can be taken, or return None.

    Nobody's second job begins while the first is under way, so one person's many do not keep the others waiting.
    Boards go before, when they have waited for a while.

    Parameters
    ----------
    session : Session
        One that writes.
    worker : str
        The name of the worker; another one after each start.
    lease : float
        Seconds for which the job is this worker's.
    kinds : collection of str
        What the worker does.
    """
    moment = now()
    busy = select(JobRow.turn).where(JobRow.state == JOB_RUNNING, JobRow.lease > moment)
    free = or_(JobRow.state == JOB_WAITING, (JobRow.state == JOB_RUNNING) & (JobRow.lease <= moment))
    due = JobRow.created <= moment - timedelta(seconds=BOARD_SECONDS)
    urgency = case(((JobRow.kind == RANK) & due, 0), (JobRow.kind == RANK, 2), else_=1)
    job = session.scalars(
        select(JobRow)
        .where(free, JobRow.kind.in_(kinds), JobRow.turn.not_in(busy))
        .order_by(urgency, JobRow.id)
        .limit(1)
    ).first()
    if job is None:
        return None
    job.state, job.worker, job.attempts = JOB_RUNNING, worker, job.attempts + 1
    job.lease, job.stage = moment + timedelta(seconds=lease), "started"
    return job


def renew(session: Session, job: int, worker: str, lease: float, stage: str | None = None) -> bool:
    """Renew a lease; tell whether the job was still this worker's."""
    values: dict[str, object] = {"lease": now() + timedelta(seconds=lease)}
    if stage is not None:
        values["stage"] = stage
    return _change_held(session, job, worker, values)


def finish(session: Session, job: int, worker: str, stage: str = "done") -> bool:
    """End a job; tell whether it was still this worker's. If not, what the worker found must not be written."""
    return _change_held(session, job, worker, {"state": JOB_DONE, "stage": stage, "finished": now(), "lease": None})


def give_back(session: Session, job: int, worker: str, faults: int) -> bool:
    """Let a job wait again, after a fault of the hub's own or when a worker is stopped."""
    # It was not an attempt that a worker died of.
    values = {"attempts": JobRow.attempts - 1, "faults": faults}
    return _change_held(session, job, worker, {**values, "state": JOB_WAITING, "stage": "waiting", "lease": None})


def _change_held(session: Session, job: int, worker: str, values: dict[str, object]) -> bool:
    held = (JobRow.id == job) & (JobRow.worker == worker) & (JobRow.state == JOB_RUNNING)
    return session.execute(update(JobRow).where(held).values(**values).returning(JobRow.id)).first() is not None


def place_in_queue(session: Session, submission: str) -> int | None:
    """Return how many submissions are scored before one; None if it does not wait."""
    job = session.scalars(
        select(JobRow).where(JobRow.submission_id == submission, JobRow.state != JOB_DONE).order_by(JobRow.id)
    ).first()
    if job is None or job.state != JOB_WAITING:
        return None
    before = select(func.count()).select_from(JobRow)
    before = before.where(JobRow.state != JOB_DONE, JobRow.id < job.id, JobRow.kind.in_((RUN, SCORE, RESCORE)))
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
    """Queue all scored submissions that an edition has not scored; return how many those are."""
    have = select(JobRow.submission_id).where(JobRow.edition_id == edition.id, JobRow.submission_id.is_not(None))
    rows = session.scalars(
        select(SubmissionRow)
        .where(
            SubmissionRow.challenge_id == challenge_id,
            SubmissionRow.state == SCORED,
            SubmissionRow.id.not_in(have),
        )
        .order_by(SubmissionRow.received)
    ).all()
    for row in rows:
        session.add(new_job(RESCORE, edition.id, turn=f"rescore {row.id}", submission=row.id))
    session.flush()
    return len(rows)


def retry_failed(session: Session, edition: EditionRow) -> int:
    """Let the submissions to a challenge wait again that the hub gave up; return how many those are.

    Also those that the edition in force failed to score again, and those that took longer than their time. What was
    sent again meanwhile, byte by byte, is left as it is.
    """
    given_up = (JobRow.state == JOB_DONE) & JobRow.stage.startswith("failed")
    values = {"state": JOB_WAITING, "attempts": 0, "faults": 0, "stage": "waiting", "finished": None}
    again = update(JobRow).where(given_up).values(values).returning(JobRow.id)
    rescores = again.where(JobRow.edition_id == edition.id, JobRow.kind == RESCORE)
    count = len(session.execute(rescores).all())
    rows = session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.challenge_id == edition.challenge_id, SubmissionRow.state.in_((FAILED, UNFINISHED)))
        .order_by(SubmissionRow.received)
    ).all()
    for row in rows:
        own = again.where(JobRow.submission_id == row.id, JobRow.kind != RESCORE)
        if find_same(session, row) is None and session.execute(own).first() is not None:
            row.state, row.report, row.finished = WAITING, [], None
            session.flush()
            count += 1
    return count


def find_same(session: Session, row: SubmissionRow) -> str | None:
    """Return the submission of the same bytes for the same entry that has a score or may have one, or None."""
    return session.scalar(
        select(SubmissionRow.id).where(
            SubmissionRow.challenge_id == row.challenge_id, SubmissionRow.phase == row.phase,
            SubmissionRow.user == row.user, SubmissionRow.entry == row.entry,
            SubmissionRow.sha256 == row.sha256, SubmissionRow.state.in_(STANDING),
        )
    )  # fmt: skip


def rescores_left(session: Session, edition_id: int) -> int:
    """Return how many submissions an edition still has to score again."""
    wanted = select(func.count()).select_from(JobRow)
    wanted = wanted.where(JobRow.edition_id == edition_id, JobRow.kind == RESCORE, JobRow.state != JOB_DONE)
    return session.scalar(wanted) or 0


def ask_for_board(session: Session, edition_id: int, phase: str) -> None:
    """Queue the making of a board, unless that already waits."""
    turn = f"rank {edition_id} {phase}"
    waiting = session.scalars(select(JobRow.id).where(JobRow.turn == turn, JobRow.state == JOB_WAITING)).first()
    if waiting is None:
        session.add(new_job(RANK, edition_id, turn=turn, phase=phase))
