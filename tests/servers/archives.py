"""A real web server on loopback that plays all archives at once, from answers that a test gives it.

The client of the fixtures sends what is meant for ``https://HOST/path`` to ``http://127.0.0.1:PORT/HOST/path``.
"""

from __future__ import annotations

import json as json_format
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Request:
    """What was asked: `url` is the address that was meant, as it was sent, with its query."""

    method: str
    url: str
    query: dict[str, str]
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Rule:
    """An answer for an address; or, with `times`, a trouble that befalls so many requests."""

    address: str
    query: dict[str, str]
    answer: Callable[[Request], Answer]
    times: int = 0
    cut: int | None = None
    delay: float = 0.0

    def fits(self, request: Request) -> bool:
        return self.address == _address(request.url) and self.query.items() <= request.query.items()


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{quote(parts.path, safe='/%:@!$&()*+,;=~' + chr(39))}"


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


class ArchiveServer:
    """The server; a context manager. What was not added is answered with 404."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: list[_Rule] = []
        self._troubles: list[_Rule] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        playing = self

        class Handler(_Handler):
            server_of_test = playing

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, with a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def add(
        self,
        url: str,
        *,
        json: Any = None,
        body: bytes = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        answer: Callable[[Request], Answer] | None = None,
    ) -> None:
        """Answer an address; its query must be in that of the request. The most specific wins, then the last."""
        if json is not None:
            body, headers = json_format.dumps(json).encode(), {"Content-Type": "application/json", **(headers or {})}
        given = Answer(status, body, headers or {})
        with self._lock:
            self._answers.insert(0, _Rule(_address(url), _query(url), answer or (lambda _: given)))
            self._answers.sort(key=lambda rule: -len(rule.query))

    def fail(self, url: str, *, times: int, status: int, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next requests with an error."""
        given = Answer(status, b"trouble", headers or {})
        self._befall(_Rule(_address(url), _query(url), lambda _: given, times))

    def cut(self, url: str, *, after: int, times: int = 1) -> None:
        """Break the connection of the next requests after so many bytes of the body."""
        self._befall(_Rule(_address(url), _query(url), self._answer, times, cut=after))

    def delay(self, url: str, seconds: float, *, times: int = 1) -> None:
        """Answer the next requests late."""
        self._befall(_Rule(_address(url), _query(url), self._answer, times, delay=seconds))

    def _befall(self, trouble: _Rule) -> None:
        with self._lock:
            self._troubles.append(trouble)

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            found = next((rule for rule in self._answers if rule.fits(request)), None)
        return found.answer(request) if found else Answer(404, b"Not found")

    def _reply(self, request: Request) -> tuple[Answer, int | None]:
        with self._lock:
            self.requests.append(request)
            trouble = next((rule for rule in self._troubles if rule.times and rule.fits(request)), None)
            if trouble:
                trouble.times -= 1
        if trouble is None:
            return self._answer(request), None
        self._closing.wait(trouble.delay)
        return trouble.answer(request), trouble.cut


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out together: apart, the second waits 40 ms for the first to be acknowledged.
    wbufsize = -1
    server_of_test: ArchiveServer

    def _handle(self) -> None:
        host, _, path = self.path.lstrip("/").partition("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"https://{host}/{path}"
        request = Request(self.command, url, _query(url), body, self.headers)
        answer, cut = self.server_of_test._reply(request)
        status, sent, headers = answer.status, answer.body, dict(answer.headers)
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part and status == 200:
            first, last = int(part[1]), int(part[2] or len(sent) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(sent) - 1)}/{len(sent)}"
            status, sent = 206, sent[first : last + 1]
        self.send_response(status)
        length = {} if "Transfer-Encoding" in headers else {"Content-Length": str(len(sent))}
        for name, value in {**length, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent[:cut])
        if cut is not None:
            self.close_connection = True

    do_GET = do_POST = do_HEAD = _handle  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing; the test looks at `requests`."""
