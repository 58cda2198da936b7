"""Whole-slide images of knock-out mice (KOMP) that The Jackson Laboratory put out as OME-Zarr.

They were promised to be there until December 2024. No driver is named, for nobody confirmed them since; the page of
each image at images.jax.org is its address in the archive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.values import make_record, number
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.parts import Access, Organism, Term
from bioimagehub.catalogs.recorded import images
from bioimagehub.catalogs.recorded.sources import read_rows, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "impc/jax-ngff-challenge-2024"
ACCESS = Access(
    how="The files were promised until December 2024 and nobody confirmed them since; see the image on its page.",
    url="https://images.jax.org/",
)
_MOUSE = (Organism(name="Mus musculus", taxon=10090),)
_SETS = {
    "KOMP_adult_lacZ.csv": ("jax-komp-adult-lacz", "LacZ expression in adult knock-out mice"),
    "KOMP_histopathology.csv": ("jax-komp-histopathology", "Histopathology of knock-out mice"),
}


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each set, and of each image under it."""
    source = read_source(folder / FOLDER)
    for file, (accession, title) in _SETS.items():
        rows = {row["url"]: row for row in read_rows(folder / FOLDER / file) if row["url"]}
        yield _make_set(accession, title, list(rows.values()), source.fact(file), report)
        for row in rows.values():
            try:
                yield _make_image(row, f"impc:{accession}", source.fact(file), report)
            except InvalidEntryError as error:
                report.lost(row["url"], error)


def _make_set(accession: str, title: str, rows: list[dict[str, str]], fact: Any, report: Report) -> Record:
    fields: dict[str, Any] = {
        "identifier": f"impc:{accession}",
        "kind": "study",
        "title": f"{title} (KOMP at The Jackson Laboratory)",
        "source": "The Jackson Laboratory",
        "source_url": "https://images.jax.org/",
        "access": ACCESS,
        "organisms": _MOUSE,
        "images": len(rows),
        "size": sum(number(row["written"]) or 0 for row in rows),
        "formats": ("ome-zarr",),
        "facts": (fact,),
    }
    return make_record(fields, report)


def _make_image(row: dict[str, str], study: str, fact: Any, report: Report) -> Record:
    url = images.current_url(row["url"])
    name = images.image_name(url)
    gene = re.search(r"/adult_lacZ/(?:ndp|omero)/([A-Za-z0-9-]+)/", url)
    symbol = gene[1] if gene and gene[1] != "control" else None
    fields: dict[str, Any] = {
        "identifier": f"{study}/{name}",
        "part_of": study,
        "title": f"{name}, {symbol}" if symbol else name,
        "source": "The Jackson Laboratory",
        "source_url": row["origin"] or url,
        "access": ACCESS,
        "organisms": _MOUSE,
        "genes": (Term(name=symbol),) if symbol else (),
        "size": number(row["written"]) or None,
        "formats": ("ome-zarr",),
        "url": url,
        "facts": (fact,),
    }
    return make_record(fields, report)
