"""What a selection holds, against a search that reads every record."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index import FACETS, Index, build_memory_index
from catalogs.index.made import ARCHIVES, LICENCES, ORGANISMS, WORDS, Fields, fits, make_records, values_of

CHECKED = ("archive", "kind", "part_of", "organism", "gene", "licence", "use", "year")

words = st.sampled_from(WORDS)
clauses = st.lists(
    st.one_of(
        words,
        words.map("-{}".format),
        words.map(lambda word: f"{word[:3]}*"),
        st.tuples(words, words).map(lambda pair: f'"{pair[0]} {pair[1]}"'),
        st.integers(0, 410).map("gen{:03}".format),
    ),
    max_size=4,
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "archive": st.lists(st.sampled_from((*ARCHIVES, "four")), min_size=1, max_size=2),
        "organism": st.lists(st.sampled_from(ORGANISMS), min_size=1, max_size=2),
        "licence": st.lists(st.sampled_from(LICENCES[:3]), min_size=1, max_size=2),
        "use": st.lists(st.sampled_from(("commercial", "derivatives", "redistribution")), max_size=2, unique=True),
        "gene": st.lists(st.integers(0, 399).map("GEN{:03}".format), min_size=1, max_size=30),
        "year": st.lists(st.integers(2009, 2025).map(str), min_size=1, max_size=5),
    },
)


def ends(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    pairs = st.tuples(st.none() | values, st.none() | values)
    return pairs.map(lambda pair: pair if None in pair else (min(pair), max(pair)))


ranges = st.fixed_dictionaries(
    {},
    optional={
        "size": ends(st.integers(-1, 60) | st.integers(0, 2**60)),
        "released": ends(st.dates(date(2010, 1, 1), date(2024, 12, 31)).map(date.isoformat)),
    },
)
SORT_KEYS: dict[str, Any] = {
    "size": lambda record: record.get("size"),
    "released": lambda record: record.get("released"),
    "title": lambda record: record["title"].lower(),
    "identifier": lambda record: record["identifier"],
}


def in_order(records: list[Fields], sort: str) -> list[str]:
    key = SORT_KEYS[sort.removeprefix("-")]
    stated = [record for record in records if key(record) is not None]
    ordered = sorted(stated, key=key, reverse=sort.startswith("-"))
    return [record["identifier"] for record in ordered + [record for record in records if key(record) is None]]


def pages(selection: Any, size: int, sort: str) -> list[str]:
    return [
        identifier
        for offset in range(0, len(selection) + size, size)
        for identifier in selection.identifiers(offset, size, sort)
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clauses, filters, ranges)
def test_selects_what_a_full_search_selects(
    index: Index, made: list[Fields], clauses: list[str], filters: Any, ranges: Any
) -> None:
    wanted = [record for record in made if fits(record, clauses, filters, ranges)]
    selection = index.select(" ".join(clauses), filters, ranges)
    assert sorted(selection.identifiers(0, 5000)) == sorted(record["identifier"] for record in wanted)
    assert len(selection) == len(wanted)
    for facet, counted in selection.facets(CHECKED, limit=7).items():
        counts = Counter(value for record in wanted for value in values_of(record, facet))
        assert counted == sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:7]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters, ranges, st.sampled_from(sorted(SORT_KEYS)), st.sampled_from(("", "-")))
def test_orders(index: Index, made: list[Fields], filters: Any, ranges: Any, name: str, sign: str) -> None:
    sort = sign + name
    wanted = in_order([record for record in made if fits(record, [], filters, ranges)], sort)
    selection = index.select("", filters, ranges)
    assert selection.identifiers(0, 5000, sort) == wanted
    assert selection.identifiers(700, 50, sort) == wanted[700:750]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40), clauses, filters, ranges, st.integers(1, 9))
def test_few_records(seed: int, count: int, clauses: list[str], filters: Any, ranges: Any, size: int) -> None:
    made = make_records(count, seed)
    index = build_memory_index(made)
    wanted = [record["identifier"] for record in made if fits(record, clauses, filters, ranges)]
    selection = index.select(" ".join(clauses), filters, ranges)
    for sort in ("relevance", "-size", "title"):
        found = pages(selection, size, sort)
        assert len(found) == len(wanted)
        assert set(found) == set(wanted)
    index.close()


@pytest.mark.parametrize("sort", ["relevance", "size", "-released", "title", "-identifier"])
def test_pages_have_neither_gaps_nor_doubles(index: Index, made: list[Fields], sort: str) -> None:
    selection = index.select("zor*", {"archive": ["one", "two"]})
    found = pages(selection, 37, sort)
    assert len(found) == len(selection) == len(set(found))
    assert found == selection.identifiers(0, len(selection), sort)


def test_pages_hold_whole_records(index: Index, made: list[Fields]) -> None:
    by_identifier = {record["identifier"]: record for record in made}
    page = index.select("zornap").page(5, 30)
    assert len(page) == 30
    assert all(by_identifier[record["identifier"]] == record for record in page)


def test_narrows_step_by_step(index: Index) -> None:
    at_once = index.select("zornap -blanap", {"archive": ["one"]}, {"size": (10, None)})
    stepwise = (
        index.select("zornap")
        .narrow("-blanap")
        .narrow(filters={"archive": ["one"]})
        .narrow(ranges={"size": (10, None)})
    )
    assert stepwise.identifiers(0, 500) == at_once.identifiers(0, 500)
    assert len(at_once) > 10


def test_unites_ranges(index: Index, made: list[Fields]) -> None:
    """Sizes below 20 or above 40 of what a text found, ranked as the text ranks them."""
    found = index.select(WORDS[0])
    low, high = (found.narrow("", {}, {"size": ends}) for ends in ((None, 19), (41, None)))
    both = low | high
    assert len(both) == len(low) + len(high) > len(low) > 0
    ranked = [name for name in found.identifiers(0, len(found)) if name in low or name in high]
    assert both.identifiers(0, len(found)) == ranked
    assert both.index is index


def test_everything(index: Index, made: list[Fields]) -> None:
    everything = index.select()
    assert everything.identifiers(0, 3000) == [record["identifier"] for record in made]
    assert everything.facets(["gene"], limit=None)["gene"] == index.values("gene")
    assert set(everything.facets()) == set(FACETS)
    assert made[0]["identifier"] in everything
    assert "one:absent" not in everything
    assert 5 not in everything
    assert made[0]["identifier"] not in index.select("", {"archive": ["four"]})


def test_facets_of_all_sizes_count_alike(index: Index, made: list[Fields]) -> None:
    """Few records are counted by column, many by value; both must agree."""
    for size in (1, 100, 1000, 2500, 2999):
        numbers = {record["identifier"] for record in made[:size]}
        selection = index.select("", {}, {})
        part = type(selection)(index, type(selection._records)(range(1, size + 1)))
        counts = Counter(value for record in made[:size] for value in values_of(record, "gene"))
        assert (
            part.facets(["gene"], limit=9)["gene"] == sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:9]
        )
        assert len(numbers) == len(part)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sort": "colour"}, "Valid orders are: -files, -identifier, -images"),
        ({"offset": -1}, "expected none below 0"),
        ({"limit": -5}, "the limit -5"),
    ],
)
def test_impossible_pages(index: Index, arguments: Any, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        index.select().page(**arguments)


def test_unknown_facet(index: Index) -> None:
    with pytest.raises(
        InvalidQueryError, match=r"There is no facet 'colour'. Valid facets are: access, anatomy, archive"
    ):
        index.select().facets(["colour"])
    with pytest.raises(InvalidQueryError, match=r"There is no facet 'colour'"):
        index.values("colour")
