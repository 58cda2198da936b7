from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.exchange import csl, datacite, ro_crate
from bioimagehub.catalogs.records import parse_record

if TYPE_CHECKING:
    from typing import Any

    from bioimagehub.catalogs import Catalog


def test_text_of_an_article(catalog: Catalog) -> None:
    assert catalog["samples:emd-3001"].cite().startswith("Rodriguez JA, Ivanova MI, Sawaya MR")
    assert (
        catalog["samples:emd-3001"]
        .cite()
        .endswith(
            "Structure of the toxic core of alpha-synuclein from invisible crystals. Nature 2015;525:486-490. "
            "https://doi.org/10.1038/nature15368. Data: Electron Microscopy Data Bank EMD-3001, licence CC0-1.0."
        )
    )


def test_text_without_authors_publication_and_licence(fields: dict[str, Any]) -> None:
    bare = {"authors": [], "publications": [], "licence": None, "source_accession": None}
    record = parse_record({**fields, **bare}, "here")
    assert record.cite() == (
        "Nuclei of the 2018 Data Science Bowl with instance masks. "
        "Data: Broad Bioimage Benchmark Collection, no licence stated."
    )


def test_bibtex_of_an_article(catalog: Catalog) -> None:
    entry = catalog["samples:cryoet-tomogram"].cite("bibtex")
    assert entry.startswith("@article{samples:cryoet-tomogram,\n  author = {Schur, F. K. M. and Obr, M. and")
    assert "  pages = {506--508}," in entry
    assert "  doi = {10.1126/science.aaf9620}," in entry
    assert "EMPIAR-10164, no licence stated" in entry


def test_bibtex_of_a_group_keeps_its_name_whole(catalog: Catalog) -> None:
    entry = catalog["samples:nuclei-3d"].cite("bibtex")
    assert entry.startswith("@misc{")
    assert "author = {{Allen Institute for Cell Science}}" in entry


def test_every_bibtex_entry_is_balanced(catalog: Catalog) -> None:
    for record in catalog:
        entry = record.cite("bibtex")
        assert entry.count("{") == entry.count("}")
        assert re.fullmatch(r"@(article|misc)\{samples:[a-z0-9-]+,\n(  [a-z]+ = \{.+\},\n)+\}", entry)


def test_json_styles(catalog: Catalog) -> None:
    record = catalog["samples:emd-3001"]
    assert json.loads(record.cite("csl")) == [csl.dump(record)]
    assert json.loads(record.cite("datacite")) == datacite.dump(record)
    assert json.loads(record.cite("ro-crate")) == ro_crate.dump(record)
    assert "Müller" in catalog["samples:skimage-cell"].cite("csl")


def test_initials_of_names_in_any_script(fields: dict[str, Any]) -> None:
    names = [{"family": "Çelik", "given": "Özge Şule"}, {"family": "Wang", "given": "小明"}, {"family": "Consortium"}]
    record = parse_record({**fields, "authors": names}, "here")
    assert record.cite().startswith("Çelik ÖŞ, Wang 小明, Consortium. ")


def test_unknown_style_is_told(catalog: Catalog) -> None:
    with pytest.raises(
        ValueError, match=r"samples:emd-3001.*Valid styles are bibtex, csl, datacite, ro-crate, text. Choose one"
    ):
        catalog["samples:emd-3001"].cite("apa")  # type: ignore[arg-type]
