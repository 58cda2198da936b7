"""What each thread of a download does: takes jobs out of the queue, and deals with whatever happens to them."""

from __future__ import annotations

import errno
import functools
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.finishing import finish_parts, write_body, write_small, write_stream
from bioimagehub.catalogs.downloads.local import copy_local, keep_content
from bioimagehub.catalogs.downloads.partial import resume_partial
from bioimagehub.catalogs.downloads.queue import Job, Queue, may_begin_again
from bioimagehub.catalogs.downloads.standing import check_standing
from bioimagehub.catalogs.downloads.tasks import LARGE, MOST_PIECE, Task, piece_length
from bioimagehub.catalogs.downloads.wire import BrokenOffError, BusyError, Part, Stream, Wire, parse_end, parse_part
from bioimagehub.catalogs.errors import (
    CatalogError,
    ChangedFileError,
    DamagedFileError,
    FileInTheWayError,
    FolderNotWritableError,
    MissingFileError,
    StoreUnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs.downloads.desk import Desk
    from bioimagehub.catalogs.downloads.partial import Partial
    from bioimagehub.catalogs.reader import Version

_FULL = {errno.ENOSPC, errno.EDQUOT}
_LONGEST_PAUSE = 60.0


class Worker:
    """One thread's share of a download.

    Parameters
    ----------
    queue : Queue
    wire : Wire
    desk : Desk
        What all threads share beside the queue.
    counter : list of int
        Counter of the bytes that came.
    """

    def __init__(self, queue: Queue, wire: Wire, desk: Desk, counter: list[int]) -> None:
        self._queue = queue
        self._wire = wire
        self._desk = desk
        self._counter = counter

    @functools.cached_property
    def _buffer(self) -> memoryview:
        return memoryview(bytearray(MOST_PIECE))

    def run(self) -> None:
        """Work until nothing is left."""
        try:
            while (job := self._next()) is not None:
                self._deal_with(job)
        except BaseException as error:
            self._queue.stop(error)
            raise

    def _next(self) -> Job | None:
        """Wait for something to do; None when there is nothing left."""
        return self._queue.take(self._wire.has_kept)

    def _deal_with(self, job: Job) -> None:
        try:
            if self._attempt(job, self._begin if job.partial is None else self._continue):
                self._queue.praise(job.host)
            if job.partial is not None:
                with self._queue.lock:
                    self._return(job)
        finally:
            self._end(job)

    def _end(self, job: Job) -> None:
        """Leave a job, and the file too if nothing is left to do for it."""
        if self._queue.release(job):
            self._conclude(job)

    def _attempt(self, job: Job, step: Callable[[Job], None]) -> bool:
        """Do something for a file, and decide what follows from whatever happens to it; tell whether it went well."""
        try:
            step(job)
        except BusyError as error:
            self._wait(job, error)
        except BrokenOffError as error:
            self._try_again(job, error)
        except ChangedFileError as error:
            self._begin_again(job, error)
        except DamagedFileError as error:
            self._doubt(job, error)
        except CatalogError as error:
            self._next_address(job, error)
        except OSError as error:
            self._give_in(job, error)
        else:
            return True
        return False

    def _begin(self, job: Job) -> None:
        """Begin a file: see what is there, and fetch it, or the first part of it."""
        task, desk = job.task, self._desk
        standing = check_standing(task, desk)
        if standing is not None:
            self._queue.conclude(task, standing)
        elif task.item.content is not None:
            self._queue.conclude(task, keep_content(task, desk))
        elif task.item.recipe is not None:
            content = task.item.recipe()
            made = task.outcome("absent") if content is None else keep_content(task, desk, content)
            self._queue.conclude(task, made)
        elif task.item.local is not None:
            self._queue.conclude(task, copy_local(task, desk, self._buffer, self._queue))
        elif not self._resume(task):
            self._ask_first(job)

    def _resume(self, task: Task) -> bool:
        """Go on with a partial file of an earlier run, if there is one."""
        target = self._desk.target
        if not task.is_large or task.plain:
            return False
        found = resume_partial(target.part(task.name), target.journal(task.name), task.item.path)
        if found is None or not found[0].version.states_more_than_size:
            return False
        header, pieces = found
        if not pieces or task.item.size not in {None, header.version.size}:
            return False
        if header.url in task.urls:
            # What came from a mirror goes on from that mirror.
            task.urls.remove(header.url)
            task.urls.insert(0, header.url)
        task.begin_parts(target, header.url, header.version, pieces)
        self._queue.activate(task)
        return True

    def _ask_first(self, job: Job) -> None:
        task = job.task
        first = min(LARGE, task.item.size) if task.item.size else LARGE
        parts = task.is_large and not task.plain and task.item.size != 0
        with_range = first if parts else None
        self._take_first(job, self._wire.ask(job.url, 0, with_range))

    def _take_first(self, job: Job, stream: Stream) -> None:
        """Take the first answer for a file: all of it, or its first part."""
        task = job.task
        try:
            if stream.redirected:
                self._queue.go_alone(job.host)
            if stream.answer.status == 416:
                self._take_empty(task, stream)
                return
            part = parse_part(stream)
            self._check_size(task, part)
            if part.start != 0:
                msg = f"{task.urls[0]} sent the bytes from {part.start:,} on; expected those from 0 on."
                raise StoreUnreachableError(msg)
            size = part.version.size
            if part.partial and size is not None and (part.stop or 0) < size and part.version.states_more_than_size:
                job.partial = task.begin_parts(self._desk.target, task.urls[0], part.version, [])
                job.start, job.stop = 0, part.stop or 0
                task.missing = [(job.stop, size)]
                self._queue.activate(task)
                self._receive(job, stream)
            elif part.partial and (part.stop or 0) < (size or 0):
                # Nothing would tell two versions apart: one answer has to bring it all.
                task.plain = True
                self._queue.retry(task, 0.0)
            elif size is not None and size <= MOST_PIECE:
                self._queue.conclude(task, write_small(task, self._desk, stream, part, self._buffer, self._count))
            else:
                self._queue.conclude(task, write_stream(task, self._desk, stream, part, self._buffer, self._count_on))
        finally:
            stream.close()

    def _write(self, job: Job, body: memoryview, version: Version | None) -> None:
        """Write a small file all of which has come."""
        self._queue.conclude(job.task, write_body(job.task, self._desk, body, version))

    def _continue(self, job: Job) -> None:
        """Fetch a part of a file."""
        task, partial = job.task, job.partial
        if partial is None or partial.abandoned:
            return
        stream = self._wire.ask(job.url, job.start, job.stop, known=partial.header.version)
        try:
            if stream.answer.status == 416:
                size = parse_end(stream)
                msg = f"{task.urls[0]} has {size} bytes; it had {partial.size:,} when it was begun."
                raise ChangedFileError(msg)
            part = parse_part(stream)
            if not task.agrees(part.version, partial):
                msg = f"{task.urls[0]} is {part.version} now, and was {partial.header.version} when it was begun."
                raise ChangedFileError(msg)
            if not part.partial:
                task.plain = True
                msg = f"{task.urls[0]} sends no parts of files."
                raise ChangedFileError(msg)
            if part.start != job.start:
                msg = f"{task.urls[0]} sent the bytes from {part.start:,} on; expected those from {job.start:,} on."
                raise StoreUnreachableError(msg)
            self._receive(job, stream)
        finally:
            stream.close()

    def _receive(self, job: Job, stream: Stream) -> None:
        """Write the body of an answer into the partial file, piece by piece; what came before a failure stays."""
        partial, task = job.partial, job.task
        if partial is None:
            return
        hashing = task.hashing
        piece, filled = piece_length(partial.size, self._desk.settings.ranges), 0
        try:
            while job.start + filled < job.stop and not (partial.abandoned or self._queue.is_resting):
                room = min(piece - filled, job.stop - job.start - filled, self._desk.rate.piece or piece)
                count = stream.read_into(self._buffer[filled : filled + room])
                if count == 0:
                    msg = f"{stream.url} ended at byte {job.start + filled:,}, before the part that it had announced"
                    raise BrokenOffError(msg)
                filled += count
                self._count(task, count)
                if filled == piece:
                    self._keep(job, partial, filled)
                    if hashing is not None:
                        hashing.add(job.start - filled, job.start)
                    filled = 0
        finally:
            if filled and not partial.abandoned:
                self._keep(job, partial, filled)
                if hashing is not None:
                    hashing.add(job.start - filled, job.start)

    def _keep(self, job: Job, partial: Partial, filled: int) -> None:
        partial.write(self._buffer[:filled], job.start)
        job.start += filled
        job.task.attempts = 0

    def _count(self, task: Task, count: int) -> None:
        self._counter[0] += count
        task.moved += count
        self._desk.rate.spend(count)

    def _count_on(self, task: Task, count: int) -> None:
        """Count what came of a file that cannot be put back, and wait while the download is held."""
        self._count(task, count)
        self._queue.wait_while_held()

    def _take_empty(self, task: Task, stream: Stream) -> None:
        size = parse_end(stream)
        if size != 0 or task.item.size:
            msg = (
                f"{task.urls[0]} says that it has no bytes from 0 on, and {size} bytes; expected {task.item.size}. "
                "Look the file up at the archive."
            )
            raise StoreUnreachableError(msg)
        stream.drain()
        self._queue.conclude(task, keep_content(task, self._desk, b"", "fetched"))

    def _check_size(self, task: Task, part: Part) -> None:
        size, expected = part.version.size, task.item.size
        if size is not None and expected is not None and size != expected:
            msg = (
                f"{task.urls[0]} has {size:,} bytes; the archive lists it with {expected:,}. "
                "It was changed or cut off there: look it up at the archive."
            )
            raise StoreUnreachableError(msg)
        if size is not None and expected is None and size > LARGE:
            self._desk.target.require_room(size)

    def _finish(self, job: Job) -> None:
        self._queue.conclude(job.task, finish_parts(job.task, self._desk))

    def _return(self, job: Job) -> None:
        """Put back what is left of a part."""
        task = job.task
        if job.partial is not None and job.partial is task.partial:
            task.give_back(job.start, job.stop)

    def _wait(self, job: Job, error: BusyError) -> None:
        pause = error.wait if error.wait is not None else self._backoff(job.task)
        if self._queue.spare(job.host, pause):
            waited = f"; it asks to wait for {pause:.0f} s" if error.wait else ""
            msg = f"{error}{waited}. Run the command again later: it goes on where it stopped."
            self._next_address(job, StoreUnreachableError(msg))
        elif job.partial is None:
            self._queue.retry(job.task, pause)

    def _try_again(self, job: Job, error: BrokenOffError) -> None:
        task = job.task
        with self._queue.lock:
            if job.partial is not task.partial:
                # It has been begun again meanwhile, by somebody who also sees to it.
                return
            task.attempts += 1
            given_up = task.attempts > self._desk.settings.tries * task.flying
        if given_up:
            msg = (
                f"{error}, at {self._desk.settings.tries} tries in a row. "
                "Run the command again later: it goes on where it stopped."
            )
            self._next_address(job, StoreUnreachableError(msg))
        else:
            self._queue.retry(task, self._backoff(task))

    def _backoff(self, task: Task) -> float:
        tries = max(0, task.attempts - 1) // max(1, task.flying)
        pause: float = self._desk.settings.pause * 2.0**tries
        return min(pause, _LONGEST_PAUSE)

    def _begin_again(self, job: Job, error: ChangedFileError) -> None:
        task = job.task
        with self._queue.lock:
            if job.partial is None:
                task.failure = error
                return
            if job.partial is not task.partial:
                return
            # Machines behind one address may disagree, or it never stands still: one answer is one version.
            task.plain = task.plain or not may_begin_again(task)
            task.begin_again(f"{error} What had come of it was thrown away.")
        self._queue.retry(task, 0.0)

    def _doubt(self, job: Job, error: DamagedFileError) -> None:
        """Fetch a file with a wrong checksum once more: it may have been damaged on the way."""
        task = job.task
        with self._queue.lock:
            task.begin_again(f"{error} It was fetched again.")
            task.done = False
        if task.doubts % 2 == 0:
            self._next_address(job, error)
        else:
            self._queue.retry(task, 0.0)

    def _next_address(self, job: Job, error: CatalogError) -> None:
        task = job.task
        if isinstance(error, MissingFileError) and task.item.optional:
            self._queue.conclude(task, task.outcome("absent"))
            return
        with self._queue.lock:
            if task.urls and job.url != task.urls[0]:
                # Another thread has gone on to the next address already.
                return
            if len(task.urls) > 1 and not isinstance(error, FileInTheWayError):
                task.notes.append(f"{error} The next address was tried.")
                task.urls.pop(0)
                task.attempts, task.due = 0, 0.0
            else:
                task.failure = task.failure or error
                return
        self._queue.retry(task, 0.0)

    def _give_in(self, job: Job, error: OSError) -> None:
        """Deal with a fault of this machine: a full disk stops everything."""
        if error.errno in _FULL:
            self._queue.stop(error)
            return
        where = self._desk.target.file(job.task.name)
        msg = f"{where} cannot be written: {error}. Check the folder, its rights and limits, and run the command again."
        with self._queue.lock:
            job.task.failure = job.task.failure or FolderNotWritableError(msg)

    def _conclude(self, job: Job) -> None:
        """Deal with a file that the last thread has left."""
        task = job.task
        if task.failure is None:
            self._attempt(job, self._finish)
        if task.failure is not None:
            task.leave()
            self._queue.conclude(task, task.outcome("failed"))
