"""What of a result is shown to its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.hub.portal.store.boards import add_board, add_result
from bioimagehub.hub.portal.store.challenges import add_edition, settle_edition
from bioimagehub.hub.portal.store.submissions import find_own
from bioimagehub.hub.portal.views import round_scores, view_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.portal.store.database import Store
    from bioimagehub.hub.portal.store.models import SubmissionRow

    Show = Callable[[str], Callable[[], Any]]

SCORES = {"panoptic_quality": 0.7656253, "f1": 0.8212345}
RESULT: dict[str, Any] = {"scores": SCORES, "cases": {"a": {"scores": SCORES}}, "conventions": "closed", "key": "k"}
BOARD = {"columns": [{"name": "panoptic_quality", "step": 0.05}, {"name": "f1", "step": None}]}


@pytest.fixture
def show(store: Store, squares_edition: int, add_to: Callable[..., SubmissionRow]) -> Show:
    """Return a function that scores a submission to a phase, and returns one that shows its scores."""

    def score(phase: str) -> Callable[[], Any]:
        row = add_to("ann", phase=phase)
        with store.writing() as session:
            add_result(session, row.id, squares_edition, "k", RESULT)

        def look() -> Any:
            with store.reading() as session:
                return view_result(session, *find_own(session, row.id, "ann"))

        return look

    return score


def test_a_hidden_score_is_not_shown_before_its_board(store: Store, squares_edition: int, show: Show) -> None:
    """Nobody knows yet how many of its digits are noise; of some metrics the board never knows."""
    look = show("final")
    assert look().scores == dict.fromkeys(SCORES)
    with store.writing() as session:
        add_board(session, 1, "final", squares_edition, "test", BOARD, {})
    assert look().scores == {"panoptic_quality": 0.75, "f1": None}
    assert look().cases is None
    assert look().key is None


def test_a_board_of_another_edition_does_not_say_what_is_noise(store: Store, show: Show) -> None:
    look = show("final")
    with store.writing() as session:
        other = add_edition(session, "squares", "", "0" * 64, "olga")
        settle_edition(session, other.id, [], None)
        add_board(session, 1, "final", other.id, "test", BOARD, {})
    assert look().scores == dict.fromkeys(SCORES)


def test_a_public_score_has_all_its_digits_at_once(show: Show) -> None:
    assert show("practice")().scores == SCORES


@pytest.mark.parametrize("value", [0.5, 0.123456, float("inf"), "inf", None])
def test_without_a_step_no_score_is_shown(value: object) -> None:
    assert round_scores({"f1": value}, {}) == {"f1": None}
    assert round_scores({"f1": value}, {"columns": [{"name": "f1", "step": 0.0}]}) == {"f1": None}
