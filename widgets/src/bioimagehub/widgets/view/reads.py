"""Reading in threads of its own: what was asked for last is read first, and what nobody wants any more not at all.

A store may hang for ever. Then the threads that wait for it are lost, and the questions that need it are answered with
an error after a while; all others go on.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import SlowStoreError, TakenBackError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

_LOOK = 0.1
"""Seconds between two looks whether a question was taken back."""


class _Job:
    def __init__(self, key: Hashable, load: Callable[[], Any]) -> None:
        self.key, self.load = key, load
        self.wanted = 0
        self.begun: float | None = None
        self.done = threading.Event()
        self.found: Any = None
        self.error: BaseException | None = None


class Reads:
    """The threads that read one source.

    Parameters
    ----------
    name : str
        What the source is called in an error.
    threads : int
        As many read at the same time.
    patience : float
        Seconds after which a read counts as hanging.
    """

    def __init__(self, name: str, threads: int = 12, patience: float = 20.0) -> None:
        self._name, self._most, self._patience = name, threads, patience
        self._changed = threading.Condition()
        self._jobs: dict[Hashable, _Job] = {}
        self._waiting: list[_Job] = []
        self._idle = self._threads = 0
        self._closed = False

    def read(self, loads: Mapping[Hashable, Callable[[], Any]], stop: threading.Event) -> dict[Hashable, Any]:
        """Read several things at the same time.

        Parameters
        ----------
        loads : mapping
            From what identifies each, to what reads it. What is being read already is not read twice.
        stop : threading.Event
            Set when the question was taken back.

        Returns
        -------
        dict
            What was read, by the same keys.

        Raises
        ------
        TakenBackError
            If the question was taken back meanwhile.
        SlowStoreError
            If the store does not answer.
        """
        jobs = [self._want(key, load) for key, load in loads.items()]
        try:
            for job in jobs:
                self._wait(job, stop)
                if job.error is not None:
                    raise job.error
        finally:
            self._give_up(jobs)
        return {job.key: job.found for job in jobs}

    def close(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _want(self, key: Hashable, load: Callable[[], Any]) -> _Job:
        with self._changed:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = _Job(key, load)
                self._waiting.append(job)
                if self._idle:
                    self._changed.notify()
                elif self._threads < self._most:
                    self._threads += 1
                    threading.Thread(target=self._work, name=f"bioimagehub-read {self._name}", daemon=True).start()
            job.wanted += 1
            return job

    def _wait(self, job: _Job, stop: threading.Event) -> None:
        start = time.monotonic()
        while not job.done.wait(_LOOK):
            if stop.is_set() or self._closed:
                msg = f"What was asked of {self._name} is not wanted any more."
                raise TakenBackError(msg)
            # What waits behind reads that hang is late as well.
            since = start if job.begun is None else min(start, job.begun)
            if time.monotonic() - since > self._patience:
                msg = (
                    f"{self._name} does not answer: a part of it was asked for {self._patience:.0f} seconds ago. "
                    "Expected pixels. Look whether its store can be reached, and open the viewer anew."
                )
                raise SlowStoreError(msg)

    def _give_up(self, jobs: list[_Job]) -> None:
        with self._changed:
            for job in jobs:
                job.wanted -= 1
                if job.wanted == 0 and job.begun is None and job in self._waiting:
                    self._waiting.remove(job)
                    self._jobs.pop(job.key, None)

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                job.found = job.load()
            except Exception as error:  # noqa: BLE001 - raised again by `read`, in the thread that asked
                job.error = error
            with self._changed:
                self._jobs.pop(job.key, None)
            job.done.set()
            # Nothing is held while this thread waits.
            del job

    def _take(self) -> _Job | None:
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._closed:
                self._changed.wait()
            self._idle -= 1
            if self._closed:
                self._threads -= 1
                return None
            job = self._waiting.pop()
            job.begun = time.monotonic()
            return job
