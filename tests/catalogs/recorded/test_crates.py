"""Study crates: who they belong to, and sizes of IDR."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.recorded import crates

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

STUDIES = "Study\tContainer\tSize\t# of Files\t5D Images\n"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"


def _crate(accession: str, page: str, **root: Any) -> str:
    entities = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": page}},
        {
            "@id": page,
            "@type": "Dataset",
            "identifier": accession,
            "name": "FIB-SEM of a HeLa cell",
            "description": "prose",
            "license": CC0,
            "datePublished": "2020-02-07",
            "about": [{"@id": "obo:NCBITaxon_9606"}],
            **root,
        },
        {"@id": "obo:NCBITaxon_9606", "@type": "Taxon", "scientificName": "Homo sapiens"},
    ]
    return json.dumps({"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": entities})


def _parse(recorded: Recorded, report: Report, studies: str = "", **files: str) -> dict[str, Record]:
    for archive, folder in crates.FOLDERS.items():
        recorded.note(folder, f"x/{archive}-crates")
    recorded.note(crates.SIZES, "IDR/idr.openmicroscopy.org")
    recorded.write(f"{crates.SIZES}/studies.tsv", STUDIES + studies)
    for path, text in files.items():
        recorded.write(path, text)
    return {record.identifier: record for record in crates.parse(recorded.folder, report)}


def test_crates_of_empiar_entries_belong_to_empiar(recorded: Recorded, report: Report) -> None:
    page = "https://www.ebi.ac.uk/biostudies/bioimages/studies/EMPIAR-10311"
    old = "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/EMPIAR-10311/cd3e28e2/c7c8a39b.png"
    file = "bia/gide-ro-crate/EMPIAR-10311-ro-crate-metadata.json"
    record = _parse(recorded, report, **{file: _crate("EMPIAR-10311", page, thumbnailUrl=[old])})["empiar:EMPIAR-10311"]
    assert (record.title, record.licence, record.description) == ("FIB-SEM of a HeLa cell", "CC0-1.0", None)
    assert str(record.thumbnail).startswith("https://livingobjects.ebi.ac.uk/bia-integrator-data/")
    assert record.facts[0].source.endswith(":EMPIAR-10311-ro-crate-metadata.json")


def test_sizes_of_idr_are_the_sums_of_its_table(recorded: Recorded, report: Report) -> None:
    page = "https://idr.openmicroscopy.org/study/idr0013/"
    file = "idr/idr_study_crates/ro-crates/idr0013-ro-crate-metadata.json"
    rows = "idr0013-neumann-mitocheck\tscreenA\t5\t3\t2\nidr0013-neumann-mitocheck\tscreenB\t7\t1\t\n"
    record = _parse(recorded, report, rows, **{file: _crate("idr0013", page)})["idr:idr0013"]
    assert (record.size, record.files, record.images) == (12, 4, 2)
    assert record.facts[1].fields == ("size", "files", "images")
    assert record.keywords == ("MitoCheck",)


def test_a_broken_crate_costs_only_itself(recorded: Recorded, report: Report) -> None:
    folder = "ssbd/gide-ro-crate/database"
    good = _crate("439-Takayama-dynamicsEGFR", "https://ssbd.riken.jp/v3/project/439-Takayama-dynamicsEGFR")
    found = _parse(
        recorded,
        report,
        **{
            f"{folder}/a.json": "{",
            f"{folder}/b.json": '{"@graph": []}',
            f"{folder}/c.json": good,
            f"{folder}/d.json": "[]",
        },
    )
    assert list(found) == ["ssbd:439-Takayama-dynamicsEGFR"]
    assert [loss.identifier for loss in report.losses] == ["ssbd:a", "ssbd:b", "ssbd:d"]
