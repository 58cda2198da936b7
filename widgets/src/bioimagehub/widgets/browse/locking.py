"""Add records to the lock file of a notebook; those that are locked already stay as they were locked."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogNotFoundError
from bioimagehub.catalogs.locks import Lock, read_lock, save_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.catalogs import Record

_writing = threading.Lock()


def add_to_lock(path: str, records: Sequence[Record]) -> tuple[list[str], int]:
    """Add records to a lock file, and make it where there is none.

    Parameters
    ----------
    path : str
        The file.
    records : sequence of Record

    Returns
    -------
    added : list of str
        Identifiers of those that were not locked before.
    count : int
        Number of pins that the file has now.

    Raises
    ------
    InvalidDocumentError, LockNotWritableError
        If the file is no lock, or cannot be written; it stays as it is.
    """
    from bioimagehub.catalogs.pins import make_pin

    file = Path(path)
    with _writing:
        try:
            old = read_lock(file)
        except CatalogNotFoundError:
            old = None
        pins = {pin.identifier: pin for pin in old.pins} if old else {}
        added = [record for record in records if record.identifier not in pins]
        pins |= {record.identifier: make_pin(record) for record in added}
        if added:
            catalog = old.catalog if old else f"bioimagehub {version('bioimagehub')}"
            locked = datetime.now(UTC).replace(microsecond=0)
            save_lock(file, Lock(locked=locked, catalog=catalog, pins=tuple(pins[name] for name in sorted(pins))))
    return [record.identifier for record in added], len(pins)
