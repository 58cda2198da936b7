from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import ConventionError, LineageError
from bioimagehub.challenges.tracks import Conventions, Lineage, Tracks, find_problems, format_lineage, parse_lineage
from challenges.strategies import unhurried
from challenges.tracks.movies import make_movie
from challenges.tracks.worked import DIVISION, sequence


def test_rows_in_the_order_of_labels() -> None:
    lineage = Lineage.from_rows([(3, 4, 7, 1), (1, 0, 3, 0), (2, 4, 9, 1)])
    assert lineage.rows() == [(1, 0, 3, 0), (2, 4, 9, 1), (3, 4, 7, 1)]
    assert lineage.parent_row.tolist() == [-1, 0, 0]
    assert lineage.n_children.tolist() == [2, 0, 0]
    assert lineage.at(8).tolist() == [2]
    assert not lineage.label.flags.writeable


def test_columns_of_unequal_length() -> None:
    one, two = np.zeros(1, np.int64), np.zeros(2, np.int64)
    with pytest.raises(LineageError, match=r"label 1, begin 2, end 2, parent 2. Expected one number a track"):
        Lineage(one, two, two, two)


def test_all_problems_are_told() -> None:
    rows = [
        (1, 0, 5, 0),
        (2, 5, 9, 1),
        (3, 6, 4, 0),
        (4, 2, 3, 4),
        (5, 7, 8, 77),
        (6, -1, 2, 0),
        (0, 1, 1, 0),
        (1, 6, 7, 0),
    ]
    lineage = Lineage.from_rows(rows)
    assert lineage.problems() == [
        "track 1 has 2 rows",
        "track 0 has a label below 1",
        "track 2 begins in frame 5, and its parent 1 ends in frame 7 only",
        "track 3 ends in frame 4, before it begins in frame 6",
        "track 4 is its own parent",
        "track 5 has the parent 77, which is no track",
        "track 6 begins in frame -1, before frame 0",
    ]
    with pytest.raises(LineageError, match=r"field-1 has 7 problems: track 1 has 2 rows; .*a parent that ends before"):
        lineage.check("field-1")


def test_many_problems_make_a_short_message() -> None:
    lineage = Lineage.from_rows([(label, 3, 1, 0) for label in range(1, 1001)])
    with pytest.raises(LineageError, match=r"and 980 more. Expected one row a track") as caught:
        lineage.check()
    assert len(str(caught.value)) < 2000
    assert len(caught.value.problems) == 1000
    assert copy.copy(caught.value).problems == caught.value.problems


def test_part_of_a_sequence() -> None:
    lineage = Lineage.from_rows([(1, 0, 3, 0), (2, 4, 9, 1), (3, 4, 7, 1), (4, 8, 9, 3)])
    assert lineage.within(4, 8).rows() == [(2, 4, 8, 0), (3, 4, 7, 0), (4, 8, 8, 3)]
    assert lineage.within(0, 20) is lineage


@unhurried
@given(st.integers(0, 10_000))
def test_text_there_and_back(seed: int) -> None:
    lineage = make_movie(seed, frames=5)[1].lineage
    assert parse_lineage(format_lineage(lineage)).rows() == lineage.rows()


@pytest.mark.parametrize(
    "text", ["1 0 5 0\n2 6 7 1\n", "1\t0\t5\t0\r\n2\t6\t7\t1", "\ufeff\n 1 0  5 0 \n\n2 6 7 1\n\n"]
)
def test_text_with_blanks_tabs_and_empty_lines(text: str) -> None:
    """py-ctcmetrics#6: tables with tabs."""
    assert parse_lineage(text).rows() == [(1, 0, 5, 0), (2, 6, 7, 1)]


def test_empty_text() -> None:
    assert len(parse_lineage("")) == len(parse_lineage("\n \n")) == 0


def test_all_damaged_lines_are_told() -> None:
    text = "1 0 5 0\n2 6 7\n3 6 x 0\n4 0 1 -1\n5 0 1 1.5\n6 0 1 99999999999999999999\n7 ١ 2 0\n"
    with pytest.raises(LineageError, match=r"res_track.txt has 6 problems: line 2 is '2 6 7' and not four") as caught:
        parse_lineage(text, "res_track.txt")
    assert [problem.split()[1] for problem in caught.value.problems] == ["2", "3", "4", "5", "6", "7"]


def test_problems_of_table_and_images_together() -> None:
    assert find_problems(DIVISION) == []
    wrong = Tracks(sequence("aa.b aa.b cc.b", "a01 b02").frames, Lineage.from_rows([(1, 0, 1, 9), (2, 0, 3, 0)]))
    assert find_problems(wrong) == [
        "track 1 has the parent 9, which is no track",
        "track 2 lasts from frame 0 to 3, and there are frames 0 to 2 only",
        "label 3 is in frame 2, and no row of the table has it",
    ]


def test_a_long_gap_is_told_shortly() -> None:
    words = " ".join(["a", *["."] * 20, "a"])
    frames = sequence(words, "a01").frames
    told = find_problems(Tracks(frames, Lineage.from_rows([(1, 0, 21, 0)])))
    assert told == [
        "track 1 lasts from frame 0 to 21, and its label is not in frames 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 10 more"
    ]


def test_labels_too_large_for_a_table() -> None:
    frames = np.full((1, 1, 2), 2**64 - 1, np.uint64)
    told = find_problems(Tracks(frames, Lineage.from_rows([])))
    assert told == ["label 18446744073709551615 is in frame 0, and no row of the table has it"]


@pytest.mark.parametrize("tolerance", [-1, 0.5, "1"])
def test_tolerance_in_whole_frames(tolerance: float) -> None:
    with pytest.raises(ConventionError, match="Expected whole frames, 0 or more"):
        Conventions(tolerance=tolerance)


def test_unknown_conventions() -> None:
    with pytest.raises(ConventionError, match=r"no parent_links='graph'. Choose one of divisions, table"):
        Conventions(parent_links="graph")
    with pytest.raises(ConventionError, match=r"no fractions='all'. Choose one of every, first"):
        Conventions(fractions="all")
    with pytest.raises(ConventionError, match=r"no conventions of 'motchallenge' for tracks. Choose one of ctc, tracc"):
        Conventions.as_in("motchallenge")
    with pytest.raises(ConventionError, match=r"no field i, j. Expected some of fractions, parent_links, tolerance"):
        Conventions.from_dict({"i": 1, "j": 2})
