"""How each format becomes a table in memory: one module a format, each with `OPTIONS` and `load_table`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import UnknownOptionError, UnreadableTableError
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    import pandas as pd

    from bioimagehub.catalogs.reader import Place

TABLES: dict[str, str] = {
    ".csv": "csv",
    ".geojson": "geojson",
    ".parquet": "parquet",
    ".star": "star",
    ".tsv": "csv",
}
"""The module that reads a table, by the end of its name in lower case."""


def load_table(url: str | Place, **options: Any) -> pd.DataFrame:
    """Load a table into memory, by the module for the end of its name.

    Parameters
    ----------
    url : str or Place
        Path or address of a file.
    **options
        As `load_table` of the module takes them: ``columns`` for all; ``table`` for STAR; ``encoding`` and
        ``delimiter`` for CSV and TSV.

    Raises
    ------
    UnknownOptionError
        If the module takes no such parameter.
    UnreadableTableError
        If no module reads files of that name, or the file is damaged, or has not the columns that are asked for.
    ReadError
        If the bytes cannot be had.
    """
    place = open_place(url)
    ending = next((ending for ending in TABLES if place.name.lower().endswith(ending)), None)
    if ending is None:
        msg = (
            f"{place.url} is no table that is read: its name ends in none of {', '.join(TABLES)}. Choose another file."
        )
        raise UnreadableTableError(msg)
    module = import_module(f"{__name__}.{TABLES[ending]}")
    unknown = sorted(set(options) - set(module.OPTIONS))
    if unknown:
        taken = ", ".join(module.OPTIONS)
        msg = f"{place.url} cannot be loaded with {', '.join(unknown)}: its format takes {taken}. Leave it out."
        raise UnknownOptionError(msg)
    table: pd.DataFrame = module.load_table(place, **options)
    return table
