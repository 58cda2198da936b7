"""Runs the jobs of a read at once: many at a store that is far away, as many as there are cores at one that is near."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Job = Callable[[], Any]
"""A piece of work without arguments. It gives None, or an iterable of further jobs that it found out about."""

_here = threading.local()
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_making = threading.Lock()


def run(jobs: Iterable[Job], workers: int, useful: Callable[[], int] | None = None) -> None:
    """Run jobs, and those that they give, until all are done.

    The calling thread works with the others, so a read goes on when all threads of the pool are busy with the reads
    of others. The first job that fails ends the run: those that have not begun are dropped, and its error is raised.

    Parameters
    ----------
    jobs : iterable of callable
        Taken one by one as there is room, so that a generator of a million jobs takes no memory.
    workers : int
        As many run at the same time, shared by all runs of this process with the same number. Within a job, and with
        1, jobs run one after another.
    useful : callable or None
        Asked before one more is begun: gives how many are of use now. None for all of `workers`.
    """
    if workers == 1 or getattr(_here, "inside", False):
        workers = 1
    _Run(jobs, workers, useful).work()


class _Run:
    """The jobs of one read: taken from the iterable that came last, so that what was begun is ended first."""

    def __init__(self, jobs: Iterable[Job], workers: int, useful: Callable[[], int] | None) -> None:
        self._sources: list[Iterator[Job]] = [iter(jobs)]
        self._next: Job | None = None
        self._active = 0
        self._idle = 0
        self._workers = 1
        self._most = workers
        self._useful = useful
        self._error: BaseException | None = None
        self._left = False
        self._changed = threading.Condition()

    def work(self) -> None:
        """Work until nothing is left, then raise what went wrong."""
        try:
            self._take_part()
        except BaseException as error:
            # The caller was interrupted while it waited: nothing more is begun for it.
            with self._changed:
                self._error, self._left = self._error or error, True
                self._changed.notify_all()
            raise
        if self._error is not None:
            raise self._error

    def _take_part(self) -> None:
        outer = getattr(_here, "inside", False)
        _here.inside = True
        try:
            while (job := self._take()) is not None:
                self._do(job)
        finally:
            _here.inside = outer

    def _take(self) -> Job | None:
        """Wait for a job; None when there will be none any more."""
        with self._changed:
            while True:
                try:
                    job = None if self._error is not None else self._pop()
                except BaseException as error:  # noqa: BLE001 - raised again by `work`, in the caller's thread
                    self._error, job = error, None
                if job is not None:
                    self._active += 1
                    return job
                if self._active == 0 or self._left:
                    self._changed.notify_all()
                    return None
                self._idle += 1
                try:
                    self._changed.wait()
                finally:
                    self._idle -= 1

    def _pop(self) -> Job | None:
        """Give the next job, and call for one more worker if there is another after it."""
        job = self._next if self._next is not None else self._advance()
        self._next = None if job is None else self._advance()
        if self._next is not None:
            self._call_one_more()
        return job

    def _advance(self) -> Job | None:
        while self._sources:
            job = next(self._sources[-1], None)
            if job is not None:
                return job
            self._sources.pop()
        return None

    def _call_one_more(self) -> None:
        if self._idle:
            self._changed.notify()
        elif self._workers < self._most and (self._useful is None or self._workers < self._useful()):
            self._workers += 1
            _find_pool(self._most).submit(self._take_part)

    def _do(self, job: Job) -> None:
        further, error = None, None
        try:
            found = job()
            further = None if found is None else iter(found)
        except BaseException as raised:  # noqa: BLE001 - raised again by `work`, in the caller's thread
            error = raised
        with self._changed:
            self._active -= 1
            self._error = self._error or error
            if further is not None:
                if self._next is not None:
                    self._sources.append(iter((self._next,)))
                    self._next = None
                self._sources.append(further)
            if further is not None or error is not None or self._active == 0:
                self._changed.notify_all()


def _find_pool(workers: int) -> ThreadPoolExecutor:
    """Give the threads of this process; a process that was forked makes its own."""
    key = (os.getpid(), workers)
    with _making:
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(workers, thread_name_prefix="bioimagehub-read")
        return _pools[key]
