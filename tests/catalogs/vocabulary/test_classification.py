"""Classification of whole records, and of all that was recorded."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs import parts, scales
from bioimagehub.catalogs.records import Record
from bioimagehub.catalogs.vocabulary.classification import ORDER, RULES, classify, complete

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "classification.md"
RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "archives"
Fields = dict[str, Any]


def _entry(identifier: str, title: str = "", *methods: str, **others: Any) -> Fields:
    return {"identifier": identifier, "title": title, "methods": [{"name": name} for name in methods], **others}


def test_values_are_those_of_the_record_in_its_order() -> None:
    assert ORDER["technologies"] == scales.TECHNOLOGIES
    assert ORDER["scales"] == scales.SCALES
    assert ORDER["data_types"] == scales.DATA_TYPES
    for field, rules in RULES.items():
        assert {value for rule in rules for value in rule.gives} <= set(ORDER[field])


@pytest.mark.parametrize(
    ("fields", "technologies", "scales", "data_types"),
    [
        (
            _entry("empiar:EMPIAR-10311", "FIB-SEM of a HeLa cell", "FIB-SEM"),
            ("volume electron microscopy",),
            ("cells",),
            (),
        ),
        (
            _entry("cryoet:10000", "S. pombe cells with defocus", "electron tomography"),
            ("cryo-electron tomography",),
            ("molecular machines", "cells"),
            (),
        ),
        (
            _entry("idr:idr0044", "In Toto Imaging of Mouse Development", "light sheet fluorescence microscopy"),
            ("light-sheet microscopy",),
            ("tissues",),
            (),
        ),
        (
            _entry("bbbc:BBBC021", "Human MCF7 cells – compound-profiling experiment", "Fluorescent"),
            ("fluorescence microscopy",),
            ("cells",),
            ("benchmark", "systematic phenotyping"),
        ),
        (
            _entry("idr:idr0013", "Phenotypic profiling of the human genome", "fluorescence microscopy"),
            ("fluorescence microscopy",),
            ("cells",),
            ("systematic phenotyping",),
        ),
        (
            _entry("impc:x-ray", "X-ray", "X-ray radiography"),
            ("X-ray imaging",),
            ("organism",),
            ("systematic phenotyping",),
        ),
        (_entry("cil:20088", "Danio rerio", "camera lucida assisted graphic"), (), (), ()),
        ({}, (), (), ()),
    ],
)
def test_classify(
    fields: Fields, technologies: tuple[str, ...], scales: tuple[str, ...], data_types: tuple[str, ...]
) -> None:
    expected = {"technologies": technologies, "scales": scales, "data_types": data_types}
    assert classify(fields) == expected


def test_identifiers_count_where_labels_are_missing() -> None:
    fields = {"methods": [{"name": "not told", "id": "FBbi:00000622"}]}
    assert classify(fields)["technologies"] == ("transmission electron microscopy",)


def test_no_pattern_goes_across_two_values() -> None:
    assert classify({"title": "Light", "keywords": ["sheet"]})["technologies"] == ()


@pytest.fixture
def record() -> Record:
    return Record(
        identifier="idr:idr0044",
        kind="study",
        title="In Toto Imaging of Mouse Development",
        source="IDR",
        source_url="https://idr.openmicroscopy.org/study/idr0044/",
        methods=(parts.Term(name="SPIM", id="FBbi:00000369"),),
    )


def test_complete_fills_what_is_empty(record: Record) -> None:
    found = complete(record)
    assert (found.technologies, found.scales, found.data_types) == (("light-sheet microscopy",), ("tissues",), ())
    assert Record.model_validate(found.model_dump()) == found


def test_complete_keeps_what_is_stated(record: Record) -> None:
    stated = record.model_copy(update={"scales": ("organism",)})
    assert complete(stated).scales == ("organism",)
    whole = stated.model_copy(update={"technologies": ("histology",), "data_types": ("atlas",)})
    assert complete(whole) is whole


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=4))
def test_any_text_is_classified(title: str, methods: list[str]) -> None:
    found = classify({"title": title, "methods": [{"name": name} for name in methods]})
    for field, values in found.items():
        assert set(values) <= set(ORDER[field])


def _rows(name: str) -> list[dict[str, str]]:
    with (RECORDED / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _values(row: dict[str, str], *columns: str) -> list[str]:
    return [value for column in columns for value in row[column].split("|") if value]


def _recorded_entries() -> list[Fields]:
    names = {"CryoET Data Portal": "cryoet"}
    cil = {row["cil_id"]: row for row in _rows("cil/cil_public_records.csv")}
    found = []
    for row in _rows("entries_index.csv"):
        archive = names.get(row["archive"], row["archive"].lower())
        fields = _entry(f"{archive}:{row['accession']}", row["title"], *_values(row, "method"))
        if archive == "cil":
            more = cil[row["accession"].removeprefix("CIL:")]
            fields["methods"] += [{"name": one, "id": one} for one in _values(more, "imaging_mode_ids")]
            fields["anatomy"] = _values(more, "cell_type", "cell_line", "cellular_component")
        found.append(fields)
    return found


@pytest.mark.parametrize("page", [PAGE] if RECORDED.exists() else [])
def test_share_of_the_recorded_entries_is_what_the_page_says(page: Path) -> None:
    found = [classify(fields) for fields in _recorded_entries()]
    shares = {field: sum(bool(one[field]) for one in found) / len(found) for field in RULES}
    text = " ".join(page.read_text(encoding="utf-8").split())
    told = re.search(r"Of ([\d,]+) entries.*?(\d+) % get a technology and (\d+) % a scale", text)
    assert told
    assert told[1] == f"{len(found):,}"
    assert (int(told[2]), int(told[3])) == (round(100 * shares["technologies"]), round(100 * shares["scales"]))
