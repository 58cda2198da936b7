"""Requests over HTTP: tried again while that may help, redirected, and never believed without a look at what came."""

from __future__ import annotations

import os
import random
import socket
import ssl
import time
import weakref
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from bioimagehub.catalogs.errors import MissingFileError, NoAccessError, StoreUnreachableError
from bioimagehub.catalogs.reader.answers import Answer, BrokenAnswerError, parse_retry_after
from bioimagehub.catalogs.reader.connections import Address, Connection, Pool, parse_address
from bioimagehub.catalogs.reader.slots import Slots
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bioimagehub.catalogs.reader.settings import ReaderSettings

    Authorize = Callable[[str, str, Mapping[str, str]], Mapping[str, str]]
    """Adds to the headers of a request what opens the store: method, address, headers."""

_REDIRECTS = 5
_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_DRAINED = 65536
_PROGRESS = 2**20
"""Bytes of a try that broke off, from which it does not count: what is large may break off often."""

_TOO_MANY = frozenset((429, 503))
_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504, 507, 508, 509, 520, 521, 522, 523, 524, 529))
_TAKEN = frozenset((200, 206, 304, 416))


_ALL: weakref.WeakSet[Http] = weakref.WeakSet()


class Task(Protocol):
    """What is asked of a file: a `Transfer` or a `Look`."""

    method: str
    url: str
    at: int
    requests: int
    moved: int
    deadline: float

    def headers(self) -> dict[str, str]:
        """Give the headers that ask for what is missing."""

    def receive(self, answer: Answer) -> None:
        """Take an answer with one of the statuses 200, 206, 304 and 416."""

    def pause(self) -> None:
        """Be ready for another try."""

    def restart(self) -> None:
        """Be ready for another server."""


class TryAgainError(Exception):
    """A try that failed in a way that another one may not; `wait` is what the server asks for, in seconds."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class Http:
    """Sends requests; safe to share between threads, and to have when a process forks.

    Parameters
    ----------
    settings : ReaderSettings
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._begin()
        _ALL.add(self)

    def _begin(self) -> None:
        """Begin in this process: what a fork has of the connections and locks of its parent is of no use to it."""
        settings = self._settings
        self.latency = float("inf")
        self.slots = Slots(settings.connections)
        self._pool = Pool(
            connect_timeout=settings.connect_timeout, stall_timeout=settings.stall_timeout, most=settings.connections
        )

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def work(self, task: Task, url: str, authorize: Authorize, *, tries: int | None = None) -> None:
        """Send the requests of a task until it is done.

        Parameters
        ----------
        task : Task
        url : str
            Where the file lies; the address in the task may be one that leads there.
        authorize : callable
            Adds credentials to the headers of a request. It is asked for the host of `url` alone.
        tries : int or None
            In place of the number of the settings.

        Raises
        ------
        MissingFileError, NoAccessError, StoreUnreachableError
            If the server says so, or no try gave all of it.
        ChangedFileError, TruncatedFileError
            As the task finds.
        """
        began = time.monotonic()
        task.deadline = began + self._settings.patience
        most = self._settings.tries if tries is None else tries
        failed = count = reached = 0
        while True:
            try:
                self._try(task, url, authorize)
            except TryAgainError as failure:
                count += 1
                failed = 1 if task.at - reached >= _PROGRESS else failed + 1
                reached = max(reached, task.at)
                pause = min(_PAUSE * 2 ** (failed - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311
                pause = max(pause, failure.wait or 0.0)
                if failed >= most or time.monotonic() + pause > task.deadline:
                    raise _give_up(task.url, url, failure, count, time.monotonic() - began) from failure.__cause__
                task.pause()
                time.sleep(pause)
            else:
                return

    def _try(self, task: Task, url: str, authorize: Authorize) -> None:
        """Make one try, following redirects."""
        here, home = url, None
        for _ in range(_REDIRECTS + 1):
            address = _parse(here, url)
            home = home or address[:2]
            headers: Mapping[str, str] = task.headers()
            if address[:2] == home:
                headers = authorize(task.method, here, headers)
            with self.slots.use(address.host):
                target = self._ask(task, address, headers)
            if target is None:
                return
            here = _follow(here, target)
        msg = (
            f"{hide_secrets(task.url)} redirects more than {_REDIRECTS} times, at last to {hide_secrets(here)}; "
            "expected the file. Open the address in a browser, and report it to its archive."
        )
        raise StoreUnreachableError(msg)

    def _ask(self, task: Task, address: Address, headers: Mapping[str, str]) -> str | None:
        """Make a request and give it to the task; give where it is redirected to, if it is."""
        connection = self._pool.take(address.scheme, address.host)
        answer: Answer | None = None
        try:
            connection, answer = self._send(connection, task, address, headers)
            target = self._receive(task, address, connection, answer)
        except (OSError, BrokenAnswerError) as error:
            if isinstance(error, StoreUnreachableError | NoAccessError):
                raise
            raise _explain(error, task.url, address, self._settings) from error
        finally:
            if answer is not None and answer.ended and answer.reusable:
                self._pool.give_back(connection)
            else:
                connection.close()
        return target

    def _send(
        self, connection: Connection, task: Task, address: Address, headers: Mapping[str, str]
    ) -> tuple[Connection, Answer]:
        """Send a request; once more on a new connection if the server had closed the one that was kept."""
        task.requests += 1
        try:
            return connection, self._exchange(connection, task, address, headers)
        except TimeoutError:
            raise
        except (ConnectionError, BrokenAnswerError):
            if connection.fresh:
                raise
            connection.close()
        fresh = self._pool.take(address.scheme, address.host, fresh=True)
        try:
            return fresh, self._exchange(fresh, task, address, headers)
        except (OSError, BrokenAnswerError):
            fresh.close()
            raise

    def _exchange(self, connection: Connection, task: Task, address: Address, headers: Mapping[str, str]) -> Answer:
        connection.send(task.method, address.target, headers)
        began = time.perf_counter()
        answer = connection.receive(task.method)
        # What is lost when two threads note theirs at once does not matter.
        seconds, before = time.perf_counter() - began, self.latency
        self.latency = seconds if before == float("inf") else before + (seconds - before) / 4
        return answer

    def _receive(self, task: Task, address: Address, connection: Connection, answer: Answer) -> str | None:
        """Give an answer to the task, or raise what its status means; give where it redirects to."""
        status = answer.status
        if status in _TAKEN and (task.method == "GET" or status == 200):
            task.receive(answer)
            if answer.ended and answer.length and connection.holds_more():
                msg = f"more came than the {answer.length:,} bytes that it says it has"
                task.restart()
                answer.reusable = False
                raise BrokenAnswerError(msg)
            self.slots.praise(address.host)
            if not answer.ended:
                _drain(answer)
            return None
        _drain(answer)
        if 300 <= status < 400 and "location" in answer.headers:
            return answer.headers["location"]
        raise self._refuse(task, address, answer)

    def _refuse(self, task: Task, address: Address, answer: Answer) -> Exception:
        status, url = answer.status, hide_secrets(task.url)
        said = f"{status} {_phrase(status)}"
        if status in (404, 410):
            msg = (
                f"{url} does not exist: its server answered {said}; expected a file. "
                "Check the address; if it is from the catalog, the archive has moved or withdrawn it."
            )
            return MissingFileError(msg)
        if status in (401, 403, 407):
            msg = (
                f"{url} may not be read: its server answered {said}. Expected a file that anyone may read, or "
                "credentials that open it: check those that are set for this address, or ask its archive for access."
            )
            return NoAccessError(msg)
        if status not in _AGAIN:
            region = answer.headers.get("x-amz-bucket-region")
            cure = f"Set the region of its bucket to {region}." if region else "Report it to its archive."
            msg = f"{url} could not be read: its server answered {said}; expected the file. {cure}"
            return StoreUnreachableError(msg)
        wait = parse_retry_after(answer.headers.get("retry-after"), time.time())
        if status in _TOO_MANY:
            self.slots.spare(address.host, min(wait or _PAUSE, self._settings.patience))
        return TryAgainError(f"its server answered {said}", wait)


def _drain(answer: Answer) -> None:
    """Read the rest of a short body, so that the connection can be used again."""
    if not answer.reusable or (answer.length or 0) > _DRAINED:
        return
    scratch = memoryview(bytearray(_DRAINED))
    try:
        for _ in range(8):
            if not answer.readinto(scratch):
                return
    except (OSError, BrokenAnswerError):
        answer.reusable = False


def _parse(url: str, origin: str) -> Address:
    address = parse_address(url)
    if address is None:
        led = "" if url == origin else f", to which {hide_secrets(origin)} redirects,"
        msg = (
            f"{hide_secrets(url)}{led} is not read: expected an address with http, https or s3, and without a user "
            "name. Correct the address, or report the redirect to its archive."
        )
        raise StoreUnreachableError(msg)
    return address


def _follow(here: str, target: str) -> str:
    """Give where a redirect leads; never from a connection that is encrypted to one that is not."""
    try:
        found = urljoin(here, target)
    except ValueError:
        found = target
    if here.lower().startswith("https:") and found.lower().startswith("http:"):
        msg = (
            f"{hide_secrets(here)} redirects to {hide_secrets(found)}, which is not encrypted; expected https. "
            "Nothing was read. Report it to its archive."
        )
        raise StoreUnreachableError(msg)
    return found


def _explain(error: Exception, url: str, address: Address, settings: ReaderSettings) -> Exception:
    """Turn what went wrong with a connection into what to do next: try again, or tell."""
    if isinstance(error, ssl.SSLCertVerificationError):
        msg = (
            f"{hide_secrets(url)} was not read: the certificate of {address.host} cannot be trusted "
            f"({error.verify_message}). Expected one that is signed by a known authority. Report it to its archive; if "
            "it is meant to be so, name a file with the certificate in SSL_CERT_FILE."
        )
        return StoreUnreachableError(msg)
    if isinstance(error, TimeoutError):
        return TryAgainError(f"nothing came from {address.host} for {settings.stall_timeout:g} s")
    if isinstance(error, socket.gaierror):
        return TryAgainError(f"the host {address.host} was not found ({error.strerror})")
    if isinstance(error, BrokenAnswerError):
        return TryAgainError(f"the answer is not right: {error}")
    return TryAgainError(f"the connection to {address.host} failed ({error})")


def _give_up(url: str, at: str, failure: TryAgainError, count: int, seconds: float) -> StoreUnreachableError:
    where = "" if url == at else f" at {hide_secrets(at)}"
    asked = f", and asks to wait {failure.wait:,.0f} s" if failure.wait else ""
    tries = "one try" if count == 1 else f"{count} tries in {seconds:.1f} s"
    msg = (
        f"{hide_secrets(url)} could not be read{where} after {tries}: {failure}{asked}; expected the file. "
        "Check the network; if it is there, try again later or report it to its archive."
    )
    return StoreUnreachableError(msg)


def _phrase(status: int) -> Any:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _begin_in_fork() -> None:
    # At once, while there is one thread only: two processes on one connection would get each other's bytes, and the
    # locks that were copied may be held for ever by threads that were not.
    for http in _ALL:
        http._begin()


os.register_at_fork(after_in_child=_begin_in_fork)
