"""A worker: whatever the machine does to it, it goes on."""

from __future__ import annotations

import resource
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bioimagehub.hub.portal.runner import Runner
from bioimagehub.hub.portal.scoring.child import run_step
from bioimagehub.hub.portal.store.models import METHOD, JobRow, SubmissionRow
from bioimagehub.hub.portal.worker import ATTEMPTS, FAULTS, Worker
from bioimagehub.hub.sandbox import find_sandbox
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.hub.portal.scoring.child import Ended
    from bioimagehub.hub.portal.store.database import Store

pytestmark = pytest.mark.usefixtures("squares_edition")
DEADLINE = 60


@pytest.fixture
def working(store: Store, tmp_path: Path) -> Callable[[], object]:
    """Return a context manager in which a worker works; its work folder is a file, so that it can unpack nothing."""
    configuration = RunningPortal(tmp_path).configuration
    configuration.work.rmdir()
    configuration.work.touch()

    @contextmanager
    def work() -> Iterator[threading.Thread]:
        worker = Worker(configuration, store)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield thread
        finally:
            worker.stop()
            thread.join(DEADLINE)

    return work


def _wait_for_end(store: Store, row: SubmissionRow) -> SubmissionRow:
    deadline = time.monotonic() + DEADLINE
    while True:
        with store.reading() as session:
            found = session.get_one(SubmissionRow, row.id)
        if found.finished is not None:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_fault_of_the_machine_is_the_hubs(
    store: Store, add_to: Callable[..., SubmissionRow], working: Callable[..., Iterator[threading.Thread]],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """It is tried again, then given up: it costs nothing, the log tells why, and the next job is taken."""
    first, second = add_to("ann"), add_to("ben")
    with working() as thread:
        for row in (first, second):
            ended = _wait_for_end(store, row)
            assert ended.state == "failed"
            assert "It costs nothing" in ended.report[0]["cure"]
        assert thread.is_alive()
    assert caplog.text.count("met a fault of the machine") == 2 * FAULTS
    assert "NotADirectoryError" in caplog.text
    with store.reading() as session:
        stages = session.scalars(select(JobRow.stage).where(JobRow.kind == "score")).all()
    assert stages == ["failed: NotADirectoryError: Not a directory"] * 2


def test_a_job_that_kills_its_workers_is_given_up(
    store: Store, add_to: Callable[..., SubmissionRow], working: Callable[..., Iterator[threading.Thread]]
) -> None:
    row = add_to("ann")
    with store.writing() as session:
        session.scalars(select(JobRow).where(JobRow.submission_id == row.id)).one().attempts = ATTEMPTS
    with working():
        ended = _wait_for_end(store, row)
    assert ended.state == "failed"
    with store.reading() as session:
        job = session.scalars(select(JobRow).where(JobRow.submission_id == row.id)).one()
    assert job.stage == f"failed: {ATTEMPTS} workers were killed with it"


class _Limit:
    """A step that tells its own limit."""

    def run(self, tell: Callable[[str], None]) -> dict[str, Any]:
        tell("running")
        return {"problems": [], "run": {}, "counts": True, "limit": resource.getrlimit(resource.RLIMIT_AS)}


def test_what_starts_a_method_may_take_more_than_the_method(
    store: Store, add_to: Callable[..., SubmissionRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hands its limit on. Where that was lower than the method's, no method could be started but by root."""
    configuration = RunningPortal(tmp_path, method_memory=2**35, score_memory=2**33).configuration
    runner = Runner(configuration, store, find_sandbox())
    found: list[Ended | None] = []

    def run(_: object, **options: Any) -> Ended | None:
        found.append(run_step(_Limit(), **options))
        runner.stop()
        return found[0]

    monkeypatch.setattr("bioimagehub.hub.portal.worker.run_step", run)
    add_to("ann", kind=METHOD)
    runner.run()
    assert found[0] is not None
    assert found[0].values is not None
    soft, hard = found[0].values["limit"]
    assert soft == hard > configuration.method_memory
