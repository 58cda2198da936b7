"""Collections whose records are made by the modules of their archives: what is added here."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.recorded import (
    COLLECTIONS,
    bbbc,
    biostudies,
    cellpainting,
    ega,
    hpa,
    idr_studies,
    link_outs,
)

if TYPE_CHECKING:
    from catalogs.recorded.conftest import Recorded

SHARED = Path(__file__).parents[4] / "shared" / "data" / "archives"
PRESENT = [SHARED] if SHARED.is_dir() else []


def test_bbbc_names_the_repository_of_its_pages(recorded: Recorded, report: Report) -> None:
    recorded.note(bbbc.FOLDER, "broadinstitute/imaging-bbbc", "2022-02-11")
    page = {
        "accession": "BBBC006",
        "title": "Human U2OS cells (out of focus)",
        "fields_of_view": "768",
        "ground_truth_page": ["counts"],
        "licence_url": "http://creativecommons.org/publicdomain/zero/1.0/",
        "files": [{"file": "BBBC006_v1_labels.zip", "size": "3 MB"}],
    }
    text = json.dumps([page, {"title": "without accession", "accession": "../x"}])
    recorded.write(f"{bbbc.FOLDER}/bbbc_site_pages.json", text)
    (record,) = bbbc.parse(recorded.folder, report)
    assert (record.identifier, record.licence, record.reference) == ("bbbc:BBBC006", "CC0-1.0", True)
    assert record.facts[0].source.startswith("github.com/broadinstitute/imaging-bbbc@")
    assert [loss.identifier for loss in report.losses] == ["bbbc:../x"]


def test_the_cell_painting_table_of_the_readme(recorded: Recorded, report: Report) -> None:
    recorded.note(cellpainting.FOLDER, "broadinstitute/cellpainting-gallery", "2026-08-17")
    table = (
        "| Dataset name | Description | Publication to cite | Associated repositories | Total size |\n| -- | -- |\n"
        "| cpg0000-jump-pilot | prose about U2OS | [x](https://doi.org/10.1038/s41592-024-02241-6) | | 12.3 TB |\n"
    )
    recorded.write(f"{cellpainting.FOLDER}/README.md", table)
    (record,) = cellpainting.parse(recorded.folder, report)
    assert (record.identifier, record.size) == ("cellpainting:cpg0000", 12_300_000_000_000)
    assert record.description is None
    assert record.facts[0].retrieved.isoformat() == "2026-08-17"


def test_documents_of_biostudies_of_their_own_folder_alone(recorded: Recorded, report: Report) -> None:
    recorded.note(biostudies.FOLDER, "BioImage-Archive/bia-integrator")
    document = {
        "accno": "S-BIAD599",
        "attributes": [
            {"name": "Title", "value": "A developing tissue"},
            {"name": "ReleaseDate", "value": "2022-12-13"},
        ],
        "section": {"type": "Study", "attributes": []},
    }
    recorded.write(f"{biostudies.FOLDER}/S-BIAD599/S-BIAD599_original.json", json.dumps(document))
    recorded.write(f"{biostudies.FOLDER}/S-BIAD599/files.json", json.dumps([{"path": "a.tif"}]))
    recorded.write(f"{biostudies.FOLDER}/S-BIAD600/S-BIAD600_original.json", "{")
    recorded.write(f"{biostudies.FOLDER}/S-BIAD601/x.json", json.dumps({**document, "accno": "S-BIADTEST"}))
    (record,) = biostudies.parse(recorded.folder, report)
    assert (record.identifier, record.title) == ("bia:S-BIAD599", "A developing tissue")
    assert [loss.identifier for loss in report.losses] == ["bia:S-BIAD600"]


def test_a_study_repository_gives_genes_and_phenotypes(recorded: Recorded, report: Report) -> None:
    folder = f"{idr_studies.FOLDER}/idr0002-heriche-condensation"
    recorded.note(folder, "IDR/idr0002-heriche-condensation", "2020-10-07")
    recorded.write(
        f"{folder}/idr0002-study.txt",
        "Comment[IDR Study Accession]\tidr0002\nStudy Title\tFocused mitotic chromosome condensation screen\n",
    )
    recorded.write(
        f"{folder}/screenA/idr0002-screenA-annotation.csv",
        "Plate,Gene Identifier,Gene Symbol,Phenotype 1,Phenotype 1 Term Name,Phenotype 1 Term Accession\n"
        "p1,ENSG00000072501,SMC1A,delayed,mitosis delayed phenotype,CMPO_0000307\n"
        "p2,ENSG00000072501,SMC1A,,,\n",
    )
    recorded.note(f"{idr_studies.FOLDER}/idr0003-x", "IDR/idr0003-x")
    recorded.write(f"{idr_studies.FOLDER}/idr0003-x/idr0003-study.txt", "no study file\n")
    (record,) = idr_studies.parse(recorded.folder, report)
    assert [(gene.name, gene.id) for gene in record.genes] == [("SMC1A", "ENSEMBL:ENSG00000072501")]
    assert [(each.name, each.id) for each in record.phenotypes] == [("mitosis delayed phenotype", "CMPO:0000307")]
    assert [loss.identifier for loss in report.losses] == ["idr:idr0003-x"]


def test_a_data_set_of_ega_counts_its_files(recorded: Recorded, report: Report) -> None:
    recorded.note(ega.FOLDER, "someone/archivefs")
    rows = [{"fileId": "EGAF00007243782", "fileSize": 29568}, {"fileId": "EGAF00007243783", "fileSize": 32}]
    recorded.write(f"{ega.FOLDER}/ega_EGAD00001009826_files.json", json.dumps(rows))
    (record,) = ega.parse(recorded.folder, report)
    assert (record.identifier, record.files, record.size) == ("ega:EGAD00001009826", 2, 29600)
    assert record.access.kind == "controlled"
    assert "Data Access Committee" in str(record.access.how)


def test_a_gene_of_the_protein_atlas_that_is_broken_is_told(recorded: Recorded, report: Report) -> None:
    recorded.note(hpa.FOLDER, "anhtr/HPAanalyze")
    recorded.write(f"{hpa.FOLDER}/ENSG00000134057.xml", "<proteinAtlas><entry")
    assert list(hpa.parse(recorded.folder, report)) == []
    assert [loss.identifier for loss in report.losses] == ["hpa:ENSG00000134057"]


def test_link_outs_say_what_to_do_instead(recorded: Recorded, report: Report) -> None:
    recorded.write("README.md", "# Collected (2026-11)\n")
    found = {record.identifier: record for record in link_outs.parse(recorded.folder, report)}
    assert found["ukbiobank:imaging"].access.kind == "controlled"
    assert found["phenoimageshare:phenoimageshare"].access.kind == "none"
    assert found["gxa:about"].access.kind == "none"
    assert all(found[f"{name}:about"].access.how for name in link_outs.ABOUT)
    assert found["emdataresource:map-2016"].source_url


def test_link_outs_without_a_date_are_told(recorded: Recorded, report: Report) -> None:
    recorded.folder.mkdir()
    assert [record.collection for record in link_outs.parse(recorded.folder, report)][-1] == "emdataresource"
    assert report.losses[0].identifier == "link-outs"


@pytest.mark.parametrize("folder", PRESENT)
@pytest.mark.parametrize("name", COLLECTIONS)
def test_no_record_of_the_recorded_data_is_lost(folder: Path, name: str) -> None:
    report = Report(quiet=True)
    records = list(import_module(f"bioimagehub.catalogs.recorded.{name}").parse(folder, report))
    assert records != []
    assert report.losses == []
