"""Answers by item: what a table with the columns item and value holds.

An item with more than one answer has a row for each, named ``item/field``: ``micrograph_1/defocus_u``.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from bioimagehub.challenges.errors import AnswersError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value: TypeAlias = "float | str"
Values: TypeAlias = "Mapping[str, Value | Mapping[str, Value]]"

LISTED = 5


def by_item(values: Values, name: str = "values") -> dict[str, dict[str, Value]]:
    """Return the fields of each item, whether they were given as ``item/field`` or as mappings.

    Parameters
    ----------
    values : mapping
        Of ``item/field`` to number or text, or of item to a mapping of fields. The field is what comes after the last
        slash; an item without a slash has the field "value".
    name : str
        What messages call the values.

    Raises
    ------
    AnswersError
        If a field is given twice.

    Examples
    --------
    >>> by_item({"a/u": 1.0, "a/v": 2.0}) == by_item({"a": {"u": 1.0, "v": 2.0}})
    True
    """
    found: dict[str, dict[str, Value]] = {}
    for key, value in values.items():
        if isinstance(value, str | int | float):
            item, slash, field = str(key).rpartition("/")
            given: Mapping[str, Value] = {field: value} if slash else {"value": value}
            item = item if slash else field
        else:
            item, given = str(key), value
        fields = found.setdefault(item, {})
        if twice := sorted(set(fields) & set(given)):
            msg = f"The item {item!r} of {name} has {listed(twice)} twice. Expected it once. Leave one out."
            raise AnswersError(msg)
        fields |= given
    return found


def check_items(truth: Iterable[str], prediction: Iterable[str], name: str) -> list[str]:
    """Return the items in their order, or say which ones have no answer or are not asked for.

    Raises
    ------
    AnswersError
        If an item of the truth is not in the prediction, or the other way round.
    """
    asked, answered = set(truth), set(prediction)
    if missing := sorted(asked - answered):
        msg = (
            f"The prediction of {name} has no answer to {len(missing)} of {len(asked)} items: {listed(missing)}. "
            "Expected one for each. Add them."
        )
        raise AnswersError(msg)
    if strange := sorted(answered - asked):
        msg = (
            f"The prediction of {name} answers {len(strange)} items that are not asked for: {listed(strange)}. "
            "Correct their names, or leave them out."
        )
        raise AnswersError(msg)
    return sorted(asked)


def number(fields: Mapping[str, Value], field: str, item: str, name: str) -> float:
    """Return a field of an item as a finite number.

    Raises
    ------
    AnswersError
        If it is not there, or is not a finite number.
    """
    value = fields.get(field)
    if isinstance(value, str) or value is None or not isfinite(value):
        found = "nothing" if value is None else repr(value)
        msg = f"The field {field} of the item {item!r} in {name} is {found}. Expected a finite number. Correct it."
        raise AnswersError(msg)
    return float(value)


def listed(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return ", ".join(every[:LISTED]) + more
