"""What each archive says of itself, and a page of what was harvested from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import RecordNotFoundError

if TYPE_CHECKING:
    from bioimagehub.catalogs.records import Record


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An archive, as a user of the catalog should know it.

    Attributes
    ----------
    name : str
        Its name here: the identifier of its records before the colon.
    title : str
        Its own name.
    home : str
        Address of its first page.
    accession : str
        Regular expression that a whole accession matches.
    example : str
        An accession that exists.
    gives : str
        One line: what can be had from it here.
    limits : str
        One line: what cannot, and what to mind.
    licence : str
        One line: the terms of its content.
    instead : str or None
        Where to go instead, of an archive that is no longer there, is controlled, or has no images; else None.
    interface : str or None
        Address of the interface that is asked; None where there is none.
    """

    name: str
    title: str
    home: str
    accession: str
    example: str
    gives: str
    limits: str
    licence: str
    instead: str | None = None
    interface: str | None = None

    def check(self, accession: str) -> str:
        """Give the accession back if it has the form of this archive; it may then stand in an address.

        Raises
        ------
        RecordNotFoundError
            If it has not.
        """
        if re.fullmatch(self.accession, accession) is None:
            msg = (
                f"{accession[:100]!r} is not an accession of {self.title}; they look like {self.example}. "
                f"Look the accession up at {self.home}."
            )
            raise RecordNotFoundError(msg)
        return accession


@dataclass(frozen=True)
class Page:
    """A page of a harvest.

    Attributes
    ----------
    records : tuple of Record
    cursor : str or None
        Where the harvest goes on after this page; None on the last one, or where it cannot be resumed.
    total : int or None
        How many rows the whole harvest has, as the archive declares it; None where it does not. The last one counts.
    rows : int or None
        Rows of the archive that this page covers, lost ones included; None where these are its records and losses.
    """

    records: tuple[Record, ...]
    cursor: str | None = None
    total: int | None = None
    rows: int | None = None
