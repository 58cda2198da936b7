"""OME-Zarr images of both versions that zarr-python wrote: what is told of those that are not as they should be."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr

from bioimagehub.catalogs.drivers.ome_zarr import open_array, open_tree, scan
from bioimagehub.catalogs.errors import (
    ChangedFileError,
    NoAccessError,
    UnknownLabelError,
    UnknownLevelError,
    UnreadableImageError,
)
from bioimagehub.catalogs.reader import Place
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.arange(2 * 4 * 6 * 8, dtype=np.uint16).reshape(2, 4, 6, 8)


def _metadata(folder: Path) -> Path:
    return folder / ("zarr.json" if (folder / "zarr.json").exists() else ".zattrs")


def _array(folder: Path) -> Path:
    return folder / ("zarr.json" if (folder / "zarr.json").exists() else ".zarray")


def test_image_of_either_version(volume: Path) -> None:
    image = open_array(str(volume))
    assert image.dims == ("c", "z", "y", "x")
    assert list(image["c"].values) == ["membrane", "nuclei"]
    np.testing.assert_array_equal(image.values, VALUES)
    # nanometres become micrometres
    assert image["z"].attrs == {"units": "micrometer", "spacing": 0.5}
    np.testing.assert_allclose(image["x"], 0.2 * np.arange(8), rtol=1e-12)


def test_coarser_level(volume: Path) -> None:
    half = open_array(str(volume), level=1)
    np.testing.assert_array_equal(half.values, VALUES[:, :, ::2, ::2])
    assert half["y"].attrs["spacing"] == pytest.approx(0.4)
    np.testing.assert_allclose(half["y"], [0.1, 0.5, 0.9], rtol=1e-12)  # the stated translation
    assert half.attrs == {"units": "arbitrary units", "level": 1, "levels": 2, "colours": ["FFFFFF", "FFFFFF"]}


def test_label_image_has_no_channels(volume: Path) -> None:
    cells = open_array(str(volume), label="cells")
    assert cells.dims == ("z", "y", "x")
    np.testing.assert_array_equal(cells.values, VALUES[0] % 3)
    assert cells.attrs == {"units": "1", "label": "cells", "level": 0, "levels": 1}


def test_tree_of_levels_and_labels(volume: Path) -> None:
    tree = open_tree(str(volume))
    assert sorted(node.path for node in tree.leaves) == ["/0", "/1", "/labels/cells/0"]
    np.testing.assert_array_equal(tree["1/image"].values, VALUES[:, :, ::2, ::2])
    np.testing.assert_array_equal(tree["labels/cells/0/cells"].values, VALUES[0] % 3)
    assert tree["0/image"].attrs["levels"] == 2


def test_blocks_of_a_small_image_are_all_of_it(volume: Path) -> None:
    assert open_array(str(volume), chunks=()).chunks == ((2,), (4,), (6,), (8,))


@pytest.mark.parametrize("level", [-1, 2])
def test_unknown_level_tells_the_levels(volume: Path, level: int) -> None:
    with pytest.raises(UnknownLevelError, match=f"Level {level} of .* has the levels 0 to 1. Choose one of these"):
        open_array(str(volume), level=level)


@pytest.mark.parametrize("label", ["nuclei", "../labels/cells", "", "..", "cells/0"])
def test_unknown_label_tells_the_labels(volume: Path, label: str) -> None:
    with pytest.raises((UnknownLabelError, UnreadableImageError), match=r"are cells\. Choose one of these|Zarr array"):
        open_array(str(volume), label=label)


def test_image_without_labels_says_so(volume: Path) -> None:
    shutil.rmtree(volume / "labels")
    with pytest.raises(UnknownLabelError, match="it has no label images"):
        open_array(str(volume), label="cells")


def test_missing_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"No OME-Zarr image could be opened at .*none.*Check the address"):
        open_array(str(tmp_path / "none"))


@pytest.mark.parametrize("length", [0, 100])
def test_cut_metadata_is_told(volume: Path, length: int) -> None:
    file = _metadata(volume)
    file.write_text(file.read_text()[:length])
    with pytest.raises(UnreadableImageError, match=rf"{file.name} cannot be read.*missing or damaged"):
        open_array(str(volume))


@pytest.mark.parametrize("text", ["[]", "3", "null", '"zarr"', "[" * 100_000])
def test_metadata_that_are_no_object_are_told(volume: Path, text: str) -> None:
    _metadata(volume).write_text(text)
    with pytest.raises(UnreadableImageError, match="Expected a JSON object"):
        open_array(str(volume))


@pytest.mark.parametrize("attributes", ["none", ["a"], {"ome": 3}])
def test_attributes_that_are_no_object_are_told(tmp_path: Path, attributes: object) -> None:
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    (tmp_path / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(UnreadableImageError, match="no JSON object"):
        open_array(str(tmp_path))


def test_group_that_is_no_image_is_told(volume: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"not an OME-Zarr image.*Give the address of the image group"):
        open_array(str(volume / "labels"))


def test_array_that_is_no_image_is_told(volume: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"Give the address of the image group, .*not of .*an array in it"):
        open_array(str(volume / "full"))


def test_missing_array_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    with pytest.raises(UnreadableImageError, match=r"Level half of .* is listed and cannot be opened"):
        open_array(str(volume), level=1)


def test_missing_label_group_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "labels" / "cells")
    with pytest.raises(UnreadableImageError, match=r"The label image 'cells' .* is listed and cannot be opened"):
        open_array(str(volume), label="cells")


def test_level_that_is_a_group_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    zarr.open_group(volume).create_group("half")
    with pytest.raises(UnreadableImageError, match=r"Level half of .* (is a group; its 4 axes|\.zarray is missing)"):
        open_array(str(volume), level=1)


def test_level_of_other_dimensions_is_told(volume: Path) -> None:
    shutil.rmtree(volume / "half")
    zarr.open_group(volume).create_array("half", shape=(3, 4), dtype="uint8")
    with pytest.raises(UnreadableImageError, match="is an array of 2 dimensions"):
        open_array(str(volume), level=1)


def test_channels_that_are_not_as_many_as_named_are_counted(volume: Path) -> None:
    text = _metadata(volume).read_text()
    _metadata(volume).write_text(text.replace('"label": "nuclei"', '"label": "nuclei"}, {"label": "third"'))
    assert open_array(str(volume))["c"].values.tolist() == [0, 1]


def test_missing_image_over_http_is_told(tmp_path: Path) -> None:
    with (
        StoreServer(tmp_path) as server,
        pytest.raises(UnreadableImageError, match="No OME-Zarr image could be opened at http"),
    ):
        open_array(f"{server.url}/none.zarr")


def test_bucket_that_refuses_is_told(volume: Path) -> None:
    with StoreServer(volume.parent) as server:
        server.fault(status=403)
        with pytest.raises(NoAccessError):
            open_array(f"{server.url}/{volume.name}")


def test_array_that_is_refused_is_told(volume: Path) -> None:
    with StoreServer(volume.parent) as server:
        server.fault("*/full/*", status=403)
        with pytest.raises(NoAccessError, match="full"):
            open_array(f"{server.url}/{volume.name}")


def test_bucket_that_refuses_what_is_not_there(volume: Path) -> None:
    """As those do that may not be listed."""
    with StoreServer(volume.parent) as server:
        missing = ".z*" if _metadata(volume).name == "zarr.json" else "zarr.json"
        server.fault(f"*/{missing}", status=403)
        np.testing.assert_array_equal(open_array(f"{server.url}/{volume.name}").values, VALUES)


# ---- requests and indexes


def test_requests_of_opening(volume: Path) -> None:
    """Both versions are asked for at once; the name of the level is found there."""
    with StoreServer(volume.parent, delay=0.05) as server:
        open_array(f"{server.url}/{volume.name}")
        assert server.count == 5
        assert server.most_at_once >= 2


def test_level_is_read_with_its_group_where_its_name_is_its_number(volume: Path) -> None:
    for name, number in (("full", "0"), ("half", "1")):
        (volume / name).rename(volume / number)
        _metadata(volume).write_text(_metadata(volume).read_text().replace(f'"{name}"', f'"{number}"'))
    with StoreServer(volume.parent) as server:
        np.testing.assert_array_equal(open_array(f"{server.url}/{volume.name}", level=1).values, VALUES[:, :, ::2, ::2])
        asked = [request.path.removeprefix("volume.zarr/") for request in server.requests]
        first = {"zarr.json", ".zattrs", "1/zarr.json", "1/.zarray"}
        assert set(asked[:4]) == first
        assert not [path for path in asked[4:] if path.endswith(("zarr.json", ".zarray", ".zattrs"))]


def test_consolidated_metadata_are_taken(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "i", mode="w", zarr_format=3)
    array = group.create_array("deep/pixels", shape=(9, 9), chunks=(4, 4), dtype="u2")
    array[...] = VALUES[0, 0, 0, 0] + np.arange(81, dtype="u2").reshape(9, 9)
    axes = [{"name": name, "type": "space"} for name in "yx"]
    steps = [{"type": "scale", "scale": [1.0, 1.0]}]
    multiscale = {"axes": axes, "datasets": [{"path": "deep/pixels", "coordinateTransformations": steps}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    with pytest.warns(UserWarning, match="Consolidated metadata"):
        zarr.consolidate_metadata(tmp_path / "i")
    with StoreServer(tmp_path) as server:
        found = open_array(f"{server.url}/i")
        assert "i/deep/pixels/zarr.json" not in {request.path for request in server.requests}
        np.testing.assert_array_equal(found.values, np.arange(81).reshape(9, 9))
        # What an index has is the document itself: the copy may be older.
        file = tmp_path / "i" / "zarr.json"
        file.write_text(file.read_text().replace('"uint16"', '"uint32"'))
        layout = scan(f"{server.url}/i")
        np.testing.assert_array_equal(open_array(Place(f"{server.url}/i", layout=layout)).values, found.values)


def test_index_of_metadata_that_changed_is_told(volume: Path) -> None:
    """Before wrong pixels are given."""
    with StoreServer(volume.parent) as server:
        url = f"{server.url}/{volume.name}"
        layout = scan(url)
        file = _array(volume / "full")
        file.write_text(file.read_text().replace("6,", "5,", 1))
        server.reset()
        found = open_array(Place(url, layout=layout))
        assert server.count == 0
        with pytest.raises(ChangedFileError, match=r"changed since .*bioimagehub catalog index"):
            found.values  # noqa: B018 - reading is what is tested


def test_index_has_all_documents(volume: Path) -> None:
    layout = scan(str(volume))
    folders = {"", "full/", "half/", "labels/", "labels/cells/", "labels/cells/0/"}
    assert {path.rpartition("/")[0] + "/" * ("/" in path) for path in layout.facts["documents"]} == folders
    assert json.loads(json.dumps(layout.facts)) == layout.facts
