from __future__ import annotations

import json
from math import inf, isnan, nan

import pytest

from bioimagehub.challenges.boards import Board, Column, Estimate, Row
from bioimagehub.challenges.errors import BoardFileError


def make(*rows: Row) -> Board:
    column = Column("psnr", "PSNR", "higher", inf, -inf, "dB")
    return Board("c", "C", "restoration", "p", "s", False, 3, "range 1", (column,), rows)


def test_every_float_comes_back_as_it_was() -> None:
    board = make(Row("a", {"psnr": Estimate(inf, 0.1 + 0.2, inf)}, 1), Row("b", {"psnr": Estimate(nan, nan, nan)}))
    text = json.dumps(board.as_dict(), allow_nan=False)
    again = Board.from_dict(json.loads(text))
    assert again.rows[0] == board.rows[0]
    assert again.columns == board.columns
    assert all(isnan(number) for number in again.rows[1].estimate)
    assert again.digest == board.digest
    assert json.dumps(again.as_dict()) == text


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"cases": "3"}, "board.cases of a leaderboard: expected a value of type int"),
        ({"cases": True}, "expected a value of type int"),
        ({"rows": {}}, "expected a list"),
        ({"rows": [3]}, r"board.rows\[0\] of a leaderboard: expected a mapping"),
        ({"settings": {"level": "much"}}, "settings.level of a leaderboard: expected a value of type float"),
        ({"colour": "red"}, "expected no keys but agreement"),
        ({"columns": [{"name": "x", "title": "X", "better": "up", "best": 1, "worst": 0}]}, "one of higher, lower"),
        ({"rows": [{"entry": "a", "scores": {"psnr": [1, 2]}}]}, "expected 3 numbers"),
        ({"rows": [{"entry": "a", "scores": []}]}, "expected a mapping"),
    ],
)
def test_what_is_wrong_is_named(change: dict, cure: str) -> None:
    with pytest.raises(BoardFileError, match=cure):
        Board.from_dict(make().as_dict() | change)


def test_what_is_missing_is_named() -> None:
    values = make().as_dict()
    del values["phase"], values["cases"]
    with pytest.raises(BoardFileError, match="the keys cases, phase, too"):
        Board.from_dict(values)
