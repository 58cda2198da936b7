"""Ontology terms in documents of other standards: their addresses, and the field of a record that each belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import line

if TYPE_CHECKING:
    from typing import Any

    from bioimagehub.catalogs.parts import Term

# What the images tell about: the field of a record, and what a document calls a term of it.
KINDS = {
    "genes": "gene",
    "proteins": "protein",
    "phenotypes": "phenotype",
    "compounds": "compound",
    "processes": "process",
    "anatomy": "anatomy",
}

_PREFIXES = {
    "genes": "HGNC ENSEMBL NCBIGene MGI ZFIN SGD PomBase WormBase TAIR",
    "proteins": "UniProtKB PR",
    "phenotypes": "CMPO HP MP WBPhenotype APO FYPO MONDO DOID",
    "compounds": "CHEBI PUBCHEM CHEMBL",
    "processes": "GO",
    "anatomy": "UBERON CL CLO BTO FMA EMAPA MA WBbt FBbt ZFA PO EFO Cellosaurus",
}
_FIELDS = {prefix.casefold(): field for field, prefixes in _PREFIXES.items() for prefix in prefixes.split()}
# How many digits their numbers have; other numbers are slips of the pen.
_DIGITS = {"FBbi": 8, "FBbt": 8} | dict.fromkeys(("BTO", "CHMO", "CL", "CLO", "CMPO", "GO", "HP", "MP", "UBERON"), 7)
_OBO = frozenset(
    ("APO", "CHEBI", "DOID", "EMAPA", "FMA", "FYPO", "MA", "MI", "MONDO", "PO", "PR", "WBbt", "ZFA", *_DIGITS)
)
_SPELLING = {prefix.casefold(): prefix for prefix in (*_OBO, *" ".join(_PREFIXES.values()).split(), "NCIT")}
_CODE = re.compile(r"(?<![A-Za-z])([A-Za-z]+)[_:](\d{3,})(?!\d)")

# Components of the cell and molecular complexes are anatomy here, whereas GO has one prefix for all its branches.
_COMPONENTS = re.compile(
    r"\b(nucle(us|olus|oid)|cell|cytoplasm|cytosol|cytoskeleton|chromosomes?|kinetochore|spindle|spindle pole body|"
    r"centrosome|centriole|membrane|mitochondri(on|a)|crista|matrix|lysosome|endosome|peroxisome|ribosome|"
    r"lipid droplets?|microtubule|filament|junction|region|space|surface|complex|organelle|cilium|basal body|"
    r"cell body|dendrite|axon|synapse|spine|shaft|density|varicosity|projection|myofibril|phragmoplast|"
    r"node of ranvier|perineuronal net|reticulum|golgi apparatus|vacuole|vesicle|granule|envelope)$",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(r"^(a|an|at|in|is|of|the|to|with)\s|\.$|^\W|^(.*\s){12}", re.IGNORECASE)


def read_code(*values: Any) -> str | None:
    """Find the CURIE of a term in its identifiers, in any of the spellings that are in use.

    >>> read_code("obo:FBbi_ 00000246"), read_code("#ontology-term-clo_0008068"), read_code("#term")
    ('FBbi:00000246', 'CLO:0008068', None)
    """
    for value in values:
        text = (line(value) or "").replace(" ", "").replace("%20", "")
        if found := re.search(r"https://identifiers\.org/([A-Za-z][A-Za-z0-9_.]*:[A-Za-z0-9_.:/-]+)$", text):
            return found[1]
        for prefix, number in _CODE.findall(text):
            spelt = _SPELLING.get(prefix.casefold())
            if spelt is not None and len(number) == _DIGITS.get(spelt, len(number)):
                return f"{spelt}:{number}"
    return None


def read_name(value: Any) -> str | None:
    """Give the label of a term without the identifier that some write behind it; None where it is no label.

    >>> read_name("nucleus (GO:0005634)"), read_name("is largely reduced. The neurons")
    ('nucleus', None)
    """
    text = re.sub(r"\s*\([A-Za-z]+:\s*\w+\)$", "", line(value) or "")
    return None if not text or _FRAGMENT.search(text) else text


def address(term: Term) -> str | None:
    """Give the address of a term; None where it has no identifier.

    >>> from bioimagehub.catalogs.parts import Term
    >>> address(Term(name="HeLa cell", id="CLO:0003684")), address(Term(name="TP53", id="HGNC:11998"))
    ('http://purl.obolibrary.org/obo/CLO_0003684', 'https://identifiers.org/HGNC:11998')
    """
    if term.id is None:
        return None
    prefix, _, number = term.id.partition(":")
    if prefix == "EFO" and number.isdigit():
        return f"http://www.ebi.ac.uk/efo/EFO_{number}"
    if prefix in _OBO and number.isdigit() and len(number) == _DIGITS.get(prefix, len(number)) > 2:
        return f"http://purl.obolibrary.org/obo/{prefix}_{number}"
    return f"https://identifiers.org/{term.id}"


def find_field(term: Term, kind: str | None = None) -> str | None:
    """Tell the field of a record that a term belongs to.

    By what the document calls it, else by the prefix of its identifier; of the Gene Ontology, components of the cell
    belong to ``anatomy``, all else to ``processes``. None where neither is known.

    >>> from bioimagehub.catalogs.parts import Term
    >>> find_field(Term(name="kinetochore", id="GO:0000776")), find_field(Term(name="cytokinesis", id="GO:0000910"))
    ('anatomy', 'processes')
    """
    for field, known in KINDS.items():
        if kind == known:
            return field
    prefix = (term.id or "").partition(":")[0]
    if prefix == "GO" and _COMPONENTS.search(term.name):
        return "anatomy"
    return _FIELDS.get(prefix.casefold())


def is_imaging(code: str | None) -> bool:
    """Tell whether a term of the imaging methods ontology FBbi names an imaging method.

    The ontology also holds the preparation of samples and their labelling (numbers below 222), kinds of images and
    labels. Terms of other ontologies that stand directly under the methods of a dataset count as methods, except
    those of EFO, which name protocols.

    >>> is_imaging("FBbi:00000246"), is_imaging("FBbi:00000138"), is_imaging("EFO:0003789")
    (True, False, False)
    """
    prefix, _, number = (code or "").partition(":")
    if prefix == "FBbi" and number.isdigit():
        return int(number) >= 222 and int(number) not in {265, 401, 455}
    return prefix != "EFO"
