"""The lists of the OME 2024 NGFF challenge: OME-Zarr 0.5 images of IDR, BioImage Archive, SSBD and others.

Thirty-one lists: some with a head line, some bare addresses, some that only name other lists. An image that stands in
several of them is one record; the list that tells most comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.challenge_lists import VERSION, read_list
from bioimagehub.catalogs.archives.values import make_record, number
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded import images, layouts
from bioimagehub.catalogs.recorded.ome_ngff_samples import read_studies
from bioimagehub.catalogs.recorded.sources import Source, read_source
from bioimagehub.catalogs.vocabulary import organisms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Fact, Organism
    from bioimagehub.catalogs.records import Record

FOLDER = "ome-zarr-lists/ome2024-ngff-challenge"
OTHERS = "ngff-challenge"
"""Archive of the images whose study belongs to none of the archives."""
HOME = "https://ome.github.io/ome2024-ngff-challenge/"
_ORIGINS = {"bia": "BioImage Archive", "empiar": "EMPIAR"}
_PLACEHOLDERS = ("", "dataset name")
_LISTS = {
    "crick": "Francis Crick Institute",
    "flamingo": "Flamingo light-sheet images, Göttingen",
    "fzj": "BigBrain volumes, Forschungszentrum Jülich",
    "lin": "Leibniz Institute for Neurobiology Magdeburg",
    "other": "Further images",
    "uni-muenster": "University of Münster",
    "webknossos": "webKnossos",
}


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each image, and one of each list whose images have no study in an archive.

    Studies that images name as their origin get a record, too, for not all of them are known otherwise.
    """
    source = read_source(folder / FOLDER)
    studies, screens = read_studies(folder), layouts.read_screens(folder)
    others: dict[str, int] = {}
    for url, (file, row) in _read_lists(folder / FOLDER).items():
        study = _find_study(url, file, row, studies)
        if study.startswith(OTHERS):
            others[study] = others.get(study, 0) + 1
        try:
            plate = bool(row.get("wells")) or study.partition(":")[2] in screens
            image = _make_image(url, study, row, source.fact(f"samples/{file}"), report, plate=plate)
        except InvalidEntryError as error:
            report.lost(f"{study}/{images.image_name(url)}", error)
            continue
        yield image
        if row.get("origin") and study.partition(":")[0] in _ORIGINS:
            yield _make_origin(image, study, report)
    for study, count in sorted(others.items()):
        yield _make_list(study, count, source, report)


def _read_lists(folder: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Read all lists: from each address to the list and the row that tells most of it."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for file in sorted(folder.glob("*.csv")):
        for row in read_list(file.read_text(encoding="utf-8-sig")):
            url = row.get("url", "").strip()
            if not url.startswith("https://") or url.endswith(".csv"):
                continue
            url = images.current_url(url)
            if url not in found or sum(map(bool, row.values())) > sum(map(bool, found[url][1].values())):
                found[url] = (file.name, row)
    return found


def _find_study(url: str, file: str, row: dict[str, str], studies: dict[str, str]) -> str:
    """Find the study of an image: by the list, its origin, its address or its name; else it belongs to the list."""
    texts = (file, row.get("origin", ""), url, row.get("description", ""))
    if idr := next((found[0] for text in texts if (found := re.search(r"\bidr\d{4}(?!\d)", text))), None):
        return f"idr:{idr}"
    if accession := re.search(r"/(S-BI?[A-Z]+\d+|EMPIAR-\d+)/?$", row.get("origin", "")):
        return f"{'empiar' if accession[1].startswith('EMPIAR') else 'bia'}:{accession[1]}"
    if file.startswith("ssbd") and "/" in row.get("name", ""):
        return f"ssbd:{row['name'].partition('/')[0]}"
    number_of_image = re.match(r"\d+", images.image_name(url))
    if "/idr/" in url and number_of_image and number_of_image[0] in studies:
        return f"idr:{studies[number_of_image[0]]}"
    return f"{OTHERS}:{_list_name(file)}"


def _list_name(file: str) -> str:
    return re.sub(r"(_samples)?\.csv$", "", file).replace("_", "-")


def _make_image(url: str, study: str, row: dict[str, str], fact: Fact, report: Report, *, plate: bool) -> Record:
    name = images.image_name(url)
    identifier = f"{study}/{name}"
    told = row.get("name", "").strip()
    array = images.array_fields(
        row.get("dimension_names", ""), row.get("shape", ""), row.get("chunks", ""), row.get("shards", ""),
        identifier, report,
    )  # fmt: skip
    wells, fields_of_view = number(row.get("wells")), number(row.get("images"))
    inside = f"{url}/{row['series0']}" if row.get("series0") else url
    place = layouts.image_fields(inside, study, plate=plate)
    fields: dict[str, Any] = {
        "identifier": identifier,
        "part_of": study,
        "title": _make_title(name, told, study),
        "source": "OME 2024 NGFF challenge",
        "source_url": row.get("origin") or url,
        "organisms": _find_organisms(told, row.get("organismId", ""), identifier, report),
        "methods": images.find_methods(row.get("fbbiId", ""), identifier, report),
        **images.find_licence(row.get("license", ""), identifier, report),
        "size": number(row.get("written")) or None,
        "images": fields_of_view,
        "wells": wells,
        "fields": fields_of_view // wells if wells and fields_of_view and fields_of_view % wells == 0 else None,
        "formats": ("ome-zarr",),
        "format_version": VERSION,
        **array,
        **place,
        "facts": (fact,),
    }
    return make_record(fields, report)


def _find_organisms(told: str, taxon: str, identifier: str, report: Report) -> tuple[Organism, ...]:
    """Find the organism of a taxon; a cell line that the name tells, such as HeLa, knows its organism better."""
    stated = images.find_organisms(taxon, identifier, report)
    named = organisms.find_organism(told) if told else None
    if named is None or named in stated:
        return stated
    if stated:
        text = f"{stated[0].name} is stated and {told!r} is {named.name}; {named.name} is taken"
        report.defect(identifier, "organisms", text)
    return (named,)


def _make_origin(image: Record, study: str, report: Report) -> Record:
    archive, _, accession = study.partition(":")
    fields = {
        "identifier": study,
        "kind": "study",
        "title": f"{accession}, source of an image of the OME 2024 NGFF challenge",
        "source": _ORIGINS[archive],
        "source_url": image.source_url,
        "source_accession": accession,
        "organisms": image.organisms,
        "methods": image.methods,
        "facts": image.facts,
    }
    return make_record(fields, report)


def _make_title(name: str, told: str, study: str) -> str:
    if told in _PLACEHOLDERS:
        return f"{name} of {study.partition(':')[2]}"
    return images.strip_suffix(told) if name in told or told.endswith(".zarr") else f"{told}: {name}"


def _make_list(study: str, count: int, source: Source, report: Report) -> Record:
    name = study.partition(":")[2]
    fields = {
        "identifier": study,
        "kind": "study",
        "title": f"{_LISTS.get(name, name)}: images of the OME 2024 NGFF challenge",
        "source": "OME 2024 NGFF challenge",
        "source_url": HOME,
        "images": count,
        "formats": ("ome-zarr",),
        "facts": (source.fact("samples"),),
    }
    return make_record(fields, report)
