"""The BBBC, played from small pages in the shape of its own; the facts are those of the site."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import bbbc
from bioimagehub.catalogs.archives.bbbc_pages import parse_index, parse_page
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from bioimagehub.catalogs.tables import read_table
from servers.damage import damaged_text

SITE = "https://bbbc.broadinstitute.org"
DATA = "https://data.broadinstitute.org/bbbc"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "bbbc"
BY_NC_SA = "http://creativecommons.org/licenses/by-nc-sa/3.0/"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
LJOSA = '[<a href="http://dx.doi.org/10.1038/nmeth.2083">Ljosa et al., <i>Nature Methods</i>, 2012</a>]'


def badge(title, letter):
    return f'<a href="../benchmarking.html" class="badge" rel="tooltip" title="{title}">{letter}</a>'


COUNTS, OUTLINES = badge("Counts", "C"), badge("Outlines of objects", "O")
FOREGROUND, BOXES = badge("Foreground/background", "F"), badge("Bounding Boxes", "U")


def page(accession, title, files, truth="", licence=BY_NC_SA, cited=LJOSA, updated="2018-01-31"):
    link = f'<a rel="license" href="{licence}"><img src="88x31.png"/></a>' if licence else "© AstraZeneca"
    return f"""<!DOCTYPE html><html><head><title>{accession}: {title}</title>
<script>var x = "BBBC999.zip";</script></head><body><h1>Broad Bioimage Benchmark Collection</h1><h2>{title}</h2>
<p class="small">Accession number <a href="">{accession}</a> &middot; Version 1</p>
<h3>Example images</h3><img src="example.png"/>
<h3>Images</h3><p>See the <a href="http://www.perkinelmer.com/plates.html">plate</a>.</p>{files}
<!-- <a href="old_{accession}.zip">old.zip (9 GB)</a> -->
<h3>Ground truth {truth}</h3><p><a href="{accession}_v1_counts.txt">{accession}_v1_counts.txt (303 b)</a></p>
<h3>Recommended citation</h3><p>"We used image set {accession}v1 {cited}."</p>
<h3>Copyright</h3>{link}<p>by <a href="mailto:someone@example.org">Someone</a></p>
<footer><p>This page last updated {updated}</p></footer></body></html>""".encode()


HT29 = page(
    "BBBC001",
    "Human HT29 colon-cancer cells",
    '<a href="BBBC001_v1_images_dib.zip">BBBC001_v1_images_dib.zip (1.9 MB)</a>'
    f'<a href="{DATA}/BBBC001/BBBC001_v1_images_tif.zip"> BBBC001_v1_images_tif.zip</a> (832 kB)',
    COUNTS,
    cited='[<a href="https://doi.org/10.1186/gb-2006-7-10-r100">Carpenter et al., <i>Genome Biology</i>, 2006</a>] '
    f"from the Broad Bioimage Benchmark Collection {LJOSA}",
)


def row(accession, title, mode="Fluorescent", count="6", truth=COUNTS):
    return (
        f'<tr><td><a href="{accession}/">{accession}</a></td><td>{title}</td><td>{mode}</td>'
        f'<td class="count">{count}</td><td>{truth}</td></tr>'
    )


def index(*rows):
    head = (
        '<tr><td colspan="5"><h3>Identification and segmentation</h3></td></tr><tr><th>Accession</th><th>Mode</th></tr>'
    )
    return f"<html><body><table>{head}{''.join(rows)}</table></body></html>".encode()


@pytest.fixture
def site(server):
    rows = (
        row("BBBC001", "Human HT29 colon-cancer cells"),
        row("BBBC006", "Human U2OS cells (out of focus)", count="52,224", truth=f"{FOREGROUND} {OUTLINES}"),
        row("BBBC041", "<i>P. vivax</i> (malaria) infected human blood smears", "Bright field", "1364", BOXES),
    )
    server.add(f"{SITE}/image_sets", body=index(*rows))
    server.add(f"{SITE}/BBBC001", body=HT29)
    files = '<a href="BBBC006_v1_images_z_00.zip">BBBC006_v1_images_z_00.zip (13 MB)</a>'
    server.add(f"{SITE}/BBBC006", body=page("BBBC006", "Human U2OS cells (out of focus)", files, licence=CC0))
    smears = page(
        "BBBC041", "<i>P. vivax</i> (malaria) infected human blood smears", '<a href="malaria.zip">malaria.zip</a>'
    )
    server.add(f"{SITE}/BBBC041", body=smears)
    server.add(f"{SITE}/BBBC023", body=b"Placeholder for Firas Mualla &lt;someone@example.org&gt;")
    return server


def test_the_whole_way(site, client):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("AS_09125_050118150001_A03f00d0.tif", b"II*\x00")
    site.add(f"{DATA}/BBBC001/BBBC001_v1_images_tif.zip", body=content.getvalue())

    (found,) = bbbc.search("colon counts", client)
    record = bbbc.fetch_record(found.source_accession, client)
    files = {file.path: file for file in bbbc.list_files("BBBC001", client)}
    url = bbbc.resolve("BBBC001", "BBBC001_v1_images_tif.zip", client)

    assert zipfile.ZipFile(io.BytesIO(client.get_bytes(url))).namelist() == ["AS_09125_050118150001_A03f00d0.tif"]
    assert {path: file.size for path, file in files.items()} == {
        "BBBC001_v1_images_dib.zip": 1_900_000,
        "BBBC001_v1_images_tif.zip": 832_000,
        "BBBC001_v1_counts.txt": 303,
    }
    assert record == found
    assert Catalog([record])["bbbc:BBBC001"] == record
    assert "10.1186/gb-2006-7-10-r100" in record.cite()
    assert "BBBC001" in record.cite("bibtex")


def test_a_record_holds_what_the_pages_say(site, client):
    record = bbbc.fetch_record("BBBC001", client)
    assert record.title == "Human HT29 colon-cancer cells"
    assert (record.licence, record.licence_url) == (
        "CC-BY-NC-SA-3.0",
        "https://creativecommons.org/licenses/by-nc-sa/3.0/",
    )
    assert (record.ground_truth, record.data_types, record.reference) == (("counts",), ("benchmark",), True)
    assert (record.version, record.images, record.files, record.size) == ("1", 6, 3, 2_732_303)
    assert [organism.taxon for organism in record.organisms] == [9606]
    assert record.technologies == ("fluorescence microscopy",)
    assert record.modified == date(2018, 1, 31)
    assert [each.doi for each in record.publications] == ["10.1186/gb-2006-7-10-r100", "10.1038/nmeth.2083"]
    assert "@" not in record.model_dump_json()


def test_sets_with_a_mask_for_each_object_have_instance_masks(site, client):
    record = bbbc.fetch_record("BBBC006", client)
    assert record.ground_truth == ("instance masks", "semantic masks", "outlines")
    assert record.images == 52_224
    assert [each.identifier for each in bbbc.search("instance masks", client)] == ["bbbc:BBBC006"]


def test_a_kind_of_ground_truth_without_a_name_here_is_noted(report):
    fields = {**parse_page(HT29.decode(), "BBBC001"), "ground_truth_index": ["bounding boxes", "X"]}
    record = bbbc.parse_record(fields, report)
    assert record.ground_truth == ("points", "counts")
    assert "'bounding boxes' is no kind of ground truth here" in report.defects[-1].text


@pytest.mark.parametrize(
    ("href", "path", "url"),
    [
        ("../BBBC019/TScratch.zip", "TScratch.zip", f"{DATA}/BBBC019/TScratch.zip"),
        ("DatasetS8/37983_Mito.tar.gz", "DatasetS8/37983_Mito.tar.gz", f"{DATA}/BBBC019/DatasetS8/37983_Mito.tar.gz"),
        (f"{DATA}/BBBC019/MDCK.zip", "MDCK.zip", f"{DATA}/BBBC019/MDCK.zip"),
        (
            "http://cellprofiler.org/linked_files/SamplesScores.zip",
            "SamplesScores.zip",
            "http://cellprofiler.org/linked_files/SamplesScores.zip",
        ),
    ],
)
def test_links_lead_to_files_wherever_they_lie(server, client, href, path, url):
    server.add(f"{SITE}/BBBC019", body=page("BBBC019", "Collective cell migration", f'<a href="{href}">x (7MB)</a>'))
    server.add(url, body=b"bytes")
    (file, _) = bbbc.list_files("BBBC019", client)
    assert (file.path, file.url, file.size) == (path, url, 7_000_000)
    assert client.get_bytes(bbbc.resolve("BBBC019", path, client)) == b"bytes"


def test_a_link_that_leads_out_of_the_collection_stays_a_file_name(report):
    fields = {"accession": "BBBC019", "files": [{"file": "../../../etc/passwd.zip", "size": ""}]}
    (file,) = bbbc.parse_files(fields, report)
    assert file.path == "passwd.zip"


def test_a_set_without_stated_licence_says_so(server, client, report):
    server.add(f"{SITE}/image_sets", body=index(row("BBBC021", "Human MCF7 cells")))
    server.add(f"{SITE}/BBBC021", body=page("BBBC021", "Human MCF7 cells", '<a href="a.zip">a.zip</a>', licence=""))
    record = bbbc.fetch_record("BBBC021", client)
    assert record.licence is None
    assert "no licence stated" in record.cite()
    assert record.related == ("cellpainting:cpg0010",)
    bbbc.parse_record(parse_page(HT29.decode(), "BBBC001") | {"licence_url": ""}, report)
    assert [defect.text for defect in report.defects] == ["none is stated: ask the authors before passing anything on"]


def test_the_licence_of_bbbc002_is_that_of_the_page_and_the_conflict_is_noted(report):
    text = page("BBBC002", "Drosophila Kc167 cells", "", COUNTS, licence=CC0).decode()
    record = bbbc.parse_record(parse_page(text, "BBBC002"), report)
    assert record.licence == "CC0-1.0"
    assert "bbbc-datasets CC BY-NC-SA 3.0" in report.defects[0].text


def test_an_empty_page_is_a_set_without_images(site, client):
    record = bbbc.fetch_record("BBBC023", client)
    assert record.title == "BBBC023 (no title stated)"
    assert record.access.kind == "none"
    assert "Take another image set" in record.access.how
    assert list(bbbc.list_files("BBBC023", client)) == []
    with pytest.raises(RecordNotFoundError, match="its page links to: none"):
        bbbc.resolve("BBBC023", "images.zip", client)


@pytest.mark.parametrize("accession", ["BBBC040", "BBBC043"])
def test_absent_sets_are_told(site, client, accession):
    with pytest.raises(RecordNotFoundError, match=accession):
        bbbc.fetch_record(accession, client)


@pytest.mark.parametrize("accession", ["bbbc001", "BBBC1", "BBBC001/../x", ""])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    with pytest.raises(RecordNotFoundError, match="look like BBBC039"):
        bbbc.fetch_record(accession, client)
    assert server.requests == []


def test_a_harvest_walks_the_numbers_and_loses_no_set_to_another(site, client, tmp_path):
    site.add(f"{SITE}/BBBC007", body=b"<html><body>" + b"An error occurred. " * 50 + b"</body></html>")
    calls = []
    report = harvest_archive("bbbc", tmp_path, client, progress=lambda rows, total: calls.append((rows, total)))
    found = {fields["identifier"]: fields for fields in read_table(tmp_path / "bbbc.parquet")}
    assert sorted(found) == ["bbbc:BBBC001", "bbbc:BBBC006", "bbbc:BBBC023", "bbbc:BBBC041"]
    assert [loss.identifier for loss in report.losses] == ["bbbc:BBBC007"]
    assert "does not name it" in report.losses[0].reason
    assert len(calls) == 54
    assert found["bbbc:BBBC041"]["organisms"] == [
        {"name": "Homo sapiens", "taxon": 9606},
        {"name": "Plasmodium vivax", "taxon": 5855},
    ]


def test_a_set_that_the_table_names_and_that_has_no_page_is_lost(site, client, report):
    site.add(f"{SITE}/BBBC006", status=404)
    list(bbbc.harvest(client, report))
    assert [loss.identifier for loss in report.losses] == ["bbbc:BBBC006"]
    assert "has no page" in report.losses[0].reason


def test_a_page_that_always_fails_costs_no_other(site, client, tmp_path):
    site.fail(f"{SITE}/BBBC006", times=9, status=500)
    site.add(f"{SITE}/BBBC040", status=403)
    report = harvest_archive("bbbc", tmp_path, client)
    assert [loss.identifier for loss in report.losses] == ["bbbc:BBBC006", "bbbc:BBBC040"]
    found = [fields["identifier"] for fields in read_table(tmp_path / "bbbc.parquet")]
    assert {"bbbc:BBBC001", "bbbc:BBBC041"} <= set(found)


def test_a_harvest_goes_on_at_its_cursor_and_knows_since(site, client, report):
    pages = list(bbbc.harvest(client, report, since=date(2019, 1, 1), cursor="BBBC050"))
    assert [page.cursor for page in pages] == ["BBBC051", "BBBC052", "BBBC053", "BBBC054", None]
    (first, *_) = bbbc.harvest(client, report, since=date(2019, 1, 1))
    assert first.records == ()
    assert first.rows == 1
    (first, *_) = bbbc.harvest(client, report, since=date(2018, 1, 1))
    assert first.records[0].identifier == "bbbc:BBBC001"


def test_trouble_is_waited_out_and_then_told(site, client):
    site.fail(f"{SITE}/BBBC001", times=1, status=429, headers={"Retry-After": "0"})
    site.fail(f"{SITE}/image_sets", times=1, status=500)
    site.cut(f"{SITE}/BBBC001", after=100)
    assert bbbc.fetch_record("BBBC001", client).files == 3
    site.fail(f"{SITE}/BBBC001", times=9, status=503)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        bbbc.fetch_record("BBBC001", client)


def test_a_table_without_image_sets_is_told(server, client):
    server.add(f"{SITE}/image_sets", body=b"<html><body>We moved</body></html>")
    with pytest.raises(ArchiveAnswerError, match="expected a table with their accessions"):
        bbbc.search("cells", client)


def test_a_page_of_many_megabytes_is_refused():
    with pytest.raises(ArchiveAnswerError, match="expected at most 250,000"):
        parse_page("<" * 5_000_000, "BBBC001")


def test_letters_are_read_where_a_page_has_no_more_than_those():
    text = "<h2>Cells</h2>Accession number BBBC024<h3>Ground truth (C) (F)</h3><p>masks</p>"
    assert parse_page(text, "BBBC024")["ground_truth_page"] == ["C", "F"]
    cells = "<tr><td>BBBC024</td><td>3D HL60</td><td>Fluorescent</td><td>80</td><td>C F</td></tr>"
    assert parse_index(f"<table>{cells}</table>")[0]["ground_truth_index"] == ["C", "F"]


@pytest.mark.parametrize(
    "text",
    ["<" * 5000, "<title>BBBC001</title>" + "<h3>" * 500, "BBBC001 \x1b[31m\x00 <script>alert(1)", "<![x", "<!--"],
)
def test_hostile_pages_do_no_harm(text, report):
    record = bbbc.parse_record(parse_page(text + " BBBC001", "BBBC001"), report)
    assert "\x1b" not in record.model_dump_json()
    assert record.access.kind == "none"


@given(text=damaged_text(HT29.decode()), table=damaged_text(index(row("BBBC001", "Human cells")).decode()))
def test_damaged_pages_are_records_or_told(text, table):
    with suppress(CatalogError):
        bbbc.parse_record(parse_page(text, "BBBC001"), Report(quiet=True))
    with suppress(CatalogError):
        parse_index(table)


@pytest.mark.parametrize("file", sorted(RECORDED.glob("bbbc_site_pages.json")), ids=lambda file: file.name)
def test_recorded_pages_make_records(file, report):
    records = [bbbc.parse_record(entry, report) for entry in json.loads(file.read_text())]
    assert len(records) == 43
    assert sum(record.files or 0 for record in records) == 406
    assert {r.name for r in records if r.licence is None} == {"BBBC010", "BBBC011", "BBBC012", "BBBC021", "BBBC023"}
    assert sum(record.licence == "CC0-1.0" for record in records) == 14
    assert {r.name for r in records if "instance masks" in r.ground_truth} == set(bbbc.INSTANCE_MASKS)
    assert [record.name for record in records if record.access.kind == "none"] == ["BBBC023"]
    assert len({record.identifier for record in records}) == 43
