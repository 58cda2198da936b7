"""What a widget shows of the process that fetches, and the thread that looks how far it is."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.problems import tell_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs.downloads.background import BackgroundRun, RunState
    from bioimagehub.widgets.problems import Problem

EVERY = 0.25
"""Seconds between two looks."""
_PROBLEMS = 100
_LONGEST = 1000


@dataclass(frozen=True)
class Shown:
    """What a widget shows of a run."""

    state: str
    progress: dict[str, Any]
    problems: list[dict[str, Any]]
    problem: Problem | None


class Follower:
    """A thread that shows how far a run is, until there is no process any more.

    Parameters
    ----------
    show : callable
        Takes the run and its state.
    fail : callable
        Takes what went wrong with that.
    """

    def __init__(self, show: Callable[[BackgroundRun, RunState], None], fail: Callable[[Exception], None]) -> None:
        self._show, self._fail = show, fail
        self._starting = threading.Lock()
        self._stop = threading.Event()

    def follow(self, run: BackgroundRun) -> None:
        """Follow a run from now on, in place of what was followed before."""
        with self._starting:
            self._stop.set()
            self._stop = threading.Event()
            arguments = (run, self._stop)
            threading.Thread(target=self._follow, args=arguments, name="bioimagehub-download", daemon=True).start()

    def stop(self) -> None:
        """Look no more; the run goes on."""
        self._stop.set()

    def _follow(self, run: BackgroundRun, stop: threading.Event) -> None:
        told: RunState | None = None
        while not stop.is_set():
            try:
                state = run.state()
                if state != told and not stop.is_set():
                    self._show(run, state)
            except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
                self._fail(error)
                return
            if not state.is_active:
                return
            told = state
            stop.wait(EVERY)


def tell_run(run: BackgroundRun, state: RunState) -> Shown:
    """Work out what a widget shows of a run: one that was interrupted waits, as one that is paused."""
    fields = {key: value for key, value in asdict(state).items() if key not in {"state", "problem"}}
    fields["under_way"] = [[path[:_LONGEST], came, size] for path, came, size in state.under_way]
    problems = []
    for failure in run.failures()[:_PROBLEMS] if state.failed else ():
        path = f"{failure.folder}/{failure.path}" if failure.folder else failure.path
        problems.append({"path": path[:_LONGEST], **tell_problem(OSError(failure.reason[:_LONGEST]))})
    problem = None if state.problem is None else tell_problem(OSError(state.problem))
    return Shown("paused" if state.state == "interrupted" else state.state, fields, problems, problem)
