"""From a record to its pixels and tables."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.drivers import DRIVERS
from bioimagehub.catalogs.errors import (
    DamagedSampleError,
    NotReadableError,
    ReadError,
    UnknownLabelError,
    UnknownOptionError,
    UnknownTableError,
    UnreadableImageError,
    UnreadableTableError,
)
from bioimagehub.catalogs.layouts import find_layout
from bioimagehub.catalogs.locations import SAMPLES, resolve
from bioimagehub.catalogs.naming import naming
from bioimagehub.catalogs.reader import Dataset, Place, Version
from bioimagehub.catalogs.reader.versions import check_version
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    import pandas as pd
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Chunks
    from bioimagehub.catalogs.records import Record


_CHOOSING = {"field", "label", "level", "member", "path", "pixels", "sequence", "series", "well"}
"""Options that choose one out of several images; a tree holds them all."""


def open_image(
    record: Record, level: int | str | None = None, *, label: str | None = None, chunks: Chunks = None, **options: Any
) -> xr.DataArray:
    """Open a level of a record's image or label image; see `Record.open`, which calls it."""
    url = _address(record)
    arguments = {"level": 0, "label": None} | record.arguments | options
    arguments |= {name: value for name, value in {"level": level, "label": label}.items() if value is not None}
    label = arguments["label"]
    if label is not None and record.labels and label not in record.labels:
        raise UnknownLabelError(_unknown(record, "label image", label, record.labels))
    with naming(record.identifier):
        check_options(str(record.driver), url, arguments)
    arguments["chunks"] = chunks
    with _telling_of_damage(record):
        array = open_url(
            str(record.driver),
            url,
            dataset=Dataset(record.identifier, record.version),
            version=_expected(record),
            **arguments,
        )
    array.name = label or record.name
    array.attrs |= tell(dict(record))
    return array


def open_tree(record: Record, *, chunks: Chunks = None) -> xr.DataTree:
    """Open all that an entry holds; see `Record.open_tree`, which calls it."""
    url = _address(record)
    module = find_driver(str(record.driver))
    if not hasattr(module, "open_tree"):
        msg = (
            f"{record.identifier} cannot be opened as a tree: the format that the driver {record.driver} reads holds "
            "one array. Use `open`."
        )
        raise NotReadableError(msg)
    lost = sorted(set(record.arguments) - _CHOOSING)
    if lost:
        msg = (
            f"{record.identifier} cannot be opened as a tree: its entry gives {', '.join(lost)}, which tells how one "
            "image is read. Use `open`."
        )
        raise NotReadableError(msg)
    with _telling_of_damage(record), naming(record.identifier):
        tree: xr.DataTree = module.open_tree(
            find_place(url, record.driver, Dataset(record.identifier, record.version), _expected(record)),
            chunks=chunks,
        )
    tree.name = record.name
    tree.attrs |= tell(dict(record))
    return tree


def open_url(
    driver: str,
    url: str,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    dataset: Dataset | None = None,
    version: Version | None = None,
    **options: Any,
) -> xr.DataArray:
    """Open a level of the image at an address, wherever the rules for hosts say that it may lie today.

    Where `bioimagehub catalog index` kept its layout, opening asks nothing.

    Parameters
    ----------
    driver : str
        One of `bioimagehub.catalogs.drivers.DRIVERS`.
    url : str
        Address as an entry has it.
    level, label, chunks
        As in `Record.open`.
    dataset : Dataset or None
        What the bytes are counted for; None for the address.
    version : Version or None
        Version that the file has to have; None for any.
    **options
        What the driver takes beside these, such as ``series``; ``pixels`` with ``level="auto"``.

    Raises
    ------
    UnknownOptionError
        If the driver takes no such parameter.
    ReadError
        If the bytes cannot be had.
    SamplesNotBuiltError, DamagedSampleError
        As in `Record.open`.
    """
    with naming(None if dataset is None else dataset.identifier):
        check_options(driver, url, options)
        place = find_place(url, driver, dataset, version)
        array: xr.DataArray = find_driver(driver).open_array(place, level=level, label=label, chunks=chunks, **options)
    return array


def check_options(driver: str, url: str, options: Iterable[str]) -> None:
    """Refuse what a driver would not understand.

    Raises
    ------
    UnknownOptionError
        If the driver takes no such parameter.
    """
    known = {*find_driver(driver).OPTIONS, "chunks", "label", "level", "pixels"}
    unknown = sorted(set(options) - known)
    if unknown:
        taken = ", ".join(sorted(known))
        msg = f"{url} cannot be opened with {', '.join(unknown)}: the driver {driver} takes {taken}. Leave it out."
        raise UnknownOptionError(msg)


def find_driver(name: str) -> ModuleType:
    """Give the module of a driver; see `bioimagehub.catalogs.drivers` for what each has.

    Raises
    ------
    NotReadableError
        If there is none of that name.
    """
    if name not in DRIVERS:
        msg = f"There is no driver {name!r}: the drivers are {', '.join(DRIVERS)}. Correct the entry."
        raise NotReadableError(msg)
    return importlib.import_module(f"bioimagehub.catalogs.drivers.{name}")


def find_place(
    url: str, driver: str | None = None, dataset: Dataset | None = None, version: Version | None = None
) -> Place:
    """Give the place of an address, with the layout that was kept of it for that driver.

    Raises
    ------
    ChangedFileError
        If the layout is of another version than the one that is expected.
    """
    layout = None if driver is None or url.startswith(SAMPLES) else find_layout(url)
    if layout is not None and layout.driver != driver:
        layout = None
    if layout is not None and layout.version is not None:
        # Offsets of one version are never used on the bytes of another, though both the entry and the store know it.
        check_version(url, layout.version, version)
        version = layout.version
    return Place(resolve(url), dataset=dataset or Dataset(hide_secrets(url)), version=version, layout=layout)


def _expected(record: Record) -> Version | None:
    """Give the version of the file that the record tells of; None where it does not, or tells of a folder."""
    checksum = record.checksum or ""
    if not checksum.startswith("etag:") or record.driver == "ome_zarr":
        return None
    return Version(etag=f'"{checksum.removeprefix("etag:").strip(chr(34))}"')


def tell(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of a record goes with its array: which entry it is, and what may be done with it."""
    told = ("identifier", "title", "version", "licence", "source_url")
    return {name: fields[name] for name in told if fields.get(name) is not None}


def load_table(record: Record, name: str, **options: Any) -> pd.DataFrame:
    """Load a table of a record; see `Record.load_table`, which calls it."""
    if name not in record.tables:
        raise UnknownTableError(_unknown(record, "table", name, record.tables))
    from bioimagehub.catalogs.drivers import tables

    path = name if name.endswith(tuple(tables.TABLES)) else f"tables/{name}.parquet"
    with _telling_of_damage(record), naming(f"The table {name!r} of {record.identifier}"):
        beside = find_place(_folder(_address(record)), dataset=Dataset(record.identifier, record.version))
        return tables.load_table(beside / path, **options)


def _folder(url: str) -> str:
    """Give the address of the folder that an image lies in."""
    if "://" not in url or url.startswith((SAMPLES, "s3://")):
        path, mark, query = url, "", ""
    else:
        path, mark, query = url.partition("?")
    head, separator, _ = path.rstrip("/").rpartition("/")
    return (head or separator or ".") + mark + query


@contextmanager
def _telling_of_damage(record: Record) -> Iterator[None]:
    """Say of a sample that cannot be read that it is damaged, and how to build it anew."""
    try:
        yield
    except (UnreadableImageError, UnreadableTableError, ReadError) as error:
        if not _address(record).startswith(SAMPLES):
            raise
        # What it brings with it takes longer to import than a small image to open.
        from bioimagehub.catalogs.samples.archive import CURE

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
