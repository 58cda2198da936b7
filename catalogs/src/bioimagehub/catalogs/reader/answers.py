"""Answers of HTTP servers: the head of one, its body piece by piece, and what the head says of the file.

Only what reading files needs is here, as a general parser costs more than the transfer of a small chunk.

Source: RFC 9110 (HTTP semantics) and RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

_LONGEST_LINE = 65536
_MOST_HEADERS = 100
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?\r?\n")
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\r?\n")
_NUMBER = re.compile(r"\d{1,18}")


class BrokenAnswerError(Exception):
    """What came over a connection is no answer, or ends before its end: the connection is of no use any more."""


class Answer:
    """The answer to one request, whose body is still to come.

    Parameters
    ----------
    source : BufferedReader
        The connection.
    method : str
        Of the request.

    Attributes
    ----------
    status : int
    headers : mapping of str to str
        Names in lower case; values of a name that occurs again are joined by commas.
    length : int or None
        Bytes of the body; None where only its end will tell.
    marked : bool
        Whether the end of the body can be told from the end of the connection.
    reusable : bool
        Whether the connection may be used again once the body was read.
    """

    __slots__ = ("_chunked", "_left", "_source", "ended", "headers", "length", "marked", "reusable", "status")

    def __init__(self, source: BufferedReader, method: str) -> None:
        self._source = source
        self.status = 100
        while 100 <= self.status < 200:
            minor, self.status = self._read_status()
            self.headers = self._read_headers()
        headers = self.headers
        encoding = headers.get("transfer-encoding", "identity").lower()
        if encoding not in ("chunked", "identity"):
            msg = f"its Transfer-Encoding is {encoding[:40]!r}"
            raise BrokenAnswerError(msg)
        self._chunked = encoding == "chunked"
        said = headers.get("connection", "").lower()
        self.reusable = "close" not in said and (minor == b"1" or "keep-alive" in said)
        self.length = None
        if method == "HEAD" or self.status in (204, 304):
            self.length = 0
            self._chunked = False
        elif self._chunked:
            self.reusable = self.reusable and "content-length" not in headers
        elif (text := headers.get("content-length")) is not None:
            if not _NUMBER.fullmatch(text):
                msg = f"its Content-Length is {text[:40]!r}"
                raise BrokenAnswerError(msg)
            self.length = int(text)
        self.marked = self._chunked or self.length is not None
        self.reusable = self.reusable and self.marked
        self._left = 0 if self._chunked else self.length
        self.ended = self.length == 0

    def readinto(self, buffer: memoryview) -> int:
        """Read what is there, and wait only if that is nothing; 0 at the end of the body, and not before.

        Raises
        ------
        BrokenAnswerError
            If the connection ends before the body.
        """
        if self._chunked and not self.ended and self._left == 0:
            self._begin_chunk()
        if self.ended:
            return 0
        left = self._left
        count: int = self._source.readinto1(buffer if left is None or left >= len(buffer) else buffer[:left])
        if count == 0:
            if left is not None:
                msg = "the connection ended before the answer"
                raise BrokenAnswerError(msg)
            self.ended = True
        elif left is not None:
            self._left = left - count
            if self._left == 0 and self._chunked:
                self._line()
            elif self._left == 0:
                self.ended = True
        return count

    def read_now(self, buffer: memoryview) -> int | None:
        """Read what is there of a body of known length; None if that is nothing, 0 at the end.

        The connection must not wait: see `Connection.read_now`.

        Raises
        ------
        BrokenAnswerError
            If the connection ends before the body.
        """
        if self.ended or self._left is None:
            return 0
        count: int | None = self._source.readinto1(buffer[: self._left])
        if count == 0:
            msg = "the connection ended before the answer"
            raise BrokenAnswerError(msg)
        self._left -= count or 0
        self.ended = self._left == 0
        return count

    def _begin_chunk(self) -> None:
        found = _CHUNK_SIZE.fullmatch(self._line())
        if found is None:
            msg = "a chunk of its body has no length"
            raise BrokenAnswerError(msg)
        self._left = int(found[1], 16)
        if self._left == 0:
            self._read_headers()
            self.ended = True

    def _read_status(self) -> tuple[bytes, int]:
        line = self._source.readline(_LONGEST_LINE)
        found = _STATUS.fullmatch(line)
        if found is None:
            msg = f"it began with {line[:40]!r} and not with HTTP/1.1" if line else "the connection ended unanswered"
            raise BrokenAnswerError(msg)
        return found[1], int(found[2])

    def _read_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        readline = self._source.readline
        for _ in range(_MOST_HEADERS):
            line = readline(_LONGEST_LINE)
            if line in (b"\r\n", b"\n"):
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or not line.endswith(b"\n"):
                msg = "its head is not whole"
                raise BrokenAnswerError(msg)
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        msg = f"it has more than {_MOST_HEADERS} headers"
        raise BrokenAnswerError(msg)

    def _line(self) -> bytes:
        line = self._source.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            msg = "the connection ended before the answer"
            raise BrokenAnswerError(msg)
        return line


def parse_content_range(text: str | None) -> tuple[int, int, int | None] | None:
    """Parse the header ``Content-Range``: first byte, end (the byte after the last), bytes of the whole file.

    The whole is None where it is not told. An answer that there is no such range gives (0, 0, whole). None where it
    says nothing that can be true.

    Examples
    --------
    >>> parse_content_range("bytes 10-19/100"), parse_content_range("bytes */100"), parse_content_range("bytes 9-1/*")
    ((10, 20, 100), (0, 0, 100), None)
    """
    found = _CONTENT_RANGE.fullmatch(text or "")
    if found is None:
        return None
    whole = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        return 0, 0, whole
    first, end = int(found[1]), int(found[2]) + 1
    return (first, end, whole) if first < end and (whole is None or end <= whole) else None


def parse_version(headers: Mapping[str, str], size: int | None) -> Version:
    """Give the version that an answer states; a weak entity tag does not tell whether the bytes are the same.

    Examples
    --------
    >>> parse_version({"etag": 'W/"1"', "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT"}, 10)
    Version(size=10, etag=None, modified='Sun, 22 Nov 2026 10:00:00 GMT')
    """
    etag = headers.get("etag")
    # Some stores leave the quotes out; their tags are strong all the same.
    if etag is not None and (etag[:2] in ("W/", "w/") or not etag):
        etag = None
    return Version(size, etag, headers.get("last-modified"))


def parse_retry_after(text: str | None, now: float) -> float | None:
    """Parse the header ``Retry-After`` into seconds from `now` on, given as seconds since 1970.

    Examples
    --------
    >>> parse_retry_after("3", 0.0), parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20.0)
    (3.0, 40.0)
    >>> parse_retry_after("soon", 0.0) is None
    True
    """
    if text is None:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
