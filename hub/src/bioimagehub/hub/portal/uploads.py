"""What is being received: written to the disk as it comes, never more than a limit, hashed on the way."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from bioimagehub.hub.errors import LimitReachedError, PortalError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

FIELD_LIMIT = 4096
FIELDS = 12
# What a form has beside the file.
FORM_ROOM = 64 * 1024
# What is gathered before it is written: each piece takes a turn of a thread, and a busy machine makes turns slow.
PIECE = 2**20
# Files that one person sends at the same time: what is received is on the disk before the limits count it.
AT_ONCE = 4


@dataclass(frozen=True)
class UnderWay:
    """How many uploads of each person are under way. One process answers the network, so it is counted here alone."""

    _counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def one_more(self, user: str) -> Iterator[None]:
        """Count an upload of somebody while it lasts.

        Raises
        ------
        LimitReachedError
            If as many are under way as one person may have.
        """
        if self._counts[user] >= AT_ONCE:
            msg = (
                f"Cannot take another file now: {AT_ONCE} of yours are still being received, and nobody may send more "
                "than that at once. Nothing of this one was kept. Send it again when one of the others has ended."
            )
            raise LimitReachedError(msg)
        self._counts[user] += 1
        try:
            yield
        finally:
            self._counts[user] -= 1
            if not self._counts[user]:
                del self._counts[user]


@dataclass
class Upload:
    """A file that is being received.

    Attributes
    ----------
    path : Path
        Where it is, in the inbox.
    limit : int
        Bytes that it may have.
    size : int
        Bytes that it has.
    """

    path: Path
    limit: int
    size: int = 0
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)
    _file: Any = field(default=None, repr=False)
    _gathered: bytearray = field(default_factory=bytearray, repr=False)

    @classmethod
    def begin(cls, inbox: Path, limit: int) -> Upload:
        """Begin a new file in the inbox."""
        upload = cls(inbox / f"{secrets.token_hex(16)}.part", limit)
        descriptor = os.open(upload.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
        upload._file = os.fdopen(descriptor, "wb")
        return upload

    def write(self, data: bytes) -> None:
        """Add bytes; TooLargeError where they pass the limit."""
        self.size += len(data)
        if self.size > self.limit:
            raise too_large(self.limit)
        self._hash.update(data)
        self._file.write(data)

    async def receive(self, data: bytes) -> None:
        """Add bytes as they come, however few; `flush` writes the last of them."""
        self._gathered += data
        if len(self._gathered) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Write what was received; TooLargeError where it passes the limit."""
        data, self._gathered = bytes(self._gathered), bytearray()
        if data:
            await run_in_threadpool(self.write, data)

    def finish(self) -> str:
        """Have the whole file on the disk, and return its SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest: str = self._hash.hexdigest()
        return digest

    def discard(self) -> None:
        """Remove the file, if it is still in the inbox."""
        if self._file is not None:
            self._file.close()
        self.path.unlink(missing_ok=True)


def too_large(limit: int) -> TooLargeError:
    """Return the error of a file above a limit."""
    msg = (
        f"The file is larger than the limit of {limit:,} bytes ({limit / 2**20:.0f} MiB), so nothing of it was kept. "
        "Compress it, or leave out what is not asked for."
    )
    return TooLargeError(msg)


def check_length(request: Request, limit: int) -> None:
    """Refuse a request that announces more bytes than a limit, before the first of them is read."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > limit:
        raise too_large(limit)


async def receive_body(request: Request, upload: Upload) -> None:
    """Write the body of a request into a file."""
    check_length(request, upload.limit)
    async for chunk in request.stream():
        await upload.receive(chunk)
    await upload.flush()


@dataclass
class Form:
    """A form with one file at its end, as it is being received.

    Attributes
    ----------
    fields : dict of str to str
        What came before the file.
    filename : str or None
        The name that the browser gave to the file; None for a form without one.
    upload : Upload or None
        The file.
    """

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    upload: Upload | None = None


def _bad_form(found: str) -> PortalError:
    msg = f"Cannot read the form: {found}. Expected is what this page's own form sends. Open the page again."
    return PortalError(msg)


async def receive_form(request: Request, accept: Callable[[Form], Awaitable[Upload]], limit: int) -> Form:
    """Receive a form whose last field is a file.

    Parameters
    ----------
    request : Request
        ``multipart/form-data``.
    accept : callable
        Called when the file begins, with all other fields; it checks them and says where the file goes. So nobody's
        bytes are written before the limits and the form's token were looked at.
    limit : int
        Bytes that the file may have at most.

    Raises
    ------
    PortalError
        If it is no such form.
    TooLargeError
        If there is more than the limit.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        msg = "it is not multipart/form-data"
        raise _bad_form(msg)
    check_length(request, limit + FORM_ROOM)
    reader = _FormReader(options[b"boundary"])
    try:
        async for event, data in reader.events(request):
            if event == "file" and reader.form.upload is None:
                reader.form.upload = await accept(reader.form)
            elif event == "data" and reader.form.upload is not None:
                await reader.form.upload.receive(data)
        if reader.form.upload is not None:
            await reader.form.upload.flush()
    except MultipartParseError as error:
        _discard(reader.form)
        msg = "it is damaged"
        raise _bad_form(msg) from error
    except BaseException:
        _discard(reader.form)
        raise
    if not reader.ended:
        _discard(reader.form)
        msg = "it ends too early"
        raise _bad_form(msg)
    return reader.form


def _discard(form: Form) -> None:
    if form.upload is not None:
        form.upload.discard()


class _FormReader:
    """Turns the parser's calls into events: the file begins, and bytes of it."""

    def __init__(self, boundary: bytes) -> None:
        self.form = Form()
        self.ended = False
        self._events: list[tuple[str, bytes]] = []
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._in_file = False
        self._text = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    async def events(self, request: Request) -> AsyncIterator[tuple[str, bytes]]:
        async for chunk in request.stream():
            self._parser.write(chunk)
            events, self._events = self._events, []
            for event in events:
                yield event

    def _begin(self) -> None:
        if self._in_file:
            msg = "something follows the file"
            raise _bad_form(msg)
        self._headers, self._text = {}, bytearray()

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if len(self.form.fields) >= FIELDS:
            msg = f"it has more than {FIELDS} fields"
            raise _bad_form(msg)
        if b"filename" in options:
            self._in_file = True
            self.form.filename = options[b"filename"].decode("utf-8", "replace")
            self._events.append(("file", b""))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._events.append(("data", data[start:end]))
            return
        self._text += data[start:end]
        if len(self._text) > FIELD_LIMIT:
            msg = f"the field {self._name!r:.40} has more than {FIELD_LIMIT:,} bytes"
            raise _bad_form(msg)

    def _on_part_end(self) -> None:
        if not self._in_file:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self.ended = True
