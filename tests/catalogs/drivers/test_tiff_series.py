"""Which series, levels and axes a TIFF has, and how one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tiff
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    UnknownAxisError,
    UnknownImageError,
    UnreadableImageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def cells(*shape: int, dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(2).integers(0, 250, shape).astype(dtype)


@pytest.fixture
def two_series(tmp_path: Path) -> tuple[Path, list[NDArray[Any]]]:
    images = [cells(5, 40, 50), cells(2, 30, 60, dtype="uint8")]
    with tifffile.TiffWriter(tmp_path / "two.ome.tif") as file:
        for name, image in zip(["cells/1", "overview"], images, strict=True):
            file.write(image, photometric="minisblack", metadata={"axes": "ZYX", "Name": name}, compression="zlib")
    return tmp_path / "two.ome.tif", images


def test_several_series_and_none_named(two_series: tuple[Path, Any]) -> None:
    with pytest.raises(
        AmbiguousImageError, match=r"has 2 series: 0: 'cells/1' Z 5 x Y 40 x X 50; 1: 'overview'.*series="
    ):
        tiff.open_array(str(two_series[0]))


@pytest.mark.parametrize(("series", "number"), [(0, 0), (1, 1), ("overview", 1), ("cells/1", 0)])
def test_series_by_number_and_name(two_series: tuple[Path, Any], series: int | str, number: int) -> None:
    found = tiff.open_array(str(two_series[0]), series=series)
    np.testing.assert_array_equal(found.values, two_series[1][number])


@pytest.mark.parametrize("series", [2, -1, "nuclei", True])
def test_unknown_series(two_series: tuple[Path, Any], series: int | str) -> None:
    with pytest.raises(UnknownImageError, match=r"no series .*: it has 0: 'cells/1'.*Give the number or the name"):
        tiff.open_array(str(two_series[0]), series=series)


def test_tree_of_series(two_series: tuple[Path, Any]) -> None:
    tree = tiff.open_tree(str(two_series[0]))
    assert sorted(tree.children) == ["cells_1", "overview"]
    np.testing.assert_array_equal(tree["cells_1/0/image"].values, two_series[1][0])
    np.testing.assert_array_equal(tree["overview/0/image"].values, two_series[1][1])


def test_tree_of_levels(tmp_path: Path) -> None:
    pixels = cells(64, 64)
    with tifffile.TiffWriter(tmp_path / "levels.tif") as file:
        file.write(pixels, subifds=1, photometric="minisblack", tile=(32, 32))
        file.write(pixels[::2, ::2], subfiletype=1, photometric="minisblack", tile=(32, 32))
    tree = tiff.open_tree(str(tmp_path / "levels.tif"))
    assert sorted(tree.children) == ["0", "1"]
    np.testing.assert_array_equal(tree["1/image"].values, pixels[::2, ::2])
    np.testing.assert_allclose(tree["1/image"].y, np.arange(32) * 2 + 0.5)


def test_levels_in_reduced_pages(tmp_path: Path) -> None:
    """As in slides: the coarser levels, the label and the overview are pages of their own."""
    pixels = cells(256, 512, 3, dtype="uint8")
    label = cells(90, 70, 3, dtype="uint8")
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "compression": "lzw"}
    description = "Aperio Image Library v10\r\n512x256 (64x64) -> 512x256 |AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(tmp_path / "slide.svs") as file:
        file.write(pixels, tile=(64, 64), description=description, **options)
        file.write(pixels[::4, ::4], rowsperstrip=16, **options)
        file.write(pixels[::2, ::2], tile=(64, 64), **options)
        file.write(label, subfiletype=1, rowsperstrip=16, **options)
        file.write(label[::-1, :60], subfiletype=9, rowsperstrip=16, **options)
    found = tiff.open_array(str(tmp_path / "slide.svs"), series="Baseline", level=1)
    np.testing.assert_array_equal(found.values, pixels[::2, ::2].transpose(2, 0, 1))
    assert found.attrs["levels"] == 2
    assert found.c.values.tolist() == ["red", "green", "blue"]
    np.testing.assert_allclose(found.x[:2], [0.25, 1.25])
    names = {"Thumbnail": pixels[::4, ::4], "Label": label, "Macro": label[::-1, :60]}
    for name, image in names.items():
        found = tiff.open_array(str(tmp_path / "slide.svs"), series=name)
        np.testing.assert_array_equal(found.values, image.transpose(2, 0, 1))


def test_pages_of_different_sizes_are_series_of_their_own(tmp_path: Path) -> None:
    images = [cells(30, 40), cells(30, 41), cells(7, 9, dtype="float32")]
    with tifffile.TiffWriter(tmp_path / "pages.tif") as file:
        for image in images:
            file.write(image, photometric="minisblack", metadata=None)
    with pytest.raises(AmbiguousImageError, match="3 series"):
        tiff.open_array(str(tmp_path / "pages.tif"))
    for number, image in enumerate(images):
        np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "pages.tif"), series=number).values, image)


def test_pages_that_the_ome_xml_leaves_out_are_a_series(tmp_path: Path) -> None:
    pixels = cells(4, 30, 40)
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="cells">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="30" SizeZ="3" '
        'SizeC="1" SizeT="1">'
        '<Channel ID="Channel:0" Name="DAPI"/><TiffData IFD="1" PlaneCount="3"/></Pixels></Image></OME>'
    )
    tifffile.imwrite(
        tmp_path / "left.ome.tif", pixels, description=xml, metadata=None, ome=False, photometric="minisblack"
    )
    found = tiff.open_array(str(tmp_path / "left.ome.tif"), series="cells")
    np.testing.assert_array_equal(found.values, pixels[1:])
    assert found.c.item() == "DAPI"
    rest = tiff.open_array(str(tmp_path / "left.ome.tif"), series="further pages")
    np.testing.assert_array_equal(rest.values, pixels[0])


def test_one_axis_without_a_meaning_is_z(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", cells(6, 30, 40), photometric="minisblack", metadata=None)
    assert tiff.open_array(str(tmp_path / "stack.tif")).dims == ("z", "y", "x")
    assert tiff.open_array(str(tmp_path / "stack.tif"), axes="tyx").dims == ("t", "y", "x")
    tifffile.imwrite(tmp_path / "more.tif", cells(6, 5, 30, 40), photometric="minisblack", metadata={"axes": "QZYX"})
    assert tiff.open_array(str(tmp_path / "more.tif")).dims == ("t", "z", "y", "x")


def test_more_axes_without_a_meaning_have_to_be_named(tmp_path: Path) -> None:
    pixels = cells(3, 2, 30, 40)
    tifffile.imwrite(tmp_path / "stack.tif", pixels, photometric="minisblack")
    with pytest.raises(UnreadableImageError, match=r"Q \(other\) 3, Q \(other\) 2.*axes='ztyx'"):
        tiff.open_array(str(tmp_path / "stack.tif"))
    found = tiff.open_array(str(tmp_path / "stack.tif"), axes="ctyx")
    assert found.dims == ("t", "c", "y", "x")
    np.testing.assert_array_equal(found.values, pixels.swapaxes(0, 1))


@pytest.mark.parametrize("axes", ["yx", "zzyx", "ztyxc", "qtyx", 5, "xyzz"])
def test_axes_that_do_not_fit(tmp_path: Path, axes: Any) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", cells(3, 2, 30, 40), photometric="minisblack")
    with pytest.raises(UnknownAxisError, match=r"Give 4 letters out of t, c, z, y, x"):
        tiff.open_array(str(tmp_path / "stack.tif"), axes=axes)


def test_rows_may_be_any_axis(tmp_path: Path) -> None:
    pixels = cells(5, 30, 40)
    tifffile.imwrite(tmp_path / "turned.tif", pixels, photometric="minisblack", metadata={"axes": "CXY"})
    found = tiff.open_array(str(tmp_path / "turned.tif"))
    assert found.dims == ("c", "y", "x")
    np.testing.assert_array_equal(found.values, pixels.swapaxes(1, 2))


def test_channels_of_colours(tmp_path: Path) -> None:
    pixels = cells(2, 30, 40, 3, dtype="uint8")
    metadata = {"axes": "CYXS", "Channel": {"Name": ["transmitted", "reflected"]}}
    tifffile.imwrite(tmp_path / "two.ome.tif", pixels, photometric="rgb", metadata=metadata)
    found = tiff.open_array(str(tmp_path / "two.ome.tif"))
    assert found.c.values.tolist()[2:4] == ["transmitted blue", "reflected red"]
    np.testing.assert_array_equal(found.values, pixels.transpose(0, 3, 1, 2).reshape(6, 30, 40))


def test_printers_resolution_is_not_a_distance(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "print.tif", cells(30, 40), photometric="minisblack", resolution=(300, 300), resolutionunit="inch"
    )
    assert tiff.open_array(str(tmp_path / "print.tif")).x.attrs["units"] == "pixel"
