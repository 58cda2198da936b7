"""Organisms and cell lines, in the spellings of the archives."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bioimagehub.catalogs.parts import Organism
from bioimagehub.catalogs.vocabulary import organisms
from bioimagehub.catalogs.vocabulary.organisms import find_cell_line, find_organism, species_of

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "archives" / "entries_index.csv"
ROWS = organisms.read_rows("organisms.tsv")
LINES = organisms.read_rows("cell_lines.tsv")


@pytest.mark.parametrize(
    "text",
    [
        "Homo sapiens",
        "homo  sapiens",
        "human",
        "9606",
        "NCBITaxon:9606",
        "NCBI:txid9606",
        "obo:NCBITaxon_9606",
        "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/9606",
        "HeLa",
        "HeLa cells",
        "U-2 OS",
        "hTERT-RPE1",
        "293",
    ],
)
def test_every_spelling_finds_the_human(text: str) -> None:
    expected = None if text == "293" else Organism(name="Homo sapiens", taxon=9606)
    assert find_organism(text) == expected


@pytest.mark.parametrize(
    ("text", "taxon"),
    [
        ("mouse", 10090),
        ("rat", 10116),
        ("zebrafish", 7955),
        ("fruit fly", 7227),
        ("baker's yeast", 4932),
        ("budding yeast", 4932),
        ("fission yeast", 4896),
        ("worm", 6239),
        ("thale cress", 3702),
        ("chicken", 9031),
        ("african clawed frog", 8355),
        ("e. coli", 562),
        ("SARS-CoV-2", 2697049),
        ("social amoeba", 44689),
        ("NIH/3T3", 10090),
        ("COS-7", 9534),
        ("CHO-K1", 10029),
        ("MDCK-II", 9615),
        ("Kc167", 7227),
        ("PtK2", 9310),
        ("DT40", 9031),
        ("TBY-2 cell", 4097),
        ("PC-12", 10116),
        ("K562", 9606),
        ("HepG2", 9606),
    ],
)
def test_common_names_and_cell_lines(text: str, taxon: int) -> None:
    found = find_organism(text)
    assert found is not None
    assert found.taxon == taxon


@pytest.mark.parametrize("text", ["yeast", "", "unidentified", "NCBITaxon:999999999", "no such beast", "293"])
def test_what_names_none_or_several_finds_none(text: str) -> None:
    assert find_organism(text) is None


def test_a_strain_stays_a_strain_until_its_species_is_asked_for() -> None:
    strain = find_organism("Saccharomyces cerevisiae S288c")
    assert strain == Organism(name="Saccharomyces cerevisiae S288C", taxon=559292)
    assert species_of(strain) == Organism(name="Saccharomyces cerevisiae", taxon=4932)


@pytest.mark.parametrize(
    ("name", "taxon", "species"),
    [
        ("Schizosaccharomyces pombe 972h-", 284812, ("Schizosaccharomyces pombe", 4896)),
        ("Legionella pneumophila", 1080311, ("Legionella pneumophila", 446)),
        ("Escherichia coli BL21(DE3)", 469008, ("Escherichia coli", 562)),
        ("Escherichia coli O157:H7", None, ("Escherichia coli", 562)),
        ("Sprague Dawley Rat", 10116, ("Rattus norvegicus", 10116)),
        ("Caulobacter crescentus CB15", 190650, ("Caulobacter vibrioides", 155892)),
        ("Gallus gallus gallus", 208526, ("Gallus gallus", 9031)),
        # The number is wrong in the source.
        ("X. laevis", 1802, ("Xenopus laevis", 8355)),
        ("Oryzias latipes", 8033, ("Oryzias latipes", 8090)),
        ("Schizosaccharomyces pombe", 4853, ("Schizosaccharomyces pombe", 4896)),
        # A genus and what is not known stay what they are.
        ("Drosophila", 7215, ("Drosophila", 7215)),
        ("Mus musculus x Mus spretus", 186842, ("Mus musculus x Mus spretus", 186842)),
        ("Animalculum ignotum", 424242, ("Animalculum ignotum", 424242)),
    ],
)
def test_species_of(name: str, taxon: int | None, species: tuple[str, int]) -> None:
    found = species_of(Organism(name=name, taxon=taxon))
    assert (found.name, found.taxon) == species


def test_a_species_is_its_own_species() -> None:
    for taxon, name, species, _ in ROWS:
        if not species:
            assert species_of(Organism(name=name, taxon=int(taxon))).taxon == int(taxon)


def test_no_name_is_of_two_organisms() -> None:
    """But for a strain that a source gives the name of its species."""
    names: dict[str, str] = {}
    for taxon, name, species, others in ROWS:
        for each in {name.lower(), *filter(None, others.split("|"))}:
            assert names.setdefault(each, species or taxon) in {taxon, species}, each


def test_the_name_of_a_species_is_not_that_of_its_strain() -> None:
    assert find_organism("Legionella pneumophila") == Organism(name="Legionella pneumophila", taxon=446)
    assert find_organism("1080311") == Organism(name="Legionella pneumophila", taxon=1080311)


def test_tables_are_whole() -> None:
    known = {row[0] for row in ROWS}
    assert len(known) == len(ROWS)
    assert {row[2] for row in ROWS if row[2]} <= known
    assert {row[1] for row in LINES} <= known
    assert [row[1].lower() for row in ROWS] == sorted(row[1].lower() for row in ROWS)


def test_no_spelling_is_of_two_cell_lines() -> None:
    spellings: dict[str, str] = {}
    for name, _, _, others in LINES:
        for each in {name, *filter(None, others.split("|"))}:
            tight = each.lower().replace("-", "").replace(" ", "").replace("/", "").replace("_", "")
            assert spellings.setdefault(tight, name) == name, each


@pytest.mark.parametrize("spelling", ["U2OS", "U-2 OS", "u2-os", "U2OS cells", "U-2OS cell line"])
def test_a_cell_line_in_any_spelling(spelling: str) -> None:
    found = find_cell_line(spelling)
    assert found is not None
    assert found.name == "U2OS"


def test_a_cell_line_has_its_identifier() -> None:
    found = find_cell_line("hela")
    assert found is not None
    assert found.id == "CLO:0003684"
    assert find_cell_line("Homo sapiens") is None


@pytest.mark.parametrize("path", [RECORDED] if RECORDED.exists() else [])
def test_nearly_every_recorded_organism_is_known(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as stream:
        stated = [name for row in csv.DictReader(stream) for name in row["organism"].split("|") if name]
    known = sum(find_organism(name) is not None for name in stated)
    assert known / len(stated) > 0.95
