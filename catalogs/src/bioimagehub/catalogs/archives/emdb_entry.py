"""An entry of the Electron Microscopy Data Bank: its document, read into a record and files.

A document wraps numbers as ``{"valueOf_": ..., "units": ...}``, and writes one element where it may also write a list.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.values import (
    author,
    day,
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
from bioimagehub.catalogs.parts import Access, Organism, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Author, File
    from bioimagehub.catalogs.records import Record

_FILES = "https://ftp.ebi.ac.uk/pub/databases/emdb/structures"
_ACCESSION = "EMD-[0-9]{4,6}"
_METHODS = {
    "singleparticle": ("single-particle cryo-electron microscopy", "single-particle cryo-electron microscopy"),
    "helical": ("helical reconstruction of electron micrographs", "single-particle cryo-electron microscopy"),
    "tomography": ("electron tomography", "cryo-electron tomography"),
    "subtomogramaveraging": ("subtomogram averaging", "cryo-electron tomography"),
    "electroncrystallography": ("electron crystallography", "electron diffraction"),
}
"""What EMDB calls a method, by its name here and the technology of Table 1."""
_TYPES = {
    "IMAGE STORED AS SIGNED BYTE": "int8",
    "IMAGE STORED AS SIGNED INTEGER (2 BYTES)": "int16",
    "IMAGE STORED AS UNSIGNED INTEGER (2 BYTES)": "uint16",
    "IMAGE STORED AS FLOATING POINT NUMBER (2 BYTES)": "float16",
    "IMAGE STORED AS FLOATING POINT NUMBER (4 BYTES)": "float32",
}
_ANGSTROM = 1e-4  # micrometres


def parse_entry(document: Any, report: Report, *, empiar: tuple[str, ...] = ()) -> Record:
    """Make a record of an entry.

    Parameters
    ----------
    document : object
        The entry, as JSON.
    report : Report
    empiar : tuple of str
        Accessions of raw images; the entry itself does not name them.
    """
    accession = _accession(document)
    admin = mapping(document, "admin")
    status = (_value(mapping(admin, "current_status").get("code")) or "REL")[:40]
    dates = mapping(admin, "key_dates")
    structure = mapping(document, "structure_determination_list", "structure_determination")
    methods, technologies = describe_method(line(structure.get("method")))
    molecules = _elements(document, "sample", "macromolecule_list", "macromolecule")
    fields = {
        **common_fields(accession, admin.get("title")),
        "authors": _authors(mapping(admin, "authors_list").get("author")),
        "publications": _publications(document),
        "organisms": _organisms(document),
        "methods": methods,
        "technologies": technologies,
        "proteins": _proteins(molecules),
        "compounds": _compounds(molecules),
        "keywords": _pdb(document),
        "related": (*_related(document), *name_empiar(empiar)),
        "released": day(dates.get("map_release")),
        "modified": day(dates.get("update")),
        **_array(mapping(document, "map"), f"emdb:{accession}", report),
        "access": _access(accession, status, admin),
    }
    if status != "REL":
        fields["url"] = fields["driver"] = None
    return make_classified(fields, report)


def parse_files(document: Any, report: Report) -> tuple[File, ...]:
    """List the files that an entry names; sizes are those of the unpacked maps, so that none is given."""
    accession = _accession(document)
    digits = accession.removeprefix("EMD-")
    named = [("map", mapping(document, "map").get("file")), ("header", f"emd-{digits}-v30.xml")]
    for folder, keys in (
        ("other", ("half_map_list", "half_map")),
        ("other", ("additional_map_list", "additional_map")),
        ("masks", ("segmentation_list", "segmentation")),
    ):
        named += [(folder, element.get("file")) for element in _elements(document, "interpretation", *keys)]
    files = (
        make_file(f"emdb:{accession}", report, path=f"{folder}/{name}", url=f"{_FILES}/{accession}/{quote(path)}")
        for folder, name in named
        if name and (path := f"{folder}/{name}")
    )
    return tuple(file for file in files if file is not None)


def _accession(document: Any) -> str:
    """Give the accession of a document; it then stands in addresses."""
    accession = line(mapping(document).get("emdb_id")) or ""
    if re.fullmatch(_ACCESSION, accession) is None:
        msg = (
            f"EMDB answered with an entry whose emdb_id is {accession[:100]!r}; expected one like EMD-3001. "
            "Try again later; if it stays so, report it."
        )
        raise ArchiveAnswerError(msg)
    return accession


def common_fields(accession: str, title: Any) -> dict[str, Any]:
    """Give the fields that follow from the accession and the title alone."""
    digits = accession.removeprefix("EMD-")
    return {
        "identifier": f"emdb:{accession}",
        "kind": "image",
        "title": line(title),
        "source": "Electron Microscopy Data Bank",
        "source_url": f"https://www.ebi.ac.uk/emdb/{accession}",
        "source_accession": accession,
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "formats": ("mrc",),
        "driver": "mrc",
        "url": f"{_FILES}/{accession}/map/emd_{digits}.map.gz",
        "thumbnail": f"https://www.ebi.ac.uk/emdb/images/entry/{accession}/400_{digits}.gif",
    }


def _access(accession: str, status: str, admin: Mapping[str, Any]) -> Access:
    if status == "REL":
        return Access()
    newer = [line(each.get("entry")) for each in _elements(admin, "obsolete_list", "entry") if isinstance(each, dict)]
    newer += [line(each.get("entry")) for each in _elements(admin, "superseded_by_list", "entry")]
    instead = next((each for each in newer if each), None)
    if status == "OBS" and instead:
        how = f"{accession} is obsolete; use {instead} in its place"
        return Access(kind="none", how=how, url=f"https://www.ebi.ac.uk/emdb/{quote(instead)}")
    what = "is obsolete" if status == "OBS" else f"is not released yet (status {status})"
    how = f"{accession} {what}; ask its authors, or look at its page for what came in its place"
    return Access(kind="none", how=how, url=f"https://www.ebi.ac.uk/emdb/{accession}")


def _value(value: Any) -> str | None:
    """Unwrap ``{"valueOf_": ...}``."""
    return line(value.get("valueOf_")) if isinstance(value, dict) else line(value)


def _elements(document: Any, *keys: str) -> list[dict[str, Any]]:
    """Give the elements of a list that may be one element alone, or missing."""
    return [each for each in listed(mapping(document, *keys[:-1]).get(keys[-1])) if isinstance(each, dict)]


def describe_method(name: str | None) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """Give the imaging method that EMDB names in its own way, and its technology."""
    if not name:
        return (), ()
    known = _METHODS.get(re.sub(r"[^a-z]", "", name.lower()))
    return ((Term(name=known[0]),), (known[1],)) if known else ((Term(name=name),), ())


def _authors(value: Any) -> tuple[Author, ...]:
    names = (author(_value(each)) for each in listed(value))
    return tuple(name for name in names if name is not None)


def _publications(document: Any) -> tuple[Publication, ...]:
    primary = mapping(document, "crossreferences", "citation_list", "primary_citation")
    article = next((mapping(primary, key) for key in ("citation_type", "journal_citation") if key in primary), primary)
    references = {
        str(each.get("type_", "")).upper(): _value(each)
        for each in listed(article.get("external_references"))
        if isinstance(each, dict)
    }
    year = number(article.get("year"))
    found = Publication(
        title=line(article.get("title")),
        journal=line(article.get("journal")) or line(article.get("journal_abbreviation")),
        year=year if year and 1600 <= year <= 2100 else None,
        volume=line(article.get("volume")),
        doi=doi(references.get("DOI")),
        pubmed=number(references.get("PUBMED")) or None,
    )
    return (found,) if found != Publication() else ()


def _organisms(document: Any) -> tuple[Organism, ...]:
    sources = [
        source.get("organism")
        for kind in ("macromolecule", "supramolecule")
        for molecule in _elements(document, "sample", f"{kind}_list", kind)
        for source in _elements(molecule, "natural_source")
    ]
    found: dict[str, Organism] = {}
    for source in sources:
        if name := _value(source):
            taxon = number(source.get("ncbi")) if isinstance(source, dict) else None
            found.setdefault(name, Organism(name=name, taxon=taxon or None))
    return tuple(found.values())


def _proteins(molecules: list[dict[str, Any]]) -> tuple[Term, ...]:
    terms = []
    for molecule in molecules:
        references = _elements(molecule, "sequence", "external_references")
        known = [_value(each) for each in references if str(each.get("type_", "")).upper() in {"UNIPROTKB", "UNIPROT"}]
        kind = str(molecule.get("instance_type") or "protein_or_peptide")
        if known or "protein" in kind:
            identifiers = [f"UniProtKB:{each}" for each in known if each]
            name = _value(molecule.get("name"))
            terms += [found for each in identifiers or [""] if (found := term(name, each)) is not None]
    return unique(terms)


def _compounds(molecules: list[dict[str, Any]]) -> tuple[Term, ...]:
    ligands = [each for each in molecules if str(each.get("instance_type")) == "ligand"]
    return unique([found for each in ligands if (found := term(_value(each.get("name")))) is not None])


def _pdb(document: Any) -> tuple[str, ...]:
    ids = (_value(each.get("pdb_id")) for each in _elements(document, "crossreferences", "pdb_list", "pdb_reference"))
    return tuple(dict.fromkeys(f"PDB {each}" for each in ids if each))


def _related(document: Any) -> tuple[str, ...]:
    ids = [
        _value(each.get("emdb_id")) for each in _elements(document, "crossreferences", "emdb_list", "emdb_reference")
    ]
    return tuple(dict.fromkeys(f"emdb:{each}" for each in ids if each and re.fullmatch(_ACCESSION, each)))


def name_empiar(accessions: tuple[str, ...]) -> tuple[str, ...]:
    """Give the identifiers of raw images at EMPIAR."""
    return tuple(f"empiar:{each}" for each in accessions if re.fullmatch("EMPIAR-[0-9]+", each))


def split_ids(text: str | None) -> tuple[str, ...]:
    """Give the identifiers that stand in one cell of a table."""
    return tuple(dict.fromkeys(re.findall(r"[^\s,;\"'\[\]]+", text or "")))


def _array(kept: Mapping[str, Any], identifier: str, report: Report) -> dict[str, Any]:
    """Give shape, spacing and pixel type of a map, in the order z, y, x whichever way its file is stored."""
    sizes = mapping(kept, "dimensions")
    order = mapping(kept, "axis_order")
    letters = [
        str(order.get(key) or letter).lower() for key, letter in zip(("slow", "medium", "fast"), "zyx", strict=True)
    ]
    counts = [number(_value(sizes.get(key))) for key in ("sec", "row", "col")]
    stored = dict(zip(letters, counts, strict=True))
    shape = tuple(stored.get(axis) or 0 for axis in "zyx")
    if not all(shape):
        report.defect(identifier, "shape", f"the dimensions {sizes} are no size of a map; left out")
        return {}
    spacing = mapping(kept, "pixel_spacing")
    dtype = _TYPES.get((line(kept.get("data_type")) or "").upper())
    return {
        "axes": ("z", "y", "x"),
        "shape": shape,
        "spacing": tuple(_micrometres(spacing.get(axis)) for axis in "zyx"),
        "dtype": dtype,
        "size": _size(kept, shape, dtype),
    }


def _micrometres(value: Any) -> float | None:
    units = str(value.get("units") or "Å") if isinstance(value, dict) else "Å"
    factor = 1e-3 if units == "nm" else _ANGSTROM
    try:
        distance = float(_value(value) or 0) * factor
    except ValueError:
        return None
    return distance if 0 < distance < float("inf") else None


def _size(kept: Mapping[str, Any], shape: tuple[int, ...], dtype: str | None) -> int | None:
    """Give the bytes of the unpacked map; EMDB's kilobytes are not said to be of 1,000 or of 1,024 bytes."""
    kilobytes = number(_value(kept.get("size_kbytes")))
    if kilobytes is None or dtype is None:
        return None
    expected = 1024 + prod(shape) * {"int8": 1, "float32": 4}.get(dtype, 2)
    near = [size for size in (kilobytes * 1000, kilobytes * 1024) if abs(size - expected) <= 0.01 * expected + 1024]
    return expected if near else None
