from __future__ import annotations

import re
from dataclasses import replace
from math import inf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.boards import Board, Column, Origin, Settings, make_board
from bioimagehub.challenges.boards.measured import measure_columns
from bioimagehub.challenges.boards.ranked import compare_pairs, make_rows
from bioimagehub.challenges.boards.remarks import remark
from bioimagehub.challenges.case_results import CaseResult, Result
from bioimagehub.challenges.errors import BoardError, UnknownSplitError
from bioimagehub.challenges.scoring import aggregate
from bioimagehub.challenges.statistics import CaseScores
from challenges.boards.made_results import make_challenge, make_result, make_results

if TYPE_CHECKING:
    from bioimagehub.challenges.boards.board import Row

CASES = [f"case-{at:02}" for at in range(24)]
SKILLS = {"ada": 0.85, "ben": 0.845, "cy": 0.7, "dee": 0.4}


@pytest.fixture(scope="module")
def challenge():
    return make_challenge(24)


@pytest.fixture(scope="module")
def results(challenge):
    return make_results(challenge, SKILLS)


@pytest.fixture(scope="module")
def board(challenge, results) -> Board:
    controls = make_results(challenge, {"truth": 1.0, "ada": 0.6}, seed=9)
    origins = {"cy": Origin("Cy 2026", "https://hub.example/runs/7")}
    return make_board(challenge, "final", results, controls=controls, origins=origins)


def test_scores_are_the_official_ones_to_the_last_digit(board: Board, results: dict[str, Result]) -> None:
    for row in board.entries:
        assert {name: one.value for name, one in row.scores.items()} == results[row.entry].scores
        assert row.key == results[row.entry].key


def test_ranks_with_intervals(board: Board) -> None:
    rows = {row.entry: row for row in board.entries}
    assert {rows["ada"].rank, rows["ben"].rank} == {1, 2}
    assert (rows["cy"].rank, rows["dee"].rank) == (3, 4)
    for row in board.entries:
        assert row.rank_low <= row.rank <= row.rank_high
        for one in row.scores.values():
            assert one.low <= one.value <= one.high
    assert (rows["dee"].rank_low, rows["dee"].rank_high) == (4, 4)
    assert {entry for entry, row in rows.items() if row.tied_with_best} == {"ada", "ben"}
    assert sum(row.p_best for row in board.entries) == pytest.approx(1)


def test_pairs_are_corrected_together(board: Board) -> None:
    pairs = board.pairwise
    assert pairs.entries == tuple(row.entry for row in board.entries)
    p = np.array(pairs.p)
    assert np.array_equal(p, p.T)
    best, worst = 0, 3
    assert p[best, worst] < 0.001 < 0.05 < p[0, 1]


def test_controls_stand_where_they_score_and_compete_with_nobody(board: Board, challenge, results) -> None:
    controls = [row for row in board.rows if row.is_control]
    assert [row.entry for row in controls] == ["truth", "ada"]
    assert all(row.rank is None and row.p_best is None and not row.tied_with_best for row in controls)
    assert [row.score for row in board.rows] == sorted((row.score for row in board.rows), reverse=True)
    alone = make_board(challenge, "final", results)
    assert [(row.entry, row.rank, row.rank_low, row.p_best) for row in alone.rows] == [
        (row.entry, row.rank, row.rank_low, row.p_best) for row in board.entries
    ]


def test_rows_tell_where_they_come_from(board: Board) -> None:
    assert (board.find_row("cy").citation, board.find_row("cy").run) == ("Cy 2026", "https://hub.example/runs/7")
    assert board.find_row("ada").run is None
    assert board.find_row("truth") is None


def test_the_same_input_gives_the_same_board_and_another_seed_another(board: Board, challenge, results) -> None:
    one, other = (make_board(challenge, challenge.phases[0], results, seed=seed) for seed in (0, 0))
    assert one.digest == other.digest
    seeded = make_board(challenge, "final", results, seed=1)
    assert seeded.digest != one.digest
    assert [row.score for row in seeded.rows] == [row.score for row in one.rows]


def test_strata_are_boards_of_their_cases(board: Board, challenge, results) -> None:
    assert [(one.attribute, one.value, one.cases) for one in board.strata] == [
        ("staining", "DAPI", 16),
        ("staining", "H&E", 8),
    ]
    (stained,) = [one for one in board.strata if one.value == "H&E"]
    chosen = [case.id for case in challenge.splits["test"].cases if case.strata["staining"] == "H&E"]
    for entry, result in results.items():
        cases = {name: result.cases[name] for name in chosen}
        assert stained.scores[entry].value == aggregate(challenge, challenge.metrics[0], cases)


def test_agreement_of_rankings(board: Board) -> None:
    found = board.agreement
    assert found.rankings[0] == "Panoptic quality, mean of cases"
    assert {"F1 score, pooled", "Panoptic quality, mean rank in a case"} <= set(found.rankings)
    assert found.rankings[-1] == "all metrics, their ranks weighted"
    assert all(found.tau[at][at] == 1 for at in range(len(found.rankings)))
    assert 0 < found.stability_low <= found.stability <= 1


def test_a_case_that_is_missing_counts_as_worst() -> None:
    """Ten of twelve cases are there; the result says nothing of the others, or that they could not be scored."""
    challenge = make_challenge(12, metrics="  - f1\n  - {metric: panoptic_quality, aggregate: pooled}\n")
    results = make_results(challenge, {"all": 0.3, "some": 0.95})
    there = dict(list(results["some"].cases.items())[:10])
    refused = {name: CaseResult(None, {"f1": 0.0, "panoptic_quality": 0.0}, "sha256:0", "why") for name in CASES[10:12]}
    for cases in (there, there | refused):
        scores = {"f1": sum(case.scores["f1"] for case in there.values()) / 12, "panoptic_quality": 0.0}
        some = Result("nuclei", "test", cases, scores, {}, str(challenge.conventions), {}, "sha256:some")
        row = make_board(challenge, "final", {"all": results["all"], "some": some}, samples=200).find_row("some")
        assert row.low < 10 / 12 < row.high
        assert row.scores["panoptic_quality"].low == 0
        assert row.scores["panoptic_quality"].high > 0.7


def test_equal_scores_share_a_rank_and_the_order_of_names_decides_nothing(challenge) -> None:
    same = make_results(challenge, {"x": 0.7})["x"]
    worse = make_results(challenge, {"y": 0.5})["y"]
    board = make_board(challenge, "final", {"z": same, "m": worse, "a": same}, samples=100)
    assert [(row.entry, row.rank, row.rank_low, row.rank_high) for row in board.rows] == [
        ("a", 1, 1, 1),
        ("z", 1, 1, 1),
        ("m", 3, 3, 3),
    ]
    assert [row.p_best for row in board.rows] == [0.5, 0.5, 0]
    assert board.pairwise.p[0][1] == 1


def test_who_has_no_score_has_no_rank_and_comes_last(challenge) -> None:
    """Nothing predicted where there is nothing, in all cases: the mean of no score is NaN."""
    nothing = np.zeros((1, 3), int)
    empty = challenge.rules.measure(nothing, nothing, conventions=challenge.conventions)
    names = [case.id for case in challenge.splits["test"].cases]
    silent = make_result(challenge, dict.fromkeys(names, empty))
    board = make_board(
        challenge, "final", {"silent": silent, "bad": make_results(challenge, {"b": 0.0})["b"]}, samples=100
    )
    bad, last = board.rows
    assert (bad.entry, bad.rank, bad.rank_high) == ("bad", 1, 1)
    assert (last.rank, last.rank_low, last.p_best, last.tied_with_best) == (
        None,
        None,
        0.0,
        False,
    ) or last.p_best is None
    assert isnan(last.score)
    assert any("no case says anything about silent" in remark for remark in board.remarks)


def test_one_entry_one_case() -> None:
    challenge = make_challenge(1)
    board = make_board(challenge, "final", make_results(challenge, {"solo": 0.8}))
    (row,) = board.rows
    assert (row.rank, row.rank_low, row.p_best, row.tied_with_best) == (1, None, None, True)
    assert isnan(row.low)
    assert board.pairwise is board.agreement is None
    assert "nothing can be said" in board.remarks[0]


def test_controls_alone(challenge) -> None:
    board = make_board(challenge, "final", {}, controls=make_results(challenge, {"truth": 1.0}), samples=50)
    assert [row.is_control for row in board.rows] == [True]


def test_no_result_at_all(challenge) -> None:
    with pytest.raises(BoardError, match="Score one first"):
        make_board(challenge, "final", {})
    with pytest.raises(UnknownSplitError, match="final"):
        make_board(challenge, "semifinal", {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"challenge": "cells"}, "ben is of the challenge cells"),
        ({"split": "public"}, "ben is of the split 'public'"),
        ({"conventions": "IoU > t; bioimagehub 0.1.0"}, r"ben has other conventions \(IoU > t"),
        ({"scores": {"panoptic_quality": 0.5}}, "ben has no f1, average_precision"),
    ],
)
def test_results_that_cannot_be_compared_make_no_board(challenge, results, change: dict, said: str) -> None:
    strange = replace(results["ben"], **change)
    for given in (
        {"results": {"ada": results["ada"], "ben": strange}},
        {"results": results, "controls": {"ben": strange}},
    ):
        with pytest.raises(BoardError, match=f"{said}.*Expected results of the split.*Score the predictions again"):
            make_board(challenge, "final", samples=10, **given)


def test_older_results_make_a_board_with_their_own_conventions(challenge, results) -> None:
    older = {name: replace(one, conventions="IoU > t; bioimagehub 0.0.1") for name, one in results.items()}
    board = make_board(challenge, "final", older, samples=10, conventions="IoU > t; bioimagehub 0.0.1")
    assert board.conventions == "IoU > t; bioimagehub 0.0.1"
    with pytest.raises(BoardError, match="ada has other conventions"):
        make_board(challenge, "final", {**older, "ada": results["ada"]}, conventions=board.conventions)


def test_the_version_of_the_library_parts_no_results(challenge, results) -> None:
    text = re.sub(r"bioimagehub \S+", "bioimagehub 0.0.1", results["ada"].conventions)
    assert text != results["ada"].conventions
    make_board(challenge, "final", {**results, "ada": replace(results["ada"], conventions=text)}, samples=10)


def rows_of(values: list[list[float]], better: str, aggregate: str) -> tuple[list[Row], tuple[str, ...]]:
    column = Column("m", "M", better, inf if better == "higher" else 0.0, 0.0, aggregate=aggregate)
    cases = [str(at) for at in range(len(values[0]))]
    scores = CaseScores([f"e{at}" for at in range(len(values))], cases, values, better)
    settings = Settings(samples=300)
    measured = measure_columns([column], {"m": scores}, settings)
    pairs = compare_pairs(measured[0], np.arange(len(values)))
    return make_rows(measured, pairs, settings, [{}] * len(values)), remark(measured)


def test_errors_rank_with_the_least_first() -> None:
    rows, _ = rows_of([[3, 4, 5] * 5, [1, 1, 2] * 5, [inf, 0, 0] * 5], "lower", "mean")
    assert [row.rank for row in rows] == [2, 1, 3]
    assert rows[2].score == inf


def test_images_without_any_error_have_infinite_psnr() -> None:
    values = [[30, 31, 32, inf] * 5, [29, 30, 31, 32] * 5, [28, nan, 30, 31] * 5]
    rows, remarks = rows_of(values, "higher", "mean")
    assert [row.rank for row in rows] == [1, 2, 3]
    assert (rows[0].score, rows[1].score) == (inf, 30.5)
    assert any("5 scores of cases are infinite, the best there is" in one for one in remarks)
    assert any("5 of 60 scores of cases say nothing" in one for one in remarks)
    rows, _ = rows_of(values, "higher", "median")
    assert rows[0].score == 31.5
