"""Which entry an error is about: what goes wrong in a store or in a file is told with the entry that led there."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY: ContextVar[str | None] = ContextVar("bioimagehub_entry", default=None)
"""Identifier of the entry that is being opened; what is opened remembers it for when it is read."""


@contextmanager
def naming(entry: str | None) -> Iterator[None]:
    """Put the identifier of an entry before the message of what goes wrong within; None names nothing.

    Examples
    --------
    >>> from bioimagehub.catalogs.errors import MissingFileError
    >>> with naming("idr:idr0062/6001240"):
    ...     raise MissingFileError("https://example.org/0/0 is missing.")
    Traceback (most recent call last):
        ...
    bioimagehub.catalogs.errors.MissingFileError: idr:idr0062/6001240: https://example.org/0/0 is missing.
    """
    before = ENTRY.set(entry)
    try:
        yield
    except CatalogError as error:
        if entry is None or entry in str(error):
            raise
        msg = f"{entry}: {error}"
        raise type(error)(msg) from error
    finally:
        ENTRY.reset(before)
