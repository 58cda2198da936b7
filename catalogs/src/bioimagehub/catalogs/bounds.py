"""The bounds of a range: sizes with units, numbers, days."""

from __future__ import annotations

import re
from datetime import date

from bioimagehub.catalogs.errors import InvalidQueryError

_UNITS = {unit: 1000**power for power, unit in enumerate(("B", "KB", "MB", "GB", "TB", "PB"))} | {
    unit: 1024**power for power, unit in enumerate(("KIB", "MIB", "GIB", "TIB", "PIB"), start=1)
}


def parse_bound(name: str, bound: int | str | date | None) -> int | str | None:
    """Turn the bound of a range into bytes, a number or an ISO date.

    Parameters
    ----------
    name : str
        Of the range: ``size``, ``files``, ``images``, ``released`` or ``modified``.
    bound : int, str, date or None
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
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", str(bound))
    unit = match[2].upper() if match else ""
    if match is None or (unit and (name != "size" or unit not in _UNITS)):
        expected = "a number of bytes, or a text such as '1.5 TB' or '20 GiB'" if name == "size" else "a whole number"
        msg = f"{bound!r} is no bound of {name!r}. Expected {expected}. Write it like this."
        raise InvalidQueryError(msg)
    return int(float(match[1]) * _UNITS.get(unit, 1))
