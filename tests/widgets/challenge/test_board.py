"""The leaderboard of the widget: rows, ties, controls, one's own, and names of others."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

from bioimagehub.challenges import load_challenge, make_board, score
from bioimagehub.widgets import challenge
from bioimagehub.widgets.challenge.board import MOST_ROWS, find_own, tell_board, write_rows
from bioimagehub.widgets.errors import PredictionsError
from servers.challenge import squares as draw_squares
from servers.challenge import truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.challenges.boards import Board


@pytest.fixture(scope="module")
def board(squares: Path) -> Board:
    loaded = load_challenge(squares)
    sizes = {"Mine — ann": 8, "Same — bob": 8, "Worse — ann": 5, "<b>Worst</b> — eve": 2}
    results = {
        name: score(
            loaded, "public", {case: draw_squares(number, size) for case, number in (("a", 3), ("b", 9), ("c", 5))}
        )
        for name, size in sizes.items()
    }
    return make_board(loaded, "practice", results, controls={"truth": score(loaded, "public", truth()["public"])})


def test_ties_controls_and_own_rows_are_marked(board: Board) -> None:
    told = tell_board(board, find_own(board, [], "ann"))
    rows = {row["entry"]: row for row in told["rows"]}
    assert [rows[name]["rank"] for name in ("Mine — ann", "Same — bob", "truth")] == ["1", "1", "–"]
    assert rows["truth"]["kind"] == "control"
    assert {name for name, row in rows.items() if row["own"]} == {"Mine — ann", "Worse — ann"}
    lines = {line[1]: line[4] for line in write_rows(told, 10)}
    assert lines["Mine — ann"] == "yours, first"
    assert lines["truth"] == "control"
    assert told["span"] == [0.0, 1.0]
    json.dumps(told, allow_nan=False)


def test_own_rows_without_a_known_user_are_those_of_which_there_is_one(board: Board) -> None:
    assert find_own(board, ["Mine", "nothing"], "") == {"Mine — ann"}
    both = replace(board, rows=(*board.rows, replace(board.rows[1], entry="Mine — eve")))
    assert find_own(both, ["Mine"], "") == set()
    assert find_own(both, ["Mine"], "ann") == {"Mine — ann", "Worse — ann"}


def test_names_of_others_cannot_change_what_stands_beside_them(board: Board) -> None:
    hostile = replace(board.rows[0], entry="\u202eevil\u0000\n" + "x" * 10_000)
    told = tell_board(replace(board, rows=(hostile, *board.rows[1:])))
    name = told["rows"][0]["entry"]
    assert "\u202e" not in name
    assert len(name) <= 200


def test_a_long_board_is_cut_and_keeps_ones_own(board: Board) -> None:
    many = tuple(replace(board.rows[1], entry=f"entry {at} — bob") for at in range(MOST_ROWS + 20))
    told = tell_board(replace(board, rows=(*many, replace(board.rows[1], entry="ann"))), {"ann"})
    assert told["rows"][-1]["own"]
    assert (len(told["rows"]), told["more"]) == (MOST_ROWS + 1, 20)
    assert len(json.dumps(told)) < 400_000


def test_without_a_hub_there_is_a_board_of_controls_and_ones_own(squares: Path, ask: Callable[..., Any]) -> None:
    made = challenge(squares)
    assert ask(made, "board")[0] == {"board": None}
    assert ask(made, "versions")[0] == {"versions": []}
    first = ask(made, "board", own=True)[0]["board"]
    assert {row["kind"] for row in first["rows"]} == {"control"}
    made.predictions = truth()["public"]
    made.score_predictions()
    told = ask(made, "board", own=True)[0]["board"]
    assert [row["entry"] for row in told["rows"] if row["own"]] == ["your predictions"]
    assert made.board().find_row("your predictions").score == 1.0
    assert made.working is None
    made.phase = "final"
    with pytest.raises(PredictionsError, match="final is hidden"):
        made._make_own_board("final", threading.Event())
    made.close()


def test_a_board_that_was_stopped_is_not_kept(squares: Path, ask: Callable[..., Any]) -> None:
    made = challenge(squares)
    stop = threading.Event()
    stop.set()
    part = made.answer_board({"own": True}, [], stop)[0]["board"]
    assert "leaderboard" not in made.as_text()
    whole = ask(made, "board", own=True)[0]["board"]
    assert len(part["rows"]) < len(whole["rows"])
    assert len(made.board().rows) == len(whole["rows"])
    made.close()


def test_a_board_is_that_of_its_question(squares: Path, ask: Callable[..., Any]) -> None:
    """A question may overtake the change of the phase that it follows from."""
    made = challenge(squares)
    assert ask(made, "board", own=True, phase="past", version=None)[0]["board"]["phase"] == "past"
    assert made.phase == "practice"
    assert "leaderboard" not in made.as_text()
    made.phase = "past"
    assert "leaderboard of the phase past" in made.as_text()
    with pytest.raises(traitlets.TraitError, match=r"no phase 'gone'\. It has final"):
        ask(made, "board", own=True, phase="gone")
    made.close()
