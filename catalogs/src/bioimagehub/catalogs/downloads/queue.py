"""What is to be done next: whole small files and parts of large ones, of all hosts, in one queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.pacing import Host
from bioimagehub.catalogs.errors import StoreUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bioimagehub.catalogs.downloads.partial import Partial
    from bioimagehub.catalogs.downloads.report import Outcome
    from bioimagehub.catalogs.downloads.settings import FetchSettings
    from bioimagehub.catalogs.downloads.tasks import Task

_RESTARTS = 3


@dataclass
class Job:
    """What one thread does next: begin a file, or fetch a part of one.

    Attributes
    ----------
    task : Task
    partial : Partial or None
        None to begin the file.
    start, stop : int
        The part; `start` moves on as it comes.
    url : str
        Address that is asked; empty for what comes from this machine.
    host : str
    """

    task: Task
    url: str
    host: str
    partial: Partial | None = None
    start: int = 0
    stop: int = 0


class Queue:
    """All files of a download.

    Parameters
    ----------
    tasks : iterable of Task
    settings : FetchSettings

    Attributes
    ----------
    outcomes : list of Outcome
        What came of those that are dealt with.
    size, failed : int
        Bytes of the files that are dealt with, and how many of them failed.
    under_way : dict of int to Task
        Files that threads are at work on, by their identity.
    stopped : bool
        Whether no more is to be begun, and what is under way is to end.
    held : bool
        Whether nothing is to be begun for the time being, and parts that are under way are to be put back.
    fault : Exception or None
        What stopped it.
    ended : threading.Event
        Set when nothing is left to do.
    """

    def __init__(self, tasks: Iterable[Task], settings: FetchSettings) -> None:
        self.outcomes: list[Outcome] = []
        self.size = self.failed = 0
        self.under_way: dict[int, Task] = {}
        self.stopped = self.held = False
        self.fault: BaseException | None = None
        self.lock = threading.Condition()
        self.ended = threading.Event()
        self._settings = settings
        self._hosts: dict[str, Host] = {}
        self._waiting: dict[str, deque[Task]] = {}
        self._put_off: list[Task] = []
        self.active: list[Task] = []
        self._held: dict[str, list[Task]] = {}
        self._left: dict[str, int] = {}
        self._broken: dict[str, int] = {}
        self._tasks = list(tasks)
        self._open = 0
        for task in self._tasks:
            self._add(task)
        for image, left in self._left.items():
            if left == 0:
                self._free(image)

    def take(self, has_kept: Callable[[str], bool] | None = None) -> Job | None:
        """Wait for something to do; None when there is nothing left.

        Parameters
        ----------
        has_kept : callable or None
            Tells whether a connection is open for an address. Small files for which there is one are left to the
            threads that `take_ahead`; None for such a thread itself.
        """
        with self.lock:
            while not self.stopped:
                now = time.monotonic()
                job = None if self.held else self._find(now, has_kept)
                if job is not None:
                    self._begin(job)
                    return job
                if self._open == 0:
                    self.ended.set()
                    self.lock.notify_all()
                    return None
                self.lock.wait(self._pause(now))
            return None

    def take_ahead(self, has_kept: Callable[[str], bool]) -> Job | None:
        """Give a small file for which a connection is open; None where there is none now."""
        with self.lock:
            now = time.monotonic()
            for tasks in () if self.is_resting else filter(None, self._waiting.values()):
                task, host = tasks[0], self._host(tasks[0])
                if not host.has_room(now, large=task.is_large):
                    continue
                if task.is_small and host.ahead and has_kept(task.urls[0]):
                    tasks.popleft()
                    job = Job(task, *_address(task))
                    self._begin(job)
                    return job
                # It takes a connection that is not there yet, or more time: somebody else has to see to it.
                self.lock.notify()
            return None

    def go_alone(self, host: str) -> None:
        """Send no requests ahead to a host: it sends them elsewhere."""
        with self.lock:
            self._hosts[host].ahead = False
            self.lock.notify_all()

    def release(self, job: Job) -> bool:
        """Tell that a job is over, in whatever way.

        Returns
        -------
        bool
            Whether the caller was the last one at work on a file that has all its bytes, or has failed: it has to
            conclude it.
        """
        with self.lock:
            self._hosts[job.host].running -= 1
            task = job.task
            task.flying -= 1
            if not task.flying:
                self.under_way.pop(id(task), None)
            self.lock.notify()
            if task.done or task.flying:
                return False
            task.done = task.failure is not None or (task.partial is not None and not task.missing)
            return task.done

    def activate(self, task: Task) -> None:
        """Let all threads fetch parts of a file."""
        with self.lock:
            if task not in self.active:
                self.active.append(task)
            self.lock.notify_all()

    def conclude(self, task: Task, outcome: Outcome) -> None:
        """Note what came of a file; metadata that waited for it may be next."""
        with self.lock:
            task.done = True
            if task in self.active:
                self.active.remove(task)
            self._open -= 1
            self._note(outcome)
            image = task.item.image
            if image is not None and not task.item.last:
                self._left[image] -= 1
                self._broken[image] = self._broken.get(image, 0) + (outcome.status == "failed")
                if self._left[image] == 0:
                    self._free(image)
                    self.lock.notify_all()
            if self._open == 0:
                self.lock.notify_all()

    def stop(self, fault: BaseException | None = None) -> None:
        """Begin nothing more."""
        with self.lock:
            self.stopped = True
            self.ended.set()
            self.fault = self.fault or fault
            self.lock.notify_all()

    def hold(self, held: bool) -> None:
        """Begin nothing more for the time being, and put back what is under way; or go on."""
        with self.lock:
            if held == self.held:
                return
            self.held = held
            now = time.monotonic()
            for host in self._hosts.values():
                # It did not refuse anything while nothing was asked.
                host.answered = now
            self.lock.notify_all()

    def wait_while_held(self) -> None:
        """Wait in the middle of a file that comes by one answer, and cannot be put back."""
        with self.lock:
            self.lock.wait_for(lambda: self.stopped or not self.held)

    @property
    def is_resting(self) -> bool:
        """Whether nothing is to be fetched now."""
        return self.stopped or self.held

    def retry(self, task: Task, seconds: float) -> None:
        """Leave a file alone for a while, then go on with it."""
        with self.lock:
            task.put_off(seconds)
            if task in self.active and task.partial is None:
                self.active.remove(task)
            if task.partial is None and task not in self._put_off:
                self._put_off.append(task)
            self.lock.notify()

    def spare(self, host: str, seconds: float) -> bool:
        """Ask nothing of a host for a while; tell whether it has been refusing for longer than there is patience."""
        with self.lock:
            state = self._hosts[host]
            state.spare(seconds)
            return time.monotonic() + seconds - state.answered > self._settings.patience

    def praise(self, host: str) -> None:
        """Note that a host answered as it should."""
        with self.lock:
            self._hosts[host].praise()

    def unfinished(self) -> list[Task]:
        """Give the files that are not dealt with."""
        with self.lock:
            return [task for task in self._tasks if not task.done]

    def _add(self, task: Task) -> None:
        self._open += 1
        image = task.item.image
        if image is not None:
            self._left.setdefault(image, 0)
            if task.item.last:
                self._held.setdefault(image, []).append(task)
                return
            self._left[image] += 1
        self._waiting.setdefault(task.host, deque()).append(task)

    def _free(self, image: str) -> None:
        """All chunks of an image are dealt with: its metadata are next, unless some are missing."""
        for task in self._held.pop(image, []):
            broken = self._broken.get(image, 0)
            if broken:
                msg = (
                    f"It is not written, as {broken} other files of the image {image} failed: an image without these "
                    "would read as if it were whole. Run the command again."
                )
                task.failure, task.done = StoreUnreachableError(msg), True
                self._open -= 1
                self._note(task.outcome("failed"))
            else:
                self._waiting.setdefault(task.host, deque()).append(task)

    def _begin(self, job: Job) -> None:
        self._hosts[job.host].running += 1
        job.task.flying += 1
        self.under_way[id(job.task)] = job.task

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.size += outcome.size or 0
        self.failed += outcome.status == "failed"

    def _find(self, now: float, has_kept: Callable[[str], bool] | None) -> Job | None:
        for task in self.active:
            if task.missing and task.due <= now and task.failure is None and task.partial is not None:
                host = self._host(task)
                if host.has_room(now, large=True):
                    start, stop = task.next_range(host.ranges)
                    return Job(task, task.urls[0], task.host, task.partial, start, stop)
        for index, task in enumerate(self._put_off):
            if task.due <= now and self._host(task).has_room(now, large=task.is_large):
                self._put_off.pop(index)
                return Job(task, *_address(task))
        for tasks in filter(None, self._waiting.values()):
            task, host = tasks[0], self._host(tasks[0])
            carried = has_kept is not None and task.is_small and host.ahead and has_kept(task.urls[0])
            if host.has_room(now, large=task.is_large) and not carried:
                tasks.popleft()
                return Job(task, *_address(task))
        return None

    def _pause(self, now: float) -> float:
        """Seconds until something may be due that nobody will tell of."""
        dues = [task.due for task in (*self.active, *self._put_off) if task.due > now]
        dues += [host.until for host in self._hosts.values() if host.until > now]
        return max(0.01, min([1.0, *(due - now for due in dues)]))

    def _host(self, task: Task) -> Host:
        found = self._hosts.get(task.host)
        if found is None:
            found = self._hosts[task.host] = Host(self._settings.files, self._settings.ranges)
        return found


def may_begin_again(task: Task) -> bool:
    """Tell whether a file that changed while it was fetched is tried once more."""
    return task.restarts < _RESTARTS


def _address(task: Task) -> tuple[str, str]:
    return (task.urls[0] if task.urls else "", task.host)
