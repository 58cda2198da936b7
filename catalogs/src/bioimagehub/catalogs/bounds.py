"""What a search is asked for: values of facets, and the bounds of ranges as sizes with units, numbers, days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from bioimagehub.catalogs.errors import InvalidQueryError

_UNITS = {unit: 1000**power for power, unit in enumerate(("B", "KB", "MB", "GB", "TB", "PB"))} | {
    unit: 1024**power for power, unit in enumerate(("KIB", "MIB", "GIB", "TIB", "PIB"), start=1)
}


def parse_values(facet: str, values: Any) -> list[str]:
    """Turn what was given for a facet into texts: one value or several, texts or whole numbers.

    Raises
    ------
    InvalidQueryError
        If it is something else.

    Examples
    --------
    >>> parse_values("organism", 9606), parse_values("year", (2019, "2020"))
    (['9606'], ['2019', '2020'])
    """
    found = [values] if isinstance(values, str | int) or not isinstance(values, Iterable) else list(values)
    if not all(isinstance(value, str | int) for value in found):
        msg = f"The facet {facet!r} was given {values!r:.80}. Expected texts, or one text. Give each value as a text."
        raise InvalidQueryError(msg)
    return [str(value) for value in found]


def parse_range(name: str, bounds: Any) -> tuple[int | str | None, int | str | None]:
    """Turn the two bounds of a range into bytes, numbers or ISO dates; see `parse_bound`.

    Raises
    ------
    InvalidQueryError
        If there are not two of them, or one is no such bound.
    """
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        msg = (
            f"The range {name!r} was given {bounds!r:.80}. Expected the least and the largest, with None for an open "
            "end. Write it like this: ('1 TB', None)."
        )
        raise InvalidQueryError(msg)
    return parse_bound(name, bounds[0]), parse_bound(name, bounds[1])


def parse_bound(name: str, bound: float | str | date | None) -> int | str | None:
    """Turn the bound of a range into bytes, a number or an ISO date.

    Parameters
    ----------
    name : str
        Of the range: ``size``, ``files``, ``images``, ``released`` or ``modified``.
    bound : int, float, str, date or None
        None is open.

    Raises
    ------
    InvalidQueryError
        If it is no such bound.

    Examples
    --------
    >>> parse_bound("size", "1.5 TB"), parse_bound("size", "20 GiB"), parse_bound("released", date(2024, 1, 31))
    (1500000000000, 21474836480, '2024-01-31')
    """
    if bound is None or (isinstance(bound, int) and name not in {"released", "modified"}):
        return bound
    if name in {"released", "modified"}:
        try:
            return date.fromisoformat(str(bound)).isoformat()
        except ValueError as error:
            msg = f"{bound!r} is no bound of {name!r}. Expected a date such as 2024-12-31. Write it like this."
            raise InvalidQueryError(msg) from error
    text = f"{bound:f}" if isinstance(bound, float) else str(bound)
    match = re.fullmatch(r"\s*(\d{1,30}(?:\.\d{1,30})?)\s*([A-Za-z]*)\s*", text)
    unit = match[2].upper() if match else ""
    number = Fraction(match[1]) * _UNITS.get(unit, 1) if match else None
    if number is None or (name == "size" and unit and unit not in _UNITS) or (name != "size" and (unit or number % 1)):
        expected = "a number of bytes, or a text such as '1.5 TB' or '20 GiB'" if name == "size" else "a whole number"
        msg = f"{bound!r:.80} is no bound of {name!r}. Expected {expected}. Write it like this."
        raise InvalidQueryError(msg)
    return int(number)
