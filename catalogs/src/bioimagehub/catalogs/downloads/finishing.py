"""The last steps of a file: its bytes are all there and right, and it gets its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.hashing import begin_hash, hash_bytes, split_checksum
from bioimagehub.catalogs.downloads.wire import BrokenOffError
from bioimagehub.catalogs.errors import DamagedFileError, StoreUnreachableError
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs.downloads.desk import Desk
    from bioimagehub.catalogs.downloads.report import Outcome
    from bioimagehub.catalogs.downloads.tasks import Task
    from bioimagehub.catalogs.downloads.wire import Part, Stream
    from bioimagehub.catalogs.reader import Version

    Count = Callable[[Task, int], None]


def write_small(task: Task, desk: Desk, stream: Stream, part: Part, buffer: memoryview, count: Count) -> Outcome:
    """Write a file that fits into the buffer; nothing is written before all of it is there and checked."""
    size = part.version.size or 0
    at = 0
    while at < size:
        came = stream.read_into(buffer[at:size])
        if came == 0:
            msg = f"{stream.url} ended at byte {at:,} of {size:,}"
            raise BrokenOffError(msg)
        at += came
        count(task, came)
    return write_body(task, desk, buffer[:size], part.version)


def write_body(task: Task, desk: Desk, body: memoryview, version: Version | None) -> Outcome:
    """Check and write a small file; `Desk.sync` has many of them on the disk at once."""
    checksum = check_digest(task, hash_bytes(body, task.algorithm))
    write_whole(task, desk, body)
    desk.publish(task, len(body), checksum, version)
    return task.outcome("fetched", len(body), checksum)


def write_whole(task: Task, desk: Desk, data: memoryview) -> None:
    """Write the partial file of a small one."""
    descriptor = desk.make_part(task)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def write_stream(task: Task, desk: Desk, stream: Stream, part: Part, buffer: memoryview, count: Count) -> Outcome:
    """Write a file that comes by one answer, from its beginning to its end.

    Raises
    ------
    BrokenOffError
        If it ends early; it has to begin again then.
    StoreUnreachableError
        If nothing would tell whether it ended early.
    """
    if not stream.answer.marked and task.item.size is None and split_checksum(task.item.checksum)[1] is None:
        msg = (
            f"{hide_secrets(stream.url)} does not say how long it is, so that a file that is cut off looks like a "
            "whole one; expected Content-Length. Fetch it with a browser, and look at what came."
        )
        raise StoreUnreachableError(msg)
    digest = begin_hash(task.algorithm)
    size = 0
    descriptor = desk.make_part(task)
    try:
        limit = desk.rate.piece or len(buffer)
        while came := stream.read_into(buffer[:limit]):
            _write_all(descriptor, buffer[:came])
            digest.update(buffer[:came])
            size += came
            count(task, came)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    expected = part.version.size if part.version.size is not None else task.item.size
    if expected not in {None, size}:
        msg = f"{stream.url} sent {size:,} bytes of {expected:,}"
        raise BrokenOffError(msg)
    checksum = check_digest(task, digest.hexdigest())
    desk.publish(task, size, checksum, part.version)
    return task.outcome("fetched", size, checksum)


def finish_parts(task: Task, desk: Desk) -> Outcome:
    """Check a file of which all parts are there, and give it its name."""
    partial, hashing = task.partial, task.hashing
    if partial is None:
        msg = f"{task.name} was not fetched in parts"
        raise ValueError(msg)
    partial.sync()
    checksum = check_digest(task, f"{partial.crc():08x}" if hashing is None else hashing.result())
    desk.publish(task, partial.size, checksum, partial.header.version)
    partial.journal.file.unlink(missing_ok=True)
    task.leave()
    return task.outcome("resumed" if partial.resumed else "fetched", partial.size, checksum)


def check_digest(task: Task, digest: str) -> str:
    """Compare a digest with the archive's, and give the checksum for the manifest.

    Raises
    ------
    DamagedFileError
        If it is another one. A tag that should have been an MD5 and is none is found out by fetching twice: the same
        bytes come again.
    """
    kind, expected = split_checksum(task.item.checksum, task.own)
    if expected is None or digest == expected:
        return f"{kind}:{digest}"
    if (task.item.checksum or "").startswith("etag:") and task.doubted == digest:
        task.notes.append(f"The archive's tag {expected} is not the {kind} of the file, which came the same twice.")
        return f"{kind}:{digest}"
    task.doubts += 1
    task.doubted = digest
    msg = (
        f"{hide_secrets(task.urls[0] if task.urls else task.item.path)} has the {kind} {digest}; the archive states "
        f"{expected}. Its bytes are not kept. Report it to the archive if it stays so."
    )
    raise DamagedFileError(msg)


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
