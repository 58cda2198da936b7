"""Imaging methods: terms of FBbi out of labels and identifiers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bioimagehub.catalogs.parts import Term
from bioimagehub.catalogs.scales import TECHNOLOGIES
from bioimagehub.catalogs.vocabulary import methods
from bioimagehub.catalogs.vocabulary.methods import TECHNOLOGY_OF, find_method, technologies_of
from bioimagehub.catalogs.vocabulary.organisms import read_rows

CIL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "archives" / "cil" / "cil_public_records.csv"
ROWS = read_rows("methods.tsv")


@pytest.mark.parametrize(
    "text",
    [
        "fluorescence microscopy",
        "Fluorescence-Microscopy",
        "FBbi:00000246",
        "FBbi_00000246",
        "obo:FBbi_00000246",
        "obo:FBbi:00000246",
        "http://purl.obolibrary.org/obo/FBbi_00000246",
        "http://purl.obolibrary.org/obo/FBbi_ 00000246",
        "#00000246",
        "epifluorescence microscopy",
        "http://purl.obolibrary.org/obo/CHMO_0002194",
    ],
)
def test_every_spelling_finds_the_term(text: str) -> None:
    assert find_method(text) == Term(name="fluorescence microscopy", id="FBbi:00000246")


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("SBF-SEM", "FBbi:00000585"),
        ("FIB-SEM", "FBbi:00050000"),
        ("transmission electron microscopy (TEM)", "FBbi:00000258"),
        ("Transmission electron microscopy", "FBbi:00000258"),
        ("TIRF", "FBbi:00000617"),
        ("light sheet fluorescence microscopy", "FBbi:00000369"),
        ("X-ray micrograph", "FBbi:00000260"),
        ("modes of light microscopy", "FBbi:00000345"),
        ("unsupervised transmission electron microscopy", "FBbi:00000622"),
        ("FBbi:00000623", "FBbi:00000623"),
        ("cryogenic transmission electron microscopy", "FBbi:00100014"),
        ("obo:OBI_0003098", "FBbi:00000369"),
        ("obo:MI_1024", "FBbi:00000257"),
    ],
)
def test_names_of_the_archives(text: str, identifier: str) -> None:
    assert find_method(text).id == identifier


def test_what_is_not_in_the_ontology_keeps_its_name() -> None:
    assert find_method("  imaging  mass cytometry ") == Term(name="imaging mass cytometry", id=None)
    assert find_method("NCIT_C182027") == Term(name="imaging mass cytometry", id=None)
    assert find_method("FBbi:99999999") == Term(name="FBbi:99999999", id=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spinning disk confocal microscopy", ("confocal microscopy",)),
        ("two-photon laser scanning microscopy", ("multiphoton microscopy",)),
        ("FRAP", ("fluorescence microscopy",)),
        ("focussed ion beam scanning electron microscopy (FIB-SEM)", ("volume electron microscopy",)),
        ("FBbi:00000623", ("transmission electron microscopy",)),
        ("atomic force microscopy", ("scanning probe microscopy",)),
        ("STORM (stochastic optical reconstruction microscopy)", ("super-resolution microscopy",)),
        ("X-ray computed tomography", ("computed tomography",)),
        ("X-ray microscopy", ("X-ray imaging",)),
        ("macroscopy", ("photography",)),
        ("retardance", ("transmitted-light microscopy",)),
        ("light microscopy", ()),
        ("time lapse microscopy", ()),
        ("film", ()),
        ("never heard of", ()),
    ],
)
def test_technologies_come_from_the_nearest_ancestor(text: str, expected: tuple[str, ...]) -> None:
    assert technologies_of(text) == expected


def test_table_of_technologies_names_terms_and_technologies() -> None:
    assert set(TECHNOLOGY_OF) <= {row[0] for row in ROWS}
    assert {name for names in TECHNOLOGY_OF.values() for name in names} <= set(TECHNOLOGIES)


def test_hierarchy_ends() -> None:
    known = {row[0] for row in ROWS}
    for identifier, _, parents, _ in ROWS:
        assert set(parents.split()) <= known
        technologies_of(identifier)


def test_no_other_name_is_of_two_terms() -> None:
    names: dict[str, str] = {}
    for identifier, label, _, others in ROWS:
        for each in filter(None, others.split("|")):
            assert names.setdefault(each, identifier) == identifier, each
            assert each != label.lower()


def test_names_of_a_method() -> None:
    assert methods.names_of("DIC")[0] == "differential interference contrast microscopy"
    assert methods.names_of("never heard of") == ()


@pytest.mark.parametrize("path", [CIL] if CIL.exists() else [])
def test_every_recorded_identifier_is_known(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as stream:
        stated = {one for row in csv.DictReader(stream) for one in row["imaging_mode_ids"].split("|") if one}
    assert {one for one in stated if find_method(one).id != one} == set()
