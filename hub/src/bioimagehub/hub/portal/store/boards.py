"""Results and the boards that are made of them. Both are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from bioimagehub.hub.errors import NotFoundError
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import BoardRow, ChallengeRow, ResultRow, SubmissionRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def add_result(session: Session, submission: str, edition_id: int, key: str, result: dict[str, Any]) -> None:
    """Keep the result of a submission; a second one for the same edition is refused by the database."""
    session.add(ResultRow(submission_id=submission, edition_id=edition_id, key=key, result=result, created=now()))
    session.flush()


def results_of(session: Session, submission: str) -> list[ResultRow]:
    """Return all results of a submission, the newest first."""
    wanted = select(ResultRow).where(ResultRow.submission_id == submission).order_by(ResultRow.id.desc())
    return list(session.scalars(wanted))


def entries_of(session: Session, phase: str, edition_id: int) -> dict[str, tuple[SubmissionRow, dict[str, Any]]]:
    """Return what an edition has scored in a phase: the latest submission of each entry of each person.

    Returns
    -------
    dict
        By the name of the row: ``ann``, or ``name of the entry — ann`` where she gave it a name of its own.
    """
    found = session.execute(
        select(SubmissionRow, ResultRow)
        .join(ResultRow, ResultRow.submission_id == SubmissionRow.id)
        .where(ResultRow.edition_id == edition_id, SubmissionRow.phase == phase)
        .order_by(SubmissionRow.received, SubmissionRow.id)
    )
    return {row_name(row[0]): (row[0], row[1].result) for row in found}


def row_name(submission: SubmissionRow) -> str:
    """Return the name of a submission's row on the board. User names have no spaces, so two people's differ."""
    if submission.entry == submission.user:
        return submission.user
    return f"{submission.entry} — {submission.user}"


def add_board(
    session: Session, challenge_id: int, phase: str, edition_id: int, cause: str, board: dict[str, Any],
    entries: dict[str, str],
) -> int:  # fmt: skip
    """Keep a version of a board and return its number, which counts from 1 for each phase."""
    last = session.scalar(
        select(func.max(BoardRow.number)).where(BoardRow.challenge_id == challenge_id, BoardRow.phase == phase)
    )
    number = (last or 0) + 1
    session.add(
        BoardRow(
            challenge_id=challenge_id, phase=phase, number=number, edition_id=edition_id, cause=cause[:300],
            board=board, entries=entries, created=now(),
        )
    )  # fmt: skip
    session.flush()
    return number


def list_boards(session: Session, challenge: str, phase: str) -> list[Any]:
    """Return number, edition, cause and time of all versions of a board, the newest first."""
    wanted = (
        select(BoardRow.number, BoardRow.edition_id, BoardRow.cause, BoardRow.created)
        .join(ChallengeRow, ChallengeRow.id == BoardRow.challenge_id)
        .where(ChallengeRow.name == challenge, BoardRow.phase == phase)
        .order_by(BoardRow.number.desc())
    )
    return list(session.execute(wanted))


def find_board(session: Session, challenge: str, phase: str, number: int | None = None) -> BoardRow | None:
    """Return a version of a board; None asks for the newest, which may not be there yet.

    Raises
    ------
    NotFoundError
        If there is no version of this number.
    """
    wanted = (
        select(BoardRow)
        .join(ChallengeRow, ChallengeRow.id == BoardRow.challenge_id)
        .where(ChallengeRow.name == challenge, BoardRow.phase == phase)
        .order_by(BoardRow.number.desc())
        .limit(1)
    )
    if number is None:
        return session.scalars(wanted).first()
    # No number of any version is that long, and no database takes one that is.
    found = session.scalars(wanted.where(BoardRow.number == number)).first() if number < 2**31 else None
    if found is None:
        msg = (
            f"The board of {challenge!r}, phase {phase!r}, has no version {number}. Its list of versions tells which "
            "there are."
        )
        raise NotFoundError(msg)
    return found
