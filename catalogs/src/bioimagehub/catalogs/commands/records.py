"""The records and archives that the arguments of a command name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import UnknownEntryError

if TYPE_CHECKING:
    from types import ModuleType

    from bioimagehub.catalogs import Catalog, Record


def find_record(catalog: Catalog, name: str) -> Record:
    """Find the record of an identifier; a whole archive is none.

    Raises
    ------
    UnknownEntryError
        If there is no such record.
    """
    from bioimagehub.catalogs import Record

    found = catalog[name]
    if isinstance(found, Record):
        return found
    msg = (
        f"{name} is an archive of {len(found)} records; expected the identifier of one record. "
        f"Look for it with: bioimagehub catalog search --archive {name}."
    )
    raise UnknownEntryError(msg)


def find_archive(identifier: str) -> tuple[ModuleType, str]:
    """Find the module of an archive and the accession there, of an identifier or the own name of a study.

    Raises
    ------
    UnknownArchiveError
        If there is no such archive.
    """
    from bioimagehub.catalogs.archives import ALIASES, open_archive

    archive, _, accession = ALIASES.get(identifier.casefold(), identifier).partition(":")
    return open_archive(archive), accession
