"""Addresses that moved: which is asked, how often, and that files of one image never mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.errors import MissingFileError, StoreUnreachableError
from bioimagehub.catalogs.hosts import Hosts, Rule
from bioimagehub.catalogs.reader import Dataset, Reader, ReaderSettings
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = "https://archive.example.org"
DATASET = Dataset("test")


class Moved:
    """Two stores in place of one address, the new one first."""

    def __init__(self, new: StoreServer, old: StoreServer, dead: str) -> None:
        self.new, self.old = new, old
        settings = ReaderSettings(cache=None, tries=3, connect_timeout=1.0, stall_timeout=1.0)
        self.reader = Reader(settings, Hosts([Rule(f"{OLD}/", (f"{new.url}/", f"{old.url}/"))]))
        first_is_gone = Hosts([Rule(f"{OLD}/", (f"{dead}/", f"{old.url}/"))])
        self.reader_of_dead = Reader(settings, first_is_gone)

    def read(self, path: str, *, dead: bool = False) -> bytes:
        reader = self.reader_of_dead if dead else self.reader
        return bytes(reader.read(f"{OLD}/{path}", None, None, dataset=DATASET, expected=None)[0])


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moved]:
    monkeypatch.setattr("bioimagehub.catalogs.reader.http._PAUSE", 0.01)
    for path in ("new/a.zarr/0/1", "old/a.zarr/0/1", "old/a.zarr/0/2", "old/b.zarr/0/1", "old/maps/1.map"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    with StoreServer(tmp_path) as gone:
        dead = gone.url
    with StoreServer(tmp_path / "new") as new, StoreServer(tmp_path / "old") as old:
        found = Moved(new, old, dead)
        yield found
        found.reader.close()
        found.reader_of_dead.close()


def test_what_moved_is_read_there_and_what_did_not_is_found(moved: Moved) -> None:
    assert moved.read("a.zarr/0/1") == b"new/a.zarr/0/1"
    assert moved.old.count == 0
    assert moved.read("b.zarr/0/1") == b"old/b.zarr/0/1"
    assert moved.read("maps/1.map") == b"old/maps/1.map"


def test_a_chunk_that_is_not_stored_costs_one_request_and_is_not_taken_from_elsewhere(moved: Moved) -> None:
    moved.read("a.zarr/0/1")
    moved.new.reset()
    with pytest.raises(MissingFileError):
        moved.read("a.zarr/0/2")
    assert (moved.new.count, moved.old.count) == (1, 0)


def test_what_is_nowhere_is_missing(moved: Moved) -> None:
    with pytest.raises(MissingFileError, match=r"archive\.example\.org/c\.zarr/0/1 does not exist"):
        moved.read("c.zarr/0/1")
    assert (moved.new.count, moved.old.count) == (1, 1)


def test_a_host_that_is_gone_is_passed_over(moved: Moved) -> None:
    assert moved.read("b.zarr/0/1", dead=True) == b"old/b.zarr/0/1"
    assert moved.read("maps/1.map", dead=True) == b"old/maps/1.map"
    assert moved.old.count == 2


def test_what_a_host_that_is_gone_may_have_is_not_missing(moved: Moved) -> None:
    """A chunk that is missing is filled up; one that cannot be had is not."""
    with pytest.raises(StoreUnreachableError, match=r"could not be read at .* after 3 tries"):
        moved.read("c.zarr/0/1", dead=True)


def test_trouble_with_the_new_host_later_does_not_mix_in_the_old_one(moved: Moved) -> None:
    moved.read("a.zarr/0/1")
    moved.new.fault("*", status=500)
    with pytest.raises(StoreUnreachableError):
        moved.read("a.zarr/0/1")
    assert moved.old.count == 0


def test_size_of_what_moved(moved: Moved) -> None:
    assert moved.reader.stat(f"{OLD}/b.zarr/0/1", dataset=DATASET, expected=None).size == 14


def test_names_of_what_moved(moved: Moved) -> None:
    assert moved.reader.names(f"{OLD}/maps", dataset=DATASET) == ["1.map"]
