"""Entries of EMPIAR and EMDB that other collections carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.recorded import cryoet, empiar

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

DATASETS = (
    "dataset_id,title,organism,taxonomy_id,sample_type,tissue,cell_type,cell_component,publications,"
    "related_database_entries,dataset_citations,deposition_id,deposition_title,release_date,portal_url,s3_prefix,"
    "source_config,description\n"
)
CRYOPPP = "EMPIAR_ID,Data_Link,Gain_Link,Image Ext,Gain Ext,Gain Description\n"


@pytest.fixture
def folder(recorded: Recorded) -> Recorded:
    for path in (empiar.CRYOPPP, empiar.PROPOSALS, empiar.ENTRIES, cryoet.FOLDER):
        recorded.note(path, f"x/{path.rpartition('/')[2]}")
    recorded.write(f"{empiar.CRYOPPP}/empiar_ids.csv", CRYOPPP)
    recorded.write(f"{cryoet.FOLDER}/datasets.csv", DATASETS)
    return recorded


def _parse(folder: Recorded, report: Report) -> dict[str, Record]:
    return {record.identifier: record for record in empiar.parse(folder.folder, report)}


def test_cryoppp_is_reference_data_with_labelled_particles(folder: Recorded, report: Report) -> None:
    rows = "10005,10005/data/micrographs/summed_frames/,Motion Corrected,*.mrc,N/A,\n10389,10389/data/,,*.tif,,\nx\n"
    folder.write(f"{empiar.CRYOPPP}/empiar_ids.csv", CRYOPPP + rows)
    found = _parse(folder, report)
    record = found["empiar:EMPIAR-10005"]
    assert (record.reference, record.ground_truth, record.data_types) == (True, ("points",), ("benchmark",))
    assert (record.formats, found["empiar:EMPIAR-10389"].formats) == (("mrc",), ("tiff",))
    assert record.licence == "CC0-1.0"
    assert [loss.identifier for loss in report.losses] == ["empiar:x"]


def test_the_xml_of_an_entry_without_people_to_write_to(folder: Recorded, report: Report) -> None:
    folder.write(
        f"{empiar.ENTRIES}/fixtures/10934.xml",
        '<entry xmlns="http://pdbe.org/empiar" accessionCode="EMPIAR-10934"><admin>'
        "<keyDates><releaseDate>2022-02-07</releaseDate></keyDates>"
        "<title>Cryo-EM multiframe micrographs of human Pol kappa</title>"
        "<correspondingAuthor><lastName>Lancey</lastName><email>someone@example.org</email></correspondingAuthor>"
        "<authorsList><author>Lancey C</author></authorsList><entryDOI>10.6019/EMPIAR-10934</entryDOI></admin>"
        "<crossReferences><relatedEMDBEntries><emdbEntry>EMD-12602</emdbEntry><emdbEntry>12602</emdbEntry>"
        "</relatedEMDBEntries></crossReferences></entry>",
    )
    record = _parse(folder, report)["empiar:EMPIAR-10934"]
    assert record.title == "Cryo-EM multiframe micrographs of human Pol kappa"
    assert (record.doi, record.related) == ("10.6019/EMPIAR-10934", ("emdb:EMD-12602",))
    assert [author.family for author in record.authors] == ["Lancey C"]
    assert "@" not in record.model_dump_json(exclude={"facts"})


def test_an_xml_bomb_is_refused(folder: Recorded, report: Report) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><entry accessionCode="EMPIAR-10001">&b;</entry>'
    folder.write(f"{empiar.ENTRIES}/fixtures/10001.xml", bomb)
    assert _parse(folder, report) == {}
    assert [loss.identifier for loss in report.losses] == ["empiar:10001"]


def test_a_proposal_gives_organism_method_and_paper(folder: Recorded, report: Report) -> None:
    proposal = (
        "accession_id: EMPIAR-12104\npaper_doi: https://doi.org/10.1016/j.molcel.2024.06.024\nrembis:\n  BioSample:\n"
        '    - organism_classification:\n        - ncbi_id: "NCBI:txid4932"\n'
        '  ImageAcquisitionProtocol:\n    - fbbi_id: ["obo:FBbi_00000256"]\n'
    )
    path = f"{empiar.PROPOSALS}/ro-crate-ingest/proposals"
    folder.write(f"{path}/empiar_12104.yaml", proposal)
    folder.write(f"{path}/empiar_11058.yaml", "rembis: [")
    folder.write(f"{path}/empiar_11059.yaml", '!!python/object/apply:os.system ["true"]')
    record = _parse(folder, report)["empiar:EMPIAR-12104"]
    assert record.organisms[0].name == "Saccharomyces cerevisiae"
    assert record.publications[0].doi == "10.1016/j.molcel.2024.06.024"
    assert record.methods[0].id == "FBbi:00000256"
    assert [loss.identifier for loss in report.losses] == ["empiar:empiar_11058", "empiar:empiar_11059"]


def test_datasets_of_the_cryoet_portal_name_maps_and_raw_data(folder: Recorded, report: Report) -> None:
    rows = (
        '10000,S. pombe,Schizosaccharomyces pombe 972h-,284812,,,,,,"EMPIAR-10988, EMD-14412",,,,2023-06-01,,,a,\n'
        "10001,S. pombe,Schizosaccharomyces pombe 972h-,284812,,,,,,EMD-14412,,,,2023-XX-XX,,,b,\n"
    )
    folder.write(f"{cryoet.FOLDER}/datasets.csv", DATASETS + rows)
    found = _parse(folder, report)
    entry = found["emdb:EMD-14412"]
    assert entry.title == "EMD-14412, belongs with 2 datasets of the CryoET Data Portal"
    assert (entry.kind, entry.related) == ("image", ("cryoet:10000", "cryoet:10001"))
    assert entry.url == "https://ftp.ebi.ac.uk/pub/databases/emdb/structures/EMD-14412/map/emd_14412.map.gz"
    assert found["empiar:EMPIAR-10988"].organisms == entry.organisms
    datasets = list(cryoet.parse(folder.folder, report))
    assert [each.released is None for each in datasets] == [False, True]
    assert "'2023-XX-XX' is no day" in report.defects[0].text
