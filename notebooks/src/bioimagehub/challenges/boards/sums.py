"""Pool many samples of the same cases at once, where pooling adds up.

The statistics of most tasks are sums, so the pooled statistics of 1,000 samples are one matrix product a field. How
each field pools is not declared anywhere: it is found by trying, on draws of the very cases, and checked; if any
field follows no simple rule, samples are pooled one by one.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

TRIALS = 6
TOLERANCE = 1e-9
SUM, LEAST, LARGEST, SAME = "sum", "least", "largest", "same"


def find_rules(tallies: Sequence[Any], pool: Callable[[Sequence[Any]], Any]) -> dict[str, str] | None:
    """Return how each field of pooled statistics follows from those of the cases.

    Parameters
    ----------
    tallies : sequence
        The statistics of cases; at least one.
    pool : callable
        Makes one of many.

    Returns
    -------
    dict of str to str or None
        By field: its sum, least or largest value, or the same in all; None if any field follows no such rule.
    """
    first = tallies[0]
    if not is_dataclass(first):
        return None
    rng = np.random.default_rng(0)
    # Each draw has a case more than once, which tells a sum from a largest value.
    draws = [np.append(drawn, drawn[0]) for drawn in rng.integers(0, len(tallies), (TRIALS, min(len(tallies), 5)))]
    # All at once tell a least from a largest value where one case alone is unlike the others.
    draws.append(np.arange(len(tallies)))
    pooled = [pool([tallies[case] for case in draw.tolist()]) for draw in draws]
    rules = {}
    for name in (field.name for field in fields(first) if field.init):
        values = [getattr(tally, name) for tally in tallies]
        found = [getattr(one, name) for one in pooled]
        rule = _find_rule(values, found, draws)
        if rule is None:
            return None
        rules[name] = rule
    return rules


def _find_rule(values: Sequence[Any], found: Sequence[Any], draws: Sequence[NDArray[np.int64]]) -> str | None:
    if _is_same([*values, *found]):
        return SAME
    column, pooled = _stack(values), _stack(found)
    if column is None or pooled is None or column.shape[1:] != pooled.shape[1:]:
        return None
    ways: dict[str, Callable[..., Any]] = {SUM: np.sum, LEAST: np.min, LARGEST: np.max}
    for rule, way in ways.items():
        if rule != SUM and column.ndim > 1:
            continue
        expected = np.array([way(column[draw], axis=0) for draw in draws])
        if np.allclose(pooled, expected, rtol=TOLERANCE, atol=0):
            return rule
    return None


def _is_same(values: Sequence[Any]) -> bool:
    first = values[0]
    if isinstance(first, np.ndarray):
        return all(isinstance(value, np.ndarray) and np.array_equal(first, value) for value in values)
    return all(type(value) is type(first) and value == first for value in values)


def _stack(values: Sequence[Any]) -> NDArray[Any] | None:
    """Return values as one array, a row each; None if they are no finite numbers, or of several shapes."""
    if any(np.shape(value) != np.shape(values[0]) for value in values if _is_numeric(value)):
        return None
    if not all(map(_is_numeric, values)):
        return None
    column = np.array(values)
    return column if column.dtype.kind in "iuf" and bool(np.isfinite(column).all()) else None


def _is_numeric(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float | np.ndarray) and not isinstance(value, bool)


def pool_all(tallies: Sequence[Any], rules: Mapping[str, str], weights: NDArray[np.float64]) -> Iterator[Any]:
    """Yield the pooled statistics of each way to weight the cases.

    Parameters
    ----------
    tallies : sequence
        The statistics of the cases.
    rules : mapping of str to str
        As `find_rules` found them.
    weights : ndarray of float64, shape (samples, cases)
        How often each case counts; whole numbers.
    """
    first = tallies[0]
    columns = {}
    for name, rule in rules.items():
        if rule == SAME:
            continue
        column = np.array([getattr(tally, name) for tally in tallies])
        if rule == SUM:
            whole = column.dtype.kind in "iu"
            factors = weights.astype(np.int64) if whole else weights
            columns[name] = np.tensordot(factors, column, axes=1)
        else:
            end = np.inf if rule == LEAST else -np.inf
            drawn = np.where(weights > 0, column, end)
            columns[name] = (drawn.min(1) if rule == LEAST else drawn.max(1)).astype(column.dtype)
    for sample in range(len(weights)):
        values = {name: _like(getattr(first, name), column[sample]) for name, column in columns.items()}
        yield replace(first, **values)


def _like(example: Any, value: Any) -> Any:
    """Return a number or array in the type of an example."""
    if isinstance(example, np.ndarray):
        return np.asarray(value)
    plain = value.tolist()
    return type(example)(plain) if isinstance(example, tuple | list) else plain
