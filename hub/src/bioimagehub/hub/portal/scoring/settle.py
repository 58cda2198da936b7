"""Writes what came of a job, in one transaction with the end of the job: both are kept, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bioimagehub.hub.portal.store.boards import add_board, add_result, entries_of
from bioimagehub.hub.portal.store.challenges import settle_edition
from bioimagehub.hub.portal.store.models import (
    EDITION_ACTIVE,
    FAILED,
    METHOD,
    REFUSED,
    RESCORE,
    SCORE,
    SCORED,
    UNFINISHED,
    WAITING,
    ChallengeRow,
    EditionRow,
    JobRow,
    SubmissionRow,
)
from bioimagehub.hub.portal.store.queue import add_rescores, ask_for_board, finish, new_job, rescores_left
from bioimagehub.hub.portal.store.submissions import set_state
from bioimagehub.hub.sandbox import NOT_FINISHED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bioimagehub.hub.portal.store.database import Store

FAULT = {
    "case": "",
    "what": "the hub failed to score it",
    "expected": "no fault of the hub's own",
    "cure": "It costs nothing. The organisers can have it scored again; you can submit it again, too.",
}
# What used its whole time is not free, or anybody could keep the workers busy for ever.
_LATE = {
    "case": "",
    "expected": "a submission that is done within the time that the hub's operator has set",
    "cure": "It counts. Make it smaller or faster. If the hub was slow, the organisers can have it tried again.",
}
_UNTOLD = {"case": "", "what": NOT_FINISHED, "expected": "a method that gives a prediction of each image", "cure": ""}


def settle_installation(store: Store, job: JobRow, worker: str, values: dict[str, Any]) -> bool:
    """Write what came of a challenge that was sent; False if the job was not this worker's any more."""
    with store.writing() as session:
        if not finish(session, job.id, worker):
            return False
        edition = session.get_one(EditionRow, job.edition_id)
        if settle_edition(session, edition.id, values["report"], values["controls"]) and values["controls"] is not None:
            session.refresh(edition)
            if not add_rescores(session, edition.challenge_id, edition):
                _ask_for_boards(session, edition)
    return True


def _ask_for_boards(session: Session, edition: EditionRow) -> None:
    """Queue the boards of all phases that an edition has scored something of, or else shows controls of."""
    from bioimagehub.hub.portal.context import challenge_of

    for phase in challenge_of(edition).phases:
        ask_for_board(session, edition.id, phase.name)


def settle_run(store: Store, job: JobRow, worker: str, values: dict[str, Any]) -> bool:
    """Write how a method ran, and have its predictions scored; False if the job was not this worker's any more."""
    with store.writing() as session:
        if not finish(session, job.id, worker):
            return False
        row = session.get_one(SubmissionRow, job.submission_id)
        if values["problems"]:
            set_state(session, row.id, UNFINISHED if values["counts"] else REFUSED, values["problems"], values["run"])
        else:
            set_state(session, row.id, WAITING, run=values["run"])
            session.add(new_job(SCORE, job.edition_id, turn=row.user, submission=row.id))
    return True


def settle_evaluation(store: Store, job: JobRow, worker: str, values: dict[str, Any]) -> bool:
    """Write the result of a submission, or why it is refused; False if the job was not this worker's any more."""
    with store.writing() as session:
        if not finish(session, job.id, worker):
            return False
        row = session.get_one(SubmissionRow, job.submission_id)
        if values["result"] is not None:
            add_result(session, row.id, job.edition_id, values["result"]["key"], values["result"])
            set_state(session, row.id, SCORED, [])
        elif job.kind != RESCORE:
            secret = _is_method_on_hidden_images(session, job, row)
            state, problems = (UNFINISHED, [_UNTOLD]) if secret else (REFUSED, values["problems"])
            set_state(session, row.id, state, problems)
        _after_evaluation(session, job, row)
    return True


def settle_failure(store: Store, job: JobRow, worker: str, fault: str, *, late: bool = False) -> bool:
    """Give a job up; False if it was not this worker's any more.

    Parameters
    ----------
    store : Store
    job : JobRow
    worker : str
    fault : str
        Why.
    late : bool
        Whether its time was over. Then the submission counts; else it is the hub's failure and costs nothing.
    """
    with store.writing() as session:
        if not finish(session, job.id, worker, f"failed: {fault}"[:200]):
            return False
        if job.submission_id is None:
            if job.phase is None:
                settle_edition(session, job.edition_id, [f"The hub failed to check it: {fault}. Send it again."], None)
        else:
            row = session.get_one(SubmissionRow, job.submission_id)
            if job.kind != RESCORE:
                untold = late and _is_method_on_hidden_images(session, job, row)
                report = _UNTOLD if untold else {**_LATE, "what": fault} if late else FAULT
                set_state(session, row.id, UNFINISHED if late else FAILED, [report])
            _after_evaluation(session, job, row)
    return True


def _is_method_on_hidden_images(session: Session, job: JobRow, row: SubmissionRow) -> bool:
    """Tell whether all that is said of a submission would be said by its method about hidden images."""
    from bioimagehub.hub.portal.context import challenge_of

    edition = session.get_one(EditionRow, job.edition_id)
    return row.kind == METHOD and challenge_of(edition).find_phase(row.phase).hidden


def _after_evaluation(session: Session, job: JobRow, row: SubmissionRow) -> None:
    """Have the board made anew; and the submission scored again, if another edition came meanwhile."""
    session.flush()
    edition = session.scalars(
        select(EditionRow)
        .where(EditionRow.challenge_id == row.challenge_id, EditionRow.state == EDITION_ACTIVE)
        .order_by(EditionRow.number.desc())
        .limit(1)
    ).one()
    if edition.id != job.edition_id:
        add_rescores(session, row.challenge_id, edition)
    elif job.kind != RESCORE:
        if rescores_left(session, edition.id) == 0:
            ask_for_board(session, edition.id, row.phase)
    elif rescores_left(session, edition.id) == 0:
        # The old board stays until all entries have their new scores.
        _ask_for_boards(session, edition)


def settle_board(
    store: Store, job: JobRow, worker: str, board: dict[str, Any], entries: dict[str, str], cause: str
) -> bool:
    """Write a version of a board; False if the job was not this worker's any more."""
    with store.writing() as session:
        if not finish(session, job.id, worker):
            return False
        edition = session.get_one(EditionRow, job.edition_id)
        add_board(session, edition.challenge_id, str(job.phase), edition.id, cause, board, entries)
    return True


def read_entries(store: Store, job: JobRow) -> tuple[dict[str, str], dict[str, dict[str, Any]], dict[str, Any], str]:
    """Return what a board is made of: submissions and results by row, controls by split, and the cause."""
    with store.reading() as session:
        edition = session.get_one(EditionRow, job.edition_id)
        challenge = session.get_one(ChallengeRow, edition.challenge_id)
        controls = edition.controls or {}
        names = {name for of_split in controls.values() for name in of_split}
        found = entries_of(session, str(job.phase), edition.id, names)
    latest = max(found.items(), key=lambda item: item[1][0].received)[0] if found else None
    cause = f"{latest} was scored" if latest else f"{challenge.name} has begun"
    entries = {name: row.id for name, (row, _) in found.items()}
    return entries, {name: result for name, (_, result) in found.items()}, controls, cause
