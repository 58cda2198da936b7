"""Files that come from no host: copies of those on this machine, and what is made here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.finishing import check_digest, write_whole
from bioimagehub.catalogs.downloads.hashing import begin_hash, hash_bytes
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError

if TYPE_CHECKING:
    from bioimagehub.catalogs.downloads.desk import Desk
    from bioimagehub.catalogs.downloads.queue import Queue
    from bioimagehub.catalogs.downloads.report import Outcome
    from bioimagehub.catalogs.downloads.tasks import Task


def keep_content(task: Task, desk: Desk, content: bytes | None = None, status: str = "written") -> Outcome:
    """Write a file whose bytes are at hand."""
    data = memoryview(task.item.content or b"" if content is None else content)
    checksum = f"{task.algorithm}:{hash_bytes(data, task.algorithm)}"
    write_whole(task, desk, data)
    desk.publish(task, len(data), checksum)
    return task.outcome(status, len(data), checksum)


def copy_local(task: Task, desk: Desk, buffer: memoryview, queue: Queue) -> Outcome:
    """Copy a file of this machine, and make sure that it did not change meanwhile.

    Raises
    ------
    MissingFileError
        If it is not there any more.
    ChangedFileError
        If it changed.
    """
    source = task.item.local
    digest = begin_hash(task.algorithm)
    try:
        if source is None:
            raise FileNotFoundError
        original = os.open(source, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"{source} is not there any more. Look for it, and run the command again."
        raise MissingFileError(msg) from error
    copy = desk.make_part(task)
    try:
        before = os.fstat(original)
        size = 0
        while not queue.stopped and (count := os.readv(original, [buffer])):
            data = buffer[:count]
            digest.update(data)
            size += count
            task.copied = size
            while data:
                data = data[os.write(copy, data) :]
            desk.rate.spend(count)
            queue.wait_while_held()
        after = os.fstat(original)
        os.fdatasync(copy)
    finally:
        os.close(original)
        os.close(copy)
    if queue.stopped:
        return task.outcome("cancelled")
    if size != before.st_size or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        msg = (
            f"{source} changed while it was copied: it has {after.st_size:,} bytes, {size:,} were read. Copy it again."
        )
        raise ChangedFileError(msg)
    checksum = check_digest(task, digest.hexdigest())
    desk.publish(task, size, checksum)
    return task.outcome("fetched", size, checksum)
