"""The client against a real server on loopback: retries, cut answers, limits, redirects, secrets, moved hosts."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import logging
import ssl
import threading
import time
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives.answers import explain_failure
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    ArchiveUnreachableError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.hosts import BUILT_IN, Hosts, Rule
from bioimagehub.catalogs.redaction import hide_secrets
from servers.archives import Answer, ArchiveServer, Request
from servers.forged import ForgedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://www.ebi.ac.uk/biostudies/api/v1/studies/S-BIAD599"


def _client(server: ArchiveServer, **options: Any) -> Client:
    rules = (*BUILT_IN, Rule("http://", (server.url,)), Rule("https://", (server.url,)))
    given = {"rate": 1000.0, "timeout": 2.0, "tries": 3, "patience": 5.0, "pause": 0.01} | options
    return Client(hosts=Hosts(rules), **given)


def test_json_with_parameters(server: ArchiveServer, client: Client) -> None:
    server.add(f"{URL}?query=*:*", json={"totalHits": 1})
    assert client.get_json(URL, {"query": "*:*", "pageSize": 100}) == {"totalHits": 1}
    assert server.requests[0].query == {"query": "*:*", "pageSize": "100"}
    assert server.requests[0].headers["User-Agent"].startswith("bioimagehub/")
    assert "Authorization" not in server.requests[0].headers
    assert "Cookie" not in server.requests[0].headers


def test_parameters_join_a_query_that_is_there(server: ArchiveServer, client: Client) -> None:
    server.add(URL, json={})
    client.get_json(f"{URL}?a=1", {"b": "ä &"})
    assert server.requests[0].query == {"a": "1", "b": "ä &"}


def test_text_by_its_character_set(server: ArchiveServer, client: Client) -> None:
    server.add(URL, body="Zürich".encode("latin-1"), headers={"Content-Type": "text/html; charset=iso-8859-1"})
    assert client.get_text(URL) == "Zürich"


def test_a_question_is_sent_as_it_is_or_in_json(server: ArchiveServer, client: Client) -> None:
    server.add(URL, answer=lambda request: Answer(200, b'{"got": "%s"}' % request.body.replace(b'"', b"'")))
    assert client.post_json(URL, "10000-10499") == {"got": "10000-10499"}
    assert client.post_json(URL, {"query": "{}"}) == {"got": "{'query': '{}'}"}
    assert {request.method for request in server.requests} == {"POST"}


def test_a_part_of_a_file(server: ArchiveServer, client: Client) -> None:
    server.add(URL, body=bytes(range(100)))
    assert client.get_bytes(URL) == bytes(range(100))
    assert client.get_bytes(URL, start=10, length=5) == bytes(range(10, 15))
    assert client.get_bytes(URL, length=5) == bytes(range(5))
    assert client.get_bytes(URL, start=98) == bytes([98, 99])
    assert client.get_bytes(URL, start=98, length=10) == bytes([98, 99])
    with pytest.raises(ValueError, match="name no part"):
        client.get_bytes(URL, start=-1)


def test_a_host_without_parts_gives_the_beginning_alone(server: ArchiveServer, client: Client) -> None:
    # A status other than 200 keeps the server from cutting; 203 is a whole answer too.
    server.add(URL, body=bytes(range(100)), status=203)
    assert client.get_bytes(URL, length=5) == bytes(range(5))
    with pytest.raises(ArchiveAnswerError, match="does not serve parts"):
        client.get_bytes(URL, start=5, length=5)


def test_what_a_file_is(server: ArchiveServer, client: Client) -> None:
    moment = dt.datetime(2026, 8, 18, 12, tzinfo=dt.UTC)
    headers = {"ETag": '"abc-1"', "Last-Modified": format_datetime(moment, usegmt=True), "Content-Type": "image/tiff"}
    server.add(URL, body=b"x" * 10, headers=headers)
    found = client.head(URL)
    assert (found.status, found.size, found.etag, found.type) == (200, 10, "abc-1", "image/tiff")
    assert found.modified == dt.date(2026, 8, 18)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_error_that_passes_is_waited_for(server: ArchiveServer, client: Client, status: int) -> None:
    server.add(URL, json={"accno": "S-BIAD599"})
    server.fail(URL, times=2, status=status, headers={"Retry-After": "0"})
    assert client.get_json(URL) == {"accno": "S-BIAD599"}
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 500])
def test_an_error_that_stays_is_told(server: ArchiveServer, client: Client, status: int) -> None:
    server.fail(URL, times=99, status=status)
    with pytest.raises(ArchiveUnreachableError, match=rf"S-BIAD599 answered {status} at every try.*try again later"):
        client.get_json(URL)
    assert len(server.requests) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_wait_that_a_host_asks_for_is_kept(server: ArchiveServer, client: Client, form: str) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    asked = "1" if form == "seconds" else format_datetime(moment, usegmt=True)
    server.add(URL, json={})
    server.fail(URL, times=1, status=429, headers={"Retry-After": asked})
    began = time.monotonic()
    client.get_json(URL)
    # A date has whole seconds, so up to one of the two may be gone.
    assert time.monotonic() - began >= 0.9


def test_a_wait_beyond_patience_is_not_begun(server: ArchiveServer) -> None:
    server.fail(URL, times=9, status=503, headers={"Retry-After": "3600"})
    with _client(server, patience=1.0) as client, pytest.raises(ArchiveUnreachableError, match="answered 503"):
        client.get_json(URL)
    assert len(server.requests) == 1


def test_a_cut_answer_is_asked_for_again(server: ArchiveServer, client: Client) -> None:
    server.add(URL, json={"accno": "S-BIAD599"})
    server.cut(URL, after=5)
    assert client.get_json(URL) == {"accno": "S-BIAD599"}


def test_chunks_are_read_to_their_end_and_a_cut_one_is_asked_for_again(server: ArchiveServer, client: Client) -> None:
    packed = gzip.compress(json.dumps(list(range(100_000))).encode())
    pieces = [packed[place : place + 40_000] for place in range(0, len(packed), 40_000)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}
    server.add(URL, answer=lambda _: Answer(200, body, headers))
    server.cut(URL, after=50_000)
    assert client.get_json(URL) == list(range(100_000))
    assert len(server.requests) == 2


def test_an_answer_that_is_always_cut_is_told(server: ArchiveServer, client: Client) -> None:
    server.add(URL, json={"accno": "S-BIAD599"})
    server.cut(URL, after=5, times=9)
    with pytest.raises(ArchiveUnreachableError, match=r"could not be read at any try.*Check the network"):
        client.get_json(URL)


def test_a_request_that_hangs_is_made_again(server: ArchiveServer) -> None:
    server.add(URL, json={})
    server.delay(URL, 30, times=1)
    with _client(server, timeout=0.3) as client:
        assert client.get_json(URL) == {}
    assert len(server.requests) == 2


@pytest.mark.parametrize("kind", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_an_answer_that_drips_is_given_up_in_time(kind: str) -> None:
    """A byte now and then never lets the wait for the next one run out."""
    ended = threading.Event()

    class Drip(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = b"186A0\r\n" if "chunked" in kind else b""
            self.wfile.write(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode() + size)
            with suppress(OSError):
                while not ended.wait(0.02):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    begun = time.monotonic()
    try:
        client = Client(hosts=Hosts(()), timeout=5.0, tries=2, patience=0.3, pause=0.01)
        with client, pytest.raises(ArchiveUnreachableError, match="was not whole in time"):
            client.get_json(f"http://127.0.0.1:{server.server_port}/")
        assert time.monotonic() - begun < 20
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_nobody_listens() -> None:
    client = Client(hosts=Hosts(()), tries=2, pause=0.01, rate=100)
    with client, pytest.raises(ArchiveUnreachableError, match="NewConnectionError"):
        client.get_json("http://127.0.0.1:1/")


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_not_asked_for_again(server: ArchiveServer, client: Client, status: int) -> None:
    server.add(URL, status=status)
    with pytest.raises(RecordNotFoundError, match=f"answered {status}. Check the accession"):
        client.get_json(URL)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_not_for_everybody(server: ArchiveServer, client: Client, status: int) -> None:
    server.add(URL, status=status)
    with pytest.raises(AccessDeniedError, match="private, under embargo or needs an account"):
        client.get_json(URL)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty; expected JSON"),
        (b"\n <!doctype html><h1>Down for maintenance</h1>", "web page.*Down|web page.*doctype"),
        (b'{"totalHits": 5', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"1" * 10_000, "is not JSON"),
    ],
    ids=["empty", "page", "cut", "deep", "long number"],
)
def test_200_with_something_else_than_json(server: ArchiveServer, client: Client, body: bytes, said: str) -> None:
    server.add(URL, body=body)
    with pytest.raises(ArchiveAnswerError, match=said):
        client.get_json(URL)


def test_an_unknown_status_is_told(server: ArchiveServer, client: Client) -> None:
    server.add(URL, status=418)
    with pytest.raises(ArchiveAnswerError, match="answered 418; expected 200"):
        client.get_json(URL)


def test_an_answer_beyond_the_limit_is_refused_also_when_compressed(server: ArchiveServer) -> None:
    import gzip

    server.add(URL, body=gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"})
    with _client(server, largest=1_000_000) as client, pytest.raises(ArchiveAnswerError, match="more than 1,000,000"):
        client.get_json(URL)


def test_an_answer_that_is_not_compressed_as_it_says(server: ArchiveServer, client: Client) -> None:
    server.add(URL, body=b"plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(ArchiveAnswerError, match="not compressed as it says"):
        client.get_json(URL)


def test_redirects_are_followed(server: ArchiveServer, client: Client) -> None:
    server.add(URL, status=302, headers={"Location": "https://ftp.ebi.ac.uk/biostudies/x.json?a=1"})
    server.add("https://ftp.ebi.ac.uk/biostudies/x.json?a=1", status=301, headers={"Location": "/y.json"})
    server.add("https://ftp.ebi.ac.uk/y.json", json={"found": True})
    # A path without a host stays on the loopback address, whose first folder is the host that is played.
    server.add("https://y.json/", json={"found": True})
    assert client.get_json(URL) == {"found": True}


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/x", "https://me:secret@example.org/"])
def test_a_redirect_to_what_is_not_read(server: ArchiveServer, client: Client, target: str) -> None:
    server.add(URL, status=302, headers={"Location": target})
    with pytest.raises(ArchiveAnswerError, match="is not read: expected an address with http or https") as caught:
        client.get_json(URL)
    assert "secret" not in str(caught.value)


def test_redirects_without_end(server: ArchiveServer, client: Client) -> None:
    server.add(URL, status=302, headers={"Location": URL})
    with pytest.raises(ArchiveAnswerError, match="redirects more than 5 times"):
        client.get_json(URL)


def test_a_moved_host_is_found_at_its_new_place(server: ArchiveServer, client: Client) -> None:
    server.add("https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/a.zarr/.zattrs", json={"new": True})
    server.add("https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/a.zarr/.zattrs", json={"new": False})
    assert client.get_json("https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/a.zarr/.zattrs") == {"new": True}


def test_what_was_not_carried_over_is_found_at_the_old_place(server: ArchiveServer, client: Client) -> None:
    server.add("https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.1/4007801.zarr/.zgroup", json={"zarr_format": 2})
    found = client.get_json("https://s3.embassy.ebi.ac.uk/idr/zarr/v0.1/4007801.zarr/.zgroup")
    assert found == {"zarr_format": 2}


def test_a_host_that_is_gone_says_nothing_against_the_one_that_answered(server: ArchiveServer) -> None:
    gone = Rule("https://livingobjects.ebi.ac.uk/", (f"{server.url}livingobjects.ebi.ac.uk/", "http://127.0.0.1:1/"))
    client = Client(hosts=Hosts((gone,)), rate=100, tries=3, pause=30)
    with client, pytest.raises(RecordNotFoundError, match="answered 404"):
        client.get_json("https://livingobjects.ebi.ac.uk/none")


def test_requests_keep_their_distance_by_host(server: ArchiveServer) -> None:
    server.add(URL, json={})
    server.add("https://idr.openmicroscopy.org/", json={})
    # As each host is played on loopback, the distance is kept by that one address.
    with _client(server, rate=20.0) as client:
        client.get_json(URL)
        began = time.monotonic()
        threads = [threading.Thread(target=client.get_json, args=(URL,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert time.monotonic() - began >= 4 / 20 - 0.05


def test_secrets_are_neither_shown_nor_logged(
    server: ArchiveServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail(URL, times=99, status=500)
    with caplog.at_level(logging.DEBUG), pytest.raises(ArchiveUnreachableError) as caught:
        client.get_json(URL, {"key": "1d3b5f", "x": 1})
    assert "key=…&x=1" in str(caught.value)
    assert "1d3b5f" not in str(caught.value)
    assert caplog.text
    assert "1d3b5f" not in caplog.text
    assert server.requests[0].query["key"] == "1d3b5f"


def test_secrets_of_all_kinds_are_hidden() -> None:
    hidden = hide_secrets("https://u:p4ss@h/a?Key=K1&token=K2&api_key=K3#f https://h/b?access_token=K4")
    assert not any(secret in hidden for secret in ("p4ss", "K1", "K2", "K3", "K4"))
    assert "monkey=1" in hide_secrets("https://h/?monkey=1")


@pytest.fixture
def forged(tmp_path: Path) -> Iterator[str]:
    """The address of a server with a certificate that nobody known has signed."""
    with ForgedServer(tmp_path) as server:
        yield server.url


def test_a_certificate_that_cannot_be_checked_is_told_and_never_passed_over(forged: str) -> None:
    client = Client(hosts=Hosts(()), tries=3, pause=30)
    with client, pytest.raises(ArchiveUnreachableError, match=r"certificate of its host cannot be checked.*forged"):
        client.get_json(forged)


def test_a_handshake_that_breaks_is_tried_again() -> None:
    from urllib3.exceptions import SSLError

    from bioimagehub.catalogs.archives.answers import TryAgain

    assert isinstance(explain_failure(SSLError(ssl.SSLEOFError(8, "EOF occurred")), URL), TryAgain)


def test_an_answer_of_a_function_knows_what_was_asked(server: ArchiveServer, client: Client) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(200, b"{}")

    server.add(URL, answer=answer)
    client.get_json(URL, {"page": 2})
    assert asked[0].url == f"{URL}?page=2"
