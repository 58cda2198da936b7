"""Reading in threads of its own: what was asked for last is read first, and what nobody wants any more not at all.

A store may hang for ever. Then the threads that wait for it are lost, and the questions that need it are answered with
an error after a while; all others go on. Threads that have nothing to do end, and begin again when they are needed.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import SlowStoreError, TakenBackError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

THREADS = 12
"""As many read one source at the same time."""

ROOM = 256 * 2**20
"""Bytes that are read of one source at the same time, unless one block alone has more."""

IDLE = 10.0
"""Seconds without work after which a thread ends."""

_LOOK = 0.1
"""Seconds between two looks whether a question was taken back."""


class _Job:
    def __init__(self, key: Hashable, load: Callable[[], Any], size: int) -> None:
        self.key, self.load, self.size = key, load, size
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
    idle : float
        Seconds without work after which a thread ends.
    """

    def __init__(self, name: str, threads: int = THREADS, patience: float = 20.0, idle: float = IDLE) -> None:
        self._name, self._most, self._patience, self._end_after = name, threads, patience, idle
        self._changed = threading.Condition()
        self._jobs: dict[Hashable, _Job] = {}
        self._waiting: list[_Job] = []
        self._idle = self._threads = self._bytes = 0
        self._closed = False

    def read(
        self, loads: Mapping[Hashable, Callable[[], Any]], stop: threading.Event, size: int = 0
    ) -> dict[Hashable, Any]:
        """Read several things at the same time.

        Parameters
        ----------
        loads : mapping
            From what identifies each, to what reads it. What is being read already is not read twice.
        stop : threading.Event
            Set when the question was taken back.
        size : int
            Bytes of each; no more than `ROOM` are read at the same time.

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
        jobs = [self._want(key, load, size) for key, load in loads.items()]
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

    def _want(self, key: Hashable, load: Callable[[], Any], size: int) -> _Job:
        with self._changed:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = _Job(key, load, size)
                self._waiting.append(job)
                self._changed.notify()
                # An idle thread takes one job: several that come at once need as many.
                if len(self._waiting) > self._idle and self._threads < self._most:
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
            # What waited behind them for room may have it now.
            self._changed.notify_all()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                job.found = job.load()
            except Exception as error:  # noqa: BLE001 - raised again by `read`, in the thread that asked
                job.error = error
            with self._changed:
                self._jobs.pop(job.key, None)
                self._bytes -= job.size
                self._changed.notify_all()
            job.done.set()
            # Nothing is held while this thread waits.
            del job

    def _take(self) -> _Job | None:
        """Give what is to be read next; None when the thread is to end."""
        with self._changed:
            self._idle += 1
            until = time.monotonic() + self._end_after
            while not self._closed and not self._has_next():
                rest = until - time.monotonic()
                if rest <= 0 and not self._waiting:
                    break
                # What waits for room is taken when something else is done.
                self._changed.wait(None if self._waiting else rest)
            self._idle -= 1
            if self._closed or not self._waiting:
                self._threads -= 1
                return None
            job = self._waiting.pop()
            job.begun = time.monotonic()
            self._bytes += job.size
            return job

    def _has_next(self) -> bool:
        return bool(self._waiting) and (self._bytes == 0 or self._bytes + self._waiting[-1].size <= ROOM)
