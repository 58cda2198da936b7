"""Records of the Cell Image Library out of its dump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.recorded import cil

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

HEAD = (
    "cil_id,doi,ark,title,description,organism,organism_ids,imaging_mode,imaging_mode_ids,cell_type,cell_line,"
    "cellular_component,biological_process,data_type,size_x,size_y,size_z,licence,pubmed,files,group_id,has_ccdb\n"
)


def _parse(recorded: Recorded, report: Report, **values: str) -> Record:
    told = {
        "cil_id": "2",
        "doi": "10.7295/W9CIL2",
        "title": "Linda Parysek, Trudy Aebig (2010) CIL:2, Mus musculus, fibroblast. CIL. Dataset",
        "description": "prose of the archive, not to be taken over",
        "organism": "Mus musculus",
        "organism_ids": "NCBITaxon:10090",
        "imaging_mode": "fluorescence microscopy",
        "imaging_mode_ids": "FBbi:00000246",
        "cell_type": "fibroblast",
        "cell_line": "NIH/3T3",
        "cellular_component": "type III intermediate filament|mitochondrion",
        "biological_process": "mitochondrion morphogenesis",
        "data_type": "Still_image",
        "licence": "public_domain",
        "files": "OME_tif:2.tif:4100000|Zip:2.zip:4021470|Jpeg:2.jpg:211940",
        **values,
    }
    row = ",".join(f'"{told.get(name, "")}"' for name in HEAD.strip().split(","))
    recorded.note(cil.FOLDER, "slash-segmentation/CIL_Public_Data_JSON", "2018-04-09")
    recorded.write(f"{cil.FOLDER}/cil_public_records.csv", HEAD + row + "\n")
    (record,) = cil.parse(recorded.folder, report)
    return record


def test_a_citation_becomes_authors_year_and_a_title_of_facts(recorded: Recorded, report: Report) -> None:
    record = _parse(recorded, report)
    assert record.title == (
        "Mus musculus, NIH/3T3, fibroblast; type III intermediate filament, mitochondrion; mitochondrion morphogenesis"
    )
    assert [author.family for author in record.authors] == ["Linda Parysek", "Trudy Aebig"]
    assert (record.publications[0].year, record.publications[0].doi) == (2010, "10.7295/W9CIL2")
    assert (record.identifier, record.source_accession, record.doi) == ("cil:2", "CIL:2", "10.7295/W9CIL2")
    assert (record.size, record.files, record.formats) == (8333410, 3, ("ome-tiff", "zip", "jpeg"))
    assert record.url == "https://cildata.crbs.ucsd.edu/media/images/2/2.tif"
    assert record.thumbnail == "https://cildata.crbs.ucsd.edu/media/images/2/2.jpg"
    assert [term.name for term in record.processes] == ["mitochondrion morphogenesis"]
    assert record.methods[0].id == "FBbi:00000246"
    assert record.description is None
    assert report.defects == []


def test_a_video_lies_elsewhere(recorded: Recorded, report: Report) -> None:
    record = _parse(recorded, report, data_type="Video", files="Jpeg:2.jpg:1|Flv:2.flv:9")
    assert record.url == "https://cildata.crbs.ucsd.edu/media/videos/2/2.flv"
    assert record.keywords == ("video",)


def test_several_kinds_of_data_are_keywords(recorded: Recorded, report: Report) -> None:
    assert _parse(recorded, report, data_type="Time_series;Z_stack").keywords == ("time series", "z-stack")


def test_names_and_taxa_of_different_number_are_paired_by_what_they_say(recorded: Recorded, report: Report) -> None:
    record = _parse(
        recorded,
        report,
        organism="Opercularia [NCBITaxon:168247]|Opercularia coarctata",
        organism_ids="NCBITaxon:168247",
    )
    assert [(each.name, each.taxon) for each in record.organisms] == [
        ("Opercularia", 168247),
        ("Opercularia coarctata", None),
    ]


def test_an_identifier_without_a_name_is_looked_up(recorded: Recorded, report: Report) -> None:
    record = _parse(recorded, report, organism="", imaging_mode="", imaging_mode_ids="FBbi:00000258")
    assert record.organisms[0].name == "Mus musculus"
    assert record.methods[0].id == "FBbi:00000258"


def test_a_free_method_is_kept_beside_one_with_an_identifier(recorded: Recorded, report: Report) -> None:
    record = _parse(
        recorded,
        report,
        imaging_mode="spinning disk confocal microscopy|fluorescent speckle microscopy",
        imaging_mode_ids="FBbi:00000253",
    )
    assert [(each.name, each.id) for each in record.methods] == [
        ("spinning disk confocal microscopy", "FBbi:00000253"),
        ("fluorescent speckle microscopy", None),
    ]


def test_articles_are_cited_after_the_record(recorded: Recorded, report: Report) -> None:
    record = _parse(recorded, report, pubmed="PMID:15036382|22046265")
    assert [each.pubmed for each in record.publications] == [None, 15036382, 22046265]


def test_nothing_stated_leaves_the_number_as_title(recorded: Recorded, report: Report) -> None:
    nothing = dict.fromkeys(
        ("organism", "organism_ids", "imaging_mode", "imaging_mode_ids", "cell_type", "cell_line", "files", "licence"),
        "",
    )
    record = _parse(recorded, report, **nothing, cellular_component="", biological_process="", data_type="")
    assert (record.title, record.licence, record.url, record.size) == ("CIL:2", None, None, None)


def test_paths_that_lead_elsewhere_and_unknown_titles_are_told(recorded: Recorded, report: Report) -> None:
    record = _parse(recorded, report, title="no citation", files="OME_tif:../../etc/passwd:1|Jpeg:2.jpg:5")
    assert (record.url, record.authors) == ("https://cildata.crbs.ucsd.edu/media/images/2/2.jpg", ())
    assert {each.field for each in report.defects} == {"files", "authors"}


@pytest.mark.parametrize(
    ("stated", "spdx"),
    [("attribution_cc_by", "LicenseRef-CC-BY-unversioned"), ("copyright", "LicenseRef-all-rights-reserved")],
)
def test_terms_of_each_record(recorded: Recorded, report: Report, stated: str, spdx: str) -> None:
    assert _parse(recorded, report, licence=stated).licence == spdx


def test_a_number_that_is_none_costs_only_its_own_record(recorded: Recorded, report: Report) -> None:
    recorded.note(cil.FOLDER, "slash-segmentation/CIL_Public_Data_JSON")
    rows = '"../x",10.7295/W9CILx,,"A (2010) CIL:1, x. CIL. Dataset"\n3,10.7295/W9CIL3,,"A (2010) CIL:3, x. CIL."\n'
    recorded.write(f"{cil.FOLDER}/cil_public_records.csv", HEAD + rows)
    assert [record.identifier for record in cil.parse(recorded.folder, report)] == ["cil:3"]
    assert [loss.identifier for loss in report.losses] == ["cil:../x"]
