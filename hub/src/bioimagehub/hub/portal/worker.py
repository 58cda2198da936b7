"""A worker: ``python -m bioimagehub.hub.portal.worker``; the hub starts it under the uid that reads the truth."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.hub.errors import StoreUnavailableError
from bioimagehub.hub.portal.context import challenge_of
from bioimagehub.hub.portal.life import die_with_parent
from bioimagehub.hub.portal.place import PortalConfiguration
from bioimagehub.hub.portal.receive import discard_bytes, installation, predictions_of
from bioimagehub.hub.portal.scoring import settle
from bioimagehub.hub.portal.scoring.child import Ended, run_step
from bioimagehub.hub.portal.store.boards import results_of
from bioimagehub.hub.portal.store.database import Store
from bioimagehub.hub.portal.store.models import (
    CHECKING,
    INSTALL,
    RANK,
    RESCORE,
    RUNNING,
    SCORING,
    EditionRow,
    JobRow,
    SubmissionRow,
)
from bioimagehub.hub.portal.store.queue import WORK, claim, give_back, renew
from bioimagehub.hub.portal.store.submissions import set_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.scoring.child import Step

IDLE_SECONDS = 0.5
# A job is given up after as many faults of its own, and after as many workers that were killed with it. Then it is
# the hub's failure: it costs nothing, and organisers can have it tried again.
FAULTS, ATTEMPTS = 3, 10
_log = logging.getLogger(__name__)


class Worker:
    """Does one job after the other, until it is told to stop.

    Parameters
    ----------
    configuration : PortalConfiguration
        What the hub told it.
    store : Store
        The database, with its tables made.
    work : Path or None
        Where it unpacks; None for the folder of workers that read the truth.
    """

    kinds: tuple[str, ...] = WORK

    def __init__(self, configuration: PortalConfiguration, store: Store, work: Path | None = None) -> None:
        self._work = work or configuration.work
        self._seconds = float(configuration.score_seconds)
        self._memory = configuration.score_memory
        self._configuration = configuration
        self._store = store
        self._lease = configuration.lease_seconds
        self._stopping = threading.Event()
        # Another name at each start: a lease of the process before is not this one's.
        self._name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"

    def stop(self) -> None:
        """Give the present job back, and end."""
        self._stopping.set()

    def run(self) -> None:
        """Do jobs."""
        self._sweep()
        while not self._stopping.is_set():
            try:
                self._lives()
                with self._store.writing() as session:
                    job = claim(session, self._name, self._lease, self.kinds)
                if job is not None:
                    self._do(job)
                    continue
            except StoreUnavailableError as error:
                _log.warning("%s", str(error).partition(".")[0])
            except OSError:
                _log.exception("cannot look for a job")
            self._stopping.wait(IDLE_SECONDS)

    def _lives(self) -> None:
        """Tell that this worker lives; nobody asks one that scores."""

    def _sweep(self) -> None:
        """Remove what killed workers have unpacked."""
        for path in self._work.glob("*-job-*"):
            if not Path("/proc", path.name.partition("-")[0]).exists():
                shutil.rmtree(path, ignore_errors=True)

    def _do(self, job: JobRow) -> None:
        if job.attempts > ATTEMPTS:
            self._write(
                partial(settle.settle_failure, self._store, job, self._name, f"{ATTEMPTS} workers were killed with it")
            )
            return
        folder = self._work / f"{os.getpid()}-job-{job.id}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            step, settled = self._prepare(job, folder)
            ended = run_step(
                step,
                seconds=self._seconds,
                memory=self._memory,
                beat=partial(self._beat, job),
                period=self._lease / 4,
            )
            self._end(job, ended, settled)
        except StoreUnavailableError:
            raise
        except OSError as error:
            # Of the machine, such as a full disk: the next job may have more luck, and the log says what it was.
            _log.exception("job %d (%s) met a fault of the machine", job.id, job.kind)
            self._fail(job, Ended(fault=f"{type(error).__name__}: {error.strerror}"))
            self._stopping.wait(IDLE_SECONDS)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _end(self, job: JobRow, ended: Ended | None, settled: Callable[[dict[str, Any]], bool]) -> None:
        if ended is None:
            # Told to stop, or the lease is somebody else's: either way nothing is written but that it waits.
            self._write(partial(self._give_back, job, job.faults))
        elif ended.values is not None:
            values = ended.values
            self._write(lambda: settled(values))
        else:
            self._fail(job, ended)

    def _fail(self, job: JobRow, ended: Ended) -> None:
        """Let a job wait that failed, or give it up."""
        _log.error("job %d (%s) failed: %s", job.id, job.kind, ended.fault)
        if ended.late or job.faults + 1 >= FAULTS:
            fault = ended.fault or "unknown"
            self._write(partial(settle.settle_failure, self._store, job, self._name, fault, late=ended.late))
        else:
            self._write(partial(self._give_back, job, job.faults + 1))

    def _give_back(self, job: JobRow, faults: int) -> bool:
        with self._store.writing() as session:
            return give_back(session, job.id, self._name, faults)

    def _write(self, change: Callable[[], bool]) -> None:
        """Make a change, however long the database is away. It is the same if it was made already."""
        while True:
            try:
                if not change():
                    _log.info("a job was somebody else's by the time it ended")
            except StoreUnavailableError as error:
                _log.warning("%s", str(error).partition(".")[0])
                if self._stopping.wait(IDLE_SECONDS):
                    return
            else:
                return

    def _beat(self, job: JobRow, stage: str | None) -> bool:
        """Renew the lease and tell the stage; False if the job is to be left."""
        if self._stopping.is_set():
            return False
        self._lives()
        try:
            with self._store.writing() as session:
                held = renew(session, job.id, self._name, self._lease, stage)
                if held and stage in (RUNNING, CHECKING, SCORING) and job.kind != RESCORE and job.submission_id:
                    set_state(session, job.submission_id, stage)
        except StoreUnavailableError as error:
            # The end will tell whether the job is still this worker's.
            _log.warning("%s", str(error).partition(".")[0])
            return True
        return held

    def _prepare(self, job: JobRow, work: Path) -> tuple[Step, Callable[[dict[str, Any]], bool]]:
        """Return what is done, and what writes what came of it."""
        from bioimagehub.hub.portal.scoring.steps import Evaluation, Installation, Ranking

        configuration, store = self._configuration, self._store
        folder = configuration.truth / str(job.edition_id)
        if job.kind == INSTALL:
            upload = installation(configuration.inbox, job.edition_id)
            shown = configuration.challenges / str(job.edition_id)
            return Installation(upload, folder, shown, work), partial(self._installed, job, upload, folder)
        if job.kind == RANK:
            entries, results, controls, cause = settle.read_entries(store, job)
            split = self._split(job)
            ranking = Ranking(folder, str(job.phase), results, controls.get(split, {}))
            return ranking, lambda values: settle.settle_board(store, job, self._name, values["board"], entries, cause)
        with store.reading() as session:
            row = session.get_one(SubmissionRow, job.submission_id)
            known = [result.result for result, _ in results_of(session, row.id)]
        path = predictions_of(configuration.submissions, row)
        step = Evaluation(folder, row.phase, path, known, work)
        return step, partial(self._evaluated, job)

    def _split(self, job: JobRow) -> str:
        with self._store.reading() as session:
            challenge = challenge_of(session.get_one(EditionRow, job.edition_id))
        return challenge.find_phase(str(job.phase)).split

    def _installed(self, job: JobRow, upload: Path, folder: Path, values: dict[str, Any]) -> bool:
        done = settle.settle_installation(self._store, job, self._name, values)
        if done:
            upload.unlink(missing_ok=True)
            if values["controls"] is None:
                shutil.rmtree(folder, ignore_errors=True)
        return done

    def _evaluated(self, job: JobRow, values: dict[str, Any]) -> bool:
        done = settle.settle_evaluation(self._store, job, self._name, values)
        if done and values["result"] is None and job.kind != RESCORE:
            # What is refused is never scored: its report and its checksum stay, its bytes do not.
            discard_bytes(self._configuration.submissions, str(job.submission_id))
        return done


def main() -> None:
    """Load the libraries, then do jobs until told to stop."""
    die_with_parent()
    # The portal is in the group of this process, and shares the database with it.
    os.umask(0o007)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Each step is a fork of this process: what is loaded now is loaded once.
    from bioimagehub.hub.portal.scoring.steps import warm_up

    warm_up()
    _log.info("ready")
    configuration = PortalConfiguration.of_environment()
    worker = Worker(configuration, Store(configuration.database))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


if __name__ == "__main__":
    main()
