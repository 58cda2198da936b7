"""TIFF files that are damaged, and what little is read of those that lie far away."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from bioimagehub.catalogs.drivers import tiff
from bioimagehub.catalogs.errors import CatalogError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def pixels() -> NDArray[Any]:
    return np.random.default_rng(4).integers(0, 999, (6, 96, 96), dtype=np.uint16)


@pytest.fixture
def tiled(tmp_path: Path, pixels: NDArray[Any]) -> Path:
    tifffile.imwrite(
        tmp_path / "tiled.tif", pixels, photometric="minisblack", tile=(32, 32), compression="zlib", metadata=None
    )
    return tmp_path / "tiled.tif"


def set_tag(file: Path, page: int, tag: int, values: list[int]) -> None:
    with tifffile.TiffFile(file, mode="r+b") as found:
        found.pages[page].tags[tag].overwrite(values, dtype="I")


def test_segments_beyond_the_end(tiled: Path) -> None:
    set_tag(tiled, 2, 324, [10**8] * 9)
    with pytest.raises(
        UnreadableImageError, match=r"9 of 54 segments .* lie beyond the end of the file: number 0 of page 2"
    ):
        tiff.open_array(str(tiled))


def test_absurd_lengths(tiled: Path) -> None:
    with tiled.open("ab") as file:
        file.write(bytes(2 * 10**6))
    set_tag(tiled, 1, 325, [1_900_000] + [9] * 8)
    with pytest.raises(UnreadableImageError, match=r"Segment 0 of page 1 .* said to have 1900000 bytes, for 2048"):
        tiff.open_array(str(tiled))


def test_segments_that_decode_to_less(tiled: Path, pixels: NDArray[Any]) -> None:
    import zlib

    short = zlib.compress(bytes(100))
    with tifffile.TiffFile(tiled) as found:
        offset = found.pages[3].dataoffsets[4]
    with tiled.open("r+b") as file:
        file.seek(offset)
        file.write(short)
    found = tiff.open_array(str(tiled))
    np.testing.assert_array_equal(found[2].values, pixels[2])
    with pytest.raises(UnreadableImageError, match=r"Page 3 of the series .*segment 4"):
        found[3].load()


def test_the_chain_of_pages_is_cut(tiled: Path) -> None:
    with tifffile.TiffFile(tiled) as found:
        offset = found.pages[4].offset
    with tiled.open("r+b") as file:
        file.truncate(offset)
    with pytest.raises(UnreadableImageError, match=r"no whole TIFF"):
        tiff.open_array(str(tiled))


def test_the_chain_of_pages_is_a_circle(tiled: Path) -> None:
    with tifffile.TiffFile(tiled) as found:
        last, first = found.pages[5], found.pages[1].offset
        place = last.offset + 2 + 12 * len(last.tags)
    with tiled.open("r+b") as file:
        file.seek(place)
        file.write(struct.pack("<I", first))
    with pytest.raises(UnreadableImageError, match="run in a circle"):
        tiff.open_array(str(tiled))


def test_pages_of_a_hyperstack_are_missing(tmp_path: Path, pixels: NDArray[Any]) -> None:
    """Never page 1 of 6."""
    file = tmp_path / "cut.tif"
    tifffile.imwrite(file, pixels, imagej=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(file) as found:
        first = found.pages.first
        place, end = first.offset + 2 + 12 * len(first.tags), first.dataoffsets[0] + 4 * 96 * 96 * 2
    with file.open("r+b") as opened:
        opened.seek(place)
        opened.write(bytes(4))
        opened.truncate(end)
    with pytest.raises(UnreadableImageError, match="ImageJ series metadata invalid"):
        tiff.open_array(str(file))


def test_pages_that_are_not_alike(tmp_path: Path, pixels: NDArray[Any]) -> None:
    """A page that was written with another compression is not decoded with that of the first one."""
    options: dict[str, Any] = {"photometric": "minisblack", "metadata": None, "rowsperstrip": 96}
    with tifffile.TiffWriter(tmp_path / "mixed.ome.tif", ome=False) as file:
        xml = (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
            'DimensionOrder="XYZCT" Type="uint16" SizeX="96" SizeY="96" SizeZ="2" SizeC="1" SizeT="1"><TiffData/>'
            "</Pixels></Image></OME>"
        )
        file.write(pixels[0], description=xml, compression="zlib", **options)
        file.write(pixels[1], compression="lzw", **options)
    with pytest.raises(UnreadableImageError, match=r"pages 0 and 1 .* are not alike"):
        tiff.open_array(str(tmp_path / "mixed.ome.tif"))


@pytest.mark.parametrize(
    "content", [b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"PK\3\4" * 9, b"II+\0\x08\0\0\0" * 3]
)
def test_no_tiff(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.tif").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"no(\.tif is no| whole) TIFF"):
        tiff.open_array(str(tmp_path / "no.tif"))


def test_bytes_that_are_wrong_anywhere(tiled: Path, tmp_path: Path) -> None:
    """Any byte of the directories may be wrong: an error of ours, or an array that can be read or fails with one."""
    content = tiled.read_bytes()
    with tifffile.TiffFile(tiled) as found:
        head = [place for page in found.pages for place in range(page.offset, page.offset + 300)]
    chance = random.Random(0)
    for number in range(200):
        broken = bytearray(content)
        for _ in range(chance.choice([1, 3])):
            broken[chance.choice(head) if number % 5 else chance.randrange(8)] = chance.randrange(256)
        (tmp_path / "broken.tif").write_bytes(broken)
        try:
            found = tiff.open_tree(str(tmp_path / "broken.tif"))
            for node in found.leaves:
                if node["image"].nbytes < 10**8:
                    node["image"].load()
        except CatalogError:
            continue


def far(folder: Path, name: str) -> tuple[int, int, int]:
    """Open a file far away: requests, bytes, and most requests at once."""
    with StoreServer(folder, delay=0.01) as store:
        tiff.open_array(f"{store.url}/{name}")
        return store.count, store.bytes, store.most_at_once


def test_directories_all_over_a_file_are_read_alone(tmp_path: Path) -> None:
    """One request a page, none for its values; the directories of the coarser levels beside them."""
    pixels = np.random.default_rng(4).integers(0, 60000, (12, 256, 256), dtype=np.uint16)
    options: dict[str, Any] = {"photometric": "minisblack", "tile": (64, 64), "compression": "zlib"}
    with tifffile.TiffWriter(tmp_path / "pyramid.ome.tif") as file:
        file.write(pixels, subifds=2, metadata={"axes": "ZYX"}, **options)
        file.write(pixels[:, ::2, ::2], subfiletype=1, **options)
        file.write(pixels[:, ::4, ::4], subfiletype=1, **options)
    requests, moved, _ = far(tmp_path, "pyramid.ome.tif")
    assert requests <= 3 * 12 + 2
    assert moved < 0.4 * (tmp_path / "pyramid.ome.tif").stat().st_size


def test_pages_at_equal_distances_are_guessed(tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 60000, (100, 96, 128), dtype=np.uint16)
    with tifffile.TiffWriter(tmp_path / "long.tif") as file:
        for page in pixels:
            file.write(page, photometric="minisblack", metadata=None, contiguous=False)
    requests, moved, most = far(tmp_path, "long.tif")
    assert requests <= 110
    assert most >= 4
    assert moved < 100 * 17 * 2**10


def test_a_file_that_is_indexed_is_not_parsed(tiled: Path, pixels: NDArray[Any]) -> None:
    with StoreServer(tiled.parent) as store:
        url = f"{store.url}/{tiled.name}"
        layout = tiff.scan(url)
        store.reset()
        found = tiff.open_array(Place(url, layout=layout))
        assert store.count == 0
        np.testing.assert_array_equal(found[3, 40:50, 40:50].values, pixels[3, 40:50, 40:50])
        assert store.count == 1
        assert store.bytes == layout.tables["0.0.counts"][3, 4]
