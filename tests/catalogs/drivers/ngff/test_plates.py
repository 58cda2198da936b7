"""Plates as ome-zarr-py writes them: one lazy array over wells and fields of view."""

from __future__ import annotations

import json
import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.catalogs.drivers.ngff.plates import name_well
from bioimagehub.catalogs.drivers.ome_zarr import open_array, open_tree, scan
from bioimagehub.catalogs.errors import (
    ChangedFileError,
    UnknownImageError,
    UnknownLabelError,
    UnreadableImageError,
)
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.ngff.stores import make_image, open_group, write_image, write_plate
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

WELLS = {"A/1": 2, "A/2": 2, "B/1": 2, "B/10": 2}


@pytest.fixture(params=["0.4", "0.5"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestPlate(DriverContract):
    """A whole plate as one array."""

    driver = "ome_zarr"

    def write(self, folder: Path) -> Written:
        images = write_plate(folder / "plate.zarr", "0.5", WELLS, label="cells")
        pixels = np.array(list(images.values()))
        coords = {"well": ["A1", "A2", "B1", "B10"], "x": 0.5 * np.arange(24)}
        return Written(
            folder / "plate.zarr",
            pixels,
            ("well", "field", "c", "y", "x"),
            levels=[pixels, pixels[..., ::2, ::2]],
            labels={"cells": pixels[:, :, 0] % 7},
            coords=coords,
            units={"x": "micrometer"},
            opening=8,
        )


@pytest.mark.parametrize(("well", "number"), [("A1", 0), ("B10", 3), ("B/1", 2)])
def test_one_well(tmp_path: Path, version: str, well: str, number: int) -> None:
    images = list(write_plate(tmp_path / "p", version, WELLS).values())
    found = open_array(str(tmp_path / "p"), well=well)
    assert found.dims == ("field", "c", "y", "x")
    np.testing.assert_array_equal(found.values, np.array(images[number]))
    assert found["field"].values.tolist() == [0, 1]


def test_one_field(tmp_path: Path, version: str) -> None:
    images = write_plate(tmp_path / "p", version, WELLS, label="cells")
    found = open_array(str(tmp_path / "p"), field=1)
    assert found.dims == ("well", "c", "y", "x")
    np.testing.assert_array_equal(found.values, np.array([fields[1] for fields in images.values()]))
    one = open_array(str(tmp_path / "p"), well="A2", field="1", level=1)
    assert one.dims == ("c", "y", "x")
    np.testing.assert_array_equal(one.values, images["A/2"][1][:, ::2, ::2])
    label = open_array(str(tmp_path / "p"), well="A2", field=1, label="cells")
    np.testing.assert_array_equal(label.values, images["A/2"][1][0] % 7)


def test_a_well_by_its_own_address(tmp_path: Path, version: str) -> None:
    images = write_plate(tmp_path / "p", version, WELLS)
    found = open_array(str(tmp_path / "p" / "B" / "1"))
    assert found.dims == ("field", "c", "y", "x")
    np.testing.assert_array_equal(found.values, np.array(images["B/1"]))
    np.testing.assert_array_equal(open_array(str(tmp_path / "p/B/1"), field=1).values, images["B/1"][1])
    np.testing.assert_array_equal(open_array(str(tmp_path / "p/B/1/0")).values, images["B/1"][0])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"well": "C7"}, r"no image 'C7'. It holds 0: 'A1', 1: 'A2'.*Choose one of these with `well`"),
        ({"well": "A1", "field": 2}, r"well A1 of .* no image 2. .*Choose one of these with `field`"),
        ({"series": 0}, r"has no series 0: it is a plate or well. Leave `series` out"),
    ],
)
def test_what_is_not_there_is_told(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    write_plate(tmp_path / "p", "0.4", WELLS)
    with pytest.raises(UnknownImageError, match=told):
        open_array(str(tmp_path / "p"), **options)


def test_wells_are_of_plates_alone(tmp_path: Path) -> None:
    write_image(open_group(tmp_path / "i", "0.4"), make_image(0), "0.4")
    with pytest.raises(UnknownImageError, match=r"no well 'A1': it is no plate"):
        open_array(str(tmp_path / "i"), well="A1")


def test_label_image_that_is_not_there(tmp_path: Path) -> None:
    write_plate(tmp_path / "p", "0.4", WELLS, label="cells")
    with pytest.raises(UnknownLabelError, match=r"no label image 'nuclei' .*A/1/0: its label images are cells"):
        open_array(str(tmp_path / "p"), label="nuclei")


# ---- plates that are not regular


def test_wells_of_fewer_fields_are_told(tmp_path: Path, version: str) -> None:
    """When pixels are read that are not there; with an index, when it is opened."""
    path = tmp_path / "p"
    images = write_plate(path, version, {"A/1": 2, "A/2": 1})
    found = open_array(str(path))
    np.testing.assert_array_equal(found.sel(well="A1").values, np.array(images["A/1"]))
    told = r"well A2 of .* has the fields of view 0; in one array each well has 0, 1.*`well`.*`field`.*open_tree"
    with pytest.raises(UnreadableImageError, match=told):
        found.values  # noqa: B018 - reading is what is tested
    with pytest.raises(UnreadableImageError, match=told):
        open_array(Place(str(path), layout=scan(str(path))))
    np.testing.assert_array_equal(
        open_array(str(path), field=0).values[:, 0], [images["A/1"][0][0], images["A/2"][0][0]]
    )
    assert open_tree(str(path))["A2/0"]["image"].shape == (1, 2, 20, 24)


def test_wells_of_more_fields_are_told(tmp_path: Path) -> None:
    write_plate(tmp_path / "p", "0.4", {"A/1": 1, "A/2": 2}, field_count=2)
    with pytest.raises(UnreadableImageError, match=r"wells of 2 fields of view, and A1 has 1. Open one well"):
        open_array(str(tmp_path / "p"))


def test_more_fields_than_declared_are_told_when_read(tmp_path: Path) -> None:
    """None is left out silently."""
    write_plate(tmp_path / "p", "0.4", {"A/1": 1, "A/2": 2})
    found = open_array(str(tmp_path / "p"))
    with pytest.raises(UnreadableImageError, match=r"well A2 .* has the fields of view 0, 1"):
        found.values  # noqa: B018 - reading is what is tested


def test_field_of_another_shape_is_told(tmp_path: Path, version: str) -> None:
    path = tmp_path / "p"
    write_plate(path, version, WELLS)
    shutil.rmtree(path / "B" / "1" / "1")
    write_image(open_group(path / "B" / "1" / "1", version), make_image(0, (2, 18, 24)), version)
    found = open_array(str(path))
    found.sel(well="B10").load()
    with pytest.raises(UnreadableImageError, match=r"B/1/1 does not fit .*\(2, 18, 24\), the first one uint16 \(2, 20"):
        found.sel(well="B1").load()


def test_field_of_another_spacing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p"
    write_plate(path, "0.5", WELLS)
    shutil.rmtree(path / "B" / "1" / "1")
    write_image(open_group(path / "B" / "1" / "1", "0.5"), make_image(0), "0.5", spacing=0.25)
    with pytest.raises(UnreadableImageError, match=r"B/1/1 does not fit into one array .*Open it by itself, with"):
        open_array(str(path)).sel(well="B1").load()


def test_well_that_is_missing_is_told(tmp_path: Path, version: str) -> None:
    write_plate(tmp_path / "p", version, WELLS)
    shutil.rmtree(tmp_path / "p" / "B" / "1")
    with pytest.raises(UnreadableImageError, match=r"B/1.* missing. Fetch or build"):
        open_array(str(tmp_path / "p")).load()


@pytest.mark.parametrize("changes", [{"wells": []}, {"wells": 3}, {"wells": [{"path": "A/1"}] * 2}, {"wells": [{}]}])
def test_metadata_that_make_no_plate_are_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_plate(tmp_path / "p", "0.4", {"A/1": 1})
    document = json.loads((tmp_path / "p" / ".zattrs").read_text())
    document["plate"] |= changes
    (tmp_path / "p" / ".zattrs").write_text(json.dumps(document))
    with pytest.raises(UnreadableImageError, match=r"metadata of the plate .*Validate it with ome-zarr-models"):
        open_array(str(tmp_path / "p"))


# ---- requests


def test_a_plate_asks_for_what_is_read(tmp_path: Path) -> None:
    images = write_plate(tmp_path / "p", "0.5", WELLS)
    with StoreServer(tmp_path) as server:
        found = open_array(f"{server.url}/p")
        server.reset()
        part = found.sel(well="B1").isel(field=1, c=0).values
        np.testing.assert_array_equal(part, images["B/1"][1][0])
        asked = {request.path for request in server.requests}
        assert {path.split("/zarr.json")[0] for path in asked if path.endswith("zarr.json")} == {
            "p/B/1", "p/B/1/1", "p/B/1/1/0",
        }  # fmt: skip
        assert len([path for path in asked if "/c/" in path]) == 4


def test_a_tree_asks_for_wells_and_not_for_fields(tmp_path: Path) -> None:
    images = write_plate(tmp_path / "p", "0.5", WELLS, label="cells")
    with StoreServer(tmp_path) as server:
        tree = open_tree(f"{server.url}/p")
        assert sorted(tree.children) == ["A1", "A2", "B1", "B10"]
        assert not [request for request in server.requests if "/1/1/" in request.path or "/c/" in request.path]
        np.testing.assert_array_equal(tree["B10/1"]["image"].values, np.array(images["B/10"])[..., ::2, ::2])
        np.testing.assert_array_equal(tree["A1/labels/cells/0"]["cells"].values, np.array(images["A/1"])[:, 0] % 7)


def test_indexed_plate_notices_changes(tmp_path: Path) -> None:
    images = write_plate(tmp_path / "p", "0.5", WELLS)
    with StoreServer(tmp_path) as server:
        url = f"{server.url}/p"
        layout = scan(url)
        server.reset()
        found = pickle.loads(pickle.dumps(open_array(Place(url, layout=layout))))  # noqa: S301 - our own
        tree = open_tree(Place(url, layout=layout))
        assert server.count == 0
        np.testing.assert_array_equal(found.values, np.array(list(images.values())))
        np.testing.assert_array_equal(tree["A2/0"]["image"].values, np.array(images["A/2"]))
        file = tmp_path / "p" / "B" / "1" / "1" / "0" / "zarr.json"
        file.write_text(file.read_text().replace("uint16", "uint32"))
        with pytest.raises(ChangedFileError, match="bioimagehub catalog index"):
            open_array(Place(url, layout=layout)).sel(well="B1").load()


def test_rows_beyond_z() -> None:
    assert name_well("AA/12") == "AA12"
