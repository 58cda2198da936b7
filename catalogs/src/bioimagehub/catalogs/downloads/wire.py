"""Asking stores for files and parts of files, over connections that stay open; the answers are read as they come."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from bioimagehub.catalogs.errors import MissingFileError, NoAccessError, StoreUnreachableError
from bioimagehub.catalogs.reader import s3
from bioimagehub.catalogs.reader.answers import (
    BrokenAnswerError,
    parse_content_range,
    parse_retry_after,
    parse_version,
)
from bioimagehub.catalogs.reader.connections import Pool, parse_address
from bioimagehub.catalogs.reader.credentials import installed_credentials
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bioimagehub.catalogs.downloads.settings import FetchSettings
    from bioimagehub.catalogs.reader import Version
    from bioimagehub.catalogs.reader.answers import Answer
    from bioimagehub.catalogs.reader.connections import Address, Connection

_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}
_SLOWEST = 1024  # bytes in the stall time-out; less is as good as nothing
_SHORT = 1 << 16  # bytes of a body that is worth reading to keep its connection


class BusyError(Exception):
    """The host is busy, and may have said for how long: `wait` is in seconds, or None."""

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class BrokenOffError(Exception):
    """The connection failed, before or in the middle of an answer; to ask for the rest may help."""


@dataclass(frozen=True)
class Part:
    """Which bytes an answer holds.

    Attributes
    ----------
    start : int
        First byte.
    stop : int or None
        The one behind the last; None where the answer does not say.
    version : Version
        Of the whole file.
    partial : bool
        Whether it is the answer to a question for a part; else it is the whole file.
    """

    start: int
    stop: int | None
    version: Version
    partial: bool


class Wire:
    """Asks stores; safe to share between threads.

    Parameters
    ----------
    settings : FetchSettings
    """

    def __init__(self, settings: FetchSettings) -> None:
        self._timeout = settings.stall_timeout
        self._pool = Pool(
            connect_timeout=settings.connect_timeout,
            stall_timeout=settings.stall_timeout,
            most=max(settings.files, settings.ranges),
        )

    def has_kept(self, url: str) -> bool:
        """Tell whether there may be an open connection to the host of a file that nobody uses."""
        address = parse_address(s3.locate(url) if url.startswith(s3.SCHEME) else url)
        return address is not None and self._pool.has_kept(address.scheme, address.host)

    def send_ahead(self, url: str) -> Connection | None:
        """Send the request for a whole file over a connection that is open, and do not wait for the answer.

        Returns
        -------
        Connection or None
            For `ask`; None if there is no such connection.
        """
        here = s3.locate(url) if url.startswith(s3.SCHEME) else url
        address = _parse(here, url)
        connection = self._pool.take_kept(address.scheme, address.host)
        if connection is None:
            return None
        try:
            connection.send("GET", address.target, _open(here, url, {}))
        except OSError:
            # The host may have closed it meanwhile; a new one tells.
            connection.close()
            return None
        return connection

    def receive(self, url: str, connection: Connection) -> Stream:
        """Give the answer to a request that was sent ahead; its body may still be to come.

        Raises
        ------
        MissingFileError, NoAccessError, StoreUnreachableError, BusyError, BrokenOffError
            As `ask`.
        """
        try:
            answer = connection.receive("GET")
        except TimeoutError as error:
            connection.close()
            msg = f"{hide_secrets(url)} gave no answer: {error}"
            raise BrokenOffError(msg) from error
        except (OSError, BrokenAnswerError):
            # The host may have closed a connection that was not in use; a new one tells.
            connection.close()
            return self.ask(url)
        stream = Stream(answer, connection, self._pool, url, self._timeout)
        if answer.status in _REDIRECTING:
            stream.drain()
            return self.ask(url)
        _check_status(stream, url)
        return stream

    def ask(self, url: str, start: int = 0, stop: int | None = None, *, known: Version | None = None) -> Stream:
        """Ask for a file, or for a part of it.

        Parameters
        ----------
        url : str
        start : int
        stop : int or None
            None for the whole file, and no part.
        known : Version or None
            The version that a part has to be of; the host is asked to send the whole file if it has another.

        Raises
        ------
        MissingFileError, NoAccessError, StoreUnreachableError
            If the host says that there is no such file, that it may not be had, or something that is no use.
        BusyError, BrokenOffError
            If it may help to ask again.
        """
        headers = {}
        if stop is not None:
            headers["Range"] = f"bytes={start}-{stop - 1}"
            validator = known and (known.etag or known.modified)
            if validator:
                headers["If-Range"] = validator
        here = s3.locate(url) if url.startswith(s3.SCHEME) else url
        home = address = _parse(here, url)
        for _ in range(_REDIRECTS + 1):
            # A redirect may lead anywhere: only who was asked first is told who asks.
            at_home = address[:2] == home[:2]
            stream = self._send(here, address, _open(here, url, headers) if at_home else headers)
            target = stream.answer.headers.get("location")
            if stream.answer.status not in _REDIRECTING or target is None:
                _check_status(stream, url)
                stream.redirected = address[:2] != home[:2]
                return stream
            stream.drain()
            here = _redirected(here, target, url)
            address = _parse(here, url)
        msg = (
            f"{hide_secrets(url)} redirects more than {_REDIRECTS} times, at last to {hide_secrets(here)}; "
            "expected the file. Open the address in a browser, and report it to the archive."
        )
        raise StoreUnreachableError(msg)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def _send(self, url: str, address: Address, headers: Mapping[str, str]) -> Stream:
        for fresh in (False, True):
            connection = self._pool.take(address.scheme, address.host, fresh=fresh)
            kept = not connection.fresh
            try:
                answer = connection.ask("GET", address.target, headers)
            except ssl.SSLError as error:
                connection.close()
                msg = (
                    f"{hide_secrets(url)} has no certificate that can be trusted: {error}. Nothing is read from it. "
                    "Check the address and the date of this machine, and report it to the archive."
                )
                raise StoreUnreachableError(msg) from error
            except (OSError, BrokenAnswerError) as error:
                connection.close()
                # The host may have closed a connection that was not in use; a new one tells.
                if kept and not isinstance(error, TimeoutError):
                    continue
                msg = f"{hide_secrets(url)} gave no answer: {error or type(error).__name__}"
                raise BrokenOffError(msg) from error
            return Stream(answer, connection, self._pool, url, self._timeout)
        msg = f"{hide_secrets(url)} closed every connection"
        raise BrokenOffError(msg)


class Stream:
    """An answer whose body is still to come; it has to be closed.

    Parameters
    ----------
    answer : Answer
    connection : Connection
    pool : Pool
        Where the connection goes back to if the answer was read to its end.
    url : str
        Where it came from, behind all redirects.
    timeout : float
        Seconds in which something has to come.

    Attributes
    ----------
    redirected : bool
        Whether another host sent it than the one that was asked first.
    """

    def __init__(self, answer: Answer, connection: Connection, pool: Pool, url: str, timeout: float) -> None:
        self.answer = answer
        self.url = url
        self.redirected = False
        self._connection = connection
        self._pool = pool
        self._timeout = timeout
        self._since, self._came = time.monotonic(), 0

    def is_over(self, connection: Connection) -> bool:
        """Tell whether it comes over that connection."""
        return self._connection is connection

    def read_into(self, buffer: memoryview) -> int:
        """Read what is there, and wait only if that is nothing; 0 at the end.

        Raises
        ------
        BrokenOffError
            If the connection fails, ends too early, or hardly anything comes.
        """
        count = self._read(self.answer.readinto, buffer)
        return count or 0

    def read_now(self, buffer: memoryview) -> int | None:
        """Read what is there; None if that is nothing. The answer has to say how long it is.

        Raises
        ------
        BrokenOffError
            As `read_into`.
        """
        return self._read(lambda part: self._connection.read_now(self.answer, part), buffer)

    def _read(self, read: Callable[[memoryview], int | None], buffer: memoryview) -> int | None:
        try:
            count = read(buffer)
        except TimeoutError as error:
            msg = f"{hide_secrets(self.url)} sent nothing for {self._timeout:g} s"
            raise BrokenOffError(msg) from error
        except (OSError, BrokenAnswerError, ValueError) as error:
            msg = f"{hide_secrets(self.url)} broke off: {error}"
            raise BrokenOffError(msg) from error
        self._came += count or 0
        now = time.monotonic()
        if now - self._since >= self._timeout:
            if self._came < _SLOWEST and not self.answer.ended:
                msg = f"{hide_secrets(self.url)} sent only {self._came} bytes in {now - self._since:.0f} s"
                raise BrokenOffError(msg)
            self._since, self._came = now, 0
        return count

    def close(self) -> None:
        """Give the connection back if the answer was read to its end, and close it otherwise."""
        if self.answer.ended and self.answer.reusable:
            self._pool.give_back(self._connection)
        else:
            self._connection.close()

    def drain(self) -> None:
        """Read and forget a short body, so that the connection can be used again."""
        try:
            if self.answer.length is not None and self.answer.length <= _SHORT:
                buffer = memoryview(bytearray(_SHORT))
                while self.read_into(buffer):
                    pass
        except BrokenOffError:
            return
        finally:
            self.close()


def parse_part(stream: Stream) -> Part:
    """Tell which bytes of which version an answer of status 200 or 206 holds.

    Raises
    ------
    StoreUnreachableError
        If it does not say, or sends the bytes in another encoding.
    """
    answer = stream.answer
    encoding = answer.headers.get("content-encoding", "identity").lower()
    # An archive of files that are packed themselves may tell that of them, and sends them as they are.
    if encoding not in {"identity", ""} and not stream.url.partition("?")[0].lower().endswith((".gz", ".tgz", ".z")):
        msg = (
            f"{hide_secrets(stream.url)} sends its bytes as {encoding[:40]}; expected them as they are. "
            "They would not be those of the file. Report it to the archive."
        )
        raise StoreUnreachableError(msg)
    if answer.status != 206:
        return Part(0, answer.length, parse_version(answer.headers, answer.length), partial=False)
    found = parse_content_range(answer.headers.get("content-range"))
    if found is None or found[2] is None or answer.length not in {None, found[1] - found[0]}:
        msg = (
            f"{hide_secrets(stream.url)} sends a part and says {answer.headers.get('content-range')!r:.60} of it, with "
            f"{answer.length} bytes; expected which bytes of how many. Report it to the archive."
        )
        raise StoreUnreachableError(msg)
    return Part(found[0], found[1], parse_version(answer.headers, found[2]), partial=True)


def parse_end(stream: Stream) -> int | None:
    """Give the size of the file that an answer of status 416 states, or None."""
    found = parse_content_range(stream.answer.headers.get("content-range"))
    return found[2] if found else None


def _check_status(stream: Stream, origin: str) -> None:
    """Raise what a status means that is no file: see `Wire.ask`."""
    status = stream.answer.status
    if status in {200, 206, 416}:
        return
    stream.drain()
    shown = hide_secrets(origin)
    if status in {404, 410}:
        msg = f"{shown} is not there (HTTP {status}). Look the file up at the archive; it may have moved."
        raise MissingFileError(msg)
    if status in {401, 403, 407}:
        msg = f"{shown} may not be read without permission (HTTP {status}). Ask the archive for access."
        raise NoAccessError(msg)
    if status in {429, 503}:
        wait = parse_retry_after(stream.answer.headers.get("retry-after"), time.time())
        msg = f"{shown} is busy (HTTP {status})"
        raise BusyError(msg, wait)
    if status in {408, 425} or status >= 500:
        msg = f"{shown} failed (HTTP {status})"
        raise BrokenOffError(msg)
    msg = f"{shown} answered HTTP {status}; expected a file. Open the address in a browser, and report it."
    raise StoreUnreachableError(msg)


def _parse(url: str, origin: str) -> Address:
    address = parse_address(url)
    if address is None:
        msg = (
            f"{hide_secrets(origin)} leads to {hide_secrets(url)}, which is no address of http, https or s3. "
            "Only such files are fetched; add a host rule that gives an address of this kind."
        )
        raise StoreUnreachableError(msg)
    return address


def _redirected(url: str, target: str, origin: str) -> str:
    found = urljoin(url, target)
    if url.startswith("https:") and not found.startswith("https:"):
        msg = (
            f"{hide_secrets(origin)} redirects to {hide_secrets(found)}, which is not encrypted; expected https. "
            "Nothing is read from it; report it to the archive."
        )
        raise StoreUnreachableError(msg)
    return found


def _open(url: str, origin: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Add to the headers of a request what opens the store."""
    if origin.startswith(s3.SCHEME):
        return s3.sign("GET", url, headers)
    return {**headers, **installed_credentials().headers(url)}
