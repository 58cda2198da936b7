"""Places: addresses and what lies below them, versions, folders, and what is sent to another process."""

from __future__ import annotations

import os
import pickle
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import (
    ChangedFileError,
    MissingFileError,
    NoAccessError,
    StoreUnreachableError,
    TruncatedFileError,
    UnlistableFolderError,
)
from bioimagehub.catalogs.reader import Dataset, Place, Version, open_place
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [
        ("https://x.org/a/", "0/1", "https://x.org/a/0/1"),
        ("https://x.org/a", "well A1/täg #1?.tif", "https://x.org/a/well%20A1/t%C3%A4g%20%231%3F.tif"),
        ("https://x.org/a?key=1", "b%20", "https://x.org/a/b%2520?key=1"),
        ("s3://bucket/a?b", "c d", "s3://bucket/a?b/c%20d"),
        ("file:///data", "c d", "file:///data/c%20d"),
        ("/data", "c d%20#", "/data/c d%20#"),
        ("/", "c", "/c"),
        ("samples://a", "c d", "samples://a/c d"),
        ("/data", "./c//d/", "/data/c/d"),
        ("/data", ".", "/data"),
        ("/data", "..c/...", "/data/..c/..."),
    ],
)
def test_what_lies_below(folder: str, path: str, found: str) -> None:
    assert (Place(folder) / path).url == found


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "a/.."])
@pytest.mark.parametrize("folder", ["/data", "https://x.org/a", "s3://bucket/a"])
def test_nothing_leads_out_of_a_folder(folder: str, path: str) -> None:
    with pytest.raises(MissingFileError, match=r"leads out of .*; expected a path in it"):
        Place(folder) / path


def test_a_child_is_of_the_same_dataset_and_any_version() -> None:
    place = Place("/data", dataset=Dataset("bia:1", "2"), version=Version(3))
    assert (place / "a").dataset == Dataset("bia:1", "2")
    assert (place / "a").version is None
    assert Place("https://x.org/a?key=hidden").dataset.identifier == "https://x.org/a?key=…"
    assert repr(Place("https://x.org/a?key=hidden")) == "<Place https://x.org/a?key=…>"


def test_open_place_keeps_a_place() -> None:
    place = Place("/data")
    assert open_place(place) is place
    assert open_place("/data/").url == "/data"
    assert (open_place("https://x.org/a/b.tif?x=/1").name, open_place("/data/b.tif?").name) == ("b.tif", "b.tif?")


def test_a_place_can_be_pickled_and_compared(server: StoreServer) -> None:
    place = Place(f"{server.url}/image.bin", dataset=Dataset("bia:1"))
    place.read(0, 10)
    again = pickle.loads(pickle.dumps(place))  # noqa: S301
    assert (again, again.dataset, hash(again)) == (place, place.dataset, hash(place))
    assert again != Place(place.url)
    assert bytes(again.read(3, 7)) == bytes(place.read(3, 7))


def test_parts_of_two_versions_are_never_given(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"1" * 1000)
    with StoreServer(tmp_path) as store:
        for place in (Place(f"{store.url}/a.bin"), Place(str(tmp_path / "a.bin"))):
            assert bytes(place.read(0, 10)) == b"1" * 10
        remote, local = Place(f"{store.url}/a.bin"), Place(str(tmp_path / "a.bin"))
        remote.read(0, 10)
        local.stat()
        (tmp_path / "b.bin").write_bytes(b"2" * 1000)
        os.utime(tmp_path / "b.bin", (1e9, 1e9))
        (tmp_path / "b.bin").replace(tmp_path / "a.bin")
        for place in (remote, local):
            with pytest.raises(ChangedFileError, match=r"is another version: found 1,000 bytes.*Open it again"):
                place.read(10, 10)
            with pytest.raises(ChangedFileError):
                place.stat()
            with pytest.raises(ChangedFileError):
                place.open().read(10)
            assert bytes(Place(place.url).read(10, 10)) == b"2" * 10


def test_threads_that_begin_together_get_one_version(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"1" * 1000)
    (tmp_path / "b.bin").write_bytes(b"2" * 1000)
    os.utime(tmp_path / "b.bin", (1e9, 1e9))
    with StoreServer(tmp_path, delay=0.05) as store:
        store.fault("a.bin", skip=1, instead="b.bin")
        place = Place(f"{store.url}/a.bin")
        found: list[bytes | str] = []

        def work() -> None:
            try:
                found.append(bytes(place.read(0, 1)))
            except ChangedFileError:
                found.append("changed")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert len({each for each in found if each != "changed"}) == 1
    assert "changed" in found


@given(start=st.none() | st.integers(-40, 40), length=st.none() | st.integers(0, 40))
def test_remote_is_as_local(running: StoreServer, served: Path, start: int | None, length: int | None) -> None:
    truth = (served / "well A1" / "täg #1.bin").read_bytes()
    outcomes = []
    for url in (str(served), running.url, f"file://{served}"):
        place = Place(url) / "well A1" / "täg #1.bin"
        try:
            outcomes.append(bytes(place.read(start, length)))
        except TruncatedFileError:
            outcomes.append(b"short")
    assert outcomes[0] == outcomes[1] == outcomes[2]
    if outcomes[0] != b"short" and length != 0:
        first = max(0, len(truth) + start) if (start or 0) < 0 and start is not None else start or 0
        assert outcomes[0] == (truth[first:] if length is None else truth[first : first + length])


def test_a_negative_length_is_refused(served: Path) -> None:
    with pytest.raises(ValueError, match="expected a length of 0 or more"):
        Place(str(served / "image.bin")).read(0, -1)


def test_what_is_read_cannot_be_changed(server: StoreServer, served: Path) -> None:
    for url in (server.url, str(served)):
        assert (Place(url) / "image.bin").read(0, 10).readonly


def test_an_empty_file(server: StoreServer, served: Path) -> None:
    for url in (server.url, str(served)):
        place = Place(url) / "empty.bin"
        with place.open() as file:
            assert bytes(place.read()) == bytes(place.read(0)) == bytes(place.read(-5)) == file.read() == b""
        assert place.stat().size == 0
        with pytest.raises(TruncatedFileError, match="has 0 bytes"):
            place.read(0, 1)


def test_stat(server: StoreServer, served: Path, truth: bytes) -> None:
    version = Place(f"{server.url}/image.bin").stat()
    assert (version.size, version.etag is None, version.modified is None) == (len(truth), False, False)
    assert [(request.method, request.sent) for request in server.requests] == [("HEAD", 0)]
    assert Place(str(served / "image.bin")).stat().size == len(truth)


@pytest.mark.parametrize(
    "fault", [{"status": 405}, {"status": 403}, {"status": 501}, {"headers": {"Content-Length": None}}]
)
def test_stat_where_head_is_refused(server: StoreServer, truth: bytes, fault: dict[str, object]) -> None:
    server.fault("*", method="HEAD", **fault)
    assert Place(f"{server.url}/image.bin").stat().size == len(truth)
    assert server.requests[-1].sent == 1


def test_names(server: StoreServer, served: Path) -> None:
    for url in (server.url, str(served), f"file://{served}"):
        assert Place(url).names() == ["empty.bin", "image.bin", "other.bin", "well A1/"]
        assert (Place(url) / "well A1").names() == ["täg #1.bin"]
        with pytest.raises(MissingFileError):
            (Place(url) / "nothing").names()


def test_a_folder_that_cannot_be_listed(server: StoreServer) -> None:
    server.fault("plain/", instead="image.bin")
    with pytest.raises(UnlistableFolderError, match="found neither an index page nor the listing of an object store"):
        (Place(server.url) / "plain").names()


def test_local_files_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "closed").write_text("x")
    for path, error, message in (
        ("nothing", MissingFileError, "does not exist; expected a file"),
        ("closed/inside", MissingFileError, "does not exist; expected a file"),
        ("", MissingFileError, "is a folder; expected a file"),
        ("pipe", MissingFileError, "is a device or a pipe; expected a file"),
        ("a" * 300, StoreUnreachableError, "File name too long"),
        ("a\0b", StoreUnreachableError, "embedded null"),
    ):
        place = Place(f"{tmp_path}/{path}")
        for act in (place.read, place.stat, place.open):
            with pytest.raises(error, match=message):
                act()
    with pytest.raises(StoreUnreachableError, match="is on the machine 'other'"):
        Place("file://other/data").read()


def test_local_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    user = os.geteuid()
    if user == 0:
        # Nothing is closed to the superuser.
        os.seteuid(65534)
    try:
        with pytest.raises(NoAccessError, match=r"may not be read .* Ask its owner"):
            Place(str(tmp_path / "closed")).read()
    finally:
        os.seteuid(user)
