"""The archives: one module each, all with the same functions; a module is loaded when it is asked for.

>>> open_archive("bia").ARCHIVE.title
'BioImage Archive'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnknownArchiveError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["ALIASES", "ARCHIVES", "open_archive"]

ARCHIVES: tuple[str, ...] = (
    "allen",
    "bbbc",
    "bia",
    "cellpainting",
    "cil",
    "cryoet",
    "ega",
    "emdataresource",
    "emdb",
    "empiar",
    "gxa",
    "hca",
    "hpa",
    "idr",
    "impc",
    "phenoimageshare",
    "ssbd",
    "ukbiobank",
)
ALIASES = {"mitocheck": "idr:idr0013", "mitotic-cell-atlas": "idr:idr0041"}
"""Archives that live on as a study of another one, by the names under which people look for them."""


def open_archive(name: str) -> ModuleType:
    """Load the module that reads an archive.

    Parameters
    ----------
    name : str
        One of `ARCHIVES`, or of `ALIASES` for the module of the archive that keeps that study.

    Raises
    ------
    UnknownArchiveError
        If there is no archive of that name.
    """
    found = ALIASES.get(name, name).partition(":")[0]
    if found not in ARCHIVES:
        known = ", ".join(sorted((*ARCHIVES, *ALIASES)))
        msg = f"There is no archive {name[:100]!r} here. Give one of: {known}."
        raise UnknownArchiveError(msg)
    return import_module(f"bioimagehub.catalogs.archives.{found}")
