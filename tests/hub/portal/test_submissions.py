"""Submissions in the database: what counts, and what may be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.errors import ConflictError, LimitReachedError
from bioimagehub.hub.portal.scoring.settle import settle_run
from bioimagehub.hub.portal.store.challenges import find_challenge
from bioimagehub.hub.portal.store.models import METHOD, JobRow, SubmissionRow
from bioimagehub.hub.portal.store.queue import claim
from bioimagehub.hub.portal.store.submissions import count_submissions, withdraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.store.database import Store

pytestmark = pytest.mark.usefixtures("squares_edition")


def test_many_at_the_same_moment_do_not_pass_a_limit(add_to: Callable[..., SubmissionRow]) -> None:
    """However many the portal lets in at once: the limit is counted in the transaction that adds the row."""

    def try_to(_: int) -> str:
        try:
            return add_to("ann").state
        except LimitReachedError as error:
            return str(error)

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(try_to, range(60)))
    assert told.count("waiting") == 3
    assert sum("3 a day" in one for one in told) == 57


def test_a_method_that_has_run_stays(store: Store, add_to: Callable[..., SubmissionRow]) -> None:
    """Else somebody could look whether it ran on all hidden images, take it back, and ask the next one for free."""
    row = add_to("ann", kind=METHOD)
    with store.writing() as session:
        job = claim(session, "worker", 60, ("run",))
        assert job is not None
    assert settle_run(store, job, "worker", {"problems": [], "run": {"ok": True}, "counts": True})
    with store.writing() as session, pytest.raises(ConflictError, match="its method has run"):
        withdraw(session, row.id, "ann")
    with store.reading() as session:
        challenge, _ = find_challenge(session, "squares")
        assert count_submissions(session, challenge, "final", "ann")[:2] == (1, 1)
        assert [job.state for job in session.query(JobRow).filter_by(submission_id=row.id, kind="score")] == ["waiting"]


@pytest.mark.parametrize("kind", ["predictions", METHOD])
def test_what_nothing_was_done_with_is_withdrawn(store: Store, add_to: Callable[..., SubmissionRow], kind: str) -> None:
    row = add_to("ann", kind=kind)
    with store.writing() as session:
        assert withdraw(session, row.id, "ann").state == "withdrawn"
    with store.writing() as session, pytest.raises(ConflictError, match="it is withdrawn"):
        withdraw(session, row.id, "ann")
