"""What opening an entry needs, kept beside it, so that opening asks nothing: metadata, and where the bytes lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from bioimagehub.catalogs.reader import Version


@dataclass(frozen=True)
class Layout:
    """What a driver found out about a file or a folder.

    Attributes
    ----------
    driver : str
        The driver that made it, and reads it.
    url : str
        Address of the entry.
    facts : mapping
        What the driver wants to know again, as plain JSON values.
    tables : mapping of str to array
        Numbers in bulk, such as the offsets and lengths of the tiles of a TIFF.
    version : Version or None
        Version of the file; None for a folder, whose files have versions of their own in `facts`.
    verified : date or None
        The day on which it was made.
    """

    driver: str
    url: str
    facts: Mapping[str, Any]
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    version: Version | None = None
    verified: date | None = None
