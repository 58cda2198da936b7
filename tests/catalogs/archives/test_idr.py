"""IDR, played in the shape of its servers; accessions, names, genes, phenotypes, sizes and licences are its own.

Study facts: IDR, https://idr.openmicroscopy.org (CC BY 4.0), studies idr0002, idr0013, idr0018, idr0041 and idr0062.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import idr, idr_images, idr_sources, idr_study, omero, open_archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError, RecordNotFoundError
from servers.archives import Answer
from servers.damage import damaged, damaged_text

RECORDED = Path(__file__).parents[3].parent / "shared" / "data" / "archives" / "idr"
IDR = "https://idr.openmicroscopy.org"
RAW = "https://raw.githubusercontent.com"
FILES = "https://ftp.ebi.ac.uk/pub/databases/IDR"
CRATES = f"{RAW}/German-BioImaging/idr_study_crates/main/ro-crates"
SEARCH = f"{IDR}/searchengine/api/v1/resources/image"

SCREENS = [
    ("idr0002-heriche-condensation/screenA", 102, "Publication Title\nIntegration of biological data by kernels"),
    ("idr0013-neumann-mitocheck/screenA", 1101, "Publication Title\nPhenotypic profiling of the human genome"),
    ("idr0013-neumann-mitocheck/screenB", 1302, "Publication Title\nPhenotypic profiling of the human genome"),
]
PROJECTS = [
    ("idr0041-cai-mitoticatlas/experimentA", 404, "Study Title\nExperimental and computational framework"),
    ("idr0062-blin-nuclearsegmentation/experimentA", 801, "Study Title\nNesSys: nuclei in 3D"),
    ("a test of the server", 1, ""),
]
STUDY_2 = """\
# STUDY DESCRIPTION SECTION
\t
Comment[IDR Study Accession]\tidr0002
Study Title\tFocused mitotic chromsome condensaton screen using HeLa cells
Study Type\thigh content screen\t\t
Study Organism\tHomo sapiens
Study Organism Term Accession\tNCBITaxon_9606
Study Screens Number\t1
Study External URL\t# if there is an existing web page related to the study enter it here
Study Public Release Date\t2016-05-26
Study PubMed ID\t24943848
Study Publication Title\tIntegration of biological data by kernels on graph nodes
Study Author List\tHériché JK, Lees JG, Ellenberg J
Study DOI\thttp://dx.doi.org/10.1091/mbc.E13-04-0221
Study License\tCC BY 4.0
Study License URL\thttps://creativecommons.org/licenses/by/4.0/
Study Person Email\tsomebody@example.org
Study Person Address\tMeyerhofstrasse 1
Screen Number\t1
Comment[IDR Screen Name]\tidr0002-heriche-condensation/screenA
Screen Sample Type\tcell
Screen Size\tPlates: 12\t5D Images: 1152\tTotal Tb: 2.10
Screen Imaging Method\tfluorescence microscopy
Screen Imaging Method Term Accession\tFBbi_00000246
Screen Technology Type\tRNAi screen
Phenotype Name\tshorter prophase\tlonger prophase
Phenotype Term Name\tdecreased duration of mitotic prophase phenotype\tincreased duration of mitotic prophase phenotype
Phenotype Term Accession\tCMPO_0000329\tCMPO_0000328
"""
TABLE_2 = """\
Plate,Well,Characteristics [Organism],Characteristics [Cell Line],Term Source 2 REF,Term Source 2 Accession,\
Gene Identifier,Gene Symbol,Compound Name,Compound PubChem CID,Phenotype 1,Phenotype 1 Term Name,Phenotype 1 Term Accession
plate1_1_013,A1,Homo sapiens,HeLa,EFO,EFO_0001185,ENSG00000117399,CDC20,,,,,
plate1_1_013,A2,Homo sapiens,HeLa,EFO,EFO_0001185,ENSG00000105127,AKAP8,nocodazole,4122,shorter prophase,\
decreased duration of mitotic prophase phenotype,CMPO_0000329
"""  # noqa: E501 - rows of a table
SIZES = """\
Study\tContainer\t5D Images\tSize (TB)\tSize\t# of Files
idr0002-heriche-condensation\tscreenA\t1152\t2.095992298\t2095992297526\t762482
idr0041-cai-mitoticatlas\texperimentA\t60480\t0.5\t501463982132\t181442
"""
PAIRS_2 = {
    "annotations": [
        {
            "ns": "idr.openmicroscopy.org/study/info",
            "values": [
                ["Study Title", "Focused mitotic chromsome condensaton screen using HeLa cells"],
                ["Study Type", "high content screen"],
                ["Organism", "Homo sapiens"],
                ["Imaging Method", "fluorescence microscopy"],
                ["Publication DOI", "10.1091/mbc.E13-04-0221 https://doi.org/10.1091/mbc.E13-04-0221"],
                ["PubMed ID", "24943848 https://www.ncbi.nlm.nih.gov/pubmed/24943848"],
                ["License", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"],
                ["Release Date", "2016-05-26"],
                ["only a key"],
            ],
        },
        {"ns": "openmicroscopy.org/omero/bulk_annotations", "values": []},
    ]
}
INDEX = """\
<html><head><title>Index of /pub/databases/IDR/idr0002-heriche-condensation</title></head><body>
<a href="?C=N;O=D">Name</a> <a href="/pub/databases/IDR/">Parent Directory</a>
<tr><td><a href="screenA/">screenA/</a></td><td align="right">2016-05-26 10:00  </td><td>  - </td></tr>
<tr><td><a href="read%20me%23.txt">read me#.txt</a></td><td align="right">2016-05-27 10:00  </td><td>1.2K</td></tr>
<a href="https://elsewhere.example.org/x">elsewhere</a> <a href="%2e%2e/">up</a>
</body></html>"""
BELOW = """<html><title>Index of screenA</title><a href="../">Parent</a><a href="D2.tif">D2.tif</a> 2016-05-26</html>"""
CRATE = {
    "@context": ["https://w3id.org/ro/crate/1.2/context"],
    "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": f"{IDR}/study/idr0002/"}},
        {
            "@id": f"{IDR}/study/idr0002/",
            "@type": "Dataset",
            "name": "Focused mitotic chromsome condensaton screen using HeLa cells",
            "identifier": "idr0002",
            "datePublished": "2016-05-26",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "publisher": {"@id": f"{IDR}/"},
            "thumbnailUrl": [f"{IDR}/webgateway/render_thumbnail/179754/"],
            "about": [{"@id": "http://purl.obolibrary.org/obo/NCBITaxon_9606"}],
            "size": [{"@id": "#size"}],
        },
        {"@id": f"{IDR}/", "@type": "Organization", "name": "Image Data Resource"},
        {
            "@id": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
            "@type": "Taxon",
            "scientificName": "Homo sapiens",
        },
        {"@id": "#size", "@type": "QuantitativeValue", "value": 2, "unitText": "bytes"},
    ],
}


def play_list(server, kind, objects, *, cap=500):
    """Play a list of OMERO.web, which gives no more than its cap, whatever the limit that is asked for."""

    def answer(request):
        start, limit = int(request.query["offset"]), min(int(request.query["limit"]), cap)
        rows = [{"@id": number, "Name": name, "Description": told} for name, number, told in objects]
        page = {"data": rows[start : start + limit], "meta": {"totalCount": len(rows), "limit": limit, "offset": start}}
        return Answer(200, json.dumps(page).encode())

    server.add(f"{IDR}/api/v0/m/{kind}/", answer=answer)


def play(server):
    play_list(server, "screens", SCREENS)
    play_list(server, "projects", PROJECTS)
    server.add(f"{SEARCH}/searchbyvalue/", json={"results": {"results": []}, "notice": ""})
    server.add(f"{IDR}/webclient/api/annotations/", json={"annotations": []})
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json=PAIRS_2)
    home = f"{RAW}/IDR/idr0002-heriche-condensation/HEAD"
    server.add(f"{home}/idr0002-study.txt", body=STUDY_2.encode())
    server.add(f"{home}/screenA/idr0002-screenA-annotation.csv", body=TABLE_2.encode())
    server.add(f"{RAW}/IDR/idr.openmicroscopy.org/master/_data/studies.tsv", body=SIZES.encode())
    server.add(f"{CRATES}/idr0002-ro-crate-metadata.json", json=CRATE)
    server.add(f"{FILES}/idr0002-heriche-condensation/", body=INDEX.encode())
    server.add(f"{FILES}/idr0002-heriche-condensation/screenA/", body=BELOW.encode())
    server.add(f"{FILES}/idr0002-heriche-condensation/read%20me%23.txt", body=b"read me")


def test_the_whole_way(server, client):
    play(server)
    (found,) = idr.search("condensation", client)
    record = idr.fetch_record(found.source_accession, client)
    files = list(idr.list_files("idr0002", client))
    url = idr.resolve("idr0002", "read me#.txt", client)
    assert [file.path for file in files] == ["screenA/D2.tif", "read me#.txt"]
    assert url == files[1].url
    assert client.get_bytes(url) == b"read me"
    assert files[1].modified == date(2016, 5, 27)
    # An index page rounds sizes: none is better than a wrong one.
    assert files[1].size is None
    assert Catalog([record])["idr:idr0002"] == record
    assert "Hériché" in record.cite()
    assert "10.1091/mbc.E13-04-0221" in record.cite("bibtex")


def test_a_study_is_put_together_from_all_its_sources(server, client):
    play(server)
    record = idr.fetch_record("idr0002", client)
    assert record.title == "Focused mitotic chromsome condensaton screen using HeLa cells"
    assert [(each.name, each.taxon) for each in record.organisms] == [("Homo sapiens", 9606)]
    assert [(each.name, each.id) for each in record.methods] == [("fluorescence microscopy", "FBbi:00000246")]
    assert [(each.name, each.id) for each in record.genes] == [
        ("CDC20", "ENSEMBL:ENSG00000117399"),
        ("AKAP8", "ENSEMBL:ENSG00000105127"),
    ]
    assert {each.id for each in record.phenotypes} == {"CMPO:0000328", "CMPO:0000329"}
    assert [(each.name, each.id) for each in record.compounds] == [("nocodazole", "PUBCHEM:4122")]
    assert ("HeLa", "EFO:0001185") in [(each.name, each.id) for each in record.anatomy]
    assert (record.licence, record.doi) == ("CC-BY-4.0", None)
    assert record.publications[0].pubmed == 24943848
    assert record.thumbnail == f"{IDR}/webgateway/render_thumbnail/179754/"
    # The table of studies, not the crate (2 bytes) nor the study file (2.10 TB).
    assert (record.size, record.files, record.images) == (2095992297526, 762482, 1152)
    assert "fluorescence microscopy" in record.technologies
    assert "example.org" not in record.model_dump_json()
    assert "Meyerhof" not in record.model_dump_json()


def test_a_study_is_made_of_what_there_is(server, client, report):
    play_list(server, "screens", SCREENS[:1])
    play_list(server, "projects", [])
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json=PAIRS_2)
    server.add(f"{IDR}/study/idr0002/json/", json={"@type": "Dataset", "name": "A page", "license": "no licence"})
    (page,) = idr.harvest(client, report)
    (record,) = page.records
    assert record.licence == "CC-BY-4.0"
    assert record.publications[0].doi == "10.1091/mbc.E13-04-0221"
    assert [each.taxon for each in record.organisms] == [9606]
    assert record.size is None
    told = report.summary()
    assert "idr0002-study.txt" in told
    assert "idr0002-ro-crate-metadata.json" in told
    assert "the table of studies could not be read" in told


def test_sizes_that_disagree_are_noted(report):
    counted = {"size": 501463982132, "files": 181442, "images": 60480}
    assert idr_sources.take_sizes(counted, 600_000_000_000, "idr:idr0041", report)["size"] == 501463982132
    assert "600,000,000,000 bytes in the study file, 501,463,982,132 in studies.tsv" in report.defects[0].text


@pytest.mark.parametrize(("words", "accession"), [("mitocheck", "idr0013"), ("Mitotic Cell Atlas", "idr0041")])
def test_archives_that_became_studies_are_found_by_their_own_names(server, client, words, accession):
    play(server)
    (found,) = idr.search(words, client)
    assert found.identifier == f"idr:{accession}"
    assert words.casefold() in " ".join(found.keywords).casefold()
    assert open_archive("mitocheck") is idr


def test_a_search_finds_what_images_are_annotated_with(server, client):
    play(server)
    answer = {"results": {"results": [{"id": 404, "name": "idr0041-cai-mitoticatlas/experimentA", "image count": 3}]}}
    server.add(f"{SEARCH}/searchbyvalue/?value=CDC20&return_containers=true", json=answer)
    assert [record.identifier for record in idr.search("CDC20", client)] == ["idr:idr0041"]


def test_lists_are_paged_under_the_cap_to_the_declared_total(server, client):
    names = [(f"idr{number:04}-a-b/experimentA", number, "") for number in range(1, 1203)]
    play(server)
    play_list(server, "projects", names)
    play_list(server, "screens", [])
    assert len(idr.search("idr", client, limit=5000)) == 1202
    asked = [request.query for request in server.requests if "projects" in request.url]
    assert [query["offset"] for query in asked] == ["0", "500", "1000"]
    assert {query["limit"] for query in asked} == {"500"}


def test_a_list_that_is_cut_short_is_refused(server, client):
    play(server)
    play_list(server, "projects", [(f"idr{number:04}-a", number, "") for number in range(1, 400)], cap=200)
    with pytest.raises(ArchiveAnswerError, match="gave 200 rows from row 0 on; expected 399"):
        idr.search("idr", client)


def test_a_list_without_total_or_with_doubles_is_refused(server, client):
    play(server)
    server.add(f"{IDR}/api/v0/m/projects/", json={"data": []})
    with pytest.raises(ArchiveAnswerError, match=r"without meta\.totalCount"):
        idr.search("x", client)
    server.add(f"{IDR}/api/v0/m/projects/", json={"data": [{"@id": 1}, {"@id": 1}], "meta": {"totalCount": 2}})
    with pytest.raises(ArchiveAnswerError, match="@id 1 twice"):
        idr.search("x", client)


def image(number, gene="CDC20"):
    return {
        "id": number,
        "name": f"plate1 [Well {number}]",
        "screen_name": "idr0002-heriche-condensation/screenA",
        "key_values": [
            {"name": "Gene Symbol", "value": gene},
            {"name": "Gene Identifier", "value": "ENSG00000117399"},
        ],
    }


def test_images_are_searched_with_bookmarks(server, client):
    pages = {None: [image(1), image(2)], "2": [image(3)]}

    def answer(request):
        rows = pages[request.query.get("bookmark")]
        results = {"results": rows, "size": 3, "total_pages": 2, "bookmark": [rows[-1]["id"]]}
        return Answer(200, json.dumps({"results": results}).encode())

    server.add(f"{SEARCH}/search/?key=Gene+Symbol&value=CDC20&data_source=idr", answer=answer)
    records = list(idr.search_images("Gene Symbol", "CDC20", client))
    assert [record.identifier for record in records] == ["idr:idr0002/1", "idr:idr0002/2", "idr:idr0002/3"]
    assert records[0].part_of == "idr:idr0002"
    assert [each.id for each in records[0].genes] == ["ENSEMBL:ENSG00000117399"]
    assert not any("mapr" in request.url for request in server.requests)


def test_images_that_do_not_add_up_are_refused(server, client):
    server.add(f"{SEARCH}/search/", json={"results": {"results": [image(1)], "size": 3, "bookmark": None}})
    with pytest.raises(ArchiveAnswerError, match=r"gave 1 images .* declares 3"):
        list(idr.search_images("Gene Symbol", "CDC20", client))


def test_a_search_that_finds_nothing_gives_an_empty_list(server, client):
    server.add(f"{SEARCH}/search/", json={"results": [], "notice": ""})
    assert list(idr.search_images("Gene Symbol", "no such gene", client)) == []


def test_an_image_tells_its_genes_phenotypes_and_compounds(server, client):
    pairs = [
        ["Gene Identifier", "ENSG00000117399"],
        ["Gene Symbol", "CDC20"],
        ["Compound Name", "nocodazole"],
        ["Compound PubChem URL", "https://pubchem.ncbi.nlm.nih.gov/compound/4122"],
        ["Phenotype", "shorter prophase"],
        ["Phenotype Term Name", "decreased duration of mitotic prophase phenotype"],
        ["Phenotype Term Accession", "CMPO_0000329"],
    ]
    annotation = {"ns": "openmicroscopy.org/omero/bulk_annotations", "values": pairs}
    server.add(f"{IDR}/webclient/api/annotations/?type=map&image=179706", json={"annotations": [annotation]})
    terms = idr.fetch_terms("image", 179706, client)
    assert {name: [each.id for each in found] for name, found in terms.items()} == {
        "genes": ["ENSEMBL:ENSG00000117399"],
        "phenotypes": ["CMPO:0000329"],
        "compounds": ["PUBCHEM:4122"],
        "anatomy": [],
    }


def test_a_study_of_which_only_the_page_tells(server, client, report):
    play_list(server, "screens", SCREENS[:1])
    play_list(server, "projects", [])
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json={"annotations": []})
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    server.add(f"{IDR}/study/idr0002/json/", json={"@type": "Dataset", "name": "A title", "license": licence})
    (page,) = idr.harvest(client, report)
    assert page.records[0].licence == "CC0-1.0"


SAMPLES = """\
OME-NGFF version,File Path,SizeX,SizeY,SizeZ,SizeC,SizeT,Axes,Wells,Fields,Keywords,License,Study,DOI,Date added,\
Representative Image ID,Thumbnail
0.1,https://livingobjects.ebi.ac.uk/idr/zarr/v0.1/179706.zarr,1344,1024,1,2,329,XYZCT,,,,CC BY 4.0,idr0002,,2020-11-04,179706,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,labels (0),CC BY 4.0,idr0062,,2022-01-01,6001240,
0.5,https://livingobjects.ebi.ac.uk/idr/zarr/v0.5/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,,CC BY-NC-SA 3.0,idr0062,,2024-01-01,6001240,
0.5,https://livingobjects.ebi.ac.uk/idr/zarr/v0.5/idr0033A/BR00109990_C2.zarr,2080,1552,,5,,XYC,,,bioformats2raw.layout (9 images),CC BY 4.0,idr0033,,2025-09-22,14002892,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0048A/9846151.zarr/,2947,5192,1402,3,1,XYZCT,,,bioformats2raw.layout,CC BY 4.0,idr0048,,2023-01-12,9846151,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0072B/9512.zarr,1024,1024,1,4,1,XYZCT,72,20,,CC BY 4.0,idr0072,,2022-01-01,1,
"""  # noqa: E501 - rows of a table
CHALLENGE = """\
url,written,origin,shape,shards,chunks,dimension_names,license,name,description,organismId,fbbiId,wells,images
https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0062/P 170.ome.zarr,417816396.00000006,x,\
"2,10,510,672","2,10,510,672","1,1,510,672","c,z,y,x",https://creativecommons.org/licenses/by/4.0/,n,d,NCBI:txid10090,\
obo:FBbi_00000246,90,90
"""


def test_images_that_can_be_opened_are_listed(server, client):
    play(server)
    server.add(f"{RAW}/IDR/ome-ngff-samples/main/_data/table.csv", body=SAMPLES.encode())
    server.add(f"{RAW}/ome/ome2024-ngff-challenge/main/samples/idr0062_samples.csv", body=CHALLENGE.encode())
    old, new, plate = idr.list_images("idr0062", client)
    assert (old.identifier, old.driver, old.format_version) == ("idr:idr0062/6001240", "ome_zarr", "0.4")
    assert (old.axes, old.shape) == (("c", "z", "y", "x"), (2, 236, 275, 271))
    assert old.labels == ("0",)
    assert old.url == "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr"
    # The same image in another version has a name of its own, and its own licence.
    assert new.identifier.startswith("idr:idr0062/6001240-")
    assert len(new.identifier) == len("idr:idr0062/6001240-") + 6
    assert new.licence == "CC-BY-NC-SA-3.0"
    assert plate.identifier == "idr:idr0062/P-170"
    assert plate.url.endswith("/P%20170.ome.zarr")
    assert (plate.wells, plate.size, plate.chunks) == (90, 417816396, (1, 1, 510, 672))
    assert [(each.name, each.taxon) for each in plate.organisms] == [("Mus musculus", 10090)]
    assert plate.part_of == "idr:idr0062"
    # A plate is not one image: it says how its fields are opened.
    assert plate.driver is None
    assert "open one field by its own address" in plate.access.how


def test_images_without_a_list_of_the_challenge_are_listed_all_the_same(server, client):
    play(server)
    server.add(f"{RAW}/IDR/ome-ngff-samples/main/_data/table.csv", body=SAMPLES.encode())
    assert len(idr.list_images("idr0062", client)) == 2


def test_old_versions_have_five_axes_and_no_driver(report):
    (record,) = idr_images.parse_samples(SAMPLES, report, accession="idr0002")
    assert (record.axes, record.shape) == (("t", "c", "z", "y", "x"), (329, 2, 1, 1024, 1344))
    assert record.driver is None
    assert "older than what can be opened here" in report.defects[0].text


def test_containers_and_plates(report):
    (container,) = idr_images.parse_samples(SAMPLES, report, accession="idr0033")
    assert container.url.endswith("BR00109990_C2.zarr/0")
    (plate,) = idr_images.parse_samples(SAMPLES, report, accession="idr0072")
    assert (plate.wells, plate.fields, plate.driver) == (72, 20, None)
    assert plate.url.endswith("/9512.zarr")
    (slashed,) = idr_images.parse_samples(SAMPLES, report, accession="idr0048")
    assert slashed.identifier == "idr:idr0048/9846151"
    assert slashed.url.endswith("/9846151.zarr/0")


def test_a_list_without_headings(report):
    line = "https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0013/LT0113_01.ome.zarr\n"
    (record,) = idr_images.parse_challenge(line, "idr0013", report)
    assert record.identifier == "idr:idr0013/LT0113_01"
    assert record.keywords == ("MitoCheck",)
    assert record.driver == "ome_zarr"
    (plate,) = idr_images.parse_challenge(line, "idr0013", report, plates=True)
    assert plate.driver is None
    (series,) = idr_images.parse_challenge(line.replace("idr0013", "idr0051"), "idr0051", report)
    assert series.url.endswith("/LT0113_01.ome.zarr/0")


def test_objects_of_a_screen_are_plates_though_their_list_does_not_say_so(server, client):
    play(server)
    line = "https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0013/LT0113_01.ome.zarr\n"
    server.add(f"{RAW}/IDR/ome-ngff-samples/main/_data/table.csv", body=SAMPLES.encode())
    server.add(f"{RAW}/ome/ome2024-ngff-challenge/main/samples/idr0013_samples.csv", body=line.encode())
    (plate,) = idr.list_images("idr0013", client)
    assert (plate.identifier, plate.driver) == ("idr:idr0013/LT0113_01", None)


def test_a_harvest_resumes_and_one_bad_study_costs_no_other(server, client, report, monkeypatch):
    monkeypatch.setattr(idr, "_PAGE", 1)
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/?screen=1101", times=9, status=404)
    pages = list(idr.harvest(client, report))
    assert [page.cursor for page in pages] == ["idr0002", "idr0013", "idr0041", "idr0062"]
    assert [len(page.records) for page in pages] == [1, 0, 1, 1]
    assert {page.total for page in pages} == {4}
    assert [loss.identifier for loss in report.losses] == ["idr:idr0013"]
    assert [page.cursor for page in idr.harvest(client, Report(), cursor="idr0041")] == ["idr0062"]
    later = idr.harvest(client, Report(), since=date(2020, 1, 1))
    assert next(iter(later)).records == ()


def test_a_study_that_always_fails_or_is_denied_costs_no_other(server, client, report):
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/?screen=1101", times=99, status=500)
    server.add(f"{IDR}/webclient/api/annotations/?project=404", status=403)
    (page,) = idr.harvest(client, report)
    assert [loss.identifier for loss in report.losses] == ["idr:idr0013", "idr:idr0041"]
    assert [record.identifier for record in page.records] == ["idr:idr0002", "idr:idr0062"]


def test_a_server_that_is_down_stops_the_harvest(server, client, report):
    play(server)
    server.fail(f"{IDR}/webclient/api/annotations/", times=99, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        list(idr.harvest(client, report))


def test_a_search_goes_on_without_its_search_engine(server, client, caplog):
    play(server)
    server.fail(f"{SEARCH}/searchbyvalue/", times=99, status=500)
    (found,) = idr.search("mitocheck", client)
    assert found.identifier == "idr:idr0013"
    assert "annotations of images were left out" in caplog.text
    server.requests.clear()
    assert len(idr.search(" ", client)) == 4
    assert not any("searchengine" in request.url for request in server.requests)


def test_what_is_not_there_is_told(server, client):
    play(server)
    with pytest.raises(RecordNotFoundError, match="lists no study idr9999, and 4 others"):
        idr.fetch_record("idr9999", client)
    with pytest.raises(RecordNotFoundError, match="look like idr0062"):
        idr.fetch_record("../etc", client)


def test_a_folder_that_is_none_is_told(server, client):
    play(server)
    server.add(f"{FILES}/idr0002-heriche-condensation/", body=b"<html>maintenance <a href='x'>x</a></html>")
    with pytest.raises(ArchiveAnswerError, match="no index page"):
        list(idr.list_files("idr0002", client))


def test_names_with_a_colon_are_listed_as_apache_writes_them(server, client):
    play(server)
    folder = f"{FILES}/idr0002-heriche-condensation"
    page = b"<h1>Index of x</h1><a href='?C=N'>N</a><a href='/'>Up</a><a href='./12:30%23a.tif'>12:30#a.tif</a>"
    server.add(f"{folder}/", body=b"<h1>Index of x</h1><a href='day/'>day/</a>")
    server.add(f"{folder}/day/", body=page + b"<a href='mailto:a@b.c'>c</a><a href='./'>.</a>")
    (file,) = idr.list_files("idr0002", client)
    assert (file.path, file.url) == ("day/12:30#a.tif", f"{folder}/day/12%3A30%23a.tif")
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        idr.resolve("idr0002", "../idr0013/a.tif", client)


def test_a_study_file_that_is_none_is_told(report):
    with pytest.raises(ArchiveAnswerError, match="expected one like idr0062"):
        idr_study.parse_study("<html>\n\n", report)


def test_more_genes_than_a_record_holds_are_left_out_and_noted(report):
    rows = [[("Gene Symbol", f"GENE{number}")] for number in range(idr_study.MOST_TERMS + 1)]
    kept = idr_study.limit_terms(idr_study.collect_terms(rows), "idr:idr0013", report)
    assert "genes" not in kept
    assert "2,001 are more than" in report.defects[0].text


@pytest.mark.parametrize("file", sorted(RECORDED.glob("studies/*/*-study.txt")), ids=lambda file: file.name)
def test_recorded_study_files(file, report):
    record = idr_study.parse_study(file.read_text(), report)
    assert record.identifier == f"idr:{file.name[:7]}"
    assert record.licence == "CC-BY-4.0"
    assert record.organisms[0].taxon
    assert record.methods[0].id
    assert record.released
    assert "@" not in record.model_dump_json()
    assert not report.defects


@pytest.mark.parametrize("file", sorted(RECORDED.glob("studies/*/*/*-annotation.csv")), ids=lambda file: file.name)
def test_recorded_annotation_tables(file):
    terms = idr_study.parse_table(file.read_text())
    named = {"idr0002": 102, "idr0018": 10, "idr0021": 9, "idr0052": 5, "idr0062": 1}
    count = named.get(file.name[:7])
    assert count is None or len(terms["genes"]) == count
    assert count is None or all(gene.id and gene.id.startswith("ENSEMBL:ENS") for gene in terms["genes"])


@pytest.mark.parametrize("file", sorted(RECORDED.glob("ome-ngff-samples/table.csv")), ids=lambda file: file.name)
def test_the_recorded_table_of_samples(file, report):
    records = idr_images.parse_samples(file.read_text(), report)
    assert len(records) == 101
    assert not report.losses
    assert all(record.shape for record in records)
    assert {defect.field for defect in report.defects} == {"driver"}


LISTS = sorted(RECORDED.parent.glob("ome-zarr-lists/ome2024-ngff-challenge/idr0*_samples.csv"))


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_recorded_lists_of_the_challenge(file, report):
    records = idr_images.parse_challenge(file.read_text(), file.name[:7], report)
    urls = {line.split(",")[0] for line in file.read_text().splitlines() if line.startswith("http")}
    assert len(records) == len(urls)
    assert not report.losses
    assert all((record.driver is None) == bool(record.wells) for record in records)


@given(text=damaged_text(STUDY_2))
def test_a_damaged_study_file_is_a_record_or_told(text):
    with suppress(CatalogError):
        idr_study.parse_study(text, Report(quiet=True))


@given(text=damaged_text(TABLE_2))
def test_a_damaged_annotation_table_is_read_or_told(text):
    with suppress(CatalogError):
        idr_study.parse_table(text)


@given(text=damaged_text(SAMPLES))
def test_a_damaged_table_of_samples_is_read_or_told(text):
    with suppress(CatalogError):
        idr_images.parse_samples(text, Report(quiet=True))


@given(document=damaged(PAIRS_2))
def test_damaged_annotations_are_a_record_or_told(document):
    with suppress(CatalogError):
        for _, pairs in omero.parse_pairs(document):
            idr_study.parse_info("idr0002", "idr0002-heriche-condensation", pairs, Report(quiet=True))
