"""From a record to its pixels and tables."""

from __future__ import annotations

import importlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnknownLabelError, UnknownTableError, UnreadableImageError
from bioimagehub.catalogs.locations import resolve

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.drivers.lazy import Chunks
    from bioimagehub.catalogs.records import Record


def open_image(record: Record, level: int = 0, *, label: str | None = None, chunks: Chunks = None) -> xr.DataArray:
    """Open a level of a record's image or label image; see `Record.open`, which calls it."""
    if label is not None and label not in record.labels:
        raise UnknownLabelError(_unknown(record, "label image", label, record.labels))
    driver = importlib.import_module(f"bioimagehub.catalogs.drivers.{record.driver}")
    array: xr.DataArray = driver.open_array(resolve(record.url), level=level, label=label, chunks=chunks)
    array.name = label or record.name
    array.attrs["identifier"] = record.identifier
    return array


def load_table(record: Record, name: str) -> pd.DataFrame:
    """Load a table of a record; see `Record.load_table`, which calls it."""
    if name not in record.tables:
        raise UnknownTableError(_unknown(record, "table", name, record.tables))
    import pandas as pd

    head, separator, image = record.url.rpartition("/")
    path = resolve(f"{head}{separator}tables/{PurePosixPath(name)}.parquet")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        msg = (
            f"The table {name!r} of {record.identifier} cannot be read from {path}: {error}. Expected a Parquet file "
            f"beside {image}. Fetch or build the dataset anew."
        )
        raise UnreadableImageError(msg) from error


def _unknown(record: Record, kind: str, name: str, names: tuple[str, ...]) -> str:
    found = f"it has {', '.join(sorted(names))}" if names else "it has none"
    return f"{record.identifier} has no {kind} {name!r}: {found}. Choose one of these, or see what the record offers."
