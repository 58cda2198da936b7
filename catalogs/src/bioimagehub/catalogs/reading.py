"""From a record to its pixels and tables."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import (
    DamagedSampleError,
    NotReadableError,
    UnknownLabelError,
    UnknownTableError,
    UnreadableImageError,
)
from bioimagehub.catalogs.locations import SAMPLES, resolve
from bioimagehub.catalogs.samples.archive import CURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.drivers.lazy import Chunks
    from bioimagehub.catalogs.records import Record


def open_image(record: Record, level: int = 0, *, label: str | None = None, chunks: Chunks = None) -> xr.DataArray:
    """Open a level of a record's image or label image; see `Record.open`, which calls it."""
    if label is not None and label not in record.labels:
        raise UnknownLabelError(_unknown(record, "label image", label, record.labels))
    url = _address(record)
    with _telling_of_damage(record):
        array = open_url(str(record.driver), url, level=level, label=label, chunks=chunks)
    array.name = label or record.name
    array.attrs["identifier"] = record.identifier
    return array


def open_url(driver: str, url: str, *, level: int, label: str | None, chunks: Chunks) -> xr.DataArray:
    """Open a level of the image at an address, wherever the rules for hosts say that it may lie today.

    Parameters
    ----------
    driver : str
        One of `bioimagehub.catalogs.drivers.DRIVERS`.
    url : str
        Address as an entry has it.
    level, label, chunks
        As in `Record.open`.

    Raises
    ------
    UnreadableImageError
        If the image is at none of the addresses; the message names those that were tried.
    SamplesNotBuiltError, DamagedSampleError
        As in `Record.open`.
    """
    from bioimagehub.catalogs.hosts import installed_hosts

    module = importlib.import_module(f"bioimagehub.catalogs.drivers.{driver}")
    addresses = installed_hosts().candidates(resolve(url))
    failures = []
    for address in addresses:
        try:
            array: xr.DataArray = module.open_array(address, level=level, label=label, chunks=chunks)
        except UnreadableImageError as error:
            failures.append(error)
        else:
            return array
    if len(failures) == 1:
        raise failures[0]
    msg = (
        f"No image could be opened at {url}, nor where its archive may have moved to:\n  "
        + "\n  ".join(map(str, failures))
        + "\nTry again later; if the archive moved again, add a rule: docs/reference/hosts.md."
    )
    raise UnreadableImageError(msg) from failures[-1]


def load_table(record: Record, name: str) -> pd.DataFrame:
    """Load a table of a record; see `Record.load_table`, which calls it."""
    if name not in record.tables:
        raise UnknownTableError(_unknown(record, "table", name, record.tables))
    import pandas as pd

    head, separator, image = _address(record).rpartition("/")
    path = resolve(f"{head}{separator}tables/{name}.parquet")
    with _telling_of_damage(record):
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            msg = (
                f"The table {name!r} of {record.identifier} cannot be read from {path}: {error}. Expected a Parquet "
                f"file in the folder tables beside {image}. Fetch the dataset anew."
            )
            raise UnreadableImageError(msg) from error


@contextmanager
def _telling_of_damage(record: Record) -> Iterator[None]:
    """Say of a sample that cannot be read that it is damaged, and how to build it anew."""
    try:
        yield
    except UnreadableImageError as error:
        if not _address(record).startswith(SAMPLES):
            raise
        msg = f"The sample {record.name} is damaged. {error} {CURE}; it replaces what is damaged."
        raise DamagedSampleError(msg) from error


def _address(record: Record) -> str:
    """Give the address that the driver of a record reads, or say why there is none and what to do instead."""
    if record.driver is not None and record.url is not None:
        return record.url
    if record.access.how is not None:
        instead = record.access.how
    elif record.kind == "study":
        instead = f"A study has images of its own: list them with catalog.search(part_of={record.identifier!r})."
    else:
        instead = f"See {record.source_url}, which offers its files for download."
    found = f"it is {record.access.kind}" if record.access.kind != "open" else "no driver reads its files"
    msg = f"{record.identifier} cannot be opened as an image: {found}. {instead}"
    raise NotReadableError(msg)


def _unknown(record: Record, kind: str, name: str, names: tuple[str, ...]) -> str:
    found = f"it has {', '.join(sorted(names))}" if names else "it has none"
    return f"{record.identifier} has no {kind} {name!r}: {found}. Choose one of these, or see what the record offers."
