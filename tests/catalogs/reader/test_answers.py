"""Answers of HTTP servers, as the bytes of a connection."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.reader.answers import Answer, BrokenAnswerError, parse_content_range, parse_retry_after


def answer(text: str | bytes, method: str = "GET") -> Answer:
    data = text.replace("\n", "\r\n").encode("latin-1") if isinstance(text, str) else text
    return Answer(io.BufferedReader(io.BytesIO(data)), method)  # type: ignore[type-var]


def body(found: Answer, piece: int = 7) -> bytes:
    read = b""
    room = memoryview(bytearray(piece))
    while count := found.readinto(room):
        read += room[:count]
    return read


def test_a_body_of_stated_length() -> None:
    found = answer("HTTP/1.1 200 OK\nContent-Length: 11\nX: a\nx: b\n\nhello worldHTTP/1.1 200")
    assert (found.status, found.length, found.headers["x"]) == (200, 11, "a, b")
    assert body(found) == b"hello world"
    assert found.ended
    assert found.reusable


def test_a_body_in_chunks() -> None:
    text = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;x=1\nhello\n6 \n world\n0\nTrailer: 1\n\nHTTP/1.1"
    found = answer(text)
    assert (found.length, found.marked) == (None, True)
    assert body(found) == b"hello world"
    assert found.reusable


def test_a_body_until_the_end() -> None:
    found = answer("HTTP/1.1 200 OK\n\nhello world")
    assert body(found) == b"hello world"
    assert not found.marked
    assert not found.reusable


@pytest.mark.parametrize(
    ("text", "reusable"),
    [
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", True),
        ("HTTP/1.0 200 OK\nContent-Length: 0\n\n", False),
        ("HTTP/1.0 200 OK\nConnection: Keep-Alive\nContent-Length: 0\n\n", True),
        ("HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n", False),
        ("HTTP/1.1 304 Not Modified\nContent-Length: 12\n\n", True),
        ("HTTP/1.1 204\n\n", True),
        ("HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 200 OK\nContent-Length: 0\n\n", True),
    ],
)
def test_empty_bodies(text: str, reusable: bool) -> None:
    found = answer(text)
    assert body(found) == b""
    assert found.ended
    assert found.reusable == reusable


def test_the_answer_to_head_has_no_body() -> None:
    found = answer("HTTP/1.1 200 OK\nContent-Length: 12\nTransfer-Encoding: chunked\n\n", "HEAD")
    assert found.ended
    assert found.headers["content-length"] == "12"


@pytest.mark.parametrize(
    "text",
    [
        "", "HTTP/2 200 OK\n\n", "<html>", "HTTP/1.1 200", "HTTP/1.1 2000 OK\n\n", "HTTP/1.1 200 OK\nContent-Len",
        "HTTP/1.1 200 OK\nno colon\n\n", "HTTP/1.1 200 OK\nContent-Length: -1\n\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n", "HTTP/1.1 200 OK\n" + "A: b\n" * 200 + "\n",
        "HTTP/1.1 200 OK\nA: " + "b" * 70_000 + "\n\n",
    ],
)  # fmt: skip
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(BrokenAnswerError):
        answer(text)


@pytest.mark.parametrize(
    "end", ["", "5\nhel", "5\nhello", "5\nhello\n", "5\nhello\n0\n", "x\nhello\n", "5\nhelloworld"]
)
def test_chunks_that_break_off(end: str) -> None:
    found = answer(f"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n{end}")
    with pytest.raises(BrokenAnswerError):
        body(found)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        try:
            body(answer(start + data))
        except BrokenAnswerError:
            continue


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 60))
def test_any_chunks(pieces: list[bytes], piece: int) -> None:
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(each), each) for each in pieces)
    found = answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert body(found, piece) == b"".join(pieces)


@pytest.mark.parametrize("text", ["bytes 0-0/0", "bytes 5-4/10", "bytes 0-10/10", "bytes=0-1/2", "", None, "bytes 1/2"])
def test_parts_that_cannot_be(text: str | None) -> None:
    assert parse_content_range(text) is None


def test_pauses() -> None:
    assert parse_retry_after("Sun, 22 Nov 2026 10:00:00 GMT", 2e9) == 0.0
    assert parse_retry_after("-1", 0.0) is None
    assert parse_retry_after(None, 0.0) is None
