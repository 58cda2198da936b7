"""Whatever a user types is a search, and never an error of SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.query import LONGEST, Clause, parse_query

if TYPE_CHECKING:
    from bioimagehub.catalogs.index import Index

SIGNS = (
    '"',
    "*",
    "-",
    "^",
    ":",
    "(",
    ")",
    "{",
    "}",
    "+",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    " ",
    "zornap",
    "name:",
    "\0",
    ";--",
)
SYNTAX = [
    "AND", "OR", "NOT", "NEAR(a b, 2)", "NEAR(", '"', '""', '"unclosed', "*", "**", "-", "--", '-"', "^zornap",
    "words:zornap", "zornap AND", "zornap NOT blanap", "{zornap}", "(zornap", "zornap)", "+", "zornap + blanap",
    "'; DROP TABLE blocks; --", "%", "_", "\\", "\x00", "\x1b[31m", "zornap\x00blanap", "\ud800", "\U0001f9ec", "🧬🔬",
    "   ", "é" * 500, "a" * LONGEST,
    "-zornap", "- zornap", "zor*nap", "*zor", "名前", "ﬁ", "µ", "\u202ezornap",
]  # fmt: skip


@pytest.mark.parametrize("text", SYNTAX)
def test_syntax_of_the_database_is_text(index: Index, text: str) -> None:
    selection = index.select(text)
    assert len(selection.page(0, 3)) <= 3
    assert len(selection) <= len(index)
    index.suggest(text)
    index.near(text)
    assert index.find_names(text) == []
    assert index.get(text) is None
    assert len(index.select("", {"organism": [text], "method": [text], "part_of": [text]})) == 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.lists(st.sampled_from(SIGNS), max_size=12).map("".join))
@example('"zornap"zornap"-')
def test_any_text_is_a_search(index: Index, text: str) -> None:
    selection = index.select(text)
    selection.identifiers(0, 3)
    assert len(index.select(text).narrow(text)) == len(selection)


@pytest.mark.parametrize("text", ["a" * (LONGEST + 1), "zornap " * 200, "x" * 10**8])
def test_too_long(index: Index, text: str) -> None:
    for ask in (index.select, index.suggest):
        with pytest.raises(InvalidQueryError, match=r"has [\d,]+ characters, .* at most 1,000 are taken"):
            ask(text)
    assert index.near(text) == index.find_names(text) == []


def test_nothing_to_look_for(index: Index) -> None:
    assert len(index.select("")) == len(index.select(" \t")) == len(index)
    assert len(index.select("?!")) == 0
    assert len(index.select("the")) < len(index)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Light-Sheet", [Clause(("light", "sheet"))]),
        ('"Light sheet', [Clause(("light", "sheet"), quoted=True)]),
        ("tomograms of the yeast", [Clause(("tomograms",)), Clause(("yeast",))]),
        ("of the", [Clause(("of",)), Clause(("the",))]),
        ('-"of" -mou*', [Clause(("of",), quoted=True, negated=True), Clause(("mou",), prefix=True, negated=True)]),
        ("MÜLLER ΜΙΤΩΣΗ", [Clause(("muller",)), Clause(("μιτωση",))]),
        ("idr:idr0062/6001240", [Clause(("idr", "idr0062", "6001240"))]),
    ],
)
def test_clauses(text: str, clauses: list[Clause]) -> None:
    assert parse_query(text) == clauses
