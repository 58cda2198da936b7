"""Which files a list of patterns takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.downloads.patterns import Patterns, write_pattern

NAMES = st.text(st.sampled_from("ab!*?[]\\.é"), min_size=1, max_size=6)


def test_the_last_one_that_fits_decides() -> None:
    chosen = Patterns(["!*", "raw", "!raw/*.log", "raw/keep.log", "*.md"])
    paths = ("raw/a.tif", "raw/deep/b.tif", "raw/x.log", "raw/keep.log", "README.md", "rawer/a.tif", "raw")
    assert [chosen.takes(path) for path in paths] == [True, True, False, True, True, False, True]


def test_without_any_all_are_taken_and_after_an_exclusion_the_others() -> None:
    assert Patterns([]).takes("a")
    assert [Patterns(["!a"]).takes(path) for path in "ab"] == [False, True]
    assert [Patterns(["a"]).takes(path) for path in "ab"] == [True, False]


def test_those_that_fit_nothing_are_told() -> None:
    assert Patterns(["raw", "!*.log", "no", "*.nd2"]).useless(["raw/a.tif", "x.log"]) == ["no", "*.nd2"]


@given(NAMES, st.booleans())
def test_a_written_pattern_stands_for_that_file_and_what_is_in_it(name: str, take: bool) -> None:
    chosen = Patterns(["*" if not take else "!*", write_pattern(name, take=take)])
    assert chosen.takes(name) is take
    assert chosen.takes(f"{name}/b") is take
    assert chosen.takes(f"{name}c") is not take
