"""Connections to HTTP servers, kept open for the next request: one behind another, thread-safe, fork-safe."""

from __future__ import annotations

import functools
import http.client
import io
import os
import re
import socket
import ssl
import struct
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from bioimagehub.catalogs.errors import StoreUnreachableError
from bioimagehub.catalogs.reader.answers import Answer, BrokenAnswerError
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT = 55.0
"""Seconds that an unused connection is kept: servers close them after a minute or less."""

_BUFFER = 16384

_TEXT = re.compile(r"[\x21-\x7e]*")
_UNSAFE = re.compile(r"[\r\n\0]")


class Address(NamedTuple):
    """The parts of an address that a request needs.

    Attributes
    ----------
    scheme : str
        ``http`` or ``https``.
    host : str
        With its port, if that is named.
    target : str
        Path and query, percent-encoded.
    """

    scheme: str
    host: str
    target: str


@functools.lru_cache(maxsize=1024)
def parse_address(url: str) -> Address | None:
    """Take an address apart; None if it is not one that may be read: another scheme, no host, or a user name.

    Examples
    --------
    >>> parse_address("https://example.org/a b.mrc#top")
    Address(scheme='https', host='example.org', target='/a%20b.mrc')
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    rest = rest.partition("#")[0]
    host, slash, path = rest.partition("/")
    if "?" in host:
        host, _, query = rest.partition("?")
        slash, path = "/?", query
    if scheme not in ("http", "https") or not host or "@" in host or not _TEXT.fullmatch(host):
        return None
    target = slash + path if slash else "/"
    if not _TEXT.fullmatch(target):
        target = quote(target, safe="!#$%&'()*+,/:;=?@[]~")
    return Address(scheme, host, target)


class Connection:
    """One connection, on which one request is made after another.

    Attributes
    ----------
    fresh : bool
        Whether no request was answered on it so far. One that was kept may have been closed by the server meanwhile.
    """

    def __init__(self, scheme: str, host: str, *, connect_timeout: float, stall_timeout: float) -> None:
        self._socket: socket.socket | None = None
        self.key = (scheme, host)
        self.fresh = True
        self.since = 0.0
        self._stall_timeout = stall_timeout
        self._raw: _Plain | _Encrypted
        self._prefix = ""
        self._extra = ""
        proxy = _find_proxy(scheme, host)
        server = host if proxy is None else proxy.host
        self._http = (
            http.client.HTTPSConnection(server, timeout=connect_timeout, context=_trusted(_trust_named()))
            if scheme == "https"
            else http.client.HTTPConnection(server, timeout=connect_timeout)
        )
        if proxy is not None and scheme == "https":
            self._http.set_tunnel(host, headers=proxy.headers)
        elif proxy is not None:
            self._prefix = f"http://{host}"
            self._extra = "".join(f"{name}: {value}\r\n" for name, value in proxy.headers.items())

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Send a request and read the head of the answer.

        Raises
        ------
        OSError
            If the connection cannot be made, breaks, or is silent for too long.
        BrokenAnswerError
            If what comes back is no answer.
        """
        self.send(method, target, headers)
        return self.receive(method)

    def send(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Send a request; `receive` reads the head of its answer.

        Raises
        ------
        OSError
            If the connection cannot be made, or breaks.
        """
        if self._socket is None:
            self._connect()
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if len(_UNSAFE.findall(lines)) != 2 * len(headers):
            msg = "A header of a request holds a line break; expected one line. Correct the credentials."
            raise ValueError(msg)
        standing = _standing() + self._extra
        head = f"{method} {self._prefix}{target} HTTP/1.1\r\nHost: {self.key[1]}\r\n{standing}{lines}\r\n"
        self._socket.sendall(head.encode("latin-1"))  # type: ignore[union-attr]

    def receive(self, method: str) -> Answer:
        """Read the head of the answer to the request that was sent last.

        Raises
        ------
        OSError
            If the connection breaks, or is silent for too long.
        BrokenAnswerError
            If what comes back is no answer.
        """
        answer = Answer(self._source, method)
        self.fresh = False
        return answer

    def fileno(self) -> int:
        """Give the descriptor of an open connection, to wait for it together with others."""
        if self._socket is None:
            msg = f"There is no connection to {self.key[1]} yet. Send a request first."
            raise ValueError(msg)
        return self._socket.fileno()

    def holds_more(self) -> bool:
        """Tell whether more has come than was read: then what was read was no whole answer."""
        if self._socket is None:
            return False
        self._raw.waits = False
        try:
            return bool(self._source.peek(1))
        except (OSError, ValueError):
            return False
        finally:
            self._raw.waits = True

    def read_now(self, answer: Answer, buffer: memoryview) -> int | None:
        """Do `Answer.read_now`."""
        self._raw.waits = False
        try:
            return answer.read_now(buffer)
        finally:
            self._raw.waits = True

    def close(self) -> None:
        """Close it, whatever is under way."""
        if self._socket is not None:
            self._source.close()
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        self.close()

    def _connect(self) -> None:
        try:
            self._http.connect()
        except http.client.HTTPException as error:
            raise BrokenAnswerError(str(error)) from error
        except TimeoutError as error:
            msg = f"it was not made within {self._http.timeout:g} s"
            raise ConnectionError(msg) from error
        self._socket = self._http.sock
        if isinstance(self._socket, ssl.SSLSocket):
            self._raw = _Encrypted(self._socket, self._stall_timeout)
        else:
            self._raw = _Plain(self._socket, self._stall_timeout)
        self._source: io.BufferedReader[Any] = io.BufferedReader(self._raw, _BUFFER)


class _Plain(io.RawIOBase):
    """What comes through a socket. The kernel keeps the time, so Python does not ask it before each piece.

    Attributes
    ----------
    waits : bool
        False gives what has come already, and None where that is nothing.
    """

    def __init__(self, connected: socket.socket, stall_timeout: float) -> None:
        connected.settimeout(None)
        seconds, rest = divmod(stall_timeout, 1)
        told = struct.pack("ll", int(seconds), int(rest * 1e6))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, told)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, told)
        self._socket = connected
        self.waits = True

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what comes next.

        Raises
        ------
        TimeoutError
            If nothing came for too long.
        """
        try:
            return self._socket.recv_into(buffer, 0, 0 if self.waits else socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not self.waits:
                return None
            msg = "timed out"
            raise TimeoutError(msg) from None


class _Encrypted(io.RawIOBase):
    """What comes through an encrypted socket; as `_Plain`, but Python keeps the time."""

    def __init__(self, connected: ssl.SSLSocket, stall_timeout: float) -> None:
        connected.settimeout(stall_timeout)
        self._socket = connected
        self._timeout = stall_timeout
        self.waits = True

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what comes next."""
        if self.waits:
            return self._socket.recv_into(buffer)
        self._socket.settimeout(0)
        try:
            return self._socket.recv_into(buffer)
        except (ssl.SSLWantReadError, BlockingIOError):
            return None
        finally:
            self._socket.settimeout(self._timeout)


class Pool:
    """Connections that are open and not in use. What was used last is used first, so that the others can be let go.

    It holds no lock: what a thread takes out is its own.
    """

    def __init__(self, *, connect_timeout: float, stall_timeout: float, most: int) -> None:
        self._timeouts = (connect_timeout, stall_timeout)
        self._most = most
        self._kept: dict[tuple[str, str], list[Connection]] = {}

    def take(self, scheme: str, host: str, *, fresh: bool = False) -> Connection:
        """Give a connection to a server: the one that was used last, or a new one."""
        kept = None if fresh else self.take_kept(scheme, host)
        if kept is not None:
            return kept
        connect, stall = self._timeouts
        return Connection(scheme, host, connect_timeout=connect, stall_timeout=stall)

    def take_kept(self, scheme: str, host: str) -> Connection | None:
        """Give the open connection to a server that was used last; None where there is none."""
        kept = self._kept.get((scheme, host))
        while kept:
            try:
                connection = kept.pop()
            except IndexError:
                break
            if time.monotonic() - connection.since < _KEPT:
                return connection
            connection.close()
        return None

    def has_kept(self, scheme: str, host: str) -> bool:
        """Tell whether there may be an open connection to a server that nobody uses."""
        return bool(self._kept.get((scheme, host)))

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose last answer was read to its end."""
        kept = self._kept.setdefault(connection.key, [])
        if len(kept) < self._most:
            connection.since = time.monotonic()
            kept.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all connections that are not in use."""
        for kept in self._kept.values():
            while kept:
                kept.pop().close()


class _Proxy(NamedTuple):
    host: str
    headers: dict[str, str]


def _find_proxy(scheme: str, host: str) -> _Proxy | None:
    """Give the proxy that the environment names for a server: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``."""
    from urllib.request import getproxies, proxy_bypass

    named = getproxies().get(scheme)
    if not named or proxy_bypass(host):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    if parts.scheme != "http" or not parts.hostname:
        msg = (
            f"The proxy {hide_secrets(named)} for {scheme}://{host} is not used: expected an address that begins "
            f"with http://. Correct {scheme.upper()}_PROXY, or name the host in NO_PROXY."
        )
        raise StoreUnreachableError(msg)
    headers = {}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return _Proxy(parts.netloc.rpartition("@")[2], headers)


def _trust_named() -> tuple[str | None, str | None]:
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")


@functools.lru_cache(maxsize=4)
def _trusted(named: tuple[str | None, str | None]) -> ssl.SSLContext:
    """Give what checks certificates: against those of the system, or those that ``SSL_CERT_FILE`` names."""
    if named[0] is not None and not os.path.isfile(named[0]):  # noqa: PTH113 - as OpenSSL reads it
        msg = (
            f"No certificate can be checked: SSL_CERT_FILE names {named[0]}, and there is no such file. "
            "Correct or unset SSL_CERT_FILE."
        )
        raise StoreUnreachableError(msg)
    return ssl.create_default_context()


@functools.cache
def _standing() -> str:
    """Give the headers that every request has."""
    from importlib.metadata import version

    agent = f"bioimagehub/{version('bioimagehub')} (+https://github.com/bioimagehub/bioimagehub)"
    return f"User-Agent: {agent}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
