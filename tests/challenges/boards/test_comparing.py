from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from bioimagehub.challenges.boards import Board, compare_boards, make_board
from bioimagehub.challenges.errors import BoardError
from challenges.boards.made_results import make_challenge, make_results

CHALLENGE = make_challenge(12)
RESULTS = make_results(CHALLENGE, {"a": 0.9, "b": 0.7, "c": 0.5, "new": 0.8})


def make(*entries: tuple[str, str]) -> Board:
    """A board on which the first of each two has the result of the second."""
    chosen = {name: RESULTS[source] for name, source in entries}
    return make_board(CHALLENGE, "final", chosen, controls={"truth": RESULTS["a"]}, samples=50)


OLD = make(("ada", "a"), ("ben", "b"), ("cy", "c"))
NEW = make(("ada", "b"), ("ben", "a"), ("<b>", "new"))


def test_changes_of_rank() -> None:
    found = {change.entry: change for change in compare_boards(OLD, NEW).changes}
    assert list(found)[-1] == "cy"
    assert {name: (one.old_rank, one.new_rank, one.rise) for name, one in found.items()} == {
        "ben": (2, 1, 1),
        "<b>": (None, 2, None),
        "ada": (1, 3, -2),
        "cy": (3, None, None),
        "truth": (None, None, None),
    }
    assert (found["ada"].old_score, found["ada"].new_score) == (OLD.find_row("ada").score, NEW.find_row("ada").score)
    assert isnan(found["cy"].new_score)
    assert found["truth"].is_control


def test_nothing_changed() -> None:
    found = compare_boards(OLD, OLD)
    assert found.moved == ()
    assert "0 entries have another rank" in found.to_html()


def test_side_by_side() -> None:
    found = compare_boards(OLD, NEW)
    lines = found.to_markdown().splitlines()
    assert lines[0].startswith("| old rank | new rank | change | entry |")
    assert any(line.startswith("| 2 | 1 | ▲ 1 | ben |") for line in lines)
    assert any(line.startswith("| – | 2 | new | \\<b\\> |") for line in lines)
    page = found.to_html()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert OLD.digest in page
    assert NEW.digest in page


@pytest.mark.parametrize("field", ["challenge", "phase"])
def test_boards_of_two_phases_are_not_compared(field: str) -> None:
    with pytest.raises(BoardError, match=f"two values of the {field}"):
        compare_boards(OLD, replace(OLD, **{field: "other"}))
