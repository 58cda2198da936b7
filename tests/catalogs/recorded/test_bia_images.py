"""Images of the galleries of the BioImage Archive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.recorded import bia_images

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record
    from catalogs.recorded.conftest import Recorded

OLD = "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/EMPIAR-12377/42db9fb5"
NEW = "https://livingobjects.ebi.ac.uk/bia-integrator-data/EMPIAR-12377/42db9fb5"
LOBE = {
    "label": "Zebrafish lobe, Merkel cells",
    "submitted_in_study_accession": "EMPIAR-12377",
    "imaging_method": "Array Tomography SEM",
    "organism": "Danio rerio",
    "thumbnail_src": f"{OLD}/a.png",
    "ome_zarr_image_uri": f"{OLD}/2ec30de4.ome.zarr/0",
    **{"size_x": 1750, "size_y": 1376, "size_z": 81, "size_c": 1, "size_t": 1},
    **{"voxel_size_x": 1e-08, "voxel_size_y": 1e-08, "voxel_size_z": 6e-08},
}


def _parse(recorded: Recorded, report: Report, volumes: Any, tomograms: Any = None) -> list[Record]:
    recorded.note(bia_images.FOLDER, "BioImage-Archive/BIA-astro", "2026-04-15")
    folder = f"{bia_images.FOLDER}/collections"
    recorded.write(f"{folder}/vem_image_summaries.json", json.dumps(volumes))
    recorded.write(f"{folder}/tomp.json", json.dumps({"tomograms": tomograms or {}}))
    return list(bia_images.parse(recorded.folder, report))


def test_a_volume_has_sizes_and_voxels(recorded: Recorded, report: Report) -> None:
    (record,) = _parse(recorded, report, {"b1472fb9": LOBE})
    assert record.identifier == "empiar:EMPIAR-12377/Zebrafish-lobe-Merkel-cells"
    assert (record.axes, record.shape) == (("t", "c", "z", "y", "x"), (1, 1, 81, 1376, 1750))
    assert record.spacing == (None, None, 0.06, 0.01, 0.01)
    assert (record.url, record.thumbnail) == (f"{NEW}/2ec30de4.ome.zarr/0", f"{NEW}/a.png")
    assert (record.organisms[0].taxon, record.driver) == (7955, "ome_zarr")
    assert record.facts[0].source.endswith(":src/data/collections/vem_image_summaries.json")


def test_what_is_missing_is_left_out_and_told(recorded: Recorded, report: Report) -> None:
    few = {key: value for key, value in LOBE.items() if not key.startswith(("size_z", "voxel", "thumb", "organism"))}
    (record,) = _parse(recorded, report, {"a": {**few, "imaging_method": "Unknown"}, "b": {"label": "nothing else"}})
    assert (record.axes, record.spacing, record.methods, record.organisms) == ((), (), (), ())
    assert [defect.field for defect in report.defects] == ["shape"]
    assert [loss.identifier for loss in report.losses] == ["bia:b"]


def test_tomograms_belong_to_their_entry(recorded: Recorded, report: Report) -> None:
    tomogram = {"name": "12052022_BrnoKrios_Position_38", "ome_zarr_uri": f"{OLD}/0f0dad18.zarr/0"}
    (record,) = _parse(recorded, report, {}, {"a": tomogram, "b": {"name": "without address"}})
    assert record.identifier == "empiar:EMPIAR-11756/12052022_BrnoKrios_Position_38"
    assert (record.part_of, record.url) == ("empiar:EMPIAR-11756", f"{NEW}/0f0dad18.zarr/0")
    assert [loss.identifier for loss in report.losses] == ["empiar:EMPIAR-11756/b"]
