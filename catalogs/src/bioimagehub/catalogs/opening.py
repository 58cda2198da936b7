"""Open the catalogs of this machine as one, as they are or as they were locked."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Literal

from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.entries import find_installed_catalog
from bioimagehub.catalogs.indexes import open_catalog_index


def open_catalog(
    *urls: str | Path, lock: str | Path | None = None, on_change: Literal["error", "warn"] = "error"
) -> Catalog:
    """Open the catalogs of this machine as one.

    The first time, an index of all records is built, which takes some seconds; see
    `bioimagehub.catalogs.indexes`.

    Parameters
    ----------
    *urls : str or Path
        Catalog files to open instead. With none: the catalog that came with the software, and then the files
        that ``BIOIMAGEHUB_CATALOGS`` names, separated as in ``PATH``; a hub sets it to its own.
    lock : str, Path or None
        A lock file. The catalog then holds the locked records alone, and what is found is compared with it.
    on_change : {"error", "warn"}
        What to do where a record is not the one that was locked.

    Returns
    -------
    Catalog

    Raises
    ------
    CatalogNotFoundError
        If a file is missing.
    InvalidEntryError
        If a file is not a catalog, or an entry is not valid.
    LockMismatchError
        If a locked record is missing or differs, unless `on_change` is ``"warn"``.
    InvalidDocumentError
        If the lock is not one.

    Examples
    --------
    >>> "samples:nuclei-3d" in open_catalog()
    True
    """
    files = [Path(url) for url in urls] or [find_installed_catalog(), *_hub_catalogs()]
    catalog = Catalog.of_index(open_catalog_index(files))
    return catalog if lock is None else _keep_to_lock(catalog, Path(lock), on_change)


def _hub_catalogs() -> list[Path]:
    named = os.environ.get("BIOIMAGEHUB_CATALOGS", "").split(os.pathsep)
    return [Path(file) for file in named if file]


def _keep_to_lock(catalog: Catalog, file: Path, on_change: str) -> Catalog:
    from bioimagehub.catalogs import pins
    from bioimagehub.catalogs.errors import LockMismatchError

    lock = pins.read_lock(file)
    changes = pins.verify(lock, catalog)
    if changes:
        listed = "\n  ".join(str(change) for change in changes)
        msg = (
            f"What the catalog holds is not what {file} locked, in {len(changes)} places:\n  {listed}\n"
            "Get the locked version, or lock anew after checking what changed: bioimagehub catalog verify tells."
        )
        if on_change != "warn":
            raise LockMismatchError(msg)
        warnings.warn(msg, stacklevel=3)
    return Catalog([catalog[pin.identifier] for pin in lock.pins if pin.identifier in catalog])
