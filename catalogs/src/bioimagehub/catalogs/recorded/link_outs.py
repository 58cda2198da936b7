"""Archives of which nothing is recorded, or that give no images to everybody: an entry says what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import emdataresource, open_archive, phenoimageshare, ukbiobank
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.archives.values import make_record
from bioimagehub.catalogs.recorded.sources import read_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

CHALLENGES = ("map-2016", "model-metrics-2019", "ligand-2021")
ABOUT = ("allen", "gxa", "hca")
"""Archives that are asked live alone; each has one entry here, about the archive itself."""


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give the records that the modules of these archives know without asking anybody."""
    when = read_date(folder)
    with Client() as client:
        for archive in (phenoimageshare, ukbiobank):  # they have no interface, so that nothing is asked
            yield archive.fetch_record(archive.ARCHIVE.example, client)
    for accession in CHALLENGES:
        yield emdataresource.known_record(accession)
    if when is None:
        report.lost("link-outs", f"no page in {folder} tells when they were looked up")
        return
    for name in ABOUT:
        yield _describe(name, when, report)


def _describe(name: str, when: date, report: Report) -> Record:
    archive = open_archive(name).ARCHIVE
    fields = {
        "identifier": f"{name}:about",
        "kind": "study",
        "title": f"{archive.title}: what it gives here",
        "source": archive.title,
        "source_url": archive.home,
        "access": {"kind": "none" if archive.instead else "open", "how": archive.instead or archive.gives},
        "facts": ({"source": archive.home, "retrieved": when},),
    }
    return make_record(fields, report)
