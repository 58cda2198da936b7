"""Filesets of IDR as objects of the BioImage Archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.recorded import mkngff, ome_zarr_lists

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from catalogs.recorded.conftest import Recorded

UUID = "0046b0d0-f20b-4482-84b1-4b2b154865fd"
STORE = "https://livingobjects.ebi.ac.uk/bia-integrator-data"


def _note(recorded: Recorded) -> None:
    recorded.note(mkngff.FOLDER, "IDR/mkngff_upgrade_scripts", "2024-06-18")
    recorded.note(ome_zarr_lists.FOLDER, "ome/ome2024-ngff-challenge")


def test_an_object_of_the_store(recorded: Recorded, report: Report) -> None:
    _note(recorded)
    recorded.write(f"{mkngff.FOLDER}/idr0010.csv", f"idr0010/76-45.ome.zarr,S-BIAD885/{UUID},22563\n")
    (record,) = mkngff.parse(recorded.folder, report)
    assert (record.identifier, record.part_of) == ("idr:idr0010/76-45", "idr:idr0010")
    assert record.url == f"{STORE}/S-BIAD885/{UUID}/{UUID}.zarr/0"
    assert (record.related, record.source_accession) == (("bia:S-BIAD885",), "S-BIAD885")
    assert (record.shape, record.driver, record.format_version) == ((), "ome_zarr", None)


def test_a_plate_of_a_screen_opens_as_one_image(recorded: Recorded, report: Report) -> None:
    _note(recorded)
    recorded.write("idr/website/studies.tsv", "Study\tContainer\nidr0010-doil-dnadamage\tscreenA\n")
    recorded.write(f"{mkngff.FOLDER}/idr0010.csv", f"idr0010/76-45.ome.zarr,S-BIAD885/{UUID},22563\n")
    (record,) = mkngff.parse(recorded.folder, report)
    assert (record.url, record.driver) == (f"{STORE}/S-BIAD885/{UUID}/{UUID}.zarr", "ome_zarr")


def test_local_paths_and_repeated_lines_give_no_record(recorded: Recorded, report: Report) -> None:
    _note(recorded)
    line = f"idr0010/76-45.ome.zarr,S-BIAD885/{UUID},22563\n"
    recorded.write(f"{mkngff.FOLDER}/idr0010.csv", line)
    recorded.write(f"{mkngff.FOLDER}/idr0010_more.csv", line + "one value\n")
    recorded.write(f"{mkngff.FOLDER}/idr0011_four.csv", "idr0011/P15.ome.zarr,P15.ome.zarr,21851\n")
    recorded.write(f"{mkngff.FOLDER}/idr0013_three.csv", "LT0066_23,LT0066_23--ex2005.ome.zarr,18568\n")
    recorded.write(f"{mkngff.FOLDER}/idr_filesets.csv", "12909,P101.ome.zarr,idr0004/P101.ome.zarr\n")
    assert [record.identifier for record in mkngff.parse(recorded.folder, report)] == ["idr:idr0010/76-45"]


def test_the_shape_is_that_of_the_converted_copy_where_all_axes_are_stated(recorded: Recorded, report: Report) -> None:
    _note(recorded)
    host = "https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge"
    recorded.write(
        f"{mkngff.FOLDER}/idr0010.csv",
        f"idr0010/76-45.ome.zarr,S-BIAD885/{UUID},22563\nidr0004/P170.ome.zarr,S-BIAD867/{UUID},12953\n",
    )
    recorded.write(
        f"{ome_zarr_lists.FOLDER}/a.csv",
        "url,shape,dimension_names,wells,images\n"
        f'{host}/idr0010/76-45.ome.zarr,"1,2,1,520,696",,384,384\n'
        f'{host}/idr0004/P170.ome.zarr,"2,10,510,672","c,z,y,x",90,90\n',
    )
    full, partial = mkngff.parse(recorded.folder, report)
    assert (full.shape, full.wells) == ((1, 2, 1, 520, 696), 384)
    assert full.facts[1].source.endswith("samples/a.csv")
    assert "shape" in full.facts[1].fields
    assert partial.shape == ()
