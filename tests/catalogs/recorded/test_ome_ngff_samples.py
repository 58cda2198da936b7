"""IDR's table of OME-Zarr samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.recorded import ome_ngff_samples

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

FOLDER = ome_ngff_samples.FOLDER
HEAD = (
    "OME-NGFF version,File Path,SizeX,SizeY,SizeZ,SizeC,SizeT,Axes,Wells,Fields,Keywords,License,Study,DOI,Date added,"
    "Representative Image ID,Thumbnail\n"
)
ZARR = "https://livingobjects.ebi.ac.uk/idr/zarr"


def _parse(recorded: Recorded, report: Report, *rows: str) -> list[Record]:
    recorded.note(FOLDER, "IDR/ome-ngff-samples")
    recorded.write(f"{FOLDER}/table.csv", HEAD + "\n".join(rows) + "\n")
    return list(ome_ngff_samples.parse(recorded.folder, report))


def test_an_image_with_its_label_image(recorded: Recorded, report: Report) -> None:
    row = (
        f"0.4,{ZARR}/v0.4/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,labels (0),CC BY 4.0,idr0062,,2022-06-21,6001240,"
    )
    (record,) = _parse(recorded, report, row)
    assert record.identifier == "idr:idr0062/6001240"
    assert (record.axes, record.shape) == (("c", "z", "y", "x"), (2, 236, 275, 271))
    assert (record.labels, record.driver, record.licence) == (("0",), "ome_zarr", "CC-BY-4.0")
    assert record.source_url == "https://idr.openmicroscopy.org/webclient/?show=image-6001240"


def test_the_latest_version_comes_first(recorded: Recorded, report: Report) -> None:
    old = f"0.1,{ZARR}/v0.1/6001240.zarr,271,275,236,2,1,XYZCT,,,,CC BY 4.0,idr0062,,2020-11-04,6001240,"
    new = f"0.4,{ZARR}/v0.4/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,,CC BY 4.0,idr0062,,2022-06-21,6001240,"
    first, second = _parse(recorded, report, old, new)
    assert (first.format_version, first.driver) == ("0.4", "ome_zarr")
    assert (second.format_version, second.driver, second.axes) == ("0.1", "ome_zarr", ("t", "c", "z", "y", "x"))


def test_a_plate_counts_wells_and_fields(recorded: Recorded, report: Report) -> None:
    row = (
        f"0.4,{ZARR}/v0.4/idr0056B/7361.zarr,659,493,1,4,1,XYZCT,384,30,bioformats2raw.layout,CC BY 4.0,idr0056,,"
        f"2022-06-06,9621401,{ZARR}/v0.4/idr0056B/7361.zarr/A/1/0/"
    )
    (record,) = _parse(recorded, report, row)
    assert (record.wells, record.fields, record.images) == (384, 30, 11520)
    assert (record.shape, record.driver) == ((1, 4, 1, 493, 659), "ome_zarr")
    assert record.url == f"{ZARR}/v0.4/idr0056B/7361.zarr"


def test_an_image_in_a_group_has_the_address_of_its_series(recorded: Recorded, report: Report) -> None:
    row = (
        f"0.4,{ZARR}/v0.4/idr0048A/9846151.zarr/,2947,5192,1402,3,1,XYZCT,,,bioformats2raw.layout,CC BY 4.0,idr0048,,"
        f"2023-01-12,9846151,{ZARR}/v0.4/idr0048A/9846151.zarr/0/"
    )
    (record,) = _parse(recorded, report, row)
    assert (record.identifier, record.driver) == ("idr:idr0048/9846151", "ome_zarr")
    assert record.url == f"{ZARR}/v0.4/idr0048A/9846151.zarr/0"


def test_a_missing_size_leaves_the_shape_out_and_a_slash_does_not_matter(recorded: Recorded, report: Report) -> None:
    rows = (
        f"0.5,{ZARR}/v0.5/idr0010/76-45.ome.zarr,,520,1,2,1,XYZCT,384,1,,CC BY 4.0,idr0010,,2024-11-21,1921421,",
        f"0.4,{ZARR}/v0.4/idr0048A/9846151.zarr/,2947,5192,1402,3,1,XYZCT,,,,CC BY 4.0,idr0048,,2023-01-12,9846151,",
    )
    plate, brain = _parse(recorded, report, *rows)
    assert (plate.axes, brain.url) == ((), f"{ZARR}/v0.4/idr0048A/9846151.zarr")
    assert "[1, 2, 1, 520, None]" in report.defects[0].text


def test_names_of_labels_that_a_record_cannot_hold_are_told(recorded: Recorded, report: Report) -> None:
    row = (
        f"0.4,{ZARR}/v0.4/idr0052A/5514375.zarr,256,256,31,3,40,XYZCT,,,"
        '"labels (Cell, Chromosomes)",CC BY 4.0,idr0052,,2022-06-21,5514375,'
    )
    (record,) = _parse(recorded, report, row)
    assert record.labels == ()
    assert [each.field for each in report.defects] == ["labels", "labels"]


def test_the_study_of_an_image_by_its_number(recorded: Recorded, report: Report) -> None:
    _parse(recorded, report, f"0.1,{ZARR}/v0.1/6001240.zarr,1,1,1,1,1,XYZCT,,,,,idr0062,,,6001240,")
    assert ome_ngff_samples.read_studies(recorded.folder) == {"6001240": "idr0062"}
