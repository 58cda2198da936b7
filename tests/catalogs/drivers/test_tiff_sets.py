"""OME-TIFF in several files, and OME-XML that is not as it should be."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tiff
from bioimagehub.catalogs.drivers.tiff_files.ome_xml import parse_ome
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, UnreadableImageError
from bioimagehub.catalogs.layouts import load_layout, save_layout
from bioimagehub.catalogs.reader import Place
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEAD = '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" {}>'
PIXELS = (
    '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="41" SizeY="30" SizeC="2" SizeZ="1" SizeT="3" '
    'PhysicalSizeX="500" PhysicalSizeXUnit="nm"><Channel ID="Channel:0" Name="a"/><Channel ID="Channel:1" Name="b"/>{}'
    "</Pixels>"
)


def describe(uuid: str = "", blocks: str = "") -> str:
    return HEAD.format(uuid) + f'<Image ID="Image:0" Name="set">{PIXELS.format(blocks)}</Image></OME>'


def blocks_of(names: list[str]) -> str:
    return "".join(
        f'<TiffData IFD="{c}" FirstT="{t}" FirstC="{c}" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{t}</UUID>'
        "</TiffData>"
        for t, name in enumerate(names)
        for c in range(2)
    )


def write(file: Path, pixels: NDArray[Any], xml: str) -> None:
    tifffile.imwrite(
        file, pixels, photometric="minisblack", ome=False, description=xml, metadata=None, compression="zlib"
    )


@pytest.fixture
def pixels() -> NDArray[Any]:
    return np.random.default_rng(3).integers(0, 999, (3, 2, 30, 41), dtype=np.uint16)


@pytest.fixture
def names(tmp_path: Path, pixels: NDArray[Any]) -> list[str]:
    """A set of three files, a timepoint each."""
    names = [f"set t={t}.ome.tif" for t in range(3)]
    for t, name in enumerate(names):
        write(tmp_path / name, pixels[t], describe(f'UUID="urn:uuid:{t}"', blocks_of(names)))
    return names


def test_a_set_opens_from_any_of_its_files(tmp_path: Path, pixels: NDArray[Any], names: list[str]) -> None:
    for name in names:
        found = tiff.open_array(str(tmp_path / name))
        assert found.dims == ("t", "c", "y", "x")
        assert found.c.values.tolist() == ["a", "b"]
        np.testing.assert_array_equal(found.values, pixels)


def test_a_set_far_away(tmp_path: Path, pixels: NDArray[Any], names: list[str]) -> None:
    folder = tmp_path / "layouts"
    with StoreServer(tmp_path) as store:
        url = f"{store.url}/{names[1].replace(' ', '%20')}"
        np.testing.assert_array_equal(tiff.open_array(url).values, pixels)
        layout = load_layout(save_layout(tiff.scan(url), folder))
        store.reset()
        found = tiff.open_array(Place(url, layout=layout))
        assert store.requests == []
        np.testing.assert_array_equal(found.values, pixels)
        write(tmp_path / names[2], pixels[0], describe('UUID="urn:uuid:2"', blocks_of(names)))
        with pytest.raises(ChangedFileError, match="set%20t%3D2"):
            tiff.open_array(Place(url, layout=layout)).load()


def test_a_file_of_the_set_is_missing(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / names[2]).unlink()
    with pytest.raises(MissingFileError, match=r"A file of the set.*set t=2.*Fetch the whole set"):
        tiff.open_array(str(tmp_path / names[0]))


def test_metadata_in_a_companion(tmp_path: Path, pixels: NDArray[Any]) -> None:
    names = [f"part{t}.ome.tif" for t in range(3)]
    only = HEAD.format("") + '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:9"/></OME>'
    for t, name in enumerate(names):
        write(tmp_path / name, pixels[t], only)
    with pytest.raises(MissingFileError, match=r"set\.companion\.ome is missing: it has the metadata"):
        tiff.open_array(str(tmp_path / names[0]))
    (tmp_path / "set.companion.ome").write_text(describe('UUID="urn:uuid:c"', blocks_of(names)))
    for name in names:
        np.testing.assert_array_equal(tiff.open_array(str(tmp_path / name)).values, pixels)


def test_a_renamed_file(tmp_path: Path, pixels: NDArray[Any]) -> None:
    block = '<TiffData><UUID FileName="old.ome.tif">urn:uuid:1</UUID></TiffData>'
    for uuid in ('UUID="urn:uuid:1"', ""):
        write(tmp_path / "new.ome.tif", pixels.reshape(6, 30, 41), describe(uuid, block))
        np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "new.ome.tif")).values, pixels)


@pytest.mark.parametrize("name", ["../other.ome.tif", "/etc/passwd", "..\\other.ome.tif"])
def test_files_that_are_not_beside(tmp_path: Path, pixels: NDArray[Any], name: str) -> None:
    write(tmp_path / "first.ome.tif", pixels[0], describe('UUID="urn:uuid:7"', blocks_of(["first.ome.tif", name, "c"])))
    with pytest.raises(UnreadableImageError, match="which is not beside it"):
        tiff.open_array(str(tmp_path / "first.ome.tif"))


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ('<TiffData PlaneCount="5"/>', "has 6 planes, and its OME-XML tells of 5"),
        ('<TiffData FirstT="2" PlaneCount="4"/>', "puts planes 4 to 8 into the image"),
        ('<TiffData IFD="3" PlaneCount="6"/>', "has a plane in page 6 of .*, which has 6 pages"),
    ],
)
def test_planes_that_do_not_make_up_the_image(tmp_path: Path, pixels: NDArray[Any], blocks: str, message: str) -> None:
    write(tmp_path / "planes.ome.tif", pixels.reshape(6, 30, 41), describe(blocks=blocks))
    with pytest.raises(UnreadableImageError, match=message):
        tiff.open_array(str(tmp_path / "planes.ome.tif"))


def test_planes_of_another_size_than_declared(tmp_path: Path, pixels: NDArray[Any]) -> None:
    write(tmp_path / "size.ome.tif", pixels.reshape(6, 41, 30), describe())
    with pytest.raises(UnreadableImageError, match=r"declared with planes of \(30, 41\) pixels.*\(41, 30\)"):
        tiff.open_array(str(tmp_path / "size.ome.tif"))


@pytest.mark.parametrize(
    "xml",
    [
        "<OME><Image></OME>",
        describe().replace('SizeT="3"', ""),
        describe().replace('"41"', '"x"'),
        describe().replace('"XYCZT"', '"CXYZT"'),
        '<!DOCTYPE a [<!ENTITY b "c">]>' + describe().partition("?>")[2],
    ],
)
def test_broken_xml(xml: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"OME-XML of a\.tif cannot be read.*Correct it"):
        parse_ome(xml, "a.tif")


def test_units() -> None:
    xml = describe().replace(
        'PhysicalSizeX="500" PhysicalSizeXUnit="nm"',
        'PhysicalSizeX="3" PhysicalSizeXUnit="pixel" '
        'PhysicalSizeY="0.002" PhysicalSizeYUnit="mm" PhysicalSizeZ="-1" TimeIncrement="250" TimeIncrementUnit="ms"',
    )
    assert parse_ome(xml, "a.tif").images[0].spacing == {"Y": (2.0, "micrometer"), "T": (0.25, "second")}


def test_a_set_that_was_moved_is_read_again(tmp_path: Path, pixels: NDArray[Any], names: list[str]) -> None:
    moved = shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-moved")
    np.testing.assert_array_equal(tiff.open_array(str(moved / names[0])).values, pixels)
