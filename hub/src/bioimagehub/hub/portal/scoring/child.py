"""One step in a process of its own, with limits: whatever is in a submission, the worker lives on."""

from __future__ import annotations

import ctypes
import multiprocessing
import resource
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bioimagehub.hub.portal.life import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


PR_SET_DUMPABLE = 4


class Step(Protocol):
    """What a worker does with a job."""

    def run(self, tell: Callable[[str], None], /) -> dict[str, Any]:
        """Do it, tell the stages, and return what came of it."""
        ...


@dataclass(frozen=True)
class Ended:
    """How a step ended.

    Attributes
    ----------
    values : dict or None
        What it returned; None if it did not.
    fault : str or None
        Why not.
    late : bool
        Whether it was ended because its time was over.
    """

    values: dict[str, Any] | None = None
    fault: str | None = None
    late: bool = False


def run_step(
    step: Step, *, seconds: float, memory: int, beat: Callable[[str | None], bool], period: float
) -> Ended | None:
    """Run a step in a child process.

    Parameters
    ----------
    step : Step
        What is done.
    seconds : float
        Time that it may take.
    memory : int
        Bytes of address space that it may have.
    beat : callable
        Called with each stage that the step tells, and with None each `period`; False ends the step.
    period : float
        Seconds.

    Returns
    -------
    Ended or None
        None if `beat` ended it.
    """
    # Forked: the libraries are loaded already, and a step begins at once.
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(step, there, memory), daemon=True)
    process.start()
    there.close()
    deadline, latest = time.monotonic() + seconds, time.monotonic()
    try:
        while True:
            if here.poll(min(period, 0.5)):
                try:
                    kind, value = here.recv()
                except EOFError:
                    process.join(10)
                    return Ended(fault=f"its process ended with status {process.exitcode}")
                if kind == "done":
                    return Ended(values=value)
                if not beat(value):
                    return None
            if time.monotonic() > deadline:
                return Ended(fault=f"it took longer than {seconds:.0f} s", late=True)
            if time.monotonic() - latest > period:
                latest = time.monotonic()
                if not beat(None):
                    return None
    finally:
        process.kill()
        process.join()
        here.close()


def _run(step: Step, connection: Connection, memory: int) -> None:
    die_with_parent()
    # The worker's handlers ask it to finish its job; a child has none to finish.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # What is raised goes to the worker's log, and the worker learns that there was something.
    connection.send(("done", step.run(lambda stage: connection.send(("stage", stage)))))
