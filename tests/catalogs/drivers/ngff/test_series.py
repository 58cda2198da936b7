"""Several images in one store, as bioformats2raw lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.catalogs.drivers.ome_zarr import open_array, open_tree, scan
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.ngff.stores import make_image, open_group, write_collection, write_image
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

XML = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{}</OME>'


class TestSeries(DriverContract):
    """One of several images that the store lists."""

    driver = "ome_zarr"

    def write(self, folder: Path) -> Written:
        pixels = write_collection(folder / "set.zarr", "0.4", 3, listed=True)[2]
        return Written(
            folder / "set.zarr",
            pixels,
            tuple("cyx"),
            levels=[pixels, pixels[:, ::2, ::2]],
            coords={"x": 0.5 * np.arange(24)},
            options={"series": 2},
            opening=7,
        )


@pytest.fixture(params=["listed", "described", "found"])
def told(request: pytest.FixtureRequest) -> str:
    """How the store tells which images there are."""
    return str(request.param)


def write(path: Path, version: str, count: int, told: str) -> list[Any]:
    images = write_collection(path, version, count, listed=told == "listed")
    if told == "described":
        (path / "OME").mkdir(exist_ok=True)
        (path / "OME" / "METADATA.ome.xml").write_text(XML.format('<Image ID="Image:0"/>' * count))
    return images


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_each_image(tmp_path: Path, version: str, told: str) -> None:
    images = write(tmp_path / "s", version, 3, told)
    for number, pixels in enumerate(images):
        np.testing.assert_array_equal(open_array(str(tmp_path / "s"), series=number).values, pixels)
        np.testing.assert_array_equal(open_array(str(tmp_path / "s"), series=str(number)).values, pixels)
    tree = open_tree(str(tmp_path / "s"))
    assert sorted(tree.children) == ["0", "1", "2"]
    np.testing.assert_array_equal(tree["1/0"]["image"].values, images[1])


def test_none_is_chosen_silently(tmp_path: Path, told: str) -> None:
    write(tmp_path / "s", "0.4", 3, told)
    with pytest.raises(AmbiguousImageError, match=r"holds 3 images, none was chosen: 0: '0', 1: '1', .*`series`"):
        open_array(str(tmp_path / "s"))
    with pytest.raises(UnknownImageError, match=r"no image 3. .*Choose one of these with `series`"):
        open_array(str(tmp_path / "s"), series=3)


def test_a_single_image_needs_no_choice(tmp_path: Path, told: str) -> None:
    (pixels,) = write(tmp_path / "s", "0.5", 1, told)
    np.testing.assert_array_equal(open_array(str(tmp_path / "s")).values, pixels)


def test_index_keeps_which_there_are(tmp_path: Path, told: str) -> None:
    images = write(tmp_path / "s", "0.4", 2, told)
    with StoreServer(tmp_path) as server:
        layout = scan(f"{server.url}/s")
        server.reset()
        found = open_array(Place(f"{server.url}/s", layout=layout), series=1)
        assert server.count == 0
        np.testing.assert_array_equal(found.values, images[1])


def test_broken_description_is_told(tmp_path: Path) -> None:
    write_collection(tmp_path / "s", "0.4", 2, listed=False)
    (tmp_path / "s" / "OME").mkdir()
    (tmp_path / "s" / "OME" / "METADATA.ome.xml").write_text("<OME")
    with pytest.raises(UnreadableImageError, match=r"OME-XML .*METADATA.ome.xml cannot be read"):
        open_array(str(tmp_path / "s"))


def test_listed_image_that_is_missing_is_told(tmp_path: Path) -> None:
    write_collection(tmp_path / "s", "0.4", 1, listed=False)
    (tmp_path / "s" / "OME").mkdir()
    (tmp_path / "s" / "OME" / "METADATA.ome.xml").write_text(XML.format("<Image/>" * 2))
    with pytest.raises(UnreadableImageError, match=r"s/1 is listed and missing"):
        open_array(str(tmp_path / "s"), series=1)


def test_several_multiscales_in_one_group(tmp_path: Path) -> None:
    group = open_group(tmp_path / "i", "0.4")
    write_image(group, make_image(0), "0.4")
    (multiscale,) = group.attrs.asdict()["multiscales"]  # type: ignore[misc]
    half = {**multiscale, "name": "half", "datasets": multiscale["datasets"][1:]}  # type: ignore[dict-item,index]
    group.attrs["multiscales"] = [{**multiscale, "name": "full"}, half]  # type: ignore[dict-item]
    with pytest.raises(AmbiguousImageError, match=r"0: 'full', 1: 'half'"):
        open_array(str(tmp_path / "i"))
    assert open_array(str(tmp_path / "i"), series="half").shape == (2, 10, 12)
    assert sorted(open_tree(str(tmp_path / "i")).children) == ["full", "half"]
