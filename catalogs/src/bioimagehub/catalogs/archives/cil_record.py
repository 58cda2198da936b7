"""A record of the Cell Image Library, as its interface and its public dump have it (version 8.6 of its documents)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.values import (
    doi,
    line,
    listed,
    make_classified,
    make_file,
    mapping,
    number,
    term,
    unique,
)
from bioimagehub.catalogs.errors import ArchiveAnswerError
from bioimagehub.catalogs.parts import Author, Organism, Publication

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File, Term
    from bioimagehub.catalogs.records import Record

MEDIA = "https://cildata.crbs.ucsd.edu"
FORMATS = {"OME_tif": "ome-tiff", "Zip": "zip", "Jpeg": "jpeg", "Flv": "flv"}
BEST = ("OME_tif", "Flv", "Zip", "Jpeg")
"""Which file of a record stands for it: the one that holds most and opens with least."""
_DRIVERS = {"tif": "tiff", "jpg": "picture"}
KINDS = {"Still_image": "still image", "Z_stack": "z-stack", "Time_series": "time series", "Video": "video"}
_ANATOMY = ("CELLLINE", "CELLTYPE", "CELLULARCOMPONENT", "HUMAN_DEV_ANATOMY", "PLANT_TISSUE", "MOUSE_GROSS_ANATOMY")
_UNITS = {"nanometers": 1e-3, "nm": 1e-3, "microns": 1.0, "micrometers": 1.0, "µm": 1.0, "um": 1.0}
_UNITS |= {"millimeters": 1e3, "mm": 1e3, "angstroms": 1e-4}
"""Units of pixel sizes, in micrometres."""


def parse_record(accession: str, document: Any, report: Report) -> Record:
    """Make a record of a document; its own words are put together as a title, for it has none.

    Parameters
    ----------
    accession : str
        Number of the record; documents do not hold it.
    document : object
        JSON with ``CIL_CCDB`` at its top.
    report : Report
    """
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    content = _content(accession, document)
    identifier = f"cil:{accession}"
    core, citation = mapping(content, "CIL", "CORE"), mapping(content, "Citation")
    files = parse_files(accession, document, report)
    sizes = [file.size for file in files if file.size is not None]
    spdx, url = parse_licence(_text(core.get("TERMSANDCONDITIONS")))
    if spdx is None:
        report.defect(identifier, "licence", "states no terms: nothing may be passed on")
    kinds = [KINDS[key] for key, true in mapping(content, "Data_type").items() if true is True and key in KINDS]
    organisms = _organisms(core)
    anatomy, processes = _terms(core, *_ANATOMY), _terms(core, "BIOLOGICALPROCESS")
    return make_classified(
        {
            "identifier": identifier,
            "kind": "image",
            "title": _title(accession, organisms, anatomy, processes),
            "source": "Cell Image Library",
            "source_url": f"https://doi.org/10.7295/W9CIL{accession}",
            "source_accession": f"CIL:{accession}",
            "doi": doi(citation.get("DOI")),
            **_credit(citation, mapping(core, "ATTRIBUTION")),
            "licence": spdx,
            "licence_url": url,
            "organisms": organisms,
            "methods": _terms(core, "IMAGINGMODE"),
            "processes": processes,
            "phenotypes": _terms(core, "PATHOLOGICALPROCESS", "HUMAN_DISEASE"),
            "compounds": _compounds(core),
            "anatomy": anatomy,
            "keywords": (*kinds, *_group(core)),
            "size": sum(sizes) if sizes else None,
            "files": len(files) or None,
            "formats": tuple(dict.fromkeys(FORMATS[kind] for kind in _kinds(content) if kind in FORMATS)),
            **best_fields(_best(content, files)),
            "thumbnail": next((file.url for file in files if file.path == f"{accession}.jpg"), None),
            **_array(core, identifier, report),
        },
        report,
    )


def parse_files(accession: str, document: Any, report: Report) -> tuple[File, ...]:
    """List the files of a record; alternative files say themselves where they are."""
    content = _content(accession, document)
    folder = "videos" if mapping(content, "Data_type").get("Video") is True else "images"
    named = [(each, f"/media/{folder}/{accession}/{each.get('File_path')}") for each in _files(content, "Image_files")]
    named += [(each, str(each.get("URL_postfix"))) for each in _files(content, "Alternative_image_files")]
    found = (
        make_file(
            f"cil:{accession}",
            report,
            path=line(each.get("File_path")),
            size=number(each.get("Size")),
            url=MEDIA + quote(place),
        )
        for each, place in named
    )
    return tuple(file for file in found if file is not None)


def _content(accession: str, document: Any) -> dict[str, Any]:
    content = mapping(document, "CIL_CCDB")
    if not content:
        msg = (
            f"The document of CIL:{accession} holds no CIL_CCDB; expected one. "
            "Try again later; if it stays so, report it to the Cell Image Library."
        )
        raise ArchiveAnswerError(msg)
    return content


def _files(content: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [each for each in listed(mapping(content, "CIL").get(key)) if isinstance(each, dict)]


def _kinds(content: dict[str, Any]) -> list[str]:
    return [
        str(each.get("File_type"))
        for key in ("Image_files", "Alternative_image_files")
        for each in _files(content, key)
    ]


def best_fields(url: str | None) -> dict[str, Any]:
    """Give the address of the file that stands for a record, and the driver that reads it."""
    driver = _DRIVERS.get((url or "").rpartition(".")[2])
    return {"url": url, "driver": driver}


def _best(content: dict[str, Any], files: tuple[File, ...]) -> str | None:
    paths = {file.path: file.url for file in files}
    named = reversed(_files(content, "Image_files"))
    by_kind = {str(each.get("File_type")): line(each.get("File_path")) or "" for each in named}
    return next((paths[by_kind[kind]] for kind in BEST if by_kind.get(kind) in paths), None)


def _text(value: Any) -> str | None:
    """Give the words of an annotation: the label of its term, or free text."""
    found = mapping(value)
    return line(found.get("onto_name")) or line(found.get("free_text"))


def _terms(core: dict[str, Any], *keys: str) -> tuple[Term, ...]:
    return unique(
        [
            found
            for key in keys
            for each in listed(core.get(key))
            if (found := term(_text(each) or mapping(each).get("onto_id"), mapping(each).get("onto_id"))) is not None
        ]
    )


def _compounds(core: dict[str, Any]) -> tuple[Term, ...]:
    found = [_text(each) if isinstance(each, dict) else line(each) for each in listed(core.get("CHEMICAL_COMPOUNDS"))]
    return unique([made for each in found if (made := term(each)) is not None])


def _organisms(core: dict[str, Any]) -> tuple[Organism, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    found: dict[Organism, None] = {}
    for each in listed(core.get("NCBIORGANISMALCLASSIFICATION")):
        stated = re.search(r"NCBITaxon:(\d+)", f"{mapping(each).get('onto_id')} {_text(each)}")
        name = re.sub(r"\s*\[[^\]]*\]$", "", _text(each) or "")
        known = (find_organism(stated[0]) if stated else None) or (find_organism(name) if name else None)
        if known or name:
            taxon = (number(stated[1]) if stated else None) or None
            found[known or Organism(name=name, taxon=taxon)] = None
    return tuple(found)


def _title(
    accession: str, organisms: tuple[Organism, ...], anatomy: tuple[Term, ...], processes: tuple[Term, ...]
) -> str:
    """Say in a line what is seen: organism and cells, then processes."""
    subject = ", ".join([each.name for each in organisms[:2]] + [each.name for each in anatomy[:4]])
    done = ", ".join(each.name for each in processes[:3])
    return "; ".join(part for part in (subject, done) if part) or f"CIL:{accession}"


def _credit(citation: dict[str, Any], attribution: dict[str, Any]) -> dict[str, Any]:
    """Give the contributors, and what to cite: the record itself, then the articles that it names."""
    names = [found for each in listed(attribution.get("Contributors")) if (found := line(each))]
    cited = re.search(r"^(.*?)\s*\((\d{4})\)\s*CIL:", line(citation.get("Title")) or "")
    if not names and cited:
        names = [each.strip() for each in re.split(r"[,;]", re.sub(r"\([^)]*\)", "", cited[1])) if each.strip()]
    main = Publication(
        year=int(cited[2]) if cited and 1600 <= int(cited[2]) <= 2100 else None,
        journal="Cell Image Library",
        doi=doi(citation.get("DOI")),
    )
    papers = [number(each) for each in listed(attribution.get("PUBMED"))]
    return {
        "authors": tuple(Author(family=name) for name in names),
        "publications": (main, *(Publication(pubmed=paper) for paper in papers if paper)),
    }


def _group(core: dict[str, Any]) -> tuple[str, ...]:
    """Give the group of records that this one is of, as a word; groups have numbers of their own, like no record."""
    group = line(core.get("GROUP_ID")) or ""
    return (f"CIL group {group}",) if group.isdigit() else ()


def _array(core: dict[str, Any], identifier: str, report: Report) -> dict[str, Any]:
    """Give size and spacing along the axes that the document measures; none where one of x and y is not measured."""
    sizes: dict[str, int] = {}
    spacing: dict[str, float | None] = {}
    for each in listed(core.get("DIMENSION")):
        space = mapping(each, "Space")
        axis = (line(space.get("axis")) or "").lower()
        size = number(space.get("Image_size"))
        if axis in {"x", "y", "z"} and size:
            sizes[axis] = size
            spacing[axis] = _micrometres(mapping(space, "Pixel_size"), identifier, report)
        frames = number(mapping(each, "Time").get("frame"))
        if frames and frames > 1:
            sizes["t"], spacing["t"] = frames, None
    if not {"x", "y"} <= set(sizes):
        return {}
    axes = tuple(axis for axis in "tzyx" if axis in sizes)
    return {
        "axes": axes,
        "shape": tuple(sizes[axis] for axis in axes),
        "spacing": tuple(spacing[axis] for axis in axes),
    }


def _micrometres(stated: dict[str, Any], identifier: str, report: Report) -> float | None:
    unit = (line(stated.get("unit")) or "").lower()
    try:
        value = float(stated["value"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if unit not in _UNITS:
        report.defect(identifier, "spacing", f"{value} {unit!r} is in no unit of length; left out")
        return None
    distance = value * _UNITS[unit]
    return distance if 0 < distance < float("inf") else None
