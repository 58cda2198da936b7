"""What comes of a file in several answers: all of it, and all of one version."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, cast

import pytest

from bioimagehub.catalogs.errors import StoreUnreachableError
from bioimagehub.catalogs.reader import Dataset, Reader
from bioimagehub.catalogs.reader.answers import Answer, BrokenAnswerError
from bioimagehub.catalogs.reader.spans import Span
from bioimagehub.catalogs.reader.transfers import Transfer
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

DATASET = Dataset("test")


def answer(status: str, body: bytes = b"", **headers: str) -> Answer:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    content = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
    return Answer(io.BufferedReader(cast("io.RawIOBase", io.BytesIO(content))), "GET")


@pytest.mark.parametrize(("tag", "is_confirmed"), [('"1"', True), ('"2"', False)])
def test_a_body_without_length_is_not_confirmed_by_another_version(tag: str, is_confirmed: bool) -> None:
    transfer = Transfer("https://example.org/a", Span(), None)
    transfer.headers()
    with pytest.raises(BrokenAnswerError, match="has no length"):
        transfer.receive(answer("200 OK", b"of version 1", ETag='"1"'))
    transfer.pause()
    assert transfer.headers() == {"Range": "bytes=12-"}
    end = answer("416 Range Not Satisfiable", ETag=tag, Content_Range="bytes */12", Content_Length="0")
    if is_confirmed:
        transfer.receive(end)
        assert bytes(transfer.data) == b"of version 1"
    else:
        with pytest.raises(BrokenAnswerError, match="changed while it was read"):
            transfer.receive(end)
        transfer.pause()
        assert transfer.headers() == {}


def test_a_body_that_is_confirmed_keeps_its_version(server: StoreServer, reader: Reader, truth: bytes) -> None:
    server.fault("image.bin", times=1, framing="close", headers={"ETag": '"old"'})
    data, version = reader.read(f"{server.url}/image.bin", None, None, dataset=DATASET, expected=None)
    assert bytes(data) == truth
    assert (version.etag, version.size) == ('"old"', len(truth))


def test_all_streams_of_a_packed_body_are_unpacked(tmp_path: Path, reader: Reader) -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"two")
    for name, content in {"whole.json": packed, "cut.json": packed[:-9], "empty.json": b""}.items():
        (tmp_path / name).write_bytes(content)
    with StoreServer(tmp_path) as server:
        server.fault("*", headers={"Content-Encoding": "gzip"})
        data, _ = reader.read(f"{server.url}/whole.json", None, None, dataset=DATASET, expected=None)
        assert bytes(data) == b"onetwo"
        for name in ("cut.json", "empty.json"):
            with pytest.raises(StoreUnreachableError, match="what is packed in it is not whole"):
                reader.read(f"{server.url}/{name}", None, None, dataset=DATASET, expected=None)


def test_an_encoding_of_the_transfer_that_is_not_known_is_an_error(server: StoreServer, reader: Reader) -> None:
    server.fault("image.bin", headers={"Transfer-Encoding": "gzip, chunked"})
    with pytest.raises(StoreUnreachableError, match="its Transfer-Encoding is 'gzip, chunked'"):
        reader.read(f"{server.url}/image.bin", None, None, dataset=DATASET, expected=None)
