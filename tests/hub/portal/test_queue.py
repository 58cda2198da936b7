"""The queue: a job is given up after a while, and what was given up can be tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.portal.scoring.settle import settle_evaluation, settle_failure
from bioimagehub.hub.portal.store.boards import add_result
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import EditionRow, JobRow, SubmissionRow
from bioimagehub.hub.portal.store.queue import claim, give_back, new_job, retry_failed
from bioimagehub.hub.portal.store.submissions import add_submission, set_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.store.database import Store


def _take(store: Store, worker: str = "worker") -> JobRow:
    with store.writing() as session:
        job = claim(session, worker, 60)
        assert job is not None
        return job


def _retry(store: Store, edition: int) -> int:
    with store.writing() as session:
        return retry_failed(session, session.get_one(EditionRow, edition))


def _state(store: Store, row: SubmissionRow) -> str:
    with store.reading() as session:
        return session.get_one(SubmissionRow, row.id).state


@pytest.mark.usefixtures("squares_edition")
def test_only_workers_that_were_killed_use_attempts_up(store: Store, add_to: Callable[..., SubmissionRow]) -> None:
    add_to("ann")
    for number in range(5):
        job = _take(store)
        with store.writing() as session:
            assert give_back(session, job.id, "worker", faults=number)
    for number in range(1, 4):
        job = _take(store, f"killed-{number}")
        assert job.attempts == number
        with store.writing() as session:
            session.get_one(JobRow, job.id).lease = now() - timedelta(seconds=1)
    assert _take(store).attempts == 4


@pytest.mark.parametrize("late", [False, True])
def test_what_was_given_up_is_tried_again_from_the_beginning(
    store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow], late: bool
) -> None:
    row = add_to("ann")
    job = _take(store)
    with store.writing() as session:
        found = session.get_one(JobRow, job.id)
        found.attempts, found.faults = 11, 2
    assert settle_failure(store, job, "worker", "a reason", late=late)
    assert _state(store, row) == ("unfinished" if late else "failed")
    assert _retry(store, squares_edition) == 1
    assert _state(store, row) == "waiting"
    again = _take(store)
    assert (again.id, again.attempts, again.faults) == (job.id, 1, 0)
    assert _retry(store, squares_edition) == 0


def test_what_was_refused_or_scored_is_not_tried_again(
    store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow]
) -> None:
    row = add_to("ann")
    assert settle_evaluation(store, _take(store), "worker", {"problems": [], "result": None})
    assert _retry(store, squares_edition) == 0
    assert _state(store, row) == "refused"


def test_what_was_sent_again_meanwhile_is_not_doubled(
    store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow]
) -> None:
    """The page of a failure says that one can send it again."""
    row = add_to("ann")
    assert settle_failure(store, _take(store), "worker", "a reason")
    with store.writing() as session:
        values = {name: getattr(row, name) for name in ("challenge_id", "phase", "user", "entry", "kind", "sha256")}
        again = SubmissionRow(
            id="1" * 32, filename="p.zip", size=1, received=now(), state="waiting", report=[], **values
        )  # fmt: skip
        add_submission(session, again, session.get_one(EditionRow, squares_edition))
    assert _retry(store, squares_edition) == 0
    assert (_state(store, row), _state(store, again)) == ("failed", "waiting")


def test_a_failure_to_score_again_is_tried_again(
    store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow]
) -> None:
    """Else the entry would be missing on the boards of the edition for good."""
    row = add_to("ann")
    job = _take(store)
    with store.writing() as session:
        session.delete(session.get_one(JobRow, job.id))
        add_result(session, row.id, squares_edition, "k", {})
        set_state(session, row.id, "scored", [])
        session.add(new_job("rescore", squares_edition, turn="rescore", submission=row.id))
    job = _take(store)
    assert settle_failure(store, job, "worker", "a reason")
    assert _state(store, row) == "scored"
    assert _retry(store, squares_edition) == 1
    with store.reading() as session:
        assert session.get_one(JobRow, job.id).state == "waiting"
