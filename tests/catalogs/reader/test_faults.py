"""Every fault that stores have had: never wrong bytes, never for ever, and an error that says what to do."""

from __future__ import annotations

import gzip
import os
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import (
    ChangedFileError,
    MissingFileError,
    NoAccessError,
    ReadError,
    StoreUnreachableError,
    TruncatedFileError,
)
from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings, Version
from servers.store import BEFORE, StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., bytes]

SIZE = 700_001
SPANS = [(None, None), (1000, None), (70_000, 500_000), (-400_000, None), (-400_000, 300_000), (0, SIZE)]
DATASET = Dataset("test")


def expect(truth: bytes, start: int | None, length: int | None) -> bytes:
    first = (start or 0) if (start or 0) >= 0 else len(truth) + (start or 0)
    return truth[first:] if length is None else truth[first : first + length]


PASSING: dict[str, dict[str, Any]] = {
    "cut": {"cut": 250_000},
    "cut before the answer": {"cut": BEFORE},
    "reset": {"reset": 150_000},
    "reset before the answer": {"reset": BEFORE},
    "stalled": {"stall": 100_000},
    "stalled before the answer": {"stall": BEFORE},
    "too many requests": {"status": 429},
    "busy": {"status": 503},
    "server error": {"status": 500},
    "bad gateway": {"status": 502, "framing": "chunked"},
    "too long": {"headers": {"Content-Length": str(SIZE + 10)}},
    "too short": {"headers": {"Content-Length": "1000"}},
    "no number": {"headers": {"Content-Length": "many"}},
    "chunked and cut": {"framing": "chunked", "cut": 100_000},
    "until it closes, and cut": {"framing": "close", "cut": 100_000},
    "packed badly": {"headers": {"Content-Encoding": "gzip"}, "whole": True},
}
# These break off again and again, and get on each time.
GETTING_ON = [PASSING["cut"], PASSING["reset"]]


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize(("start", "length"), SPANS)
def test_a_fault_that_passes(
    server: StoreServer, read: Read, truth: bytes, fault: dict[str, Any], start: int | None, length: int | None
) -> None:
    server.fault("image.bin", times=1, **fault)
    assert read("image.bin", start, length) == expect(truth, start, length)
    assert server.count <= 3
    # What was there before the fault does not come again, but for what is in the buffers of a broken connection.
    assert server.bytes < 3 * SIZE


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_stays_is_an_error(server: StoreServer, read: Read, truth: bytes, fault: dict[str, Any]) -> None:
    server.fault("image.bin", **fault)
    began = time.monotonic()
    if fault in GETTING_ON:
        assert read("image.bin", 10, 400_000) == truth[10:400_010]
    else:
        message = "could not be read after 3 tries in .*; expected the file.*report it|comes packed .* report it"
        with pytest.raises(StoreUnreachableError, match=message) as caught:
            read("image.bin", 10, 400_000)
        assert f"{server.url}/image.bin" in str(caught.value)
    assert time.monotonic() - began < 10


HARMLESS: dict[str, dict[str, Any]] = {
    "chunked": {"framing": "chunked"},
    "until it closes": {"framing": "close"},
    "hung up": {"hang_up": True},
    "ranges ignored": {"whole": True},
    "ranges ignored, chunked": {"whole": True, "framing": "chunked"},
    "ranges ignored, until it closes": {"whole": True, "framing": "close"},
    "no version": {"headers": {"ETag": None, "Last-Modified": None}},
    "weak tag": {"headers": {"ETag": 'W/"1"'}},
    "slow": {"rate": 3e6},
}


@pytest.mark.parametrize("fault", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize(("start", "length"), SPANS)
def test_what_is_unusual_and_right(
    server: StoreServer, read: Read, truth: bytes, fault: dict[str, Any], start: int | None, length: int | None
) -> None:
    server.fault("image.bin", **fault)
    assert read("image.bin", start, length) == expect(truth, start, length)
    assert read("image.bin", start, length) == expect(truth, start, length)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(-SIZE, SIZE - 1),
    length=st.none() | st.integers(1, SIZE),
    cuts=st.lists(
        st.tuples(st.sampled_from(["cut", "reset"]), st.integers(BEFORE, SIZE)),
        max_size=2,
    ),
    framing=st.sampled_from(["length", "chunked", "close"]),
    tagged=st.booleans(),
)
def test_any_cuts(
    server: StoreServer,
    reader: Reader,
    served: Path,
    start: int,
    length: int | None,
    cuts: list[tuple[str, int]],
    framing: str,
    tagged: bool,
) -> None:
    server.mend()
    for kind, after in cuts:
        headers = {} if tagged else {"ETag": None, "Last-Modified": None}
        server.fault("image.bin", times=1, **{kind: after}, framing=framing, headers=headers)
    first = start if start >= 0 else SIZE + start
    fits = length is None or first + length <= SIZE
    try:
        data, version = reader.read(f"{server.url}/image.bin", start, length, dataset=DATASET, expected=None)
    except TruncatedFileError:
        assert not fits
    else:
        assert fits
        assert version.size in (SIZE, None)
        assert bytes(data) == expect((served / "image.bin").read_bytes(), start, length)


@pytest.mark.parametrize("validator", [{"ETag": '"2"'}, {"ETag": None, "Last-Modified": formatdate(9e8, usegmt=True)}])
@pytest.mark.parametrize(("start", "length"), SPANS)
def test_a_file_that_changes_between_two_tries_is_never_mixed(
    server: StoreServer,
    read: Read,
    served: Path,
    validator: dict[str, str | None],
    start: int | None,
    length: int | None,
) -> None:
    server.fault("image.bin", times=1, cut=200_000)
    server.fault("image.bin", instead="other.bin", headers=validator)
    assert read("image.bin", start, length) == expect((served / "other.bin").read_bytes(), start, length)


def test_a_file_that_changes_between_two_tries_is_an_error_where_its_version_is_fixed(
    server: StoreServer, reader: Reader, read: Read
) -> None:
    version = reader.stat(f"{server.url}/image.bin", dataset=DATASET, expected=None)
    server.fault("image.bin", times=1, cut=200_000)
    server.fault("image.bin", instead="other.bin", headers={"ETag": '"2"'})
    with pytest.raises(ChangedFileError, match=r'found 700,001 bytes, ETag "2", .*; expected .*Open it again'):
        read("image.bin", None, None, version)


def test_a_file_without_version_is_begun_again(server: StoreServer, read: Read, served: Path) -> None:
    server.fault("image.bin", times=1, cut=200_000, headers={"ETag": None, "Last-Modified": None})
    server.fault("image.bin", instead="other.bin", headers={"ETag": None, "Last-Modified": None})
    assert read() == (served / "other.bin").read_bytes()
    assert [request.headers.get("range") for request in server.requests] == [None, None]


def test_what_came_before_a_cut_is_not_fetched_again(server: StoreServer, read: Read, truth: bytes) -> None:
    server.fault("image.bin", times=1, cut=500_000)
    assert read() == truth
    first, second = server.requests
    assert "range" not in first.headers
    assert second.headers["if-range"].startswith('"')
    assert second.status == 206
    assert server.bytes < SIZE + 20_000


@pytest.mark.parametrize("after", [0, 1, 200_000, SIZE])
def test_a_body_of_unknown_length_is_confirmed(server: StoreServer, read: Read, truth: bytes, after: int) -> None:
    """The end of the connection looks like the end of the file."""
    server.fault("image.bin", times=2, skip=0, framing="close", cut=after)
    assert read() == truth


def test_what_is_packed_for_the_way_is_unpacked(tmp_path: Path, reader: Reader, truth: bytes) -> None:
    for name in ("zarr.json", "map.mrc.gz"):
        (tmp_path / name).write_bytes(gzip.compress(truth))
    with StoreServer(tmp_path) as server:
        server.fault("*", headers={"Content-Encoding": "gzip"})
        data, version = reader.read(f"{server.url}/zarr.json", None, None, dataset=DATASET, expected=None)
        assert bytes(data) == truth
        assert version.size is None
        with pytest.raises(StoreUnreachableError, match=r"comes packed as 'gzip'; .*Download the file"):
            reader.read(f"{server.url}/zarr.json", 5, 10, dataset=DATASET, expected=None)
        data, _ = reader.read(f"{server.url}/map.mrc.gz", None, None, dataset=DATASET, expected=None)
        assert gzip.decompress(data) == truth
        server.mend()
        server.fault("*", headers={"Content-Encoding": "gzip"}, framing="close", cut=1000)
        with pytest.raises(StoreUnreachableError, match="what is packed in it is not whole"):
            reader.read(f"{server.url}/zarr.json", None, None, dataset=DATASET, expected=None)


def test_another_part_than_was_asked_for_is_an_error(server: StoreServer, read: Read) -> None:
    server.fault("image.bin", headers={"Content-Range": f"bytes 0-999/{SIZE}"})
    with pytest.raises(StoreUnreachableError, match="which is another part than was asked for"):
        read("image.bin", 1000, 1000)


@pytest.mark.parametrize("said", ["bytes 5-9", "bytes 9-5/10", "rows 0-4/10", None])
def test_a_part_that_is_not_described_is_an_error(server: StoreServer, read: Read, said: str | None) -> None:
    server.fault("image.bin", headers={"Content-Range": said})
    with pytest.raises(StoreUnreachableError, match="it says that it is"):
        read("image.bin", 1000, 1000)


def test_ignored_ranges_of_a_large_file_are_an_error(tmp_path: Path, reader: Reader) -> None:
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(200 * 2**20)
    with StoreServer(tmp_path) as server:
        server.fault("*", whole=True)
        with pytest.raises(StoreUnreachableError, match="Its server ignores ranges: download the file"):
            reader.read(f"{server.url}/large.bin", 100 * 2**20, 10, dataset=DATASET, expected=None)
        # The beginning can be had all the same, and the rest does not come.
        reader.read(f"{server.url}/large.bin", 0, 10, dataset=DATASET, expected=None)
        reader.read(f"{server.url}/large.bin", 0, 10, dataset=DATASET, expected=None)
        assert server.bytes < 60 * 2**20


def test_a_short_file_is_an_error(read: Read) -> None:
    with pytest.raises(TruncatedFileError, match=r"has 700,001 bytes; expected at least 700,003\. It is cut off"):
        read("image.bin", 1, SIZE + 1)
    with pytest.raises(TruncatedFileError, match="expected at least 800,010"):
        read("image.bin", 800_000, 10)
    with pytest.raises(TruncatedFileError, match="expected at least 800,000"):
        read("image.bin", 800_000)
    with pytest.raises(TruncatedFileError):
        read("image.bin", -10, 11)
    assert read("image.bin", SIZE) == b""
    assert len(read("image.bin", -800_000)) == SIZE


def test_the_pause_that_a_store_asks_for(server: StoreServer, read: Read, truth: bytes) -> None:
    server.fault("image.bin", times=1, status=429, headers={"Retry-After": "1"})
    began = time.monotonic()
    assert read() == truth
    assert time.monotonic() - began >= 1.0


def test_a_pause_longer_than_the_patience_is_told(server: StoreServer, read: Read) -> None:
    server.fault("image.bin", status=503, headers={"Retry-After": formatdate(time.time() + 3600, usegmt=True)})
    with pytest.raises(StoreUnreachableError, match=r"503 Service Unavailable, and asks to wait 3,[56]\d\d s"):
        read()
    assert server.count == 1


def test_a_drip_ends_with_the_patience(server: StoreServer, truth: bytes) -> None:
    reader = Reader(ReaderSettings(cache=None, stall_timeout=0.5, patience=0.5))
    server.fault("image.bin", rate=20_000)
    began = time.monotonic()
    with pytest.raises(StoreUnreachableError, match=r"was not done when the patience ended; .* bytes a second"):
        reader.read(f"{server.url}/image.bin", None, None, dataset=DATASET, expected=None)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [404, 410])
def test_missing(server: StoreServer, read: Read, status: int) -> None:
    server.fault("image.bin", status=status)
    with pytest.raises(MissingFileError, match=rf"does not exist: its server answered {status} .*Check the address"):
        read()
    assert server.count == 1


@pytest.mark.parametrize("status", [401, 403])
def test_no_access(server: StoreServer, read: Read, status: int) -> None:
    server.fault("image.bin", status=status)
    with pytest.raises(NoAccessError, match=rf"its server answered {status} .* credentials that open it"):
        read("image.bin?token=hidden")
    assert server.count == 1


def test_secrets_are_not_shown(server: StoreServer, read: Read) -> None:
    for status in (401, 404, 418, 500):
        server.mend()
        server.fault("image.bin", status=status)
        with pytest.raises(ReadError) as caught:
            read("image.bin?token=abcdef")
        assert "abcdef" not in str(caught.value)
        assert "token=…" in str(caught.value)


def test_a_status_that_no_try_helps(server: StoreServer, read: Read) -> None:
    server.fault("image.bin", status=418)
    with pytest.raises(StoreUnreachableError, match="its server answered 418 I'm a Teapot; expected the file"):
        read()
    assert server.count == 1


def test_a_bucket_in_another_region(server: StoreServer, read: Read) -> None:
    server.fault("image.bin", status=301, headers={"x-amz-bucket-region": "eu-west-2"})
    with pytest.raises(StoreUnreachableError, match="Set the region of its bucket to eu-west-2"):
        read()


def test_redirects(server: StoreServer, read: Read, truth: bytes) -> None:
    server.fault("moved.bin", status=302, headers={"Location": "further.bin"})
    server.fault("further.bin", status=301, headers={"Location": f"{server.url}/image.bin"})
    assert read("moved.bin", 7, 100) == truth[7:107]
    assert [request.path for request in server.requests] == ["moved.bin", "further.bin", "image.bin"]


def test_a_redirect_that_never_ends(server: StoreServer, read: Read) -> None:
    server.fault("loop.bin", status=302, headers={"Location": "/loop.bin"})
    with pytest.raises(StoreUnreachableError, match="redirects more than 5 times, at last to"):
        read("loop.bin")
    assert server.count == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a", "http://user:pass@127.0.0.1/a", "//["])
def test_a_redirect_to_what_is_not_read(server: StoreServer, read: Read, target: str) -> None:
    server.fault("moved.bin", status=302, headers={"Location": target})
    with pytest.raises(StoreUnreachableError, match=r"is not read: expected an address with http|could not be read"):
        read("moved.bin")


def test_a_redirect_out_of_encryption(server: StoreServer, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(ReaderSettings(cache=None))
    with StoreServer(served, tls=True) as safe:
        monkeypatch.setenv("SSL_CERT_FILE", str(safe.certificate))
        safe.fault("image.bin", status=302, headers={"Location": f"{server.url}/elsewhere.bin"})
        with pytest.raises(StoreUnreachableError, match="which is not encrypted; expected https"):
            reader.read(f"{safe.url}/image.bin", None, None, dataset=DATASET, expected=None)
        reader.close()
    assert "elsewhere.bin" not in [request.path for request in server.requests]


def test_credentials_stay_with_their_host(
    server: StoreServer, served: Path, tmp_path: Path, read: Read, truth: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials.yml"
    with StoreServer(served) as other:
        file.write_text(f"- match: {server.url}/\n  token: abcdef\n- match: {other.url}/\n  token: abcdef\n")
        file.chmod(0o600)
        monkeypatch.setenv("BIOIMAGEHUB_CREDENTIALS", str(file))
        server.fault("image.bin", authorization="Bearer abcdef")
        assert read() == truth
        server.fault("moved.bin", status=302, headers={"Location": f"{other.url}/image.bin"})
        assert read("moved.bin") == truth
        assert server.requests[-1].headers["authorization"] == "Bearer abcdef"
        assert "authorization" not in other.requests[0].headers


def test_nothing_listens(reader: Reader, served: Path) -> None:
    with StoreServer(served) as gone:
        url = gone.url
    with pytest.raises(StoreUnreachableError, match=r"after 3 tries.*Connection refused.*Check the network"):
        reader.read(f"{url}/image.bin", None, None, dataset=DATASET, expected=None)


def test_a_certificate_that_nobody_signed(served: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    with StoreServer(served, tls=True) as forged:
        url = f"{forged.url}/image.bin"
        with pytest.raises(StoreUnreachableError, match=r"the certificate of .* cannot be trusted .*SSL_CERT_FILE"):
            reader.read(url, None, None, dataset=DATASET, expected=None)
        assert forged.count == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(forged.certificate))
        assert len(reader.read(url, None, None, dataset=DATASET, expected=None)[0]) == SIZE
        reader.close()
        monkeypatch.setenv("SSL_CERT_FILE", os.devnull + "/none")
        with pytest.raises(StoreUnreachableError, match=r"SSL_CERT_FILE names .* and there is no such file"):
            reader.read(url, None, None, dataset=DATASET, expected=None)


@pytest.mark.parametrize("url", ["ftp://example.org/a", "gopher://x/y", "http://", "https://user:word@example.org/a"])
def test_addresses_that_are_not_read(reader: Reader, url: str) -> None:
    with pytest.raises(StoreUnreachableError, match="is not read: expected an address with http, https or s3"):
        reader.read(url, None, None, dataset=DATASET, expected=None)


def test_a_version_that_is_not_the_expected_one(read: Read) -> None:
    with pytest.raises(ChangedFileError, match=r"found 700,001 bytes.*; expected 5 bytes\. Open it again"):
        read("image.bin", 0, 5, Version(5))
    with pytest.raises(ChangedFileError):
        read("image.bin", 0, 5, Version(SIZE, '"other"'))
    assert len(read("image.bin", 0, 5, Version(SIZE))) == 5
