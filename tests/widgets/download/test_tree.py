"""The tree of files: what a page sees of it, and what is chosen."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.downloads import Plan
from bioimagehub.catalogs.downloads.items import Item
from bioimagehub.catalogs.downloads.patterns import Patterns
from bioimagehub.widgets.download.tree import FileTree, search_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 100_000
PATHS = ("raw/a10.tif", "raw/a9.tif", "raw/deep/c.TIF", "notes.txt")
FLUID = 1.0
"""Seconds for an answer over all files on a machine that does other things, too."""


def tree(*paths: str, size: int | None = 10) -> FileTree:
    return FileTree([("", Plan(source="test:set", items=tuple(Item(path=path, size=size) for path in paths)))])


def chosen(found: FileTree) -> list[str]:
    return sorted(leaf.path for leaf in found.leaves if leaf.chosen)


def names(found: FileTree, search: str = "", opened: Sequence[str] = ()) -> list[tuple[int, str]]:
    return [(row["depth"], row["name"]) for row in found.rows(search, opened, 0, 100)[1]]


def test_folders_come_first_and_numbers_in_their_order() -> None:
    found = tree(*PATHS)
    assert names(found) == [(1, "raw"), (1, "notes.txt")]
    assert names(found, opened=["raw"]) == [(1, "raw"), (2, "deep"), (2, "a9.tif"), (2, "a10.tif"), (1, "notes.txt")]
    count, (row,) = found.rows("", ["raw"], 1, 1)
    assert count == 5
    assert (row["files"], row["size"], row["number"], row["among"], row["open"]) == (1, 10, 1, 3, False)


def test_a_search_finds_in_all_folders() -> None:
    found = tree(*PATHS)
    assert [name for _, name in names(found, "TIF")] == ["raw/a9.tif", "raw/a10.tif", "raw/deep/c.TIF"]
    assert [name for _, name in names(found, "*.txt")] == ["notes.txt"]
    assert names(found, "[") == []


def test_files_and_folders_are_taken_and_left_out() -> None:
    found = tree(*PATHS)
    found.choose(found.toggle("raw", take=False))
    assert found.patterns == ("!raw",)
    assert chosen(found) == ["notes.txt"]
    found.choose(found.toggle("raw/a9.tif", take=True))
    assert chosen(found) == ["notes.txt", "raw/a9.tif"]
    assert [row["chosen"] for row in found.rows("", [], 0, 9)[1]] == ["some", "all"]
    found.choose(found.toggle("raw", take=True))
    assert found.patterns == ()
    found.choose(found.toggle("", take=False))
    assert chosen(found) == []
    found.choose(found.toggle_found("tif", take=True))
    assert chosen(found) == ["raw/a10.tif", "raw/a9.tif", "raw/deep/c.TIF"]
    found.choose(found.toggle_found("a9", take=False))
    assert chosen(found) == ["raw/a10.tif", "raw/deep/c.TIF"]
    found.choose(found.toggle("", take=True))
    assert chosen(found) == sorted(PATHS)


@given(st.lists(st.tuples(st.sampled_from(["", "raw", "raw/deep", *PATHS]), st.booleans()), max_size=12))
def test_the_last_word_counts_and_the_patterns_stay_few(steps: list[tuple[str, bool]]) -> None:
    found = tree(*PATHS)
    for path, take in steps:
        found.choose(found.toggle(path, take=take))
        for leaf in found.leaves:
            if not path or leaf.path == path or leaf.path.startswith(f"{path}/"):
                assert leaf.chosen is take
    assert len(found.patterns) <= len(PATHS) + 3
    rules = Patterns(found.patterns)
    assert all(rules.takes(leaf.path) is leaf.chosen for leaf in found.leaves)


def test_a_format_is_what_was_counted_for_it() -> None:
    odd = ["x.tif/notes.txt", ".tif", "raw/.tif", "d.ome.TIF", "e.tif.", "q.t*f", "f.\u0130"]
    found = tree("A.TIF", "b.tif", "c.ome.tif", *odd)
    for each in found.endings():
        found.choose(found.only(each["ending"]))
        assert len(chosen(found)) == each["files"], each
        # A pattern that fits nothing would be refused.
        assert Patterns(found.patterns).useless(leaf.path for leaf in found.leaves) == []
    found.choose(found.only(".tif"))
    assert chosen(found) == ["A.TIF", "b.tif"]
    assert found.patterns[:2] == ("*.[tT][iI][fF]", "!*.[oO][mM][eE].[tT][iI][fF]")
    found.choose(found.only(".ome.tif"))
    assert chosen(found) == ["c.ome.tif", "d.ome.TIF"]
    assert found.only(".none") == found.patterns


def test_an_image_is_one_row_with_all_its_chunks() -> None:
    chunks = [Item(path=f"a.zarr/0/{number}", most=100, image="a.zarr") for number in range(50)]
    found = FileTree([("one", Plan(source="x", items=(*chunks, Item(path="b.txt", size=1))))])
    _, rows = found.rows("", ["one"], 0, 9)
    assert [(row["name"], row["kind"], row["files"], row["exact"]) for row in rows] == [
        ("one", "folder", 51, False),
        ("a.zarr", "image", 50, False),
        ("b.txt", "file", 1, True),
    ]
    assert found.endings() == [
        {"ending": ".zarr", "files": 50, "size": 5000},
        {"ending": ".txt", "files": 1, "size": 1},
    ]


def test_a_hundred_thousand_files_stay_fluid() -> None:
    paths = [f"plate-{number // 10_000}/well-{number // 100}/image-{number}.tif" for number in range(MANY)]
    found = tree(*paths)
    opened = ["plate-3", *(f"plate-3/well-{number}" for number in range(300, 400))]
    for ask in (
        lambda: found.rows("", opened, 0, 200),
        lambda: found.rows("", opened, 10_000, 200),
        lambda: found.rows("99", [], 0, 200),
        lambda: found.choose(found.toggle("plate-3", take=False)),
        lambda: found.choose(found.toggle_found("99", take=True)),
    ):
        begun = time.perf_counter()
        answer = ask()
        assert time.perf_counter() - begun < FLUID
        assert len(json.dumps(answer)) < 200_000
    assert found.rows("", opened, 0, 1)[0] == 10 + 100 + 10_000


@pytest.mark.parametrize(
    "path", ["a/" * 900 + "b", "x" * 3000, "\u202egnp.exe", "<img src=x onerror=alert(1)>", "a\nb"]
)
def test_hostile_names_do_no_harm(path: str) -> None:
    found = tree(path, "other")
    found.choose(found.toggle(path, take=False))
    assert chosen(found) == ["other"]
    _, rows = found.rows("", [], 0, 100)
    assert all(len(row["name"]) < 200 and row["name"].isprintable() for row in rows)
    assert len(found.rows(path[:20], [], 0, 10)[1]) == 1


@given(st.text(min_size=1, max_size=8))
def test_any_search_is_a_pattern(text: str) -> None:
    tree("a").rows(search_pattern(text), [], 0, 1)
