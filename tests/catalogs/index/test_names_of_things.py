"""Things have several names: strains and their species, words for several organisms, words that every record fits."""

from __future__ import annotations

import pytest

from bioimagehub.catalogs.index import Index, build_memory_index

POMBE = {"name": "Schizosaccharomyces pombe 972h-", "taxon": 284812}
CEREVISIAE = {"name": "Saccharomyces cerevisiae", "taxon": 4932}


@pytest.fixture(scope="module")
def index() -> Index:
    return build_memory_index(
        [
            {"identifier": "lab:strain", "title": "Lamellae", "organisms": [POMBE]},
            {"identifier": "lab:baker", "title": "Dataset of budding cells", "organisms": [CEREVISIAE]},
            {"identifier": "lab:mouse", "title": "Embryo", "organisms": [{"name": "Mus musculus", "taxon": 10090}]},
        ]
    )


@pytest.mark.parametrize(
    ("organism", "found"),
    [
        ("Schizosaccharomyces pombe", ["lab:strain"]),
        ("fission yeast", ["lab:strain"]),
        ("4896", ["lab:strain"]),
        ("Schizosaccharomyces pombe 972h-", ["lab:strain"]),
        ("yeast", ["lab:baker", "lab:strain"]),
        ("HeLa", []),
    ],
)
def test_a_filter_takes_every_name_of_an_organism(index: Index, organism: str, found: list[str]) -> None:
    assert sorted(index.select(filters={"organism": [organism]}).identifiers()) == found


def test_strain_and_species_are_counted(index: Index) -> None:
    counts = dict(index.values("organism"))
    assert counts == {
        "Mus musculus": 1,
        "Saccharomyces cerevisiae": 1,
        "Schizosaccharomyces pombe": 1,
        "Schizosaccharomyces pombe 972h-": 1,
    }


@pytest.mark.parametrize("text", ["images of the mouse", "which studies show mouse data", "mouse"])
def test_words_that_fit_every_record_are_no_condition(index: Index, text: str) -> None:
    assert index.select(text).identifiers() == ["lab:mouse"]


@pytest.mark.parametrize("text", ["dataset", '"dataset of" mouse'])
def test_they_count_alone_and_in_quotes(index: Index, text: str) -> None:
    assert index.select(text).identifiers() == (["lab:baker"] if text == "dataset" else [])
