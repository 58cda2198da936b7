from __future__ import annotations

import pytest

from bioimagehub.challenges.errors import AnswersError
from bioimagehub.challenges.values import by_item, check_items


def test_fields_come_after_the_last_slash() -> None:
    assert by_item({"plate/A1/area": 1.0, "count": 3.0}) == {"plate/A1": {"area": 1.0}, "count": {"value": 3.0}}


def test_fields_may_be_given_in_both_ways() -> None:
    assert by_item({"A1": {"area": 1.0}, "A1/moa": "tubulin"}) == {"A1": {"area": 1.0, "moa": "tubulin"}}


def test_field_that_is_given_twice() -> None:
    with pytest.raises(AnswersError, match=r"The item 'A1' of values has area twice. Expected it once"):
        by_item({"A1": {"area": 1.0}, "A1/area": 2.0})


def test_items_are_sorted_and_long_lists_are_cut() -> None:
    assert check_items("ba", "ab", "case") == ["a", "b"]
    with pytest.raises(AnswersError, match="no answer to 7 of 7 items: a, b, c, d, e and 2 more"):
        check_items("abcdefg", "", "case")
