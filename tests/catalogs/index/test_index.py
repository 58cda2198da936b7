"""Looking up records by their names."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.index import Index, build_memory_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.index.made import Fields

RECORDS: list[Fields] = [
    {"identifier": "idr:idr0062", "title": "Blastocysts"},
    {"identifier": "idr:idr0013", "title": "MitoCheck"},
    {"identifier": "idr:idr0062/6001240", "title": "A blastocyst", "part_of": "idr:idr0062"},
    {"identifier": "bia:S-BIAD1002", "title": "Light"},
    {"identifier": "empiar:EMPIAR-10310", "title": "Parapodia"},
    {"identifier": "bbbc:BBBC038", "title": "Nuclei"},
    {"identifier": "other:BBBC038", "title": "Nuclei again"},
    {"identifier": "other:bbbc038", "title": "Nuclei in small letters"},
]


@pytest.fixture(scope="module")
def small() -> Iterator[Index]:
    index = build_memory_index(RECORDS)
    yield index
    index.close()


def test_get(small: Index) -> None:
    for record in RECORDS:
        assert small.get(record["identifier"]) == record
    for name in ("idr0062", "idr:IDR0062", "IDR:idr0062", "", ":", "idr:", "idr:idr0062/", "\ud800", "a" * 10**6):
        assert small.get(name) is None


def test_find_names(small: Index) -> None:
    assert small.find_names("idr0062") == ["idr:idr0062"]
    assert small.find_names("IDR0062/6001240") == ["idr:idr0062/6001240"]
    assert small.find_names("bbbc038") == ["other:bbbc038", "bbbc:BBBC038", "other:BBBC038"]
    assert small.find_names("6001240") == small.find_names("") == []


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("idr:idr0O62", "idr:idr0062"),
        ("irdd:idr0062", "idr:idr0062"),
        ("idr062", "idr:idr0062"),
        ("EMPAIR-10310", "empiar:EMPIAR-10310"),
        ("bia:SBIAD1002", "bia:S-BIAD1002"),
        ("BBBC38", "bbbc:BBBC038"),
        ("idr:idr0062/601240", "idr:idr0062/6001240"),
    ],
)
def test_near(small: Index, name: str, nearest: str) -> None:
    found = small.near(name)
    assert nearest in found
    assert len(found) <= 3


def test_near_nothing(small: Index) -> None:
    assert small.near("zzzzzzzzzzzz") == []


def test_near_among_many(index: Index, made: list[Fields]) -> None:
    for record in made[::300]:
        identifier = record["identifier"]
        assert identifier in index.near(identifier.replace("N0", "NO"))


def test_parts_of_a_study(small: Index) -> None:
    assert small.select("", {"part_of": ["idr:idr0062"]}).identifiers() == ["idr:idr0062/6001240"]


def test_threads_share_an_index(index: Index) -> None:
    def ask(number: int) -> tuple[int, list[str]]:
        selection = index.select(("zornap", "kri*", '"zornap blanap"', "gen001")[number % 4])
        selection.facets()
        return len(selection), selection.identifiers(0, 5, ("relevance", "-size")[number % 2])

    alone = [ask(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, list(range(8)) * 10)) == alone * 10


def test_says_what_it_is(index: Index) -> None:
    assert repr(index).startswith("<Index of 3000 records: ")
    assert repr(index.select("zornap")).startswith("<Selection of ")


def test_loads_nothing_large() -> None:
    code = "import bioimagehub.catalogs.index, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"numpy", "pandas", "pyarrow", "dask", "xarray", "intake"} & set(done.stdout.split())
