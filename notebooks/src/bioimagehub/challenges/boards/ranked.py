"""From numbers to rows: ranks, intervals, ties, tests, agreement and strata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.boards.board import Agreement, Estimate, Pairwise, Row, Stratum
from bioimagehub.challenges.boards.measured import FEWEST_FOR_INTERVALS, measure_columns
from bioimagehub.challenges.statistics import (
    bootstrap_matrix,
    holm_matrix,
    interval,
    kendall,
    mean_ranks,
    ranks,
    settle,
    split_by,
    stability,
    summarise,
    tied_with_best,
    wilcoxon_matrix,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.boards.board import Settings
    from bioimagehub.challenges.boards.measured import Measured
    from bioimagehub.challenges.boards.pooled import Pooling

# No entry has such a name, so a control and an entry of one name stay apart.
CONTROL = "\0"
MIXED = "all metrics, their ranks weighted"


def compare_pairs(measured: Measured, order: NDArray[np.int64]) -> Pairwise | None:
    """Return which entries differ by the metric that ranks; None with fewer than two entries.

    Parameters
    ----------
    measured : Measured
        Of the entries that compete.
    order : ndarray of int64, shape (entries,)
        The order of the board.
    """
    if len(order) < 2:
        return None
    if measured.column.aggregate == "pooled":
        test = "bootstrap"
        samples = measured.bootstrap.gains
        p = bootstrap_matrix(measured.gains, samples, len(measured.scores.cases))
    else:
        test = "wilcoxon"
        p = wilcoxon_matrix(measured.scores.gains)
    corrected = holm_matrix(p)[np.ix_(order, order)]
    names = tuple(measured.scores.entries[entry] for entry in order)
    return Pairwise(names, tuple(tuple(map(float, row)) for row in corrected), test)


def compare_rankings(measured: Sequence[Measured], settings: Settings, pooling: Pooling | None) -> Agreement | None:
    """Return how much the metrics, and the ways to aggregate the first, agree; None with fewer than two entries."""
    first = measured[0]
    if len(first.points) < 2:
        return None
    title = first.column.title
    ways = {f"{one.column.title}, {_say(one.column.aggregate)}": one.ranks() for one in measured}
    gains = first.scores.gains
    ways.setdefault(f"{title}, {_say('mean')}", ranks(settle(summarise(gains, "mean"))))
    ways.setdefault(f"{title}, {_say('median')}", ranks(settle(summarise(gains, "median"))))
    ways.setdefault(f"{title}, mean rank in a case", ranks(settle(mean_ranks(gains))))
    if pooling is not None:
        name = first.column.name
        pooled = pooling.score(np.ones((1, gains.shape[1])), [name])[name][0]
        ways.setdefault(f"{title}, {_say('pooled')}", ranks(settle(first.scores.sign * pooled)))
    weighted = [one for one in measured if one.column.weight > 0]
    if len(weighted) > 1:
        total = sum(one.column.weight * one.ranks() for one in weighted)
        ways[MIXED] = ranks(settle(-np.asarray(total, np.float64)))
    tau = kendall(np.stack(list(ways.values())), np.stack(list(ways.values())))
    taus = stability(first.ranks(), first.bootstrap.ranks)
    taus = taus[~np.isnan(taus)]
    low = float(interval(taus[:, None], settings.level)[0][0]) if taus.size else np.nan
    middle = float(np.median(taus)) if taus.size else np.nan
    return Agreement(tuple(ways), tuple(tuple(map(float, row)) for row in tau), middle, low)


def _say(aggregate: str) -> str:
    return {"mean": "mean of cases", "median": "median of cases", "pooled": "pooled"}[aggregate]


def rank_strata(
    first: Measured, attributes: Mapping[str, Mapping[str, object]], settings: Settings, pooling: Pooling | None
) -> tuple[Stratum, ...]:
    """Return the ranking on each part of the cases, by the metric that ranks."""
    strata = []
    for part in split_by(first.scores.cases, attributes):
        scores = {first.column.name: first.scores.select(part.positions)}
        chosen = pooling.select(part.positions) if pooling else None
        (measured,) = measure_columns([first.column], scores, settings, pooling=chosen)
        estimates = measured.estimates(settings.level)
        places = measured.ranks()
        names = first.scores.entries
        strata.append(
            Stratum(
                part.attribute,
                part.value,
                len(part.positions),
                {
                    name: None if np.isnan(one.value) else int(place)
                    for name, place, one in zip(names, places, estimates, strict=True)
                },
                dict(zip(names, estimates, strict=True)),
            )
        )
    return tuple(strata)


def make_rows(
    measured: Sequence[Measured], pairwise: Pairwise | None, settings: Settings, about: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """Return the rows of the entries that compete, in the order in which they were given.

    Parameters
    ----------
    measured : sequence of Measured
        Of the entries that compete; the first ranks.
    pairwise : Pairwise or None
    settings : Settings
    about : sequence of mapping
        Further fields of each row.
    """
    first = measured[0]
    places = first.ranks()
    estimates = {one.column.name: one.estimates(settings.level) for one in measured}
    silent = np.isnan(first.points)
    low, high = first.bootstrap.rank_interval(settings.level)
    p_best = first.bootstrap.p_best
    tied = places == 1
    if pairwise is not None:
        at = [first.scores.entries.index(name) for name in pairwise.entries]
        tied = np.empty(len(places), bool)
        tied[at] = tied_with_best(places[at], np.array(pairwise.p), settings.alpha)
    known = len(first.scores.cases) >= FEWEST_FOR_INTERVALS
    rows = []
    for entry, name in enumerate(first.scores.entries):
        ranked = not silent[entry]
        rows.append(
            Row(
                entry=name,
                scores={metric: values[entry] for metric, values in estimates.items()},
                rank=int(places[entry]) if ranked else None,
                rank_low=int(low[entry]) if ranked and known else None,
                rank_high=int(high[entry]) if ranked and known else None,
                p_best=float(p_best[entry]) if ranked and known else None,
                tied_with_best=bool(ranked and tied[entry]),
                **about[entry],
            )
        )
    return rows


def make_control_rows(
    measured: Sequence[Measured], settings: Settings, about: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """Return the rows of controls, whose names begin with `CONTROL`: scores with intervals, and no rank."""
    estimates: dict[str, list[Estimate]] = {one.column.name: one.estimates(settings.level) for one in measured}
    return [
        Row(
            entry=name.removeprefix(CONTROL),
            scores={metric: values[entry] for metric, values in estimates.items()},
            is_control=True,
            **about[entry],
        )
        for entry, name in enumerate(measured[0].scores.entries)
    ]


def sort_rows(rows: Sequence[Row], sign: float) -> tuple[Row, ...]:
    """Return rows by their unrounded score, best first; of equal ones entries before controls, then by name.

    Parameters
    ----------
    rows : sequence of Row
    sign : float
        What scores are multiplied by so that more is better.
    """

    def place(row: Row) -> tuple[bool, float, bool, str]:
        silent = bool(np.isnan(row.score))
        return silent, 0.0 if silent else -sign * row.score, row.is_control, row.entry

    return tuple(sorted(rows, key=place))
