"""EMDB, played from answers in its shape; the facts are of EMD-3001 (doi:10.1038/nature15368) and its neighbours."""

from __future__ import annotations

import gzip
from contextlib import suppress

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import emdb
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.catalog import Catalog
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    CatalogError,
    IncompleteHarvestError,
    InvalidEntryError,
    RecordNotFoundError,
)
from servers.damage import damaged, damaged_text

API = "https://www.ebi.ac.uk/emdb/api"
FILES = "https://ftp.ebi.ac.uk/pub/databases/emdb/structures"
ENTRY = {
    "emdb_id": "EMD-3001",
    "admin": {
        "title": "MicroED structure of the segment, GVVHGVTTVA, from the A53T familial mutant of alpha-synuclein",
        "current_status": {"code": {"valueOf_": "REL"}, "processing_site": "PDBe"},
        "key_dates": {"deposition": "2015-04-27", "map_release": "2015-09-09", "update": "2024-05-08"},
        # One author is written alone, not in a list.
        "authors_list": {"author": {"valueOf_": "Rodriguez JA", "order": 1}},
    },
    "crossreferences": {
        "citation_list": {
            "primary_citation": {
                "citation_type": {
                    "author": [{"valueOf_": "Rodriguez JA"}],
                    "title": "Structure of the toxic core of alpha-synuclein from invisible crystals",
                    "journal": "Nature",
                    "year": 2015,
                    "external_references": [
                        {"type_": "PUBMED", "valueOf_": "26352473"},
                        {"type_": "DOI", "valueOf_": "doi:10.1038/nature15368"},
                    ],
                }
            }
        },
        "emdb_list": {"emdb_reference": {"emdb_id": "EMD-3028"}},
        "pdb_list": {"pdb_reference": [{"pdb_id": "4znn"}]},
    },
    "sample": {
        "name": {"valueOf_": "segment of alpha-synuclein"},
        "macromolecule_list": {
            "macromolecule": {
                "instance_type": "protein_or_peptide",
                "name": {"valueOf_": "Alpha-synuclein"},
                "natural_source": {"organism": {"valueOf_": "Homo sapiens", "ncbi": 9606}},
                "sequence": {"external_references": [{"type_": "UNIPROTKB", "valueOf_": "P37840"}]},
            }
        },
    },
    "structure_determination_list": {
        "structure_determination": {
            "method": "electronCrystallography",
            "image_processing": {"final_reconstruction": {"resolution": {"valueOf_": "1.4", "units": "Å"}}},
        }
    },
    "map": {
        "file": "emd_3001.map.gz",
        "format": "CCP4",
        "size_kbytes": 308,
        "data_type": "IMAGE STORED AS FLOATING POINT NUMBER (4 BYTES)",
        "dimensions": {"col": 73, "row": 43, "sec": 25},
        "axis_order": {"fast": "X", "medium": "Y", "slow": "Z"},
        "pixel_spacing": {
            "x": {"valueOf_": 0.97, "units": "Å"},
            "y": {"valueOf_": "0.11", "units": "nm"},
            "z": {"valueOf_": "0.7", "units": "Å"},
        },
    },
    "interpretation": {
        "half_map_list": {"half_map": [{"file": "emd_3001_half_map_1.map.gz"}, {"file": "emd_3001_half_map_2.map.gz"}]},
        "segmentation_list": {"segmentation": {"file": "emd_3001_msk_1.map"}},
        "additional_map_list": {"additional_map": {"file": "../../../etc/passwd"}},
    },
}
HEADER = (
    "emdb_id,title,structure_determination_method,resolution,fitted_pdbs,current_status,deposition_date,"
    "map_release_date,xref_DOI,xref_PUBMED,xref_UNIPROTKB,xref_EMPIAR\n"
)
ROW = (
    'EMD-3001,"MicroED structure of the segment, GVVHGVTTVA",electronCrystallography,1.4,4znn,{status},'
    "2015-04-27T00:00:00Z,2015-09-09T00:00:00Z,doi:10.1038/nature15368,26352473,P37840,\n"
)
SUBTOMOGRAM = (
    "EMD-3197,Sub-tomogram average of vesicle-forming membrane,subtomogramAveraging,,,REL,"
    '2015-10-01T00:00:00Z,2016-01-13T00:00:00Z,,,,"EMPIAR-10064,EMPIAR-10065"\n'
)


def play_entry(server, entry=None, empiar=""):
    server.add(f"{API}/entry/EMD-3001", json=entry or ENTRY)
    server.add(f"{API}/search/emdb_id:EMD-3001", body=f"emdb_id,xref_EMPIAR\nEMD-3001,{empiar}\n".encode())


def play_search(server, query, rows, released, page=1):
    server.add(f"{API}/search/{query}?page={page}&wt=csv", body=(HEADER + "".join(rows)).encode())
    server.add(f"{API}/facet/{query}?field=current_status", json={"current_status": {"rel": released}})


def test_the_whole_way(server, client):
    play_search(server, "synuclein", [ROW.format(status="REL")], 1)
    play_entry(server, empiar="EMPIAR-10064")
    map_bytes = gzip.compress(b"a map")
    server.add(f"{FILES}/EMD-3001/map/emd_3001.map.gz", body=map_bytes)

    (found,) = emdb.search("synuclein", client)
    record = emdb.fetch_record(found.source_accession, client)
    files = list(emdb.list_files("EMD-3001", client))
    url = emdb.resolve("EMD-3001", files[0].path, client)

    assert client.get_bytes(url) == map_bytes
    assert record.url == files[0].url == url
    assert Catalog([record])["emdb:EMD-3001"] == record
    assert "Rodriguez" in record.cite()
    assert "10.1038/nature15368" in record.cite()
    assert "EMD-3001" in record.cite("bibtex")


def test_an_entry_says_what_is_in_the_map(server, client):
    play_entry(server, empiar="EMPIAR-10064")
    record = emdb.fetch_record("EMD-3001", client)
    assert (record.axes, record.shape, record.dtype) == (("z", "y", "x"), (25, 43, 73), "float32")
    # Angstrom and nanometres, wrapped or not, become micrometres.
    assert record.spacing == pytest.approx((0.7e-4, 1.1e-4, 0.97e-4))
    assert record.size == 1024 + 4 * 25 * 43 * 73
    assert [(each.name, each.id) for each in record.proteins] == [("Alpha-synuclein", "UniProtKB:P37840")]
    assert [(each.name, each.taxon) for each in record.organisms] == [("Homo sapiens", 9606)]
    assert record.technologies == ("electron diffraction",)
    assert record.related == ("emdb:EMD-3028", "empiar:EMPIAR-10064")
    assert record.keywords == ("PDB 4znn",)
    assert record.licence == "CC0-1.0"
    assert record.driver == "mrc"
    assert str(record.released) == "2015-09-09"


def test_axes_are_named_whichever_way_the_file_is_stored(report):
    stored = ENTRY["map"] | {"axis_order": {"fast": "Z", "medium": "Y", "slow": "X"}}
    record = emdb.parse_entry(ENTRY | {"map": stored}, report)
    assert record.shape == (73, 43, 25)


def test_a_map_without_size_is_kept_and_noted(report):
    record = emdb.parse_entry(ENTRY | {"map": ENTRY["map"] | {"dimensions": {"col": "?"}}}, report)
    assert record.axes == ()
    assert report.defects[0].field == "shape"


def test_files_are_those_of_the_entry_and_none_leads_out_of_it(report):
    paths = [file.path for file in emdb.parse_files(ENTRY, report)]
    assert paths == [
        "map/emd_3001.map.gz",
        "header/emd-3001-v30.xml",
        "other/emd_3001_half_map_1.map.gz",
        "other/emd_3001_half_map_2.map.gz",
        "masks/emd_3001_msk_1.map",
    ]
    assert "passwd" in report.defects[0].text


def test_obsolete_entries_say_what_to_use(report):
    admin = ENTRY["admin"] | {
        "current_status": {"code": {"valueOf_": "OBS"}},
        "obsolete_list": {"entry": {"entry": "EMD-3028", "date": "2020-01-01"}},
    }
    record = emdb.parse_entry(ENTRY | {"admin": admin}, report)
    assert record.access.kind == "none"
    assert "use EMD-3028" in record.access.how
    assert record.url is None


def test_entries_on_hold_say_so(report):
    admin = ENTRY["admin"] | {"current_status": {"code": {"valueOf_": "HPUB"}}}
    record = emdb.parse_entry(ENTRY | {"admin": admin}, report)
    assert "not released yet (status HPUB)" in record.access.how


def test_a_search_leaves_obsolete_entries_out_and_checks_the_rest(server, client):
    # The table holds obsolete rows, the facets count the released ones alone.
    play_search(server, "membrane", [ROW.format(status="OBS"), SUBTOMOGRAM], 1)
    (record,) = emdb.search("membrane", client)
    assert record.identifier == "emdb:EMD-3197"
    assert record.related == ("empiar:EMPIAR-10064", "empiar:EMPIAR-10065")
    assert record.technologies == ("cryo-electron tomography",)


def test_a_search_that_is_not_whole_is_refused(server, client):
    play_search(server, "membrane", [SUBTOMOGRAM], 2)
    with pytest.raises(IncompleteHarvestError, match="gave 1 released entries; its facets count 2"):
        emdb.search("membrane", client)


def test_query_syntax_is_taken_for_words(server, client):
    query = "%5C%28a%5C%3A%2A".replace("%2A", "%5C%2A")
    play_search(server, query, [], 0)
    assert emdb.search("(a:*", client) == []


def test_a_harvest_pages_to_the_declared_total_and_names_what_is_lost(server, client, report, monkeypatch):
    monkeypatch.setattr(emdb, "_ROWS", 2)
    query = "current_status%3A%22REL%22"
    play_search(server, query, [ROW.format(status="REL"), SUBTOMOGRAM], 3, page=1)
    play_search(server, query, ["not-an-id,,,,,REL,,,,,,\n"], 3, page=2)
    pages = list(emdb.harvest(client, report))
    assert [len(page.records) for page in pages] == [2, 0]
    assert [page.rows for page in pages] == [2, 1]
    assert [page.cursor for page in pages] == ["2", "3"]
    assert {page.total for page in pages} == {3}
    assert report.losses[0].identifier == "emdb:not-an-id"
    # It goes on where it stopped.
    assert [page.rows for page in emdb.harvest(client, report, cursor="2")] == [1]


def test_since_asks_for_newer_maps(server, client, report):
    from datetime import date

    query = "current_status%3A%22REL%22%20AND%20map_release_date%3A%5B2016-01-01T00%3A00%3A00Z%20TO%20%2A%5D"
    play_search(server, query, [SUBTOMOGRAM], 1)
    (page,) = emdb.harvest(client, report, since=date(2016, 1, 1))
    assert page.records[0].identifier == "emdb:EMD-3197"


def test_a_count_of_none_beside_rows_is_told(server, client, report):
    play_search(server, "current_status%3A%22REL%22", [SUBTOMOGRAM], 0)
    with pytest.raises(ArchiveAnswerError, match="its facets count none"):
        list(emdb.harvest(client, report))


def test_unknown_entries_are_told(server, client):
    with pytest.raises(RecordNotFoundError, match="EMD-99999"):
        emdb.fetch_record("EMD-99999", client)
    with pytest.raises(ArchiveAnswerError, match="expected a relative one"):
        emdb.resolve("EMD-3001", "../EMD-3002/map.gz", client)


@pytest.mark.parametrize("accession", ["3001", "EMD-1/../x", "emd-3001", ""])
def test_what_is_no_accession_is_never_asked(server, client, accession):
    with pytest.raises(RecordNotFoundError, match="look like EMD-3001"):
        emdb.fetch_record(accession, client)
    assert server.requests == []


def test_too_many_requests_are_waited_out(server, client):
    play_entry(server)
    server.fail(f"{API}/entry/EMD-3001", times=2, status=429, headers={"Retry-After": "0"})
    assert emdb.fetch_record("EMD-3001", client).identifier == "emdb:EMD-3001"
    server.fail(f"{API}/entry/EMD-3001", times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        emdb.fetch_record("EMD-3001", client)


def test_the_entry_is_given_though_the_search_is_down(server, client):
    server.add(f"{API}/entry/EMD-3001", json=ENTRY)
    assert emdb.fetch_record("EMD-3001", client).related == ("emdb:EMD-3028",)


def test_an_answer_that_is_no_table_is_told(server, client):
    server.add(f"{API}/search/apoferritin", body=b"<html>maintenance</html>")
    with pytest.raises(ArchiveAnswerError, match="expected a table with the column emdb_id"):
        emdb.search("apoferritin", client)


@pytest.mark.parametrize("document", [{}, [], {"emdb_id": None}, {"emdb_id": "EMD-1/../../x"}, "text"])
def test_documents_of_another_shape_are_told(document, report):
    with pytest.raises(ArchiveAnswerError, match="expected one like EMD-3001"):
        emdb.parse_entry(document, report)


def test_an_entry_without_title_is_no_record(report):
    with pytest.raises(InvalidEntryError, match="emdb:EMD-3001 does not make a record: title"):
        emdb.parse_entry(ENTRY | {"admin": {}}, report)


def test_hostile_text_becomes_a_line(report):
    admin = ENTRY["admin"] | {"title": "\x1b[31m<script>\n" + "x" * 10_000_000}
    record = emdb.parse_entry(ENTRY | {"admin": admin}, report)
    assert record.title.startswith("[31m<script> x")
    assert len(record.title) <= 2000


@given(document=damaged(ENTRY))
def test_a_damaged_entry_is_a_record_or_told(document):
    with suppress(CatalogError):
        emdb.parse_entry(document, Report(quiet=True))
        emdb.parse_files(document, Report(quiet=True))


@given(text=damaged_text(HEADER + ROW.format(status="REL") + SUBTOMOGRAM))
def test_a_damaged_table_is_read_or_told(text):
    with suppress(CatalogError):
        for row in emdb.parse_rows(text):
            emdb.parse_row(row, Report(quiet=True))
