"""A result in plain values: what is kept in the state of the widget, and the rows of its cases."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.boards import make_board
from bioimagehub.challenges.boards.digits import find_decimals, say_column, say_interval, say_score
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase
    from bioimagehub.challenges.submissions import Report

OWN = "your predictions"
LISTED = 50
WORST = 20
_DECIMALS = 4
_LONG = 4000


def plain(value: float) -> float | str | None:
    """Write a number so that JSON holds it: NaN as None, infinity as text.

    Examples
    --------
    >>> [plain(value) for value in (0.5, float("nan"), float("-inf"))]
    [0.5, None, '-inf']
    """
    return None if isnan(value) else value if isfinite(value) else str(value)


def sum_up(challenge: Challenge, phase: Phase, result: Result) -> dict[str, Any]:
    """Sum a result up, with the interval of each score: a bootstrap over the cases, as on the leaderboard."""
    board = make_board(challenge, phase, {OWN: result}, conventions=result.conventions)
    row = board.rows[0]
    metrics = []
    for column in board.columns:
        one, decimals = row.scores[column.name], find_decimals(board, column)
        metrics.append(
            {
                "name": column.name,
                "title": say_column(column),
                "better": column.better,
                "best": plain(column.best),
                "worst": plain(column.worst),
                "unit": column.unit,
                "aggregate": column.aggregate,
                "value": plain(one.value),
                "low": plain(one.low),
                "high": plain(one.high),
                "text": say_score(one.value, decimals),
                "interval": say_interval(one, decimals),
                "left_out": result.left_out.get(column.name, 0),
            }
        )
    return {
        "state": "scored",
        "phase": phase.name,
        "split": phase.split,
        "cases": len(result.cases),
        "metrics": metrics,
        "worst": worst_cases(challenge, result)[:WORST],
        "conventions": clean(result.conventions, _LONG),
        "key": result.key,
        "problems": [],
        "more": 0,
    }


def tell_refusal(phase: Phase, report: Report) -> dict[str, Any]:
    """Tell why predictions cannot be scored: all problems, the first of them listed."""
    listed = [{name: clean(text, 400) for name, text in one.as_dict().items()} for one in report.problems[:LISTED]]
    more = report.more + len(report.problems) - len(listed)
    return {"state": "refused", "phase": phase.name, "split": phase.split, "problems": listed, "more": more}


def worst_cases(challenge: Challenge, result: Result) -> list[str]:
    """List the cases, the worst first by the metric that ranks; those without a number come last."""
    name = challenge.metrics[0].metric
    sign = 1.0 if challenge.rules.METRICS[name].BETTER == "higher" else -1.0
    gains = {case: sign * one.scores[name] for case, one in result.cases.items()}
    order = {case: at for at, case in enumerate(result.cases)}
    return sorted(gains, key=lambda case: (isnan(gains[case]), gains[case], order[case]))


def list_rows(challenge: Challenge, result: Result, sort: str, *, descending: bool) -> list[dict[str, Any]]:
    """List the scores of all cases.

    Parameters
    ----------
    challenge : Challenge
    result : Result
    sort : str
        A metric; ``case`` for the names; else the worst come first.
    descending : bool
        The other way round.
    """
    names = [ranked.metric for ranked in challenge.metrics]
    cases = worst_cases(challenge, result)
    if sort == "case":
        cases = sorted(result.cases)
    elif sort in names:
        cases = sorted(result.cases, key=lambda case: _order(result.cases[case].scores[sort]))
    strata = {case.id: case.strata for case in challenge.splits[result.split].cases}
    return [
        {
            "case": case,
            "values": [say_score(result.cases[case].scores[name], _DECIMALS) for name in names],
            "problem": clean(result.cases[case].problem or "", 400),
            "strata": clean(", ".join(f"{key}: {value}" for key, value in strata[case].items())),
        }
        for case in (reversed(cases) if descending else cases)
    ]


def _order(value: float) -> tuple[bool, float]:
    return isnan(value), 0.0 if isnan(value) else value
