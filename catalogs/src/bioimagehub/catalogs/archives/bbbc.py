"""The Broad Bioimage Benchmark Collection: pages of a web site, and files whose names follow no rule.

It has no interface, so its pages are read: `bioimagehub.catalogs.archives.bbbc_pages` takes the facts out of the HTML,
this module makes records of them.

What a set's ground truth is, is taken from the letters on its page: C counts, F foreground and background (semantic
masks), O outlines of objects, B biological labels (classes), X centroids (points). Bounding boxes (U) have no name
among the kinds of ground truth here. The letters do not tell instance masks from outlines: `INSTANCE_MASKS` names the
sets whose page states that each object has a mask or a label of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.bbbc_pages import parse_index, parse_page
from bioimagehub.catalogs.archives.values import day, doi, line, make_classified, make_file, number
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_SITE = "https://bbbc.broadinstitute.org"
_FILES = "https://data.broadinstitute.org/bbbc"
_LAST = 54
ARCHIVE = Archive(
    name="bbbc",
    title="Broad Bioimage Benchmark Collection",
    home=f"{_SITE}/",
    accession=r"BBBC\d{3}",
    example="BBBC039",
    gives="Image sets with ground truth: licence, files with sizes, kinds of ground truth, citation.",
    limits=(
        "No interface: pages are read, and all of them for a harvest. Files are archives (zip) of images. BBBC023, "
        "040 and 043 are empty or not there; 010, 011, 012, 021 and 023 state no licence."
    ),
    licence="Each image set its own: CC0, CC BY, CC BY-NC-SA, or none stated.",
    interface=f"{_SITE}/image_sets",
)
_KINDS = {
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


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find image sets by words of their accession, title, imaging mode and kinds of ground truth.

    Parameters
    ----------
    text : str
        Words that must all occur in the row of the site's table of image sets.
    client : Client
    limit : int
        How many records at most; each is read from its own page.
    """
    from bioimagehub.catalogs.archives.report import Report

    words = text.casefold().split()
    rows = fetch_index(client)
    found = [row for row in rows.values() if all(word in " ".join(_row_words(row)).casefold() for word in words)]
    return [_fetch(row["accession"], client, Report(), row) for row in found[:limit]]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the page of an image set, and its row in the table of image sets.

    Raises
    ------
    RecordNotFoundError
        If there is no such page.
    ArchiveAnswerError
        If there is a page and it is not one of an image set.
    """
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    return _fetch(accession, client, Report(), fetch_index(client).get(accession))


def fetch_index(client: Client) -> dict[str, dict[str, Any]]:
    """Read the table of image sets: title, group, imaging mode, fields of view and ground truth of each accession."""
    return {row["accession"]: row for row in parse_index(client.get_text(f"{_SITE}/image_sets"))}


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files that the page of an image set links to, with the sizes that it states."""
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    yield from parse_files(parse_page(client.get_text(f"{_SITE}/{accession}"), accession), Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file of an image set.

    Raises
    ------
    RecordNotFoundError
        If the page links to no file of that path; the message lists those that it links to.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        known = ", ".join(sorted(files)[:20]) or "none"
        msg = f"{accession} has no file {path[:200]!r}; its page links to: {known}. Take one of these paths."
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read the pages from BBBC001 to BBBC054, one by one; a number without a page is none of the collection.

    Parameters
    ----------
    client : Client
    report : Report
    since : date or None
        Leaves out the sets whose page was last updated before; those that state no date are kept.
    cursor : str or None
        The accession to go on with.
    """
    index = fetch_index(client)
    for count in range(int(cursor[4:]) if cursor else 1, _LAST + 1):
        accession = f"BBBC{count:03d}"
        following = f"BBBC{count + 1:03d}" if count < _LAST else None
        lost = len(report.losses)
        records: tuple[Record, ...] = ()
        try:
            records = (_fetch(accession, client, report, index.get(accession)),)
        except RecordNotFoundError:
            if accession in index:
                report.lost(f"bbbc:{accession}", "the table of image sets names it and it has no page")
        except (ArchiveAnswerError, InvalidEntryError) as error:
            report.lost(f"bbbc:{accession}", error)
        rows = len(records) + len(report.losses) - lost
        kept = tuple(each for each in records if since is None or each.modified is None or each.modified >= since)
        yield Page(kept, following, rows=rows)


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
    updated = day(page.get("page_last_updated"))
    fields = {
        "identifier": identifier,
        "kind": "study",
        "title": title or f"{accession} (no title stated)",
        "source": ARCHIVE.title,
        "source_url": f"{_SITE}/{accession}",
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
        "modified": updated,
        "size": _size(files),
        "files": len(files) or None,
        "images": number(page.get("fields_of_view")) or None,
        "formats": _formats(files),
        "facts": ({"source": f"{_SITE}/{accession}", "retrieved": _retrieved(page, updated)},),
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


def _fetch(accession: str, client: Client, report: Report, row: Mapping[str, Any] | None) -> Record:
    page = parse_page(client.get_text(f"{_SITE}/{accession}"), accession)
    merged = {**page, **{key: value for key, value in (row or {}).items() if value}}
    # The address of the licence is taken from the page alone; the title of the page is the longer one.
    return parse_record({**merged, "title": page.get("title") or merged.get("title")}, report)


def _row_words(row: Mapping[str, Any]) -> list[str]:
    kinds = [*row["ground_truth_index"], *(_KINDS.get(kind, "") for kind in row["ground_truth_index"])]
    if row["accession"] in INSTANCE_MASKS:
        kinds.append("instance masks")
    return [row["accession"], row["title"], row["group"], row["mode"], *kinds]


def _retrieved(page: Mapping[str, Any], updated: date | None) -> date:
    return day(page.get("retrieved")) or (updated if "url" in page and updated else datetime.now(UTC).date())


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
        f"or ask the collection through {_SITE}/."
    )
    return {"kind": "none", "how": how, "url": f"{_SITE}/image_sets"}


def _ground_truth(page: Mapping[str, Any], identifier: str, report: Report) -> tuple[str, ...]:
    stated = dict.fromkeys([*page.get("ground_truth_index", ()), *page.get("ground_truth_page", ())])
    found = ["instance masks"] if page["accession"] in INSTANCE_MASKS else []
    for kind in stated:
        if kind in _KINDS:
            found.append(_KINDS[kind])
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
