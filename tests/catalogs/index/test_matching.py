"""Words find their synonyms, their other spellings and, where nothing else is found, what they are a part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.index import Index, build_memory_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.index.made import Fields

RECORDS: list[Fields] = [
    {"identifier": "a:division", "title": "Cell division in the embryo"},
    {"identifier": "a:divided", "title": "Each cell after a long division of labour"},
    {"identifier": "a:metaphase", "title": "Metaphase plates"},
    {"identifier": "a:human", "title": "Liver", "organisms": [{"name": "Homo sapiens", "taxon": 9606}]},
    {"identifier": "a:fish", "title": "Heart", "organisms": [{"name": "Danio rerio", "taxon": 7955}]},
    {"identifier": "a:sheet", "title": "A lightsheet of neurons"},
    {"identifier": "emdb:EMD-3001", "title": "Map", "genes": [{"name": "TP53", "id": "ENSEMBL:ENSG00000141510"}]},
    {"identifier": "a:tumour", "title": "Tumour of Müller cells"},
]


@pytest.fixture(scope="module")
def small() -> Iterator[Index]:
    index = build_memory_index(RECORDS)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mitosis", ["division", "metaphase"]),
        ("cell division", ["division", "metaphase", "divided"]),
        ('"cell division"', ["division"]),
        ('"mitosis"', []),
        ("-mitosis", ["division", "divided", "metaphase", "human", "fish", "sheet", "EMD-3001", "tumour"]),
        ("zebrafish", ["fish"]),
        ("HeLa", ["human"]),
        ("hela cells", ["human"]),
        ("9606", ["human"]),
        ("embryos", ["division"]),
        ("neuron", ["sheet"]),
        ("light sheet", ["sheet"]),
        ("light-sheet", ["sheet"]),
        ("EMD3001", ["EMD-3001"]),
        ("EMD 3001", ["EMD-3001"]),
        ("ENSG00000141510", ["EMD-3001"]),
        ("tumor", ["tumour"]),
        ("muller", ["tumour"]),
        ("Müller's", []),
        ("mül*", ["tumour"]),
        ("cell -division", ["tumour"]),
        ("nowhere", []),
    ],
)
def test_finds(small: Index, text: str, wanted: list[str]) -> None:
    found = [identifier.partition(":")[2] for identifier in small.select(text).identifiers()]
    assert sorted(found) == sorted(wanted)


def test_cell_line_finds_itself_where_it_is_named() -> None:
    """The organism of a cell line is looked for only where nobody names the cell line."""
    index = build_memory_index([*RECORDS, {"identifier": "a:hela", "title": "HeLa Kyoto"}])
    assert index.select("HeLa").identifiers() == ["a:hela"]
    index.close()


def test_common_words_are_found_as_rare_ones_are() -> None:
    """The same search over the same records, once with the words stored as sets and once not."""
    few = [{"identifier": f"a:{n}", "title": f"Nucleus {n % 7} Homo sapiens kinase{n % 11}"} for n in range(900)]
    many = few + [{"identifier": f"a:{n}", "title": "Nucleus Homo sapiens kinasex"} for n in range(900, 2500)]
    # Names and values each hold what the other one lacks.
    for record in many[:-200]:
        record["organisms"] = [{"name": "Homo sapiens", "taxon": 9606}]
    few.append({"identifier": "a:value", "title": "x", "anatomy": [{"name": "nucleus"}]})
    many.append(few[-1])
    small, large = build_memory_index(few), build_memory_index(many)
    wanted = {record["identifier"] for record in few}
    for text in (
        "nucleus",
        "nucl*",
        "n*",
        '"homo sapiens"',
        "kinase*",
        "kinase1",
        "kin*",
        "sapiens",
        "7 nucleus",
        "nucleusx",
    ):
        found = set(large.select(text).identifiers(0, 3000)) & wanted
        assert found == set(small.select(text).identifiers(0, 3000)), text
    assert len(large.select('"homo sapiens"')) == len(large.select("kinase*")) == 2500
    assert len(large.select("nucl*")) == len(large.select("nucleus")) == 2501
