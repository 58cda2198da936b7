"""CSV and TSV files: values divided by commas or tabs, the first line naming the columns."""

from __future__ import annotations

import csv
import io
import warnings
from typing import TYPE_CHECKING

from bioimagehub.catalogs.drivers.tables.columns import check_columns
from bioimagehub.catalogs.errors import UnreadableTableError
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("columns", "delimiter", "encoding")

_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def load_table(
    url: str | Place,
    *,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Load a CSV or TSV file.

    Parameters
    ----------
    url : str or Place
    columns : sequence of str or None
        None for all.
    delimiter : str or None
        One character; None for a tab where the name ends in ``.tsv``, and else a comma.
    encoding : str or None
        None for UTF-8, or UTF-16 where the file begins with its mark.

    Returns
    -------
    pandas.DataFrame
        Types as `pandas.read_csv` finds them; empty values are NaN.

    Raises
    ------
    UnreadableTableError
        If it is not text in that encoding, a row has more or fewer values than there are columns, two columns have the
        same name, or there is no such column.

    References
    ----------
    RFC 4180.
    """
    import pandas as pd

    place = open_place(url)
    text = _decode(bytes(place.read()), encoding, place.url)
    divider = delimiter or ("\t" if place.name.lower().endswith(".tsv") else ",")
    if len(divider) != 1:
        msg = f"The delimiter {divider!r} of {place.url} has {len(divider)} characters; expected one, such as ';'."
        raise UnreadableTableError(msg)
    names = next(_rows(text, divider, place.url), [])
    if not names or len(set(names)) < len(names):
        msg = (
            f"{place.url} names its columns {', '.join(names) or 'not at all'}; expected names that differ. Correct it."
        )
        raise UnreadableTableError(msg)
    check_columns(columns, names, place.url)
    try:
        with warnings.catch_warnings():
            # Pandas warns of rows that are too long, and goes on without their end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(io.StringIO(text), sep=divider, index_col=False, low_memory=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        why = str(error).strip()
        msg = f"{place.url} cannot be read: {why}. Check the delimiter, which is {divider!r}, or fetch it anew."
        raise UnreadableTableError(msg) from error
    if table.iloc[:, -1].isna().any():
        _check_rows(text, divider, names, place.url)
    return table if columns is None else table[list(columns)]


def _decode(content: bytes, encoding: str | None, where: str) -> str:
    found = encoding or _MARKS.get(content[:2], "utf-8-sig")
    try:
        return content.decode(found).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        msg = f"{where} is not text in {found}: {error}. Say in which with `encoding`, such as 'latin-1' or 'cp1252'."
        raise UnreadableTableError(msg) from error


def _check_rows(text: str, divider: str, names: list[str], where: str) -> None:
    """Tell rows that end early from those whose last value is empty: for pandas both are the same."""
    for number, row in enumerate(_rows(text, divider, where), 1):
        if row and len(row) < len(names):
            msg = (
                f"{where} has {len(names)} columns, and row {number} has {len(row)} values. It was cut, or has another "
                f"delimiter than {divider!r}: fetch it anew, or say it with `delimiter`."
            )
            raise UnreadableTableError(msg)


def _rows(text: str, divider: str, where: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=divider)
    except csv.Error as error:
        msg = f"{where} cannot be read: {error}. Check the delimiter, which is {divider!r}, or fetch it anew."
        raise UnreadableTableError(msg) from error
