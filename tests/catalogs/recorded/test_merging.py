"""One record out of several, and what images take over from their study."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.ordering import order
from bioimagehub.catalogs.recorded.merging import Merger
from bioimagehub.catalogs.records import Record, parse_record

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report

HUMAN = [{"name": "Homo sapiens", "taxon": 9606}]
CONFOCAL = [{"name": "confocal microscopy", "id": "FBbi:00000251"}]


def _record(identifier: str, **fields: Any) -> Record:
    common = {
        "identifier": identifier,
        "kind": "study",
        "title": identifier,
        "source": "IDR",
        "source_url": f"https://idr.openmicroscopy.org/{identifier}",
        "facts": [{"source": "a list", "retrieved": "2026-04-16"}],
    }
    return parse_record({**common, **fields}, "a test")


def _image(identifier: str, url: str, **fields: Any) -> Record:
    study = identifier.partition("/")[0]
    return _record(identifier, **{"kind": "image", "part_of": study, "url": url, "source_url": url, **fields})


def _merge(report: Report, *records: Record) -> dict[str, Record]:
    merger = Merger(report)
    for record in records:
        merger.add(record)
    return {record.identifier: record for record in merger.finish()}


def test_the_first_is_believed_and_the_second_fills(report: Report) -> None:
    first = _record("idr:idr0062", title="Nuclei", keywords=["nuclei"], size=5)
    second = _record("idr:idr0062", title="Other", keywords=["blastocyst"], size=7, doi="10.17867/10000118")
    record = _merge(report, first, second)["idr:idr0062"]
    assert (record.title, record.size, record.doi) == ("Nuclei", 5, "10.17867/10000118")
    assert record.keywords == ("nuclei", "blastocyst")
    assert record.facts[1].fields == ("doi", "keywords")


def test_images_of_one_name_and_two_addresses_are_two(report: Report) -> None:
    new, old = "https://livingobjects.ebi.ac.uk/a/P170.zarr", "https://livingobjects.ebi.ac.uk/b/P170.zarr"
    found = _merge(
        report,
        _record("idr:idr0004"),
        _image("idr:idr0004/P170", new),
        _image("idr:idr0004/P170", old, size=3),
        _image("idr:idr0004/P170", old, wells=90),
    )
    mark = hashlib.sha256(old.encode()).hexdigest()[:6]
    assert set(found) == {"idr:idr0004", "idr:idr0004/P170", f"idr:idr0004/P170-{mark}"}
    twice = found[f"idr:idr0004/P170-{mark}"]
    assert (twice.url, twice.size, twice.wells) == (old, 3, 90)


def test_an_image_takes_over_what_it_does_not_state(report: Report) -> None:
    licence = {"licence": "CC0-1.0", "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/"}
    study = _record("idr:idr0013", organisms=HUMAN, methods=CONFOCAL, **licence)
    url = "https://livingobjects.ebi.ac.uk/a/LT0113_01.ome.zarr"
    image = _merge(report, study, _image("idr:idr0013/LT0113_01", url))["idr:idr0013/LT0113_01"]
    assert (image.licence, image.organisms, image.methods) == ("CC0-1.0", study.organisms, study.methods)
    assert image.technologies == ("confocal microscopy",)
    assert image.source_url == study.source_url
    assert image.facts[1].source == "idr:idr0013"
    assert image.facts[1].fields == ("organisms", "methods", "licence", "licence_url")


def test_an_image_takes_over_no_organism_of_several(report: Report) -> None:
    mouse = {"name": "Mus musculus", "taxon": 10090}
    study = _record("idr:idr0157", organisms=[*HUMAN, mouse], methods=CONFOCAL)
    image = _merge(report, study, _image("idr:idr0157/a", "https://x.org/a.zarr"))["idr:idr0157/a"]
    assert (image.organisms, image.methods) == ((), study.methods)


def test_the_study_decides_on_the_licence(report: Report) -> None:
    study = _record("idr:idr0004", licence="CC-BY-NC-SA-3.0", licence_url="https://x.org/by-nc-sa/3.0/")
    image = _image("idr:idr0004/P", "https://x.org/P.zarr", licence="CC-BY-4.0", licence_url="https://x.org/by/4.0/")
    found = _merge(report, study, image)["idr:idr0004/P"]
    assert (found.licence, found.licence_url) == ("CC-BY-NC-SA-3.0", "https://x.org/by-nc-sa/3.0/")
    assert "states CC-BY-4.0, the study idr:idr0004 CC-BY-NC-SA-3.0" in report.defects[0].text


def test_a_licence_without_address_does_not_get_another_ones(report: Report) -> None:
    study = _record("idr:idr0004", licence="CC0-1.0", licence_url="https://x.org/zero/")
    image = _image("idr:idr0004/P", "https://x.org/P.zarr", licence="CC0-1.0")
    assert _merge(report, study, image)["idr:idr0004/P"].licence_url is None


def test_another_organism_is_kept_and_told(report: Report) -> None:
    rat = [{"name": "Rattus norvegicus", "taxon": 10116}]
    image = _image("idr:idr0004/P", "https://x.org/P.zarr", organisms=rat)
    found = _merge(report, _record("idr:idr0004", organisms=HUMAN), image)["idr:idr0004/P"]
    assert found.organisms[0].taxon == 10116
    assert report.defects[0].field == "organisms"


def test_an_image_of_an_unknown_study_stands_alone(report: Report) -> None:
    found = _merge(report, _image("idr:idr9999/P", "https://x.org/P.zarr"))["idr:idr9999/P"]
    assert found.part_of is None
    assert report.defects[0].field == "part_of"


def test_the_order_of_a_table() -> None:
    records = [
        _image("bbbc:BBBC001/b", "https://x.org/b.zarr"),
        _record("bbbc:BBBC002", released="2012-01-01"),
        _record("bbbc:BBBC010", released="2013-01-01"),
        _record("bbbc:BBBC9"),
        _record("bbbc:BBBC10"),
        _record("bbbc:BBBC001", reference=True),
    ]
    assert [record.name for record in sorted(records, key=order)] == [
        "BBBC001", "BBBC010", "BBBC002", "BBBC9", "BBBC10", "BBBC001/b",
    ]  # fmt: skip
