"""A gene of the Human Protein Atlas: its XML document, and its row in a table of genes.

The document of a gene has a megabyte and some 1,500 addresses of images; it is read as a stream.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import ParseError

from bioimagehub.catalogs.archives.values import line, listed, make_classified, make_file, term, unique
from bioimagehub.catalogs.errors import ArchiveAnswerError, RecordNotFoundError
from bioimagehub.catalogs.parts import Organism, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

ACCESSION = "ENSG[0-9]{11}"
HOST = re.compile(r"(?:www|images|v\d+)\.proteinatlas\.org")
_TISSUES = Publication(
    title="Tissue-based map of the human proteome",
    journal="Science",
    year=2015,
    volume="347",
    doi="10.1126/science.1260419",
    pubmed=25613900,
)
_CELLS = Publication(
    title="A subcellular map of the human proteome",
    journal="Science",
    year=2017,
    volume="356",
    doi="10.1126/science.aal3321",
    pubmed=28495876,
)


@dataclass
class Gene:
    """What a document tells of a gene, collected while it is read.

    Attributes
    ----------
    accession, symbol, version : str or None
    proteins : list of str
        UniProt accessions.
    antibodies : list of str
    tissues, cancers, cell_lines : list of str
        Where the protein was looked for.
    locations : list of Term
        Components of the cell where it was seen, with GO identifiers.
    assays : list of str
        ``IHC`` in tissues, ``ICC/IF`` in cells.
    images : list of str
        Addresses, each once.
    """

    accession: str | None = None
    symbol: str | None = None
    version: str | None = None
    synonyms: list[str] = field(default_factory=list)
    proteins: list[str] = field(default_factory=list)
    antibodies: list[str] = field(default_factory=list)
    tissues: list[str] = field(default_factory=list)
    cancers: list[str] = field(default_factory=list)
    cell_lines: list[str] = field(default_factory=list)
    locations: list[Term] = field(default_factory=list)
    assays: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)


def read_gene(content: bytes, url: str) -> Gene:
    """Read a document of a gene.

    Raises
    ------
    ArchiveAnswerError
        If it is no XML of the atlas, or holds entities, which none of its documents needs.
    RecordNotFoundError
        If it holds no gene.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    gene, path = Gene(), []
    assay: dict[str, str] = {}
    try:
        for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
            if event == "start":
                path.append(element.tag)
                _begin(element, gene, assay)
            else:
                _end(element, path, gene, assay)
                path.pop()
                element.clear()
    except (ParseError, DefusedXmlException, LookupError) as error:
        msg = (
            f"{url} answered with {content[:60]!r}, which is no document of a gene ({type(error).__name__}: {error}); "
            "expected XML of the Human Protein Atlas. Try again later, then report it."
        )
        raise ArchiveAnswerError(msg) from error
    if gene.accession is None:
        msg = f"{url} holds no gene. Look the gene up at https://www.proteinatlas.org/ for its Ensembl identifier."
        raise RecordNotFoundError(msg)
    if re.fullmatch(ACCESSION, gene.accession) is None:
        msg = (
            f"{url} names the gene {gene.accession[:60]!r}; expected one like ENSG00000134057. Report it to the atlas."
        )
        raise ArchiveAnswerError(msg)
    gene.images = list(dict.fromkeys(gene.images))
    return gene


def _begin(element: Element, gene: Gene, assay: dict[str, str]) -> None:
    """Take what stands in the attributes of an element."""
    stated = element.attrib
    if element.tag == "entry":
        gene.version = stated.get("version")
    elif element.tag == "identifier" and stated.get("db") == "Ensembl":
        gene.accession = gene.accession or stated.get("id")
    elif element.tag == "xref" and stated.get("db", "").lower().startswith("uniprot"):
        gene.proteins.append(stated.get("id", ""))
    elif element.tag == "antibody":
        gene.antibodies.append(stated.get("id", ""))
    elif element.tag in {"tissueExpression", "cellExpression"}:
        assay["kind"] = stated.get("assayType", "")
        gene.assays.append(stated.get("technology", ""))


def _end(element: Element, path: list[str], gene: Gene, assay: Mapping[str, str]) -> None:
    """Take what stands between the tags of an element."""
    text = line(element.text)
    if text is None:
        return
    above = path[-2] if len(path) > 1 else ""
    if element.tag == "name" and above == "entry":
        gene.symbol = text
    elif element.tag == "synonym" and above == "entry":
        gene.synonyms.append(text)
    elif element.tag == "imageUrl":
        gene.images.append(text)
    elif element.tag == "tissue" and "tissueExpression" in path:
        (gene.tissues if assay.get("kind") in {"tissue", ""} else gene.cancers).append(text)
    elif element.tag == "cellLine" and "cellExpression" in path:
        gene.cell_lines.append(text)
    elif element.tag == "location" and "cellExpression" in path:
        found = term(text, element.get("GOId"))
        # A component that only another antibody writes with a capital letter is the same.
        if found is not None and found.id not in {each.id for each in gene.locations}:
            gene.locations.append(found)


def parse_gene(content: bytes, url: str, report: Report) -> Record:
    """Make a record of a document of a gene."""
    gene = read_gene(content, url)
    files = list_images(gene, report)
    shown = next((file.url for file in files if "selected" in file.path), None)
    return make_classified(
        _fields(gene.accession or "", gene.symbol, gene.version)
        | {
            "publications": _publications(gene.assays),
            "methods": _methods(gene.assays),
            "proteins": _proteins(gene.symbol or gene.accession or "", gene.proteins),
            "phenotypes": _named(gene.cancers),
            "anatomy": unique([*gene.locations, *_named(gene.cell_lines), *_named(gene.tissues)]),
            "keywords": tuple(
                dict.fromkeys([*gene.synonyms, *(f"antibody {each}" for each in gene.antibodies if each)])
            ),
            "files": len(files),
            "images": len(files),
            "thumbnail": shown,
        },
        report,
    )


def parse_row(row: Mapping[str, Any], report: Report) -> Record:
    """Make a record of a gene's row in the answer to a search, or of its JSON document."""
    accession = line(row.get("Ensembl")) or ""
    if re.fullmatch(ACCESSION, accession) is None:
        msg = f"A row of the Human Protein Atlas names the gene {accession[:60]!r}; expected one like "
        msg += "ENSG00000134057. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    symbol = line(row.get("Gene"))
    locations = [*_words(row.get("Subcellular main location")), *_words(row.get("Subcellular additional location"))]
    synonyms = _words(row.get("Gene synonym"))
    antibodies = [f"antibody {each}" for each in _words(row.get("Antibody"))]
    return make_classified(
        _fields(accession, symbol, None)
        | {
            "proteins": _proteins(symbol or accession, _words(row.get("Uniprot"))),
            "anatomy": _named(locations or _words(row.get("Subcellular location"))),
            "keywords": tuple(dict.fromkeys([*synonyms, *_words(row.get("Gene description")), *antibodies])),
        },
        report,
    )


def list_images(gene: Gene, report: Report) -> tuple[File, ...]:
    """List the images of a gene by their paths at the atlas; an address elsewhere is left out."""
    identifier, found = f"hpa:{gene.accession}", []
    for url in gene.images:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not HOST.fullmatch(parts.netloc):
            report.defect(identifier, "files", f"{url!r} is not an address of the atlas; left out")
            continue
        path = unquote(parts.path).removeprefix("/").removeprefix("images/")
        if (file := make_file(identifier, report, path=path, url=url)) is not None:
            found.append(file)
    return tuple(found)


def _fields(accession: str, symbol: str | None, version: str | None) -> dict[str, Any]:
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    host = f"v{version}.proteinatlas.org" if version and version.isdigit() else "www.proteinatlas.org"
    spdx, url = parse_licence(f"https://{host}/about/licence")
    name = symbol or accession
    return {
        "identifier": f"hpa:{accession}",
        "kind": "study",
        "version": version,
        "title": f"{name} in human tissues and cells",
        "source": "Human Protein Atlas",
        "source_url": f"https://{host}/{accession}",
        "source_accession": accession,
        "licence": spdx,
        "licence_url": url,
        "organisms": (Organism(name="Homo sapiens", taxon=9606),),
        "genes": (Term(name=name, id=f"ENSEMBL:{accession}"),),
        "formats": ("jpeg",),
        "data_types": ("atlas",),
    }


def _methods(assays: list[str]) -> tuple[Term, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    # Stained cells are seen in a confocal microscope: https://www.proteinatlas.org/about/assays+annotation
    known = {"IHC": "immunohistochemistry", "ICC/IF": "confocal microscopy"}
    return unique([find_method(known[each]) for each in assays if each in known])


def _publications(assays: list[str]) -> tuple[Publication, ...]:
    found = {"IHC": _TISSUES, "ICC/IF": _CELLS}
    return tuple(dict.fromkeys(found[each] for each in assays if each in found)) or (_TISSUES,)


def _proteins(name: str, codes: list[str]) -> tuple[Term, ...]:
    return unique([Term(name=name, id=f"UniProtKB:{each}") for each in codes if re.fullmatch(r"[A-Z0-9]{6,10}", each)])


def _named(names: list[str]) -> tuple[Term, ...]:
    return unique([found for each in names if (found := term(each)) is not None])


def _words(value: Any) -> list[str]:
    """Give the items of a cell: a list, or one text with commas."""
    items = value if isinstance(value, list) else re.split(r"[,;]\s*", line(value) or "")
    return [found for each in listed(items) if (found := line(each))]
