"""Connections: kept, shared by threads, apart after a fork, through proxies."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import StoreUnreachableError
from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings
from bioimagehub.catalogs.reader.connections import Connection, parse_address
from servers.store import TESTS, StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Read = Callable[..., bytes]

DATASET = Dataset("test")


def test_one_connection_for_many_requests(server: StoreServer, read: Read, truth: bytes) -> None:
    for start in range(20):
        assert read("image.bin", start, 100) == truth[start : start + 100]
    with pytest.raises(LookupError):
        read("nothing.bin")
    read("image.bin", 5)
    assert (server.count, server.connections) == (22, 1)


def test_a_connection_that_the_server_closed_costs_no_try(server: StoreServer, truth: bytes) -> None:
    reader = Reader(ReaderSettings(cache=None, tries=1))
    server.fault("image.bin", hang_up=True)
    for start in range(10):
        data, _ = reader.read(f"{server.url}/image.bin", start, 100, dataset=DATASET, expected=None)
        assert bytes(data) == truth[start : start + 100]
    assert server.connections == 10


def test_threads_get_their_own_bytes(server: StoreServer, truth: bytes) -> None:
    reader = Reader(ReaderSettings(cache=None, connections=6))
    source = random.Random(2)
    spans = [(source.randrange(600_000), source.randrange(1, 100_000)) for _ in range(300)]
    server.fault("*", reset=50_000, skip=20, times=10)

    def work(span: tuple[int, int]) -> bool:
        data, _ = reader.read(f"{server.url}/image.bin", *span, dataset=DATASET, expected=None)
        return bytes(data) == truth[span[0] : sum(span)]

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, spans))
    assert server.most_at_once <= 6
    reader.close()


FORK = """
import os, sys
from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings
reader = Reader(ReaderSettings(cache=None))
def read(start):
    return bytes(reader.read(sys.argv[1], start, 50_000, dataset=Dataset("x"), expected=None)[0])
truth = open(sys.argv[2], "rb").read()
read(0)
child = os.fork()
side = 0 if child else 100_000
good = all(read(side + at) == truth[side + at : side + at + 50_000] for at in range(0, 2000, 10))
if not child:
    os._exit(0 if good else 1)
sys.exit(0 if good and os.waitpid(child, 0)[1] == 0 else 1)
"""


def test_a_forked_process_makes_its_own_connections(server: StoreServer, served: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK, f"{server.url}/image.bin", str(served / "image.bin")]
    subprocess.run(command, check=True, timeout=60, cwd=TESTS)
    assert server.connections == 2


def test_a_header_with_a_line_break_is_never_sent(server: StoreServer) -> None:
    host = server.url.removeprefix("http://")
    connection = Connection("http", host, connect_timeout=1, stall_timeout=1)
    with pytest.raises(ValueError, match="holds a line break"):
        connection.ask("GET", "/image.bin", {"Authorization": "a\r\nX: b"})
    connection.close()


def test_a_proxy(server: StoreServer, reader: Reader, truth: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("://", "://us%20er:word@"))
    monkeypatch.delenv("no_proxy", raising=False)
    data, _ = reader.read("http://store.invalid/image.bin", 5, 10, dataset=DATASET, expected=None)
    assert bytes(data) == truth[5:15]
    (request,) = server.requests
    assert request.headers["host"] == "store.invalid"
    assert request.headers["proxy-authorization"] == "Basic dXMgZXI6d29yZA=="


def test_a_host_without_proxy(
    server: StoreServer, reader: Reader, truth: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert bytes(reader.read(f"{server.url}/image.bin", 5, 10, dataset=DATASET, expected=None)[0]) == truth[5:15]


def test_a_proxy_that_is_not_supported(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://user:word@127.0.0.1:1")
    with pytest.raises(
        StoreUnreachableError, match=r"expected an address that begins with http://.*HTTP_PROXY"
    ) as caught:
        reader.read("http://store.invalid/image.bin", 5, 10, dataset=DATASET, expected=None)
    assert "word" not in str(caught.value)


@pytest.fixture
def tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that connects to what it is asked for, and the requests it got."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            near, _ = listening.accept()
            asked.append(near.recv(65536))
            port = int(asked[0].split()[1].rpartition(b":")[2])
            with near, socket.create_connection(("127.0.0.1", port)) as far:
                near.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=pump, args=(far, near))
                back.start()
                pump(near, far)
                back.join(timeout=10)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
    listening.close()
    thread.join(timeout=10)


def test_a_tunnel(
    served: Path,
    reader: Reader,
    truth: bytes,
    tunnel: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StoreServer(served, tls=True) as store:
        monkeypatch.setenv("SSL_CERT_FILE", str(store.certificate))
        monkeypatch.setenv("https_proxy", tunnel[0])
        monkeypatch.delenv("no_proxy", raising=False)
        data, _ = reader.read(f"{store.url}/image.bin", 5, 10, dataset=DATASET, expected=None)
        reader.close()
    assert bytes(data) == truth[5:15]
    assert tunnel[1][0].startswith(b"CONNECT 127.0.0.1:")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("HTTP://x.org:81/a%20b?c=d e#f", ("http", "x.org:81", "/a%20b?c=d%20e")),
        ("https://x.org", ("https", "x.org", "/")),
        ("https://x.org?a=b", ("https", "x.org", "/?a=b")),
        ("https://[::1]:80/ä", ("https", "[::1]:80", "/%C3%A4")),
        ("https://x.org/a\r\nHost: y", ("https", "x.org", "/a%0D%0AHost:%20y")),
        ("https://x.org\r\n/a", None),
        ("https://", None),
        ("ftp://x.org/a", None),
        ("https://me:word@x.org/a", None),
        ("nothing", None),
    ],
)
def test_addresses(url: str, found: tuple[str, str, str] | None) -> None:
    assert parse_address(url) == found
