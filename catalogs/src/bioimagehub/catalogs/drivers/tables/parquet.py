"""Parquet files: tables in columns, of which only those that are wanted are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.drivers.tables.columns import check_columns
from bioimagehub.catalogs.errors import CatalogError, UnreadableTableError
from bioimagehub.catalogs.reader import open_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bioimagehub.catalogs.reader import Place

OPTIONS: tuple[str, ...] = ("columns",)


def load_table(url: str | Place, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load a Parquet file, or some of its columns.

    Parameters
    ----------
    url : str or Place
    columns : sequence of str or None
        None for all; of a remote file only these are fetched.

    Returns
    -------
    pandas.DataFrame
        Types as pyarrow gives them to pandas.

    Raises
    ------
    UnreadableTableError
        If it is no Parquet file, is damaged, or has no such column.

    References
    ----------
    https://parquet.apache.org/docs/file-format/
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = open_place(url)
    with place.open() as file:
        try:
            with pq.ParquetFile(file) as table:
                check_columns(columns, table.schema_arrow.names, place.url)
                loaded: pd.DataFrame = table.read(columns=None if columns is None else list(columns)).to_pandas()
        except CatalogError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            msg = f"{place.url} cannot be read as Parquet: {error}. Expected a whole Parquet file. Fetch it anew."
            raise UnreadableTableError(msg) from error
    return loaded if columns is None else loaded[list(columns)]
