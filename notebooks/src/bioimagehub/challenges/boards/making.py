"""Make a leaderboard of the results of the entries of a phase."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bioimagehub.challenges.boards.admission import check_results
from bioimagehub.challenges.boards.board import Board, Column, Settings
from bioimagehub.challenges.boards.measured import Measured, measure_columns
from bioimagehub.challenges.boards.pooled import Pooling
from bioimagehub.challenges.boards.ranked import (
    CONTROL,
    compare_pairs,
    compare_rankings,
    make_control_rows,
    make_rows,
    rank_strata,
    sort_rows,
)
from bioimagehub.challenges.boards.remarks import remark
from bioimagehub.challenges.errors import BoardError
from bioimagehub.challenges.statistics import ALPHA, LEVEL, CaseScores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase
    from bioimagehub.challenges.statistics import Better


@dataclass(frozen=True)
class Origin:
    """Where an entry comes from.

    Attributes
    ----------
    citation : str or None
        What to cite for the method.
    run : str or None
        The address of the record of the run that made the predictions.
    """

    citation: str | None = None
    run: str | None = None


def make_board(
    challenge: Challenge,
    phase: Phase | str,
    results: Mapping[str, Result],
    *,
    controls: Mapping[str, Result] | None = None,
    origins: Mapping[str, Origin] | None = None,
    conventions: str | None = None,
    seed: int = 0,
    samples: int = 1000,
) -> Board:
    """Rank entries by their results, and say how sure the ranks are.

    Parameters
    ----------
    challenge : Challenge
    phase : Phase or str
        The phase whose board it is.
    results : mapping of str to Result
        Of each entry, by its name; of the split of the phase. A case that a result lacks counts the
        worst score of each metric.
    controls : mapping of str to Result, optional
        Rows of which one knows what they should score. They are shown and compete with nobody.
    origins : mapping of str to Origin, optional
        Where entries come from.
    conventions : str, optional
        Those of all results, as `Result.conventions` has them; by default those of the challenge. Older results, from
        before these were changed, make a board of their own with theirs.
    seed, samples : int
        Of the bootstrap over the cases.

    Returns
    -------
    Board
        The same for the same input. While truth is hidden show `publishable` of it, nothing else.

    Raises
    ------
    BoardError
        If there is no result at all, or one is of another challenge, split or conventions, or lacks a metric.
    UnknownSplitError
        If there is no such phase.
    """
    phase = challenge.find_phase(phase) if isinstance(phase, str) else phase
    settings = Settings(seed, samples, LEVEL, ALPHA)
    found = [*results.values(), *(controls or {}).values()]
    if not found:
        msg = (
            f"There is no result for a board of the phase {phase.name} of {challenge.name}. Expected at least one "
            "entry or control. Score one first."
        )
        raise BoardError(msg)
    conventions = str(challenge.conventions) if conventions is None else conventions
    names = [*results, *(f"{CONTROL}{name}" for name in controls or {})]
    named = [*results.items(), *(controls or {}).items()]
    check_results(challenge, phase.split, named, conventions)
    cases = challenge.find_split(phase.split).cases
    columns = make_columns(challenge, found[0].units)
    pooling = _pool(challenge, columns, found, [case.id for case in cases])
    measured = measure_columns(
        columns,
        {column.name: _tabulate(column, names, [case.id for case in cases], found) for column in columns},
        settings,
        pooling=pooling,
        points={column.name: np.array([one.scores[column.name] for one in found]) for column in columns},
    )
    attributes: dict[str, dict[str, object]] = {}
    for case in cases:
        for attribute, value in case.strata.items():
            attributes.setdefault(attribute, {})[case.id] = value
    return Board(
        challenge=challenge.name,
        title=challenge.title,
        task=challenge.task,
        phase=phase.name,
        split=phase.split,
        hidden=False,
        cases=len(cases),
        conventions=conventions,
        columns=tuple(columns),
        settings=settings,
        citations=tuple(f"{one.text} https://doi.org/{one.doi}" if one.doi else one.text for one in challenge.citation),
        licence=challenge.licence,
        organisers=tuple(one.name for one in challenge.organisers),
        kind=challenge.kind,
        software=f"bioimagehub {metadata.version('bioimagehub')}",
        **_rank(measured, pooling, settings, attributes, _describe(results, controls or {}, origins or {})),
    )


def make_columns(challenge: Challenge, units: Mapping[str, str]) -> list[Column]:
    """Return the metrics of a challenge as columns of a board, with the units that results have in place of theirs."""
    columns = []
    for ranked in challenge.metrics:
        metric = challenge.rules.METRICS[ranked.metric]
        columns.append(
            Column(
                ranked.metric,
                metric.TITLE,
                cast("Better", metric.BETTER),
                float(metric.BEST),
                float(metric.WORST),
                units.get(ranked.metric, metric.UNIT),
                ranked.aggregate,
                float(ranked.weight),
                metric.VERSION,
            )
        )
    return columns


def _tabulate(column: Column, names: Sequence[str], cases: Sequence[str], results: Sequence[Result]) -> CaseScores:
    values = [
        [result.cases[case].scores[column.name] if case in result.cases else column.worst for case in cases]
        for result in results
    ]
    return CaseScores(names, cases, values, column.better)


def _pool(
    challenge: Challenge, columns: Sequence[Column], results: Sequence[Result], cases: Sequence[str]
) -> Pooling | None:
    """Return what pooled scores are made of; None where no metric is pooled."""
    if not any(column.aggregate == "pooled" for column in columns):
        return None
    rules = challenge.rules
    tallies = [[_read_tally(rules, result, case) for case in cases] for result in results]
    metrics = {column.name: rules.METRICS[column.name].score for column in columns}
    return Pooling(tallies, rules.pool, metrics, {column.name: column.worst for column in columns})


def _read_tally(rules: Any, result: Result, case: str) -> Any:
    tally = result.cases[case].tally if case in result.cases else None
    return None if tally is None else rules.Tally.from_dict(tally)


def _describe(
    results: Mapping[str, Result], controls: Mapping[str, Result], origins: Mapping[str, Origin]
) -> list[dict[str, Any]]:
    """Return the further fields of the rows."""
    nowhere = Origin()
    entries = [
        {"key": result.key, "citation": origins.get(name, nowhere).citation, "run": origins.get(name, nowhere).run}
        for name, result in results.items()
    ]
    return [*entries, *({"key": result.key} for result in controls.values())]


def _rank(
    measured: Sequence[Measured],
    pooling: Pooling | None,
    settings: Settings,
    attributes: Mapping[str, Mapping[str, object]],
    about: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the fields of a board that are computed; entries come first, then controls."""
    is_control = np.array([name.startswith(CONTROL) for name in measured[0].scores.entries])
    entries, others = np.flatnonzero(~is_control), np.flatnonzero(is_control)
    sign = measured[0].scores.sign
    rows = (
        make_control_rows([one.choose(others) for one in measured], settings, about[len(entries) :])
        if len(others)
        else []
    )
    if not len(entries):
        return {"rows": sort_rows(rows, sign)}
    competing = [one.choose(entries) for one in measured]
    chosen = _choose_entries(pooling, entries)
    places, names = competing[0].ranks(), competing[0].scores.entries
    order = np.array(sorted(entries.tolist(), key=lambda at: (places[at], names[at])))
    pairwise = compare_pairs(competing[0], order)
    rows += make_rows(competing, pairwise, settings, about[: len(entries)])
    return {
        "rows": sort_rows(rows, sign),
        "pairwise": pairwise,
        "agreement": compare_rankings(competing, settings, chosen),
        "strata": rank_strata(competing[0], attributes, settings, chosen),
        "remarks": remark(competing),
    }


def _choose_entries(pooling: Pooling | None, entries: NDArray[np.int64]) -> Pooling | None:
    if pooling is None:
        return None
    return Pooling([pooling.tallies[entry] for entry in entries.tolist()], pooling.pool, pooling.metrics, pooling.worst)
