"""The leak budget: what someone who submits to a hidden phase can learn about single cases."""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.boards import Board, Column, Row, Settings, make_board, publishable
from bioimagehub.challenges.boards.board import Estimate
from challenges.boards.made_results import make_challenge, make_probe, make_results

if TYPE_CHECKING:
    from bioimagehub.challenges.challenge import Challenge

METRICS = "  - panoptic_quality\n  - {metric: f1, aggregate: pooled}\n  - {metric: recall, aggregate: median}\n"
CASES = 12


def make(policy: str) -> Challenge:
    return make_challenge(CASES, hidden=True, metrics=f"{METRICS}conventions: {{empty: {policy}}}\n")


def shown(challenge: Challenge, others: dict, result) -> dict:
    """All that the attacker sees."""
    board = make_board(challenge, "final", others | {"attacker": result}, samples=300)
    return publishable(board, hidden=challenge.phases[0].hidden).as_dict()


@pytest.fixture(scope="module", params=["nan", "one", "zero"])
def challenge(request: pytest.FixtureRequest) -> Challenge:
    return make(request.param)


@pytest.mark.parametrize("others", [{}, {"ada": 0.8, "ben": 0.6}], ids=["alone", "with others"])
def test_empty_predictions_do_not_tell_which_cases_are_empty(challenge: Challenge, others: dict) -> None:
    names = [case.id for case in challenge.splits["test"].cases]
    competitors = make_results(challenge, others)
    for rest in (None, True):  # the other cases are left out, or have an object in a wrong place
        seen = [
            shown(challenge, competitors, make_probe(challenge, empty, dict.fromkeys(names, rest) | {names[5]: False}))
            for empty in (set(), {names[5]}, {names[2]})
        ]
        assert seen[0] == seen[1] == seen[2]


def test_nothing_submitted_but_empty_predictions_does_not_tell_whether_any_case_is_empty(challenge) -> None:
    names = [case.id for case in challenge.splits["test"].cases]
    seen = [
        shown(challenge, {}, make_probe(challenge, empty, dict.fromkeys(names, False)))
        for empty in (set(), {names[0]}, {names[7]})
    ]
    assert seen[0] == seen[1] == seen[2]


def test_the_unrounded_board_would_tell() -> None:
    """Otherwise the tests above test nothing."""
    challenge = make("one")
    names = [case.id for case in challenge.splits["test"].cases]
    found = [
        make_board(challenge, "final", {"attacker": make_probe(challenge, empty, dict.fromkeys(names, False))})
        for empty in (set(), {names[0]})
    ]
    assert found[0].rows[0].score == 0
    assert isclose(found[1].rows[0].score, 1 / CASES)


def test_one_case_moves_no_score_by_more_than_a_step() -> None:
    challenge = make("nan")
    results = make_results(challenge, {"ada": 0.8, "ben": 0.6})
    board = publishable(make_board(challenge, "final", results, samples=300), hidden=True)
    assert all(column.step >= 2 / CASES for column in board.columns)


@pytest.fixture(scope="module")
def full() -> Board:
    challenge = make_challenge(60)
    skills = {"ada": 0.85, "ben": 0.845, "cy": 0.7, "dee": 0.4}
    controls = make_results(challenge, {"truth": 1.0}, seed=3)
    return make_board(challenge, "final", make_results(challenge, skills), controls=controls, samples=300)


def test_a_public_board_is_shown_as_it_is(full: Board) -> None:
    assert publishable(full, hidden=False) is full


def test_a_hidden_board_has_rounded_aggregates_and_nothing_else(full: Board) -> None:
    board = publishable(full, hidden=True)
    assert board.hidden
    assert board.pairwise is board.agreement is None
    assert board.strata == board.remarks == ()
    for row in board.rows:
        assert row.p_best is row.key is None
        for column in board.columns:
            one = row.scores[column.name]
            for number in one:
                assert isclose(number / column.step, round(number / column.step), abs_tol=1e-9)
            assert one.low <= one.value <= one.high
            assert abs(one.value - full_value(full, row, column)) <= column.step / 2 + 1e-9


def full_value(full: Board, row: Row, column: Column) -> float:
    (same,) = [one for one in full.rows if one.entry == row.entry]
    return same.scores[column.name].value


def test_ranks_follow_from_the_rounded_numbers_alone(full: Board) -> None:
    board = publishable(full, hidden=True)
    assert [(row.entry, row.rank) for row in board.entries] == [("ada", 1), ("ben", 1), ("cy", 3), ("dee", 4)]
    assert {row.entry for row in board.rows if row.tied_with_best} == {"ada", "ben"}
    for row in board.entries:
        assert row.rank_low <= row.rank <= row.rank_high
    # Who knows the rounded numbers can compute all the rest.
    again = publishable(full_of(board), hidden=True)
    assert [(row.entry, row.rank, row.rank_low, row.rank_high, row.tied_with_best) for row in again.rows] == [
        (row.entry, row.rank, row.rank_low, row.rank_high, row.tied_with_best) for row in board.rows
    ]


def full_of(board: Board) -> Board:
    return Board.from_dict(board.as_dict())


def row(name: str, *numbers: float) -> Row:
    return Row(name, {"m": Estimate(*map(float, numbers))})


def plain_board(column: Column, *rows: Row, cases: int = 100) -> Board:
    settings = Settings()
    return Board("c", "C", "t", "p", "s", False, cases, "", (column,), rows, settings=settings)


def test_errors_without_bound_are_rounded_to_their_noise() -> None:
    column = Column("m", "RMSE", "lower", 0.0, np.inf, "nm")
    board = publishable(
        plain_board(
            column,
            row("a", 20.123, 18.0, 23.0),
            row("b", 41.7, 37.0, 44.9),
            row("c", np.inf, 30.0, np.inf),
            row("d", np.nan, np.nan, np.nan),
        ),
        hidden=True,
    )
    assert board.columns[0].step == 2.0
    assert [(one.entry, one.rank, one.score) for one in board.rows[:3]] == [
        ("a", 1, 20),
        ("b", 2, 42),
        ("c", 3, np.inf),
    ]
    assert board.rows[3].rank is None
    assert board.rows[0].estimate == (20.0, 16.0, 24.0)
    assert [one.tied_with_best for one in board.rows] == [True, False, False, False]


def test_images_are_never_empty_so_their_noise_alone_counts() -> None:
    column = Column("m", "SSIM", "higher", 1.0, -1.0)
    full = plain_board(column, row("a", 0.947, 0.936, 0.958), row("b", 0.991, 0.99, 0.992), cases=12)
    assert publishable(full, hidden=True).columns[0].step == 0.5
    board = publishable(replace(full, kind="image"), hidden=True)
    assert board.columns[0].step == 0.005
    assert [(one.entry, one.score) for one in board.rows] == [("b", 0.99), ("a", 0.945)]


def test_perfect_images_have_infinite_psnr_on_hidden_boards_too() -> None:
    column = Column("m", "PSNR", "higher", np.inf, -np.inf, "dB")
    full = plain_board(column, row("a", np.inf, np.inf, np.inf), row("b", 31.27, 30.9, 31.7))
    board = publishable(replace(full, kind="image"), hidden=True)
    assert [(one.entry, one.rank, one.score) for one in board.rows] == [("a", 1, np.inf), ("b", 2, 31.2)]
    assert board.rows[0].tied_with_best
    assert not board.rows[1].tied_with_best


def test_of_one_case_without_noise_and_bound_one_digit_is_told() -> None:
    column = Column("m", "RMSE", "lower", 0.0, np.inf, "nm")
    board = publishable(plain_board(column, row("a", 37.123, np.nan, np.nan), cases=1), hidden=True)
    assert board.rows[0].score == 40.0
