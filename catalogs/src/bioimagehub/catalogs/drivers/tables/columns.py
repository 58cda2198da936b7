"""Columns of tables: which are there, and of what type their text is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnreadableTableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd


_NOT_NUMBERS = ("nan", "-nan", "NaN", "<NA>")
"""How programs write that there is no number: those in C, and the Python package starfile."""


def check_columns(asked: Sequence[str] | None, there: Iterable[str], where: str) -> None:
    """Refuse columns that a table does not have.

    Raises
    ------
    UnreadableTableError
    """
    there = list(there)
    unknown = sorted(set(asked or ()) - set(there))
    if unknown:
        msg = f"{where} has no column {', '.join(unknown)}: it has {', '.join(there)}. Choose out of these."
        raise UnreadableTableError(msg)


def type_text(table: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of text into numbers where all of it are numbers; codes such as ``007`` stay text."""
    import pandas as pd

    for name in table.columns:
        column = table[name]
        if column.str.match(r"[+-]?0\d").any():
            continue
        try:
            table[name] = pd.to_numeric(column.mask(column.isin(_NOT_NUMBERS)))
        except (ValueError, TypeError):
            continue
    return table
