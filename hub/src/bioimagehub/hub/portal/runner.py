"""What runs methods: ``python -m bioimagehub.hub.portal.runner``; the hub starts it, under a uid that has no truth."""

from __future__ import annotations

import logging
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from bioimagehub.hub.errors import SandboxMissingError
from bioimagehub.hub.portal.life import die_with_parent
from bioimagehub.hub.portal.place import RUNNER_MEMORY, PortalConfiguration
from bioimagehub.hub.portal.receive import discard_bytes, payload, predictions_of
from bioimagehub.hub.portal.scoring import settle
from bioimagehub.hub.portal.store.database import Store
from bioimagehub.hub.portal.store.models import RUN, EditionRow, JobRow, SubmissionRow
from bioimagehub.hub.portal.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.hub.portal.scoring.child import Step
    from bioimagehub.hub.sandbox import Bubblewrap

_log = logging.getLogger(__name__)


class Runner(Worker):
    """Runs one method after the other.

    Parameters
    ----------
    configuration : PortalConfiguration
        What the hub told it.
    store : Store
        The database, with its tables made.
    sandbox : Bubblewrap
        What keeps methods apart.
    """

    kinds = (RUN,)

    def __init__(self, configuration: PortalConfiguration, store: Store, sandbox: Bubblewrap) -> None:
        super().__init__(configuration, store, configuration.methods)
        self._sandbox = sandbox
        # What starts a method hands its own limit on, which nobody but root can raise again.
        self._memory = max(self._memory, configuration.method_memory + RUNNER_MEMORY)

    def _lives(self) -> None:
        self._configuration.methods_ready.touch()

    def _prepare(self, job: JobRow, work: Path) -> tuple[Step, Callable[[dict[str, Any]], bool]]:
        from bioimagehub.hub.portal.context import challenge_of
        from bioimagehub.hub.portal.scoring.method import Execution
        from bioimagehub.hub.sandbox import MethodLimits

        configuration = self._configuration
        with self._store.reading() as session:
            row = session.get_one(SubmissionRow, job.submission_id)
            challenge = challenge_of(session.get_one(EditionRow, job.edition_id))
        seconds, memory = configuration.method_seconds, configuration.method_memory
        limits = MethodLimits(seconds=seconds, cpu_seconds=2 * seconds, memory=memory)
        self._seconds = (seconds + 60.0) * len(challenge.splits[challenge.find_phase(row.phase).split].cases)
        path = payload(configuration.submissions, row)
        shown = configuration.challenges / str(job.edition_id)
        step = Execution(shown, row.phase, path, self._sandbox, limits, work)
        return step, partial(self._ran, job, row, work)

    def _ran(self, job: JobRow, row: SubmissionRow, work: Path, values: dict[str, Any]) -> bool:
        made = work / "predictions.zip"
        if not values["problems"] and made.exists():
            made.chmod(0o440)
            made.replace(predictions_of(self._configuration.submissions, row))
        done = settle.settle_run(self._store, job, self._name, values)
        if done and values["problems"]:
            # There is nothing to be scored, now or later.
            discard_bytes(self._configuration.submissions, row.id)
        return done


def main() -> None:
    """Look for a sandbox, then run methods until told to stop. Without one, none is ever run."""
    die_with_parent()
    os.umask(0o007)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    from bioimagehub.hub.sandbox import find_sandbox

    configuration = PortalConfiguration.of_environment()
    try:
        sandbox = find_sandbox()
    except SandboxMissingError as error:
        configuration.methods_ready.unlink(missing_ok=True)
        _log.warning("no methods are taken: %s", error)
        # Not ended: it would be started again and again, and find no sandbox again and again.
        signal.pause()
        return
    import bioimagehub.hub.portal.scoring.method

    _log.info("ready: %s, %s", sandbox.program, bioimagehub.hub.portal.scoring.method.__name__)
    runner = Runner(configuration, Store(configuration.database), sandbox)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: runner.stop())
    runner.run()


if __name__ == "__main__":
    main()
