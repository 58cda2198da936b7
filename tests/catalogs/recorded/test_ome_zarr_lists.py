"""The lists of the OME 2024 NGFF challenge, with each of their defects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.recorded import ome_zarr_lists

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

FOLDER = ome_zarr_lists.FOLDER
HOST = "https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge"
HEAD = (
    "url,written,written_human_readable,origin,shape,shards,chunks,dimension_names,license,name,description,"
    "organismId,fbbiId,wells,images\n"
)
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def _parse(recorded: Recorded, report: Report, **lists: str) -> dict[str, Record]:
    recorded.note(FOLDER, "ome/ome2024-ngff-challenge")
    for name, text in lists.items():
        recorded.write(f"{FOLDER}/{name}.csv", text)
    return {record.identifier: record for record in ome_zarr_lists.parse(recorded.folder, report)}


def test_a_plate_with_all_that_a_list_tells(recorded: Recorded, report: Report) -> None:
    row = (
        f"{HOST}/idr0090/190129.zarr,1093406543308.8,1018.31 GB,https://idr.openmicroscopy.org/webclient/?show=plate-9301,"
        f'"5,31,2044,2048","1,10,2048,2048","1,1,1024,1024","c,z,y,x",{CC_BY},idr0090 Ashdown Malaria,prose,'
        "NCBI:txid36329,obo:FBbi_00000246,49,1568\n"
    )
    record = _parse(recorded, report, idr0090_samples=HEAD + row)["idr:idr0090/190129"]
    assert (record.part_of, record.title) == ("idr:idr0090", "idr0090 Ashdown Malaria: 190129")
    assert (record.axes, record.shape) == (("c", "z", "y", "x"), (5, 31, 2044, 2048))
    assert (record.chunks, record.shards) == ((1, 1, 1024, 1024), (1, 10, 2048, 2048))
    assert (record.wells, record.fields, record.images, record.size) == (49, 32, 1568, 1093406543308)
    assert (record.licence, record.licence_url) == ("CC-BY-4.0", CC_BY)
    assert (record.organisms[0].taxon, record.methods[0].id) == (36329, "FBbi:00000246")
    assert (record.driver, record.format_version, record.url) == ("ome_zarr", "0.5", f"{HOST}/idr0090/190129.zarr")
    assert record.source_url == "https://idr.openmicroscopy.org/webclient/?show=plate-9301"
    assert record.facts[0].source.endswith("@6571a5e29304:samples/idr0090_samples.csv")
    assert record.description is None
    assert report.defects == []


def test_a_list_without_a_head_line_is_addresses_alone(recorded: Recorded, report: Report) -> None:
    urls = f"{HOST}/idr0013/LT0113_01.ome.zarr\n{HOST}/idr0013/LT0103_12.ome.zarr\n\n"
    found = _parse(recorded, report, idr0013_samples=urls)
    assert list(found) == ["idr:idr0013/LT0113_01", "idr:idr0013/LT0103_12"]
    record = found["idr:idr0013/LT0113_01"]
    assert (record.shape, record.driver, record.size) == ((), "ome_zarr", None)
    assert record.title == "LT0113_01 of idr0013"


def test_images_in_a_group_have_the_address_of_their_series(recorded: Recorded, report: Report) -> None:
    head = "url,written,shape,dimension_names,series0\n"
    zarr = "https://radosgw.public.os.wwu.de/n4bi-goe/Platynereis-H2B-TL.ome.zarr"
    row = f'{zarr},2352780058,"192,1024,1024","z,y,x",setup0/timepoint0\n'
    found = _parse(recorded, report, flamingo=head + row, a=f"{HOST}/idr0026/3.49.6.ome.zarr\n")
    assert found["ngff-challenge:flamingo/Platynereis-H2B-TL"].url == f"{zarr}/setup0/timepoint0"
    assert found["idr:idr0026/3.49.6"].url == f"{HOST}/idr0026/3.49.6.ome.zarr/0"


def test_lists_of_lists_hold_no_images(recorded: Recorded, report: Report) -> None:
    lists = "source,url\n\nIDR,https://raw.githubusercontent.com/ome/ome2024-ngff-challenge/main/samples/other.csv\n"
    bare = "https://raw.githubusercontent.com/TheJacksonLaboratory/jax-ngff-challenge-2024/KOMP_adult_lacZ.csv\n"
    assert _parse(recorded, report, idr_samples=lists, jax_samples=bare) == {}


def test_an_image_of_two_lists_is_one_record_of_the_fuller_one(recorded: Recorded, report: Report) -> None:
    bare = f"{HOST}/idr0044/4007801.zarr\n"
    told = f'{HOST}/idr0044/4007801.zarr,65024277657,,,"532,2,988,2048,2169",,,"t,c,z,y,x",{CC_BY},,,,,,\n'
    for names in (("idr0044_samples", "other_samples"), ("b", "a")):
        found = _parse(recorded, report, **{names[0]: bare, names[1]: HEAD + told})
        assert found["idr:idr0044/4007801"].shape == (532, 2, 988, 2048, 2169)
        assert len(found) == 1


def test_five_sizes_without_names_are_all_axes_and_fewer_are_not_guessed(recorded: Recorded, report: Report) -> None:
    rows = (
        f'{HOST}/idr0010/76-45.ome.zarr,1,,,"1,2,1,520,696",,,,{CC_BY},,,,,,\n'
        f'{HOST}/idr0010/65-12.ome.zarr,1,,,"[1, 2, 1, 520, 696]",,,,{CC_BY},,,,,,\n'
        f'{HOST}/idr0010/65-13.ome.zarr,1,,,"2,520,696",,,,{CC_BY},,,,,,\n'
    )
    found = _parse(recorded, report, idr0010_samples=HEAD + rows)
    assert found["idr:idr0010/76-45"].axes == ("t", "c", "z", "y", "x")
    assert found["idr:idr0010/65-12"].shape == (1, 2, 1, 520, 696)
    assert found["idr:idr0010/65-13"].shape == ()
    assert [(each.identifier, each.field) for each in report.defects] == [("idr:idr0010/65-13", "shape")]


def test_axes_in_another_order_are_left_out(recorded: Recorded, report: Report) -> None:
    head = "url,origin,written,shape,shards,chunks,dimension_names,license,name,description,organismId,fbbiId\n"
    row = (
        "https://data-humerus.webknossos.org/data/zarr3_experimental/MPI_Brain_Research/e2198/color,"
        'https://webknossos.org/publications/5c5a,1119829651012,"1,4864,20992,12928",,"1,32,32,32","c,x,y,z",,,,,\n'
    )
    found = _parse(recorded, report, webknossos_samples=head + row)
    record = found["ngff-challenge:webknossos/e2198-color"]
    assert (record.axes, record.shape, record.chunks, record.driver) == ((), (), (), "ome_zarr")
    assert record.size == 1119829651012
    assert "are not in the order t, c, z, y, x" in report.defects[0].text
    study = found["ngff-challenge:webknossos"]
    assert (study.kind, study.images, record.part_of) == ("study", 1, study.identifier)


def test_chunks_that_do_not_fit_cost_only_themselves(recorded: Recorded, report: Report) -> None:
    row = f'{HOST}/idr0011/P.ome.zarr,1,,,"1,3,21,512,672","1,3,21,512,672","1,1",,{CC_BY},,,,,,\n'
    record = _parse(recorded, report, idr0011_samples=HEAD + row)["idr:idr0011/P"]
    assert (record.chunks, record.shards) == ((), (1, 3, 21, 512, 672))
    assert report.defects[0].field == "chunks"


def test_the_study_is_found_by_origin_and_by_name(recorded: Recorded, report: Report) -> None:
    head = "url,written,origin,shape,license,name,organismId,fbbiId\n"
    ebi = "https://livingobjects.ebi.ac.uk/ebi-ngff-challenge-2024/"
    rows = (
        f"{ebi}a.zarr,1,https://www.ebi.ac.uk/biostudies/BioImages/studies/S-BIAD606,,{CC_BY},Sea spider,,\n"
        f"{ebi}b.zarr,1,https://www.ebi.ac.uk/empiar/EMPIAR-10310/,,{CC_BY},FIB-SEM,NCBI:txid6359,\n"
    )
    ssbd = "https://dmss3gw.riken.jp/ssbd/zarr/v0.5/038d16f4.zarr,1,,,,48-Susaki-MouseBrainCUBIC/Fig3A,,\n"
    found = _parse(recorded, report, ebi=head + rows, ssbd_samples=head + ssbd)
    assert found["bia:S-BIAD606/a"].part_of == "bia:S-BIAD606"
    assert found["ssbd:48-Susaki-MouseBrainCUBIC/038d16f4"].title == "48-Susaki-MouseBrainCUBIC/Fig3A: 038d16f4"
    origin = found["empiar:EMPIAR-10310"]
    assert (origin.kind, origin.licence, origin.organisms[0].name) == ("study", None, "Platynereis dumerilii")


def test_a_cell_line_knows_its_organism_better_than_the_taxon(recorded: Recorded, report: Report) -> None:
    head = "url,origin,name,organismId\n"
    row = "https://livingobjects.ebi.ac.uk/x/a.zarr,https://www.ebi.ac.uk/x/S-BIAD144,HeLa cells,NCBI:txid9601\n"
    found = _parse(recorded, report, ebi=head + row)["bia:S-BIAD144/a"]
    assert [each.taxon for each in found.organisms] == [9606]
    assert "Pongo abelii is stated and 'HeLa cells' is Homo sapiens" in report.defects[0].text


def test_unknown_taxa_methods_and_licences_are_told(recorded: Recorded, report: Report) -> None:
    row = f"{HOST}/idr0054/Tonsil 1.zarr,1,,,,,,,do what you like,,,NCBI:txid99999999,NCIT_C182027,,\n"
    record = _parse(recorded, report, idr0054_samples=HEAD + row)["idr:idr0054/Tonsil-1"]
    assert (record.organisms, record.methods, record.licence) == ((), (), "LicenseRef-other")
    assert record.url == f"{HOST}/idr0054/Tonsil%201.zarr"
    assert {each.field for each in report.defects} == {"organisms", "methods", "licence"}


def test_hostile_rows_do_no_harm(recorded: Recorded, report: Report) -> None:
    rows = (
        f"{HOST}/idr0001/../../../etc/passwd.zarr,1,,,,,,,,<script>alert(1)</script>\x1b[31m,,,,,\n"
        "javascript:alert(1).zarr,1,,,,,,,,,,,,,\n"
        f'{HOST}/idr0001/"onload=.zarr,-5,,,"9999999999999999999999,1,1,1,1",,,,,,,,,,\n'
    )
    for record in _parse(recorded, report, idr0001_samples=HEAD + rows).values():
        assert "\x1b" not in record.title
        assert record.url is not None
        assert record.url.startswith("https://livingobjects.ebi.ac.uk/")
        assert ".." not in record.name
