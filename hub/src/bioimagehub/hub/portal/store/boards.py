"""Results and the boards that are made of them. Both are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import defer

from bioimagehub.hub.errors import NotFoundError
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import BoardRow, ChallengeRow, EditionRow, ResultRow, SubmissionRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session


def add_result(session: Session, submission: str, edition_id: int, key: str, result: dict[str, Any]) -> None:
    """Keep the result of a submission; a second one for the same edition is refused by the database."""
    session.add(ResultRow(submission_id=submission, edition_id=edition_id, key=key, result=result, created=now()))
    session.flush()


def results_of(session: Session, submission: str) -> list[tuple[ResultRow, EditionRow]]:
    """Return all results of a submission with their editions, that of the newest edition first."""
    found = session.execute(
        select(ResultRow, EditionRow)
        .join(EditionRow, EditionRow.id == ResultRow.edition_id)
        .where(ResultRow.submission_id == submission)
        .order_by(EditionRow.number.desc())
    )
    return [(row[0], row[1]) for row in found]


def entries_of(
    session: Session, phase: str, edition_id: int, controls: Collection[str] = ()
) -> dict[str, tuple[SubmissionRow, dict[str, Any]]]:
    """Return what an edition has scored in a phase: the latest submission of each entry of each person.

    Parameters
    ----------
    session : Session
    phase : str
    edition_id : int
    controls : collection of str
        Names of rows that are nobody's.

    Returns
    -------
    dict
        By the name of the row: see `row_name`.
    """
    found = session.execute(
        select(SubmissionRow, ResultRow)
        .join(ResultRow, ResultRow.submission_id == SubmissionRow.id)
        .where(ResultRow.edition_id == edition_id, SubmissionRow.phase == phase)
        .order_by(SubmissionRow.received, SubmissionRow.id)
    )
    return {row_name(row[0], controls): (row[0], row[1].result) for row in found}


def row_name(submission: SubmissionRow, controls: Collection[str] = ()) -> str:
    """Return the name of a submission's row on the board.

    It is ``ann``, or ``name of the entry — ann`` where she gave it a name of its own. Who is called as a control of
    the challenge has always the long one. User names have no spaces, so two people's differ.
    """
    if submission.entry == submission.user and submission.user not in controls:
        return submission.user
    return f"{submission.entry} — {submission.user}"


def add_board(
    session: Session, challenge_id: int, phase: str, edition_id: int, cause: str, board: dict[str, Any],
    entries: dict[str, str],
) -> int:  # fmt: skip
    """Keep a version of a board and return its number, which counts from 1 for each phase."""
    number = (newest_number(session, challenge_id, phase) or 0) + 1
    session.add(
        BoardRow(
            challenge_id=challenge_id, phase=phase, number=number, edition_id=edition_id, cause=cause[:300],
            board=board, entries=entries, created=now(),
        )
    )  # fmt: skip
    session.flush()
    return number


def list_boards(session: Session, challenge: str, phase: str) -> list[tuple[BoardRow, EditionRow]]:
    """Return all versions of a board with the editions that scored them, the newest first, without what is large."""
    wanted = _boards(challenge, phase).options(
        defer(BoardRow.board), defer(BoardRow.entries), defer(EditionRow.definition), defer(EditionRow.report)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session.execute(wanted)]


def newest_number(session: Session, challenge_id: int, phase: str) -> int | None:
    """Return the number of the newest version of a board, or None before the first."""
    return session.scalar(
        select(func.max(BoardRow.number)).where(BoardRow.challenge_id == challenge_id, BoardRow.phase == phase)
    )


def newest_board(session: Session, challenge: str, phase: str) -> tuple[BoardRow, EditionRow] | None:
    """Return the newest version of a board, or None before the first."""
    found = session.execute(_boards(challenge, phase).limit(1)).first()
    return None if found is None else (found[0], found[1])


def find_board(session: Session, challenge: str, phase: str, number: int) -> tuple[BoardRow, EditionRow]:
    """Return a version of a board.

    Raises
    ------
    NotFoundError
        If there is none of this number.
    """
    found = session.execute(_boards(challenge, phase).where(BoardRow.number == number)).first()
    if found is None:
        msg = (
            f"The board of {challenge!r}, phase {phase!r}, has no version {number}. Its list of versions tells which "
            "there are."
        )
        raise NotFoundError(msg)
    return found[0], found[1]


def _boards(challenge: str, phase: str) -> Select[BoardRow, EditionRow]:
    return (
        select(BoardRow, EditionRow)
        .join(ChallengeRow, ChallengeRow.id == BoardRow.challenge_id)
        .join(EditionRow, EditionRow.id == BoardRow.edition_id)
        .where(ChallengeRow.name == challenge, BoardRow.phase == phase)
        .order_by(BoardRow.number.desc())
    )
