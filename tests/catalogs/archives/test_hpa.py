"""The Human Protein Atlas, played in its shape; the facts are of CCNB1 in version 18 (CC BY-SA 3.0)."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import hpa
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, CatalogError, RecordNotFoundError
from servers.damage import damaged, damaged_text

RECORDED = Path(__file__).parents[3].parent / "shared" / "data" / "archives" / "hpa"
HOME = "https://www.proteinatlas.org"
TABLE = f"{HOME}/api/search_download.php"
ENTRY = """\
<?xml version="1.0" encoding="UTF-8"?>
<proteinAtlas schemaVersion="2.5">
  <entry version="{version}" url="http://v18.proteinatlas.org/ENSG00000134057">
    <name>CCNB1</name>
    <synonym>CCNB</synonym>
    <identifier id="ENSG00000134057" db="Ensembl" version="88.38">
      <xref id="P14635" db="Uniprot/SWISSPROT"/>
    </identifier>
    <tissueExpression source="HPA" technology="IHC" assayType="tissue">
      <image imageType="selected">
        <tissue>lymph node</tissue>
        <imageUrl>http://v18.proteinatlas.org/images/3804/10580_A_8_8_rna_selected.jpg</imageUrl>
      </image>
      <data><tissue>appendix</tissue><location>nuclear</location></data>
    </tissueExpression>
    <tissueExpression source="HPA" technology="IHC" assayType="cancer">
      <data><tissue>glioma</tissue></data>
    </tissueExpression>
    <rnaExpression source="HPA" technology="RNAseq"><data><cellLine>BEWO</cellLine></data></rnaExpression>
    <antibody id="HPA030741" releaseVersion="12" RRID="AB_2673586">
      <cellExpression source="HPA" technology="ICC/IF">
        <subAssay type="human"><data>
          <cellLine>U-2 OS</cellLine>
          <location GOId="GO:0005829" singleCellVariationIntensity="true">cytosol</location>
          <location GOId="GO:0005829">Cytosol</location>
          <assayImage>
            <image imageType="sampleImage">
              <channel color="blue">nucleus</channel>
              <channel color="green">antibody</channel>
              <imageUrl>https://images.proteinatlas.org/30741/793_A6_1_blue_red_green.jpg</imageUrl>
            </image>
            <image><imageUrl>https://images.proteinatlas.org/30741/793_A6_1_blue_red_green.jpg</imageUrl></image>
            <image><imageUrl>https://elsewhere.example.org/x.jpg</imageUrl></image>
            <image><imageUrl>https://images.proteinatlas.org/../../etc/x.jpg</imageUrl></image>
          </assayImage>
        </data></subAssay>
      </cellExpression>
    </antibody>
  </entry>
</proteinAtlas>
"""
ROW = {
    "Gene": "CCNB1",
    "Gene synonym": ["CCNB"],
    "Ensembl": "ENSG00000134057",
    "Gene description": "Cyclin B1",
    "Uniprot": ["P14635"],
    "Antibody": "CAB000115, HPA030741",
    "Subcellular main location": ["Cytosol"],
    "Subcellular additional location": None,
}


def play(server, version="18", host="www"):
    entry = ENTRY.replace("{version}", version).encode()
    server.add(f"https://{host}.proteinatlas.org/ENSG00000134057.xml", body=entry)
    server.add(f"{TABLE}?format=json&compress=no", json=[ROW])


def test_the_whole_way(server, client):
    play(server)
    server.add("https://images.proteinatlas.org/30741/793_A6_1_blue_red_green.jpg", body=b"\xff\xd8 jpeg")
    (found,) = hpa.search("cyclin b1", client)
    record = hpa.fetch_record(found.source_accession, client)
    files = list(hpa.list_files("ENSG00000134057", client))
    url = hpa.resolve("ENSG00000134057", "30741/793_A6_1_blue_red_green.jpg", client)
    assert found.identifier == record.identifier == "hpa:ENSG00000134057"
    assert client.get_bytes(url) == b"\xff\xd8 jpeg"
    assert url in {file.url for file in files}
    assert Catalog([record])["hpa:ENSG00000134057"] == record
    assert "Tissue-based map of the human proteome" in record.cite()
    assert "10.1126/science.1260419" in record.cite("bibtex")
    assert server.requests[0].query["search"] == "cyclin b1"


def test_what_a_gene_tells(server, client):
    play(server)
    record = hpa.fetch_record("ENSG00000134057", client)
    assert [(each.name, each.id) for each in record.genes] == [("CCNB1", "ENSEMBL:ENSG00000134057")]
    assert [each.id for each in record.proteins] == ["UniProtKB:P14635"]
    named = {each.name: each.id for each in record.anatomy}
    # Cell lines of the images, not those of the sequencing; each component once, with its identifier.
    assert named == {"cytosol": "GO:0005829", "U-2 OS": None, "lymph node": None, "appendix": None}
    assert [each.name for each in record.phenotypes] == ["glioma"]
    assert record.keywords == ("CCNB", "antibody HPA030741")
    assert record.formats == ("jpeg",)
    assert record.data_types == ("atlas",)
    assert set(record.technologies) == {"histology", "confocal microscopy"}
    assert record.thumbnail.endswith("10580_A_8_8_rna_selected.jpg")


def test_images_are_listed_once_and_only_those_of_the_atlas(server, client, caplog):
    play(server)
    files = list(hpa.list_files("ENSG00000134057", client))
    assert [file.path for file in files] == ["3804/10580_A_8_8_rna_selected.jpg", "30741/793_A6_1_blue_red_green.jpg"]
    assert "elsewhere.example.org" in caplog.text
    assert "../../etc" in caplog.text


@pytest.mark.parametrize(
    ("version", "licence"), [(15, "CC-BY-NC-ND-4.0"), (18, "CC-BY-SA-3.0"), (22, "LicenseRef-Human-Protein-Atlas-v22")]
)
def test_a_version_is_pinned_and_has_its_own_licence(server, client, version, licence):
    play(server, version=str(version), host=f"v{version}")
    record = hpa.fetch_record("ENSG00000134057", client, version=version)
    assert (record.version, record.licence) == (str(version), licence)
    assert record.source_url == f"https://v{version}.proteinatlas.org/ENSG00000134057"
    assert all(f"v{version}." in request.url for request in server.requests)


def test_a_table_that_is_compressed_all_the_same(server, client):
    server.add(TABLE, body=gzip.compress(json.dumps([ROW]).encode()))
    assert [record.identifier for record in hpa.search("cyclin", client)] == ["hpa:ENSG00000134057"]
    server.add(TABLE, body=gzip.compress(json.dumps([ROW]).encode())[:-9])
    with pytest.raises(ArchiveAnswerError, match="cut off or has more than"):
        hpa.search("cyclin", client)
    server.add(TABLE, body=b"\x1f\x8b nothing")
    with pytest.raises(ArchiveAnswerError, match="not compressed as it should be"):
        hpa.search("cyclin", client)


def test_a_page_in_place_of_a_table_is_told(server, client):
    server.add(TABLE, body=b"<!DOCTYPE html><html>Error</html>")
    with pytest.raises(ArchiveAnswerError, match="web page"):
        hpa.search("cyclin", client)
    server.add(TABLE, json={"error": "no"})
    with pytest.raises(ArchiveAnswerError, match="expected a list of genes"):
        hpa.search("cyclin", client)


def test_a_page_in_place_of_a_gene_is_told(server, client):
    server.add(f"{HOME}/ENSG00000134057.xml", body=b"<!DOCTYPE html><html><body>Error<br></body></html>")
    with pytest.raises(ArchiveAnswerError, match="no document of a gene"):
        hpa.fetch_record("ENSG00000134057", client)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><proteinAtlas><entry>&b;</entry></proteinAtlas>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><proteinAtlas><entry><name>&a;</name></entry></proteinAtlas>',
        b"<proteinAtlas><entry>",
        b'<?xml version="1.0" encoding="no-such"?><proteinAtlas/>',
        b"",
    ],
)
def test_hostile_and_broken_documents_are_refused(server, client, document):
    server.add(f"{HOME}/ENSG00000134057.xml", body=document)
    with pytest.raises(ArchiveAnswerError, match="no document of a gene"):
        hpa.fetch_record("ENSG00000134057", client)


def test_what_is_not_there_is_told(server, client):
    with pytest.raises(RecordNotFoundError, match="ENSG00000000000"):
        hpa.fetch_record("ENSG00000000000", client)
    server.add(f"{HOME}/ENSG00000000000.xml", body=b"<proteinAtlas/>")
    with pytest.raises(RecordNotFoundError, match="holds no gene"):
        hpa.fetch_record("ENSG00000000000", client)
    with pytest.raises(RecordNotFoundError, match="look like ENSG00000134057"):
        hpa.fetch_record("CCNB1", client)
    play(server)
    with pytest.raises(RecordNotFoundError, match=r"it has 2, as 3804/10580"):
        hpa.resolve("ENSG00000134057", "x.jpg", client)


def test_another_gene_than_was_asked_for_is_refused(server, client):
    server.add(f"{HOME}/ENSG00000000001.xml", body=ENTRY.encode())
    with pytest.raises(ArchiveAnswerError, match="expected ENSG00000000001"):
        hpa.fetch_record("ENSG00000000001", client)


def test_a_harvest_is_one_answer_and_one_bad_row_costs_no_other(server, client, report, monkeypatch):
    monkeypatch.setattr(hpa, "_PAGE", 2)
    second = ROW | {"Ensembl": "ENSG00000141510", "Gene": "TP53", "Uniprot": "P04637", "Gene synonym": "LFS1, p53"}
    server.add(f"{TABLE}?search=&compress=no", json=[ROW, {"Ensembl": "x"}, second])
    pages = list(hpa.harvest(client, report))
    assert [(page.cursor, page.rows, page.total) for page in pages] == [(None, 2, 3), (None, 1, 3)]
    assert report.losses[0].identifier == "hpa:x"
    (record,) = pages[1].records
    assert [each.id for each in record.proteins] == ["UniProtKB:P04637"]
    assert {"LFS1", "p53"} <= set(record.keywords)


@pytest.mark.parametrize("file", sorted(RECORDED.rglob("*.xml")), ids=lambda file: file.stem)
def test_the_recorded_gene(file, report):
    record = hpa.parse_gene(file.read_bytes(), "recorded", report)
    assert record.identifier == f"hpa:{file.stem}"
    assert (record.version, record.licence) == ("18", "CC-BY-SA-3.0")
    assert record.images == record.files == 1530
    assert {"A-431", "U-2 OS", "U-251 MG", "cytosol"} <= {each.name for each in record.anatomy}
    assert "antibody HPA030741" in record.keywords
    assert not report.defects


@given(text=damaged_text(ENTRY))
def test_a_damaged_gene_is_a_record_or_told(text):
    with suppress(CatalogError):
        hpa.parse_gene(text.encode(), "damaged", Report(quiet=True))


@given(row=damaged(ROW))
def test_a_damaged_row_is_a_record_or_told(row):
    with suppress(CatalogError):
        hpa.parse_row(row, Report(quiet=True))
