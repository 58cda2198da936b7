"""Polite HTTP: slow enough for a public archive, patient with its failures, and never fooled by half an answer."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from bioimagehub.catalogs.archives.answers import (
    Head,
    TryAgain,
    check_status,
    explain_failure,
    parse_head,
    parse_json,
    parse_text,
    read_body,
)
from bioimagehub.catalogs.archives.pace import Pace
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveUnreachableError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.hosts import Hosts, installed_hosts
from bioimagehub.catalogs.redaction import guard_log, hide_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse

_REDIRECTS = 5
_LONGEST_PAUSE = 30.0
_COMPRESSED = {"Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True)
class _Question:
    method: str
    headers: Mapping[str, str]
    body: bytes | None = None
    most: int | None = None
    """Bytes wanted; None for the whole body."""


@dataclass(frozen=True)
class _Answer:
    response: BaseHTTPResponse
    url: str
    body: bytes


class Client:
    """Asks archives over HTTP; a context manager, and safe to share between threads.

    It sends no credentials but those given for a request, follows redirects to ``http`` and ``https`` alone, and
    never skips the check of a certificate. Where a host has moved, it tries each address that the host rules give.

    Parameters
    ----------
    hosts : Hosts or None
        Rules that rewrite addresses; None for `installed_hosts`.
    rate : float
        Requests a second and host.
    timeout : float
        Seconds to wait for a connection, and for each piece of an answer.
    tries : int
        How often a request is made at most, at each address.
    patience : float
        Seconds after which a request is given up, all its tries and waits together.
    largest : int
        Bytes of a body that are read at most.
    pause : float
        Seconds before the second try; doubled before each further one, unless the host asks for another wait.
    """

    def __init__(
        self,
        *,
        hosts: Hosts | None = None,
        rate: float = 2.0,
        timeout: float = 30.0,
        tries: int = 5,
        patience: float = 120.0,
        largest: int = 64 * 2**20,
        pause: float = 1.0,
    ) -> None:
        self.hosts = installed_hosts() if hosts is None else hosts
        self._pace = Pace(rate)
        self._timeout = timeout
        self._tries = tries
        self._patience = patience
        self._largest = largest
        self._pause = pause
        guard_log()
        agent = f"bioimagehub/{version('bioimagehub')} (+https://github.com/bioimagehub/bioimagehub)"
        self._pool = urllib3.PoolManager(num_pools=16, maxsize=8, headers={"User-Agent": agent})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def get_json(
        self, url: str, params: Mapping[str, str | int] | None = None, *, authorization: str | None = None
    ) -> Any:
        """Ask for a JSON document.

        Parameters
        ----------
        url : str
        params : mapping or None
            Added to the query of the address.
        authorization : str or None
            Value of the header of that name, for an archive that asks for a key; it is never shown or logged, and
            not sent on to where the archive redirects.

        Raises
        ------
        RecordNotFoundError
            On 404 and 410.
        AccessDeniedError
            On 401 and 403.
        ArchiveUnreachableError
            If no try gave a whole answer: 429, 5xx, a broken connection, a certificate that cannot be checked.
        ArchiveAnswerError
            If the answer is empty, a web page, malformed or too large.
        """
        headers = {"Accept": "application/json"} | _COMPRESSED
        if authorization is not None:
            headers["Authorization"] = authorization
        answer = self._ask(_with_query(url, params), _Question("GET", headers))
        return parse_json(answer.body, answer.url)

    def get_text(self, url: str, params: Mapping[str, str | int] | None = None) -> str:
        """Ask for a text, such as a page or XML; raises as `get_json`."""
        answer = self._ask(_with_query(url, params), _Question("GET", {"Accept": "*/*"} | _COMPRESSED))
        return parse_text(answer.body, answer.response)

    def get_bytes(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        *,
        start: int | None = None,
        length: int | None = None,
    ) -> bytes:
        """Ask for the bytes of a file, or of a part of it; raises as `get_json`.

        Parameters
        ----------
        url : str
        params : mapping or None
        start : int or None
            First byte; None for the beginning.
        length : int or None
            Number of bytes; fewer are returned at the end of the file. None for all to the end.

        Raises
        ------
        ArchiveAnswerError
            If the host sends another part than was asked for.
        """
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if start is None and length is None:
            return self._ask(_with_query(url, params), _Question("GET", headers)).body
        first = start or 0
        if first < 0 or (length is not None and length < 1):
            msg = f"{start=} and {length=} name no part of a file; give a start of 0 or more and a length of 1 or more."
            raise ValueError(msg)
        last = "" if length is None else first + length - 1
        headers["Range"] = f"bytes={first}-{last}"
        answer = self._ask(_with_query(url, params), _Question("GET", headers, most=length))
        if answer.response.status == 206:
            begins = answer.response.headers.get("Content-Range", f"bytes {first}-")
        else:
            begins = "bytes 0-"
        if not begins.startswith(f"bytes {first}-"):
            msg = (
                f"{hide_secrets(answer.url)} sent {begins!r}; expected the bytes from {first:,} on. "
                "Its host does not serve parts of files: read the file from its beginning."
            )
            raise ArchiveAnswerError(msg)
        return answer.body

    def post_json(self, url: str, body: Any, params: Mapping[str, str | int] | None = None) -> Any:
        """Send a question that changes nothing, and parse the JSON that answers it; raises as `get_json`.

        Parameters
        ----------
        url : str
        body : str or anything that JSON can hold
            A str is sent as it is, anything else in JSON.
        params : mapping or None
        """
        sent = (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json"} | _COMPRESSED
        answer = self._ask(_with_query(url, params), _Question("POST", headers, sent))
        return parse_json(answer.body, answer.url)

    def head(self, url: str) -> Head:
        """Ask what a file is, without its bytes; raises as `get_json`."""
        answer = self._ask(url, _Question("HEAD", {"Accept": "*/*", "Accept-Encoding": "identity"}))
        return parse_head(answer.response, answer.url)

    def _ask(self, url: str, question: _Question) -> _Answer:
        """Try each address of a request in turn, and all of them again while that may help."""
        pending = list(self._candidates(url, url))
        deadline = time.monotonic() + self._patience
        refusal: Exception | None = None
        for number in range(self._tries):
            failures = []
            for address in tuple(pending):
                try:
                    return self._send(address, question, deadline)
                except TryAgain as failure:
                    failures.append(failure)
                except (RecordNotFoundError, AccessDeniedError, ArchiveUnreachableError) as error:
                    refusal = refusal or error
                    pending.remove(address)
            # A host that is gone says nothing against the one that answered.
            if refusal is not None and not any(failure.answered for failure in failures):
                raise refusal
            pause = max(failure.wait or 0.0 for failure in failures) or min(self._pause * 2**number, _LONGEST_PAUSE)
            if number + 1 == self._tries or time.monotonic() + pause > deadline:
                raise failures[0].error
            time.sleep(pause)
        msg = f"{hide_secrets(url)} was not asked: {self._tries} tries are allowed; expected 1 or more."
        raise ValueError(msg)

    def _send(self, url: str, question: _Question, deadline: float) -> _Answer:
        """Make one try at one address, following redirects."""
        origin = url
        for _ in range(_REDIRECTS + 1):
            host = _check_address(url, origin)
            deadline += self._pace.wait(host)
            left = max(0.01, min(self._timeout, deadline - time.monotonic()))
            try:
                response = self._pool.request(
                    question.method,
                    url,
                    body=question.body,
                    headers={**self._pool.headers, **question.headers},
                    timeout=urllib3.Timeout(connect=left, read=left),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
            except HTTPError as error:
                _raise_failure(error, url)
            try:
                target = response.headers.get("Location") if 300 <= response.status < 400 else None
                if target is None:
                    return self._receive(response, url, question, deadline)
                question = _redirected(question, response.status)
                url = self._redirect(url, target)
            finally:
                response.close()
        msg = (
            f"{hide_secrets(origin)} redirects more than {_REDIRECTS} times, at last to {hide_secrets(url)}; "
            "expected an answer. Open the address in a browser, and report it to the archive."
        )
        raise ArchiveAnswerError(msg)

    def _redirect(self, url: str, target: str) -> str:
        """Give where a redirect leads; the rules are for other hosts, not for the one that a rule led to."""
        found = urljoin(url, target)
        if _host(found) == _host(url):
            return found
        return self._candidates(found, url)[0]

    def _candidates(self, url: str, origin: str) -> tuple[str, ...]:
        if "@" in (_host(url) or ""):
            raise _not_read(url, origin)
        return self.hosts.candidates(url)

    def _receive(self, response: BaseHTTPResponse, url: str, question: _Question, deadline: float) -> _Answer:
        try:
            check_status(response, url)
            if question.method == "HEAD":
                return _Answer(response, url, b"")
            body = read_body(response, url, most=question.most, largest=self._largest, deadline=deadline)
            return _Answer(response, url, body)
        except TryAgain as failure:
            if failure.wait:
                self._pace.hold(urlsplit(url).netloc, min(failure.wait, self._patience))
            raise
        except HTTPError as error:
            _raise_failure(error, url)


def _redirected(question: _Question, status: int) -> _Question:
    """Give the question to ask where a redirect leads: without a key, and as GET where that is due."""
    plain = status in {301, 302, 303} and question.method == "POST"
    dropped = {"Authorization", "Content-Type"} if plain else {"Authorization"}
    headers = {name: value for name, value in question.headers.items() if name not in dropped}
    return replace(question, method="GET", headers=headers, body=None) if plain else replace(question, headers=headers)


def _check_address(url: str, origin: str) -> str:
    """Give the host of an address that may be asked."""
    host = _host(url)
    if not host or "@" in host or not url.lower().startswith(("http://", "https://")):
        raise _not_read(url, origin)
    return host


def _host(url: str) -> str | None:
    """Give host and port, and the user before them if there is one; None where the address is malformed."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return None


def _not_read(url: str, origin: str) -> ArchiveAnswerError:
    led = "" if url == origin else f", to which {hide_secrets(origin)} redirects,"
    msg = (
        f"{hide_secrets(url)}{led} is not read: expected an address with http or https and without a user name. "
        "Correct the address, or report the redirect to the archive."
    )
    return ArchiveAnswerError(msg)


def _with_query(url: str, params: Mapping[str, str | int] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, quote_via=quote)}"


def _raise_failure(error: HTTPError, url: str) -> NoReturn:
    raise explain_failure(error, url) from error
