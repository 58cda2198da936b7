"""The tables that ship: what they hold, and what they must not hold."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bioimagehub.catalogs.archives import ARCHIVES, open_archive
from bioimagehub.catalogs.hosts import BUILT_IN, Hosts
from bioimagehub.catalogs.records import parse_record
from bioimagehub.catalogs.tables import read_attribution, read_table
from bioimagehub.catalogs.vocabulary.licences import parse_licence

ENTRIES = Path(__file__).parents[3] / "catalogs" / "entries"
TABLES = sorted(ENTRIES.glob("*.parquet"))
# Of the entries that archives have, from the recorded data: 777 + 27 crates at the BioImage Archive, 138 of IDR, 389
# of SSBD, 43 pages of BBBC, 10,023 records of the Cell Image Library, 370 datasets of the CryoET Data Portal.
AT_LEAST = {"bia": 777, "empiar": 27, "idr": 138, "ssbd": 389, "bbbc": 43, "cil": 10023, "cryoet": 370}
OTHERS = {"ngff-challenge"}
OWN_WORDS = {"phenoimageshare:phenoimageshare", "ukbiobank:imaging"}
MEGABYTES = 6


@pytest.fixture(scope="module")
def entries() -> dict[str, dict[str, Any]]:
    rows = [fields for table in TABLES for fields in read_table(table)]
    found = {fields["identifier"]: fields for fields in rows}
    assert len(found) == len(rows)
    return found


def test_each_archive_has_a_table() -> None:
    assert {table.stem for table in TABLES} == set(ARCHIVES) | OTHERS


def test_the_tables_are_compact() -> None:
    assert sum(table.stat().st_size for table in TABLES) < MEGABYTES * 2**20


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_entry_is_a_valid_record_of_its_archive(table: Path) -> None:
    for fields in read_table(table):
        record = parse_record(fields, table)
        assert record.collection == table.stem
        assert record.facts


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_sources_are_named(table: Path) -> None:
    attribution = read_attribution(table)
    assert attribution
    assert all(re.match(r"\d{4}-\d{2}-\d{2}; .", text) for text in attribution.values())
    page = (ENTRIES / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(name in page for name in attribution)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_studies_come_first_then_reference_data_then_the_newest(table: Path) -> None:
    keys = [
        (fields.get("kind") != "study", not fields.get("reference"), [-ord(c) for c in fields.get("released", "0")])
        for fields in read_table(table)
    ]
    assert [key[:2] for key in keys] == sorted(key[:2] for key in keys)
    studies = [fields for fields in read_table(table) if fields.get("kind") == "study" and not fields.get("reference")]
    released = [fields.get("released", "") for fields in studies]
    assert released == sorted(released, reverse=True)


def test_counts_of_each_archive(entries: dict[str, dict[str, Any]]) -> None:
    counts = Counter(name.partition(":")[0] for name in entries if "/" not in name)
    assert {archive: counts[archive] for archive in AT_LEAST if counts[archive] < AT_LEAST[archive]} == {}
    assert counts["cil"] == AT_LEAST["cil"]
    assert (counts["ssbd"], counts["idr"], counts["cryoet"], counts["bbbc"]) == (389, 138, 370, 43)


def test_over_five_thousand_images_have_an_address(entries: dict[str, dict[str, Any]]) -> None:
    """3,012 of the NGFF challenge, 101 samples and 2,059 filesets of IDR, 46 of galleries; 2,777 have a shape."""
    images = [each for each in entries.values() if each.get("part_of") and not each["identifier"].startswith("impc:")]
    assert len({each["url"] for each in images}) == len(images) == 3012 + 101 + 2059 + 46
    assert sum("shape" in each for each in images) == 2777


def test_what_has_a_driver(entries: dict[str, dict[str, Any]]) -> None:
    """OME-Zarr of all versions and orders of axes, plates too; TIFF and JPEG of CIL; maps of EMDB."""
    readable = Counter(each["driver"] for each in entries.values() if "driver" in each)
    assert readable == {"ome_zarr": 5218, "tiff": 9298, "mrc": 61, "picture": 2}
    plates = [each for each in entries.values() if "wells" in each]
    assert len(plates) > 1000
    assert {each["driver"] for each in plates} == {"ome_zarr"}


def test_images_that_nobody_confirmed_have_no_driver(entries: dict[str, dict[str, Any]]) -> None:
    images = [each for name, each in entries.items() if name.startswith("impc:jax-komp") and "/" in name]
    assert len(images) == 6365 + 6897
    assert not any("driver" in each for each in images)
    assert all("until December 2024" in each["access"]["how"] for each in images)


def test_images_belong_to_studies_that_are_there(entries: dict[str, dict[str, Any]]) -> None:
    parents = {each["part_of"] for each in entries.values() if "part_of" in each}
    assert sorted(parents - entries.keys()) == []
    assert {entries[name]["kind"] for name in parents} == {"study"}


def test_addresses_are_at_the_hosts_of_today(entries: dict[str, dict[str, Any]]) -> None:
    hosts = Hosts(BUILT_IN)
    for fields in entries.values():
        for name in ("url", "thumbnail", "source_url", "licence_url"):
            address = fields.get(name)
            if address is None:
                continue
            assert urlsplit(address).scheme in {"http", "https"}
            assert urlsplit(address).hostname
            assert urlsplit(address).username is None
            assert "embassy.ebi.ac.uk" not in address
            if name == "url":
                assert hosts.candidates(address)[0] == address


def test_licences_are_spdx_or_say_that_they_are_not(entries: dict[str, dict[str, Any]]) -> None:
    for licence in {each["licence"] for each in entries.values() if "licence" in each}:
        assert licence.startswith("LicenseRef-") or parse_licence(licence)[0] == licence
    assert "licence" not in entries["bbbc:BBBC010"]


def test_an_image_has_no_other_licence_than_its_study(entries: dict[str, dict[str, Any]]) -> None:
    for name, fields in entries.items():
        stated = entries[fields["part_of"]].get("licence") if "part_of" in fields else None
        assert stated is None or fields["licence"] == stated, name
    assert entries["idr:idr0004/P170"]["licence"] == "CC-BY-NC-SA-3.0"


def test_there_is_no_prose_no_address_of_a_person_and_no_place_of_a_machine(
    entries: dict[str, dict[str, Any]],
) -> None:
    assert {name for name, each in entries.items() if "description" in each} <= OWN_WORDS
    for table in TABLES:
        for fields in read_table(table):
            for text in _texts(fields):
                assert not re.search(r"[\w.+-]+@[\w-]+\.[a-z]{2,}(?![\w.]*:)", text), text
                assert not re.match(r"(/home|/root|/tmp|/Users|/mnt|[A-Z]:\\|file:)", text), text
                assert not re.search(r"<\s*script|javascript:|[\x00-\x1f\x7f]", text, re.IGNORECASE), text


def test_the_studies_that_people_know_as_archives_say_their_names(entries: dict[str, dict[str, Any]]) -> None:
    assert "MitoCheck" in entries["idr:idr0013"]["keywords"]
    assert "Mitotic Cell Atlas" in entries["idr:idr0041"]["keywords"]


def test_archives_without_images_say_what_to_do_instead(entries: dict[str, dict[str, Any]]) -> None:
    closed = {name for name, each in entries.items() if each.get("access", {}).get("kind") in {"controlled", "none"}}
    assert {"ukbiobank:imaging", "phenoimageshare:phenoimageshare", "gxa:about", "hca:about"} <= closed
    for name in closed:
        assert len(entries[name]["access"]["how"]) > len("Ask the archive.")


@pytest.mark.parametrize("archive", ARCHIVES)
def test_accessions_have_the_form_of_their_archive(archive: str) -> None:
    """Sets of The Jackson Laboratory, and entries about an archive itself, have names of their own."""
    form = open_archive(archive).ARCHIVE.accession
    for fields in read_table(ENTRIES / f"{archive}.parquet"):
        accession = fields["identifier"].partition(":")[2].partition("/")[0]
        assert re.fullmatch(form, accession) or accession == "about" or accession.startswith("jax-komp"), accession


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
