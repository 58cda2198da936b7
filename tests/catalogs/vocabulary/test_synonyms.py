"""Synonyms: what a search may look for besides the words that were typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.vocabulary.organisms import read_rows
from bioimagehub.catalogs.vocabulary.synonyms import broader, expand, spellings

ROWS = read_rows("synonyms.tsv")


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("mitosis", {"cell division", "mitotic", "metaphase", "anaphase", "prophase", "telophase"}),
        ("cell division", {"mitosis", "mitotic", "cytokinesis"}),
        ("apoptosis", {"programmed cell death", "apoptotic"}),
        ("nucleus", {"nuclei", "nuclear"}),
        ("nuclei", {"nucleus"}),
        ("zebrafish", {"danio rerio"}),
        ("Danio rerio", {"zebrafish"}),
        ("human", {"homo sapiens"}),
        ("yeast", {"saccharomyces cerevisiae", "schizosaccharomyces pombe", "budding yeast", "fission yeast"}),
        ("c. elegans", {"caenorhabditis elegans"}),
        ("arabidopsis", {"arabidopsis thaliana"}),
        ("U2OS", {"u-2 os"}),
        ("TEM", {"transmission electron microscopy"}),
        ("sem", {"scanning electron microscopy"}),
        ("FIB-SEM", {"focused ion beam scanning electron microscopy"}),
        ("sbf-sem", {"serial block-face scanning electron microscopy"}),
        ("SIM", {"structured illumination microscopy"}),
        ("STED", {"stimulated emission depletion"}),
        ("palm", {"photoactivated localization microscopy"}),
        ("light sheet", {"lsfm", "spim", "light-sheet microscopy"}),
        ("LSFM", {"light sheet microscopy"}),
        ("tirf", {"total internal reflection fluorescence"}),
        ("dic", {"differential interference contrast microscopy"}),
        ("frap", {"fluorescence recovery after photobleaching"}),
        ("fret", {"förster resonance energy transfer"}),
        ("flim", {"fluorescence lifetime imaging"}),
        ("mri", {"magnetic resonance imaging"}),
        ("ct", {"computed tomography", "x-ray computed tomography"}),
        ("cryo-ET", {"cryo-electron tomography", "electron cryotomography"}),
        ("cryo-em", {"cryo-electron microscopy", "cryo-electron tomography"}),
        ("tumour", {"tumor", "carcinoma"}),
        ("tumor", {"tumour"}),
        ("muscle fibre", {"muscle fiber"}),
        ("haemocyte", {"hemocyte"}),
        ("colour", {"color"}),
        ("IDR", {"image data resource"}),
        ("electron microscopy public image archive", {"empiar"}),
        ("MitoCheck", {"idr0013"}),
        ("Mitotic Cell Atlas", {"idr0041"}),
        ("cell painting", {"jump"}),
        ("TP53", {"p53"}),
    ],
)
def test_expand(phrase: str, found: set[str]) -> None:
    assert found <= set(expand(phrase))


@pytest.mark.parametrize(
    ("phrase", "too_much"),
    [
        ("mitosis", {"meiosis", "cytokinesis", "cell cycle"}),
        ("metaphase", {"mitosis", "cell division"}),
        ("hela", {"homo sapiens", "human"}),
        ("zebrafish", {"fish", "medaka"}),
        ("fission yeast", {"saccharomyces cerevisiae", "yeast"}),
        ("confocal", {"fluorescence microscopy"}),
        ("cryo-et", {"electron microscopy", "single particle"}),
        ("carcinoma", {"tumor", "melanoma"}),
        ("hek293", {"293"}),
    ],
)
def test_expand_never_goes_up(phrase: str, too_much: set[str]) -> None:
    assert not too_much & set(expand(phrase))


@pytest.mark.parametrize(
    ("phrase", "wider"),
    [
        ("hela", ("homo sapiens",)),
        ("U-2 OS", ("homo sapiens",)),
        ("nih 3t3", ("mus musculus",)),
        ("metaphase", ("mitosis",)),
        ("fission yeast", ("yeast",)),
        ("cryo-et", ("cryo-electron microscopy", "electron tomography")),
        ("sted", ("super-resolution microscopy",)),
        ("human", ()),
        ("never heard of", ()),
    ],
)
def test_broader(phrase: str, wider: tuple[str, ...]) -> None:
    assert set(wider) <= set(broader(phrase))
    assert bool(wider) == bool(broader(phrase))


@pytest.mark.parametrize("word", ["chemistry", "them", "hemisphere", "packaging", "restricted", "ephemeral", "foo"])
def test_words_that_only_look_american_stay(word: str) -> None:
    assert spellings(word) == ()


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    found = expand(text)
    assert len(set(found)) == len(found)
    assert " ".join(text.lower().split()) not in found


def test_table_is_in_small_letters_and_has_no_name_twice_in_a_row() -> None:
    for names, _, narrower, related in ROWS:
        every = [name for cell in (names, narrower, related) for name in cell.split("|") if name]
        assert every == [name.lower().strip() for name in every]
        assert len(set(names.split("|"))) == len(names.split("|"))


def test_what_is_narrower_leads_back() -> None:
    for names, _, narrower, _ in ROWS:
        for part in filter(None, narrower.split("|")):
            assert part in expand(names.partition("|")[0])
            assert names.partition("|")[0] in broader(part) or part in broader(part), part


def test_expansions_stay_short_enough_for_a_query() -> None:
    assert max(len(expand(row[0].partition("|")[0])) for row in ROWS) <= 120


def test_identifiers_are_names() -> None:
    assert "mitosis" in expand("GO:0140014")
    assert "go:0140014" in expand("mitosis")


def test_no_identifier_is_of_two_rows() -> None:
    identifiers = [row[1] for row in ROWS if row[1]]
    assert len(set(identifiers)) == len(identifiers)
