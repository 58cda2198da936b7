"""What is written when a job ends: which failures count, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.hub.portal.scoring.settle import read_entries, settle_evaluation, settle_failure, settle_run
from bioimagehub.hub.portal.store.boards import add_result
from bioimagehub.hub.portal.store.challenges import find_challenge
from bioimagehub.hub.portal.store.models import METHOD, PREDICTIONS, EditionRow, JobRow, SubmissionRow
from bioimagehub.hub.portal.store.queue import WORK, claim
from bioimagehub.hub.portal.store.submissions import count_submissions
from bioimagehub.hub.sandbox import NOT_FINISHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.store.database import Store

pytestmark = pytest.mark.usefixtures("squares_edition")
PROBLEM = {"case": "a", "what": "it has the label 7", "expected": "another", "cure": "Change it."}


@pytest.fixture
def begin(store: Store, add_to: Callable[..., SubmissionRow]) -> Callable[..., tuple[SubmissionRow, JobRow]]:
    """Return a function that adds a submission and takes its job."""

    def begin_one(**more: str) -> tuple[SubmissionRow, JobRow]:
        row = add_to("ann", **more)
        with store.writing() as session:
            job = claim(session, "worker", 60, (*WORK, "run"))
            assert job is not None
            assert job.submission_id == row.id
            return row, job

    return begin_one


def _read(store: Store, row: SubmissionRow) -> tuple[str, list[dict[str, Any]], int]:
    """Return a submission's state and report, and how many of Ann's count."""
    with store.reading() as session:
        found = session.get_one(SubmissionRow, row.id)
        challenge, _ = find_challenge(session, "squares")
        return found.state, found.report, count_submissions(session, challenge, row.phase, "ann")[1]


@pytest.mark.parametrize("kind", [PREDICTIONS, METHOD])
def test_what_took_all_its_time_counts(store: Store, begin: Callable[..., Any], kind: str) -> None:
    """A submission that keeps the workers busy for as long as it can is not free."""
    row, job = begin(phase="practice", kind=kind)
    assert settle_failure(store, job, "worker", "it took longer than 60 s", late=True)
    state, (report,), counted = _read(store, row)
    assert (state, counted) == ("unfinished", 1)
    assert report["what"] == "it took longer than 60 s"
    assert "It counts" in report["cure"]
    assert report["expected"]


@pytest.mark.parametrize("kind", [PREDICTIONS, METHOD])
@pytest.mark.parametrize("phase", ["practice", "final"])
def test_a_failure_of_the_hub_costs_nothing(store: Store, begin: Callable[..., Any], kind: str, phase: str) -> None:
    row, job = begin(phase=phase, kind=kind)
    assert settle_failure(store, job, "worker", "its process ended with status 1")
    state, (report,), counted = _read(store, row)
    assert (state, counted) == ("failed", 0)
    assert "It costs nothing" in report["cure"]


def test_the_limit_of_a_phase_is_used_up_by_what_never_ends(begin: Callable[..., Any], store: Store) -> None:
    from bioimagehub.hub.errors import LimitReachedError

    for _ in range(3):
        _, job = begin(kind=METHOD)
        assert settle_run(store, job, "worker", {"problems": [PROBLEM], "run": {}, "counts": True})
    with pytest.raises(LimitReachedError, match="3 a day"):
        begin(kind=METHOD)


@pytest.mark.parametrize("way", ["run", "late", "refused", "scored late"])
def test_of_a_method_on_hidden_images_one_thing_is_told(store: Store, begin: Callable[..., Any], way: str) -> None:
    """However it fails: the words would be the method's, about images that nobody may see."""
    row, job = begin(kind=METHOD)
    if way == "run":
        told = {
            "case": "",
            "what": NOT_FINISHED,
            "expected": "a method that gives a prediction of each image",
            "cure": "",
        }
        assert settle_run(store, job, "worker", {"problems": [told], "run": {}, "counts": True})
    else:
        if way in ("refused", "scored late"):
            assert settle_run(store, job, "worker", {"problems": [], "run": {}, "counts": True})
            with store.writing() as session:
                job = claim(session, "worker", 60)
                assert job is not None
        if way == "refused":
            assert settle_evaluation(store, job, "worker", {"problems": [PROBLEM], "result": None})
        else:
            assert settle_failure(store, job, "worker", "it took longer than 60 s", late=True)
    state, (report,), counted = _read(store, row)
    assert (state, counted) == ("unfinished", 1)
    assert report["what"] == NOT_FINISHED
    assert report["case"] == ""


def test_predictions_that_are_refused_stay_free(store: Store, begin: Callable[..., Any]) -> None:
    row, job = begin()
    assert settle_evaluation(store, job, "worker", {"problems": [PROBLEM], "result": None})
    assert _read(store, row) == ("refused", [PROBLEM], 0)


def test_nobody_looks_like_a_control(store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow]) -> None:
    """A row with the name of a control would be taken for it."""
    rows = {user: add_to(user, phase="practice") for user in ("ann", "truth", "empty")}
    with store.writing() as session:
        session.get_one(EditionRow, squares_edition).controls = {"public": {"truth": {}}, "hidden": {"empty": {}}}
        for row in rows.values():
            add_result(session, row.id, squares_edition, "k", {})
    job = JobRow(edition_id=squares_edition, phase="practice")
    entries, results, controls, cause = read_entries(store, job)
    assert entries == {"ann": rows["ann"].id, "truth — truth": rows["truth"].id, "empty — empty": rows["empty"].id}
    assert set(results) == set(entries)
    assert set(controls["public"]) == {"truth"}
    assert cause == "empty — empty was scored"
