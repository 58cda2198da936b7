"""An image set of the BBBC, made into a record out of the facts of its page.

What a set's ground truth is, is taken from the letters on its page: C counts, F foreground and background (semantic
masks), O outlines of objects, B biological labels (classes), X centroids (points). Bounding boxes (U) have no name
among the kinds of ground truth here. The letters do not tell instance masks from outlines: `INSTANCE_MASKS` names the
sets whose page states that each object has a mask or a label of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from bioimagehub.catalogs.archives.values import day, doi, line, make_classified, make_file, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

SITE = "https://bbbc.broadinstitute.org"
_FILES = "https://data.broadinstitute.org/bbbc"
KINDS = {
    "counts": "counts",
    "foreground/background": "semantic masks",
    "outlines of objects": "outlines",
    "biological labels": "classes",
    "centroids": "points",
    # The letters, where a page gives no more than those.
    "C": "counts",
    "F": "semantic masks",
    "O": "outlines",
    "B": "classes",
    "X": "points",
}
INSTANCE_MASKS: Mapping[str, str] = {
    "BBBC006": "each segmented nucleus has an integer of its own",
    "BBBC010": "one binary mask for each worm",
    "BBBC020": "one outline file for each cell, so that cells may overlap",
    "BBBC024": "labelled 16-bit images of 20 nuclei each",
    "BBBC038": "one PNG mask for each nucleus",
    "BBBC039": "masks of single nuclei, those that touch in different colours",
}
"""Sets whose page states that objects can be told apart, with what it states."""
_CONFLICTS = {
    "BBBC002": "the page states CC0 1.0, the package bbbc-datasets CC BY-NC-SA 3.0; the page is taken",
}
_ALSO_AT: Mapping[str, tuple[str, ...]] = {
    "BBBC021": ("cellpainting:cpg0010",),
    "BBBC022": ("cellpainting:cpg0030", "idr:idr0036"),
    "BBBC024": ("bia:S-BIAD1492",),
    "BBBC025": ("cellpainting:cpg0018",),
    "BBBC036": ("cellpainting:cpg0012", "idr:idr0016"),
    "BBBC037": ("cellpainting:cpg0017", "idr:idr0033"),
    "BBBC038": ("bbbc:BBBC039",),
    "BBBC039": ("bbbc:BBBC022", "bbbc:BBBC038"),
    "BBBC047": ("cellpainting:cpg0012", "idr:idr0016"),
}
_COLLECTION = {
    "title": "Annotated high-throughput microscopy image sets for validation",
    "journal": "Nature Methods",
    "year": 2012,
    "volume": "9",
    "pages": "637",
    "doi": "10.1038/nmeth.2083",
}
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
# What the titles say; the site states no organism.
_ORGANISMS = {
    r"human|HT29|U2OS|HL60|MCF7|hepatocyte": "Homo sapiens",
    r"drosophila|kc167": "Drosophila melanogaster",
    r"C\. elegans": "Caenorhabditis elegans",
    r"mouse|murine": "Mus musculus",
    r"\brat\b": "Rattus norvegicus",
    r"chinese hamster": "Cricetulus griseus",
    r"P\. vivax": "Plasmodium vivax",
}


def parse_record(page: Mapping[str, Any], report: Report) -> Record:
    """Make the record of an image set.

    Parameters
    ----------
    page : mapping
        What `parse_page` took out of its page, with what `parse_index` gives of it.
    report : Report
    """
    accession = str(page["accession"])
    identifier = f"bbbc:{accession}"
    licence, licence_url = _licence(page, identifier, report)
    files = list(parse_files(page, report))
    title = line(page.get("title"))
    if title is None:
        report.defect(identifier, "title", "the page states none; its accession stands in")
    fields = {
        "identifier": identifier,
        "kind": "study",
        "title": title or f"{accession} (no title stated)",
        "source": "Broad Bioimage Benchmark Collection",
        "source_url": f"{SITE}/{accession}",
        "source_accession": accession,
        "version": page.get("version"),
        "publications": tuple(_publications(page)),
        "licence": licence,
        "licence_url": licence_url,
        "access": _access(accession, files),
        "reference": True,
        "organisms": _organisms(title or ""),
        "methods": _methods(page),
        "data_types": ("benchmark",),
        "ground_truth": _ground_truth(page, identifier, report),
        "keywords": tuple(filter(None, [line(page.get("group"))])),
        "related": _ALSO_AT.get(accession, ()),
        "modified": day(page.get("page_last_updated")),
        "size": _size(files),
        "files": len(files) or None,
        "images": number(page.get("fields_of_view")) or None,
        "formats": _formats(files),
        "facts": (
            {"source": f"{SITE}/{accession}", "retrieved": day(page.get("retrieved")) or datetime.now(UTC).date()},
        ),
    }
    return make_classified(fields, report)


def parse_files(page: Mapping[str, Any], report: Report) -> Iterator[File]:
    """Make the files that a page links to; links are relative, upwards or to other hosts, as the page has them."""
    accession = str(page["accession"])
    base = f"{_FILES}/{accession}/"
    known = set()
    for link in page.get("files", ()):
        url = urljoin(base, str(link["file"]))
        path = unquote(url.removeprefix(base) if url.startswith(base) else url.rpartition("/")[2])
        if path in known:
            continue
        known.add(path)
        size = link.get("size") or ""
        count = parse_size(size)
        if size and count is None:
            report.defect(f"bbbc:{accession}", "size", f"{size!r} of {path} is not a size; left out")
        found = make_file(f"bbbc:{accession}", report, path=path, size=count, url=url)
        if found is not None:
            yield found


def parse_size(text: str) -> int | None:
    """Give the bytes of a size as the pages write it, in decimal units; None where it is none.

    Examples
    --------
    >>> parse_size("1.9 MB"), parse_size("7MB"), parse_size("303 b"), parse_size("1,8 GB"), parse_size("large")
    (1900000, 7000000, 303, None, None)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?b)(?:ytes)?\s*", text.casefold())
    return round(float(found[1]) * _UNITS[found[2]]) if found else None


def _licence(page: Mapping[str, Any], identifier: str, report: Report) -> tuple[str | None, str | None]:
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    stated = line(page.get("licence_url"))
    licence, url = parse_licence(stated)
    if stated and licence is None:
        report.defect(identifier, "licence", f"{stated!r} is not a known licence; none is stated")
    if licence is None:
        report.defect(identifier, "licence", "none is stated: ask the authors before passing anything on")
    if str(page["accession"]) in _CONFLICTS:
        report.defect(identifier, "licence", _CONFLICTS[str(page["accession"])])
    return licence, url


def _access(accession: str, files: list[File]) -> dict[str, Any]:
    if files:
        return {"kind": "open"}
    how = (
        f"The page of {accession} links to no file. Take another image set of the collection, "
        f"or ask the collection through {SITE}/."
    )
    return {"kind": "none", "how": how, "url": f"{SITE}/image_sets"}


def _ground_truth(page: Mapping[str, Any], identifier: str, report: Report) -> tuple[str, ...]:
    stated = dict.fromkeys([*page.get("ground_truth_index", ()), *page.get("ground_truth_page", ())])
    found = ["instance masks"] if page["accession"] in INSTANCE_MASKS else []
    for kind in stated:
        if kind in KINDS:
            found.append(KINDS[kind])
        else:
            report.defect(identifier, "ground_truth", f"{kind!r} is no kind of ground truth here; left out")
    return tuple(dict.fromkeys(found))


def _organisms(title: str) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    names = [name for words, name in _ORGANISMS.items() if re.search(words, title, re.IGNORECASE)]
    return tuple(found for name in names if (found := find_organism(name)) is not None)


def _methods(page: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    names = {
        "fluorescent": ("fluorescence microscopy",),
        "dic": ("differential interference contrast microscopy",),
        "bright field": ("bright-field microscopy",),
        "bright field and fluorescent": ("bright-field microscopy", "fluorescence microscopy"),
    }
    mode = line(page.get("mode"))
    return tuple(find_method(name) for name in names.get((mode or "").casefold(), filter(None, (mode,))))


def _publications(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the works that the page asks to cite, each in brackets as "Caie et al., Journal, 2010", then the collection.

    The address of each is used where the page links it; a work without journal and year in that form is left out.
    """
    cited = line(page.get("recommended_citation")) or ""
    links = page.get("citation_links", {})
    for text in re.findall(r"[\[(]\s*([^\[\]()]{5,200}?)\s*[\])]", cited):
        found = re.fullmatch(r"(?P<who>[^,]+ et al\.),?\s+(?P<journal>[^,]+?)\s*,\s*(?P<year>\d{4})", text)
        if found is None or found["who"].startswith("Ljosa"):
            continue
        address = next((url for label, url in links.items() if found["who"].split()[0] in label), None)
        yield {"journal": found["journal"], "year": int(found["year"]), "doi": doi(address)}
    yield _COLLECTION


def _size(files: list[File]) -> int | None:
    """Add the sizes up; None where one is not stated, or where the page links to tables of addresses alone."""
    sizes = [file.size for file in files]
    if all(re.search(r"\.(csv|txt|tsv)$", file.path.casefold()) for file in files):
        return None
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _formats(files: list[File]) -> tuple[str, ...]:
    """Give the formats that the file names tell: ``_images_tif.zip`` holds TIFF, plain ``.zip`` says nothing."""
    names = " ".join(file.path.casefold() for file in files)
    known = {"tiff": "tiff?", "png": "png", "bmp": "bmp", "dib": "dib", "zip": "zip", "csv": "csv"}
    return tuple(name for name, ending in known.items() if re.search(rf"[._]{ending}\b", names))
