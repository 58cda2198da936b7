"""Small files: one thread has many of them under way at once.

A thread for each of them would spend more time on waiting for the other threads than on the files.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.standing import check_standing
from bioimagehub.catalogs.downloads.tasks import MOST_PIECE
from bioimagehub.catalogs.downloads.wire import BrokenOffError, parse_part
from bioimagehub.catalogs.downloads.work import Worker
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs.downloads.desk import Desk
    from bioimagehub.catalogs.downloads.queue import Job, Queue
    from bioimagehub.catalogs.downloads.wire import Stream, Wire
    from bioimagehub.catalogs.reader import Version
    from bioimagehub.catalogs.reader.connections import Connection

_TICK = 0.2


@dataclass(eq=False)
class _Lane:
    """A small file that was asked for: the connection, the answer once its head has come, and the bytes so far."""

    job: Job
    connection: Connection
    descriptor: int
    close: Callable[[], object]
    due: float
    stream: Stream | None = None
    version: Version | None = None
    body: memoryview = field(default_factory=lambda: memoryview(b""))
    at: int = 0
    waits: bool = True
    late: bool = False


class Sender(Worker):
    """A worker that sends requests for small files over all connections that are open, and takes what comes first.

    Connections are made by the other workers: each one fetches a file over a new one, and leaves it here.

    Parameters
    ----------
    queue, wire, desk, counter
        As for `Worker`.
    most : int
        Requests that may be under way.
    """

    def __init__(self, queue: Queue, wire: Wire, desk: Desk, counter: list[int], most: int) -> None:
        super().__init__(queue, wire, desk, counter)
        self._most = most
        self._timeout = desk.settings.stall_timeout
        self._poll = select.poll()
        self._lanes: dict[int, _Lane] = {}
        self._looked = 0.0

    def _next(self) -> Job | None:
        queue = self._queue
        while not queue.stopped:
            while len(self._lanes) < self._most and (job := queue.take_ahead(self._wire.has_kept)) is not None:
                if not self._attempt(job, self._send) or not self._is_away(job):
                    self._end(job)
            if not self._lanes:
                return queue.take()
            for lane in self._await():
                self._land(lane)
        return None

    def _send(self, job: Job) -> None:
        """Ask for a file, unless it is there."""
        standing = check_standing(job.task, self._desk)
        if standing is not None:
            self._queue.conclude(job.task, standing)
            return
        connection = self._wire.send_ahead(job.url)
        if connection is None:
            # It was closed meanwhile; to make one is the task of others.
            self._queue.retry(job.task, 0.0)
            return
        due = time.monotonic() + self._timeout
        lane = _Lane(job, connection, connection.fileno(), connection.close, due)
        self._lanes[lane.descriptor] = lane
        self._poll.register(lane.descriptor, select.POLLIN)

    def _is_away(self, job: Job) -> bool:
        return bool(self._lanes) and next(reversed(self._lanes.values())).job is job

    def _await(self) -> list[_Lane]:
        """Give the lanes to which something has come, or for which there is no more time."""
        found = [self._lanes[descriptor] for descriptor, _ in self._poll.poll(_TICK * 1000)]
        now = time.monotonic()
        if now >= self._looked + _TICK:
            self._looked = now
            for lane in self._lanes.values():
                if lane.due < now and lane not in found:
                    lane.late = True
                    found.append(lane)
        return found

    def _land(self, lane: _Lane) -> None:
        job = lane.job
        good = self._attempt(job, lambda _: self._advance(lane))
        if lane.waits and good:
            return
        self._poll.unregister(lane.descriptor)
        del self._lanes[lane.descriptor]
        lane.close()
        if good:
            self._queue.praise(job.host)
        self._end(job)

    def _advance(self, lane: _Lane) -> None:
        """Take what has come of a file, without waiting for more, and write it if that is all."""
        if lane.late:
            msg = f"{hide_secrets(lane.job.url)} sent nothing for {self._timeout:g} s"
            raise BrokenOffError(msg)
        if lane.stream is None:
            # Whoever takes an answer that is no file also closes it.
            lane.close = int
            stream = self._wire.receive(lane.job.url, lane.connection)
            length = stream.answer.length
            if not stream.is_over(lane.connection) or length is None or length > MOST_PIECE:
                lane.waits = False
                if stream.redirected or stream.is_over(lane.connection):
                    self._queue.go_alone(lane.job.host)
                self._take_first(lane.job, stream)
                return
            lane.stream, lane.close = stream, stream.close
            part = parse_part(stream)
            self._check_size(lane.job.task, part)
            lane.version, lane.body = part.version, memoryview(bytearray(length))
        while lane.at < len(lane.body):
            came = lane.stream.read_now(lane.body[lane.at :])
            if came is None:
                lane.due = time.monotonic() + self._timeout
                return
            lane.at += came
            self._count(lane.job.task, came)
        lane.waits = False
        self._write(lane.job, lane.body, lane.version)
