"""A worker: whatever the machine does to it, it goes on."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bioimagehub.hub.portal.store.models import JobRow, SubmissionRow
from bioimagehub.hub.portal.worker import ATTEMPTS, FAULTS, Worker
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
