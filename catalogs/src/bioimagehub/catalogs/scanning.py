"""Find out what opening an entry needs, once, and keep it: opening asks nothing from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import NotReadableError
from bioimagehub.catalogs.layouts import save_layout
from bioimagehub.catalogs.locations import SAMPLES, resolve
from bioimagehub.catalogs.naming import naming
from bioimagehub.catalogs.reader import Dataset, Place
from bioimagehub.catalogs.reading import check_options, find_driver

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from bioimagehub.catalogs.layouts import Layout
    from bioimagehub.catalogs.records import Record


def index_record(record: Record, folder: Path | None = None) -> Layout:
    """Scan the image of a record where it lies, and keep what opening it needs.

    Parameters
    ----------
    record : Record
        With a driver.
    folder : Path or None
        Where it is kept; None for the first of `bioimagehub.catalogs.layouts.layout_folders`.

    Returns
    -------
    Layout
        As it was kept. With it, opening makes no request; when the file is another one later, reading it raises
        `ChangedFileError`.

    Raises
    ------
    NotReadableError
        If no driver reads it.
    UnknownOptionError, AmbiguousImageError
        If the entry gives an option that the driver does not take, or does not say which image of several.
    UnreadableImageError, ReadError
        If it cannot be read where it lies; what was kept of it before stays.
    """
    if record.driver is None or record.url is None:
        msg = f"{record.identifier} cannot be indexed: no driver reads it. See {record.source_url}."
        raise NotReadableError(msg)
    if record.url.startswith(SAMPLES):
        msg = f"{record.identifier} is of the sample archive: it lies on this machine and opens as it is. Leave it out."
        raise NotReadableError(msg)
    driver = find_driver(record.driver)
    dataset = Dataset(record.identifier, record.version)
    options = {name: value for name, value in record.arguments.items() if name not in {"chunks", "level"}}
    with naming(record.identifier):
        check_options(record.driver, record.url, options)
        layout: Layout = driver.scan(Place(resolve(record.url), dataset=dataset))
        layout = replace(layout, url=record.url, verified=datetime.now(tz=UTC).date())
        place = Place(resolve(record.url), dataset=dataset, version=layout.version, layout=layout)
        opened: xr.DataArray = driver.open_array(place, **options)
        levels = [
            opened if number == 0 else driver.open_array(place, level=number, **options)
            for number in range(opened.attrs["levels"])
        ]
    layout = replace(layout, summary={"entry": record.identifier} | _summary(opened, levels))
    save_layout(layout, folder)
    return layout


def _summary(opened: xr.DataArray, levels: list[xr.DataArray]) -> dict[str, Any]:
    return {
        "axes": list(map(str, opened.dims)),
        "dtype": opened.dtype.name,
        "levels": [
            {"shape": list(level.shape), "chunks": list(level.encoding.get("preferred_chunks", {}).values())}
            for level in levels
        ],
    }
