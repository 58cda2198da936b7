"""One read of a file over HTTP: what is asked, what has come so far, and the checks that it is all of one version."""

from __future__ import annotations

import time
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import StoreUnreachableError
from bioimagehub.catalogs.reader.answers import BrokenAnswerError, parse_content_range, parse_version
from bioimagehub.catalogs.reader.versions import Version, check_version
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from bioimagehub.catalogs.reader.answers import Answer
    from bioimagehub.catalogs.reader.spans import Span

UNASKED = 16 * 2**20
"""Bytes before those that are wanted, which are read and dropped where a server sends a file from its beginning."""

_PIECE = 2**20
_ENDLESS = 2**31
_SLOWEST = 100_000
"""Bytes a second below which a read is given up when its patience has ended."""

_PACKED = (".gz", ".tgz", ".z", ".bz2", ".xz", ".svgz", ".zst")


class Transfer:
    """Collects the bytes of a span, over as many answers as it takes.

    Parameters
    ----------
    url : str
        For messages.
    span : Span
    expected : Version or None
        Version that every answer has to state; None for that of the first one.
    known : Version or None
        Version of which the bytes are at hand: the server is asked to send them only if there is another one.

    Attributes
    ----------
    version : Version or None
        Version of the bytes so far.
    at : int
        Number of bytes so far.
    requests, moved : int
        Requests that were sent for it, and bytes of bodies that came.
    unchanged : bool
        Whether the server said that the version is the known one.
    """

    method = "GET"

    def __init__(self, url: str, span: Span, expected: Version | None, known: Version | None = None) -> None:
        self.url = url
        self.span = span
        self.expected = expected
        self.known = known
        self.version: Version | None = None
        self.at = 0
        self.requests = 0
        self.moved = 0
        self.unchanged = False
        self.deadline = float("inf")
        self._first = 0
        self._buffer: memoryview | None = None
        self._unmarked: bytearray | None = None
        self._unmarked_version: Version | None = None

    @property
    def data(self) -> memoryview:
        """The bytes, uint8, read-only."""
        if self._buffer is None:
            return memoryview(b"")
        start, length = self.span.start or 0, self.span.length
        if start < 0 and length is not None:
            return self._buffer[:length].toreadonly()
        return self._buffer.toreadonly()

    def headers(self) -> dict[str, str]:
        """Give the headers that ask for what is missing."""
        if self.at and self._buffer is not None and self.version is not None:
            begin = self._first + self.at
            condition = self.version.etag or self.version.modified or ""
            return {"Range": f"bytes={begin}-{self._first + len(self._buffer) - 1}", "If-Range": condition}
        self.restart()
        if self._unmarked is not None:
            return {"Range": f"bytes={len(self._unmarked)}-"}
        headers = {} if self.span.whole else {"Range": self.span.range}
        if self.known is not None and self.known.etag is not None:
            headers["If-None-Match"] = self.known.etag
        elif self.known is not None and self.known.modified is not None:
            headers["If-Modified-Since"] = self.known.modified
        return headers

    def receive(self, answer: Answer) -> None:
        """Take the body of an answer with the status 200, 206, 304 or 416.

        Raises
        ------
        ChangedFileError
            If it is of another version than expected.
        TruncatedFileError
            If the file ends before the span does.
        BrokenAnswerError, OSError
            If it is not what was asked for, or breaks off: what came of it is kept if it can be.
        StoreUnreachableError
            If no further try will help.
        """
        if answer.status == 304:
            self.unchanged = True
        elif self._unmarked is not None and answer.status in (206, 416):
            self._confirm(answer, self._unmarked)
        elif answer.status == 416:
            self._end_at(answer)
        elif answer.headers.get("content-encoding", "identity").lower() != "identity" and not self._is_packed():
            self._unpack(answer)
        elif answer.status == 206:
            self._take_part(answer)
        elif answer.length is None:
            self._take_unmeasured(answer)
        else:
            self._check_version(parse_version(answer.headers, answer.length))
            self._take_out(answer, answer.length)

    def _take_part(self, answer: Answer) -> None:
        """Take an answer that says which part of the file it is."""
        said = answer.headers.get("content-range")
        part = parse_content_range(said)
        if part is None or part[0] == part[1] or answer.length not in (None, part[1] - part[0]):
            msg = f"it says that it is {said!r:.80} of the file, and that it has {answer.length} bytes"
            raise BrokenAnswerError(msg)
        first, end, size = part
        self._check_version(parse_version(answer.headers, size))
        if self._buffer is None:
            self._settle(first, end, size)
        if self._buffer is None or first != self._first + self.at or end > self._first + len(self._buffer):
            self.restart()
            msg = f"it is {said!r:.80} of the file, which is another part than was asked for"
            raise BrokenAnswerError(msg)
        self._fill(answer, end - self._first)
        if self.at < len(self._buffer):
            msg = f"it ended at byte {end:,}, before the part that was asked for"
            raise BrokenAnswerError(msg)

    def _settle(self, first: int, end: int, size: int | None) -> None:
        """Decide which bytes are wanted, now that the size may be known, and make room for them."""
        start, length = self.span.start or 0, self.span.length
        if size is not None:
            self.span.check(size, self.url)
            first, end = self.span.within(size) if start >= 0 else (self.span.within(size)[0], size)
        elif start >= 0:
            first, end = start, end if length is None else start + length
        self._make_room(first, end)

    def _take_out(self, answer: Answer, size: int) -> None:
        """Take the wanted bytes out of an answer that is the whole file."""
        self.restart(keep_version=True)
        self.span.check(size, self.url)
        first, end = self.span.within(size)
        if first > UNASKED:
            self._refuse_whole(size)
        self._make_room(first, end)
        scratch = memoryview(bytearray(min(first, _PIECE)))
        while first:
            count = answer.readinto(scratch[:first])
            self.moved += count
            first -= count
            self._check_time()
        self._fill(answer, end - self._first)

    def _fill(self, answer: Answer, until: int) -> None:
        """Read the body into the room for it."""
        if self._buffer is None:
            return
        while self.at < until:
            count = answer.readinto(self._buffer[self.at : min(until, self.at + _PIECE)])
            if count == 0:
                msg = "it ended before its end"
                raise BrokenAnswerError(msg)
            self.at += count
            self.moved += count
            self._check_time()
        if answer.length is None and answer.marked and answer.readinto(memoryview(bytearray(1))):
            self.restart()
            msg = "it is longer than it says"
            raise BrokenAnswerError(msg)

    def _take_unmeasured(self, answer: Answer) -> None:
        """Take a whole file of which nobody says how long it is."""
        self._check_version(parse_version(answer.headers, None))
        self.restart(keep_version=True)
        body = self._collect(answer, tells_end=answer.marked)
        version = replace(parse_version(answer.headers, None), size=len(body))
        self._check_version(version)
        self._keep(body)

    def _unpack(self, answer: Answer) -> None:
        """Take a whole file that the server packed for the way, though it was asked not to."""
        coding = answer.headers["content-encoding"]
        if answer.status != 200 or coding.lower() not in ("gzip", "x-gzip", "deflate"):
            msg = (
                f"{hide_secrets(self.url)} comes packed as {coding!r:.40}; expected its bytes as they are. "
                "Nothing was read. Download the file and open the copy, or report it to its archive."
            )
            raise StoreUnreachableError(msg)
        self._check_version(parse_version(answer.headers, None))
        self.restart(keep_version=True)
        rest, body = bytes(self._collect(answer, tells_end=True)), bytearray()
        try:
            while True:
                # Several streams one behind another are one file.
                unpacker = zlib.decompressobj(wbits=47)
                body += unpacker.decompress(rest, max(1, _ENDLESS - len(body)))
                if not unpacker.eof:
                    msg = "what is packed in it is not whole, or too much"
                    raise BrokenAnswerError(msg)
                rest = unpacker.unused_data
                if not rest:
                    break
        except zlib.error as error:
            msg = f"it is not {coding}, as it says: {error}"
            raise BrokenAnswerError(msg) from error
        self._keep(body)

    def _collect(self, answer: Answer, *, tells_end: bool) -> bytearray:
        """Read a body to its end; where nothing tells that, another answer has to confirm that it is whole."""
        most = _ENDLESS if self.span.whole else UNASKED
        body = bytearray()
        scratch = memoryview(bytearray(_PIECE))
        while count := answer.readinto(scratch):
            body += scratch[:count]
            self.moved += count
            self._check_time()
            if len(body) > most:
                self._refuse_whole(len(body))
        if not tells_end and self._unmarked != body:
            self._unmarked, self._unmarked_version = body, self.version
            msg = "it has no length, and no second answer confirmed that it was not cut off"
            raise BrokenAnswerError(msg)
        return body

    def _confirm(self, answer: Answer, body: bytearray) -> None:
        """Take a body without length if the server says that there is nothing behind it."""
        self._unmarked, self.version = None, self._unmarked_version
        part = parse_content_range(answer.headers.get("content-range"))
        if answer.status != 416 or (part is not None and part[2] not in (None, len(body))):
            msg = f"it has no length, and was cut off after {len(body):,} bytes"
            raise BrokenAnswerError(msg)
        first = self.version or Version()
        self._check_version(parse_version(answer.headers, len(body)))
        # The answer that there is no more mostly states no version.
        self.version = replace(first, size=len(body))
        self._keep(body)

    def _keep(self, body: bytearray) -> None:
        self.span.check(len(body), self.url)
        first, end = self.span.within(len(body))
        self._first, self._buffer, self.at = first, memoryview(body)[first:end], end - first

    def _end_at(self, answer: Answer) -> None:
        """Deal with an answer that there is no such part: the span lies behind the end, or is empty there."""
        part = parse_content_range(answer.headers.get("content-range"))
        size = part[2] if part is not None else None
        version = parse_version(answer.headers, size)
        self._check_version(version)
        if size is None:
            msg = "it says that the file has no such part, and not how long the file is"
            raise BrokenAnswerError(msg)
        self.span.check(size, self.url)
        first, end = self.span.within(size)
        if first < end:
            msg = f"it says that a file of {size:,} bytes has no bytes {first:,} to {end:,}"
            raise BrokenAnswerError(msg)

    def _check_version(self, found: Version) -> None:
        check_version(self.url, found, self.expected)
        if self.version is not None and found.differs(self.version):
            self.restart()
            msg = "the file changed while it was read"
            raise BrokenAnswerError(msg)
        self.version = found

    def _make_room(self, first: int, end: int) -> None:
        from numpy import empty

        self._first = first
        try:
            self._buffer = empty(end - first, "u1").data
        except MemoryError as error:
            msg = (
                f"{hide_secrets(self.url)} has {end - first:,} bytes to read, which is more than there is memory. "
                "Read it in parts."
            )
            raise StoreUnreachableError(msg) from error

    def restart(self, *, keep_version: bool = False) -> None:
        """Drop what has come, as it cannot be continued."""
        self.at = 0
        self._buffer = None
        if not keep_version:
            self.version = None

    def pause(self) -> None:
        """Be ready for another try: what has come is kept if a change of the file would be noticed."""
        # All may be there of an answer that was wrong in another way; then there is no rest to ask for.
        is_part = self._buffer is not None and self.at < len(self._buffer)
        if not is_part or self.version is None or not self.version.states_more_than_size:
            self.restart()

    def _check_time(self) -> None:
        now = time.monotonic()
        if now > self.deadline + self.moved / _SLOWEST:
            msg = (
                f"{hide_secrets(self.url)} sent {self.moved:,} bytes and was not done when the patience ended; "
                f"expected at least {_SLOWEST:,} bytes a second. Try again later, or raise BIOIMAGEHUB_READER_PATIENCE."
            )
            raise StoreUnreachableError(msg)

    def _is_packed(self) -> bool:
        """Whether the file itself is packed: then its coding is told though nothing was done for the way."""
        return self.url.partition("?")[0].lower().endswith(_PACKED)

    def _refuse_whole(self, size: int) -> None:
        msg = (
            f"{hide_secrets(self.url)} was asked for {self.span.range} and came as a whole, {size:,} bytes or more; "
            "expected that part. Its server ignores ranges: download the file and open the copy."
        )
        raise StoreUnreachableError(msg)
