"""CZI files as libCZI wrote them (in the folder recorded), and written byte by byte here and checked by czifile."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import czifile
import numpy as np
import pytest

from bioimagehub.catalogs.cost import cost
from bioimagehub.catalogs.drivers import czi
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnreadableImageError
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers.czi import Block, pyramid, write_czi
from servers.store import StoreServer

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECORDED = Path(__file__).parent / "recorded"
XML = """<?xml version="1.0"?><ImageDocument><Metadata>
<Information><Image><Dimensions>
<T><Positions><Interval><Start>0</Start><Increment>2.5</Increment></Interval></Positions></T>
<S><Scenes><Scene Index="0" Name="left"/><Scene Index="1" Name="right"/></Scenes></S>
<Channels><Channel Id="Channel:0" Name="AF488"/><Channel Id="Channel:1"/></Channels>
</Dimensions></Image></Information>
<Scaling><Items><Distance Id="X"><Value>5E-07</Value></Distance><Distance Id="Y"><Value>2.5E-07</Value></Distance>
</Items></Scaling></Metadata></ImageDocument>"""


def cells(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(9).integers(0, 200, shape).astype(dtype)


def recorded_plane(scene: int, t: int, c: int, z: int, height: int = 40, width: int = 60) -> NDArray[Any]:
    """The pixels that were handed to libCZI."""
    y, x = np.mgrid[:height, :width]
    return ((x * 7 + y * 13 + 101 * c + 37 * z + 59 * t + 11 * scene) % 251 * 250).astype("uint16")


class TestWrittenByLibCzi(DriverContract):
    """pylibCZIrw 6.1.0: two scenes of 2 times, 2 channels, 2 z, four tiles that overlap, zstd of bytes apart."""

    driver = "czi"
    name = "tiles-zstd1.czi"

    def write(self, folder: Path) -> Written:
        shutil.copy(RECORDED / self.name, folder)
        planes = [[[recorded_plane(1, t, c, z) for z in range(2)] for c in range(2)] for t in range(2)]
        return Written(
            folder / self.name,
            np.array(planes),
            ("t", "c", "z", "y", "x"),
            coords={
                "t": [0, 1],
                "c": ["DAPI", "GFP"],
                "z": [0, 1],
                "y": 0.3 * np.arange(40),
                "x": 0.2 * np.arange(60),
            },
            units={"t": "frame", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
            options={"series": "Scene 1"},
        )


class TestWrittenByLibCziWithPlainZstd(TestWrittenByLibCzi):
    name = "tiles-zstd0.czi"


class TestPyramid(DriverContract):
    """Tiles at full size, and reduced by 2 and 4; the second scene, which lies at negative positions."""

    driver = "czi"

    def write(self, folder: Path) -> Written:
        image = cells((2, 2, 96, 80))
        blocks = [Block(cells((8, 9)), (0, 0), {"C": 0, "T": 0, "S": 0})]
        for t in range(2):
            for c in range(2):
                blocks += pyramid(image[t, c], 16, 3, {"C": c, "T": t, "S": 1}, (-50, -200))
        write_czi(folder / "slide.czi", blocks, XML)
        levels = [image, image[..., ::2, ::2], image[..., ::4, ::4]]
        return Written(
            folder / "slide.czi",
            image,
            ("t", "c", "y", "x"),
            levels=levels,
            coords={
                "t": [0, 2.5],
                "c": ["AF488", "Channel:1"],
                "y": 0.25 * np.arange(96),
                "x": 0.5 * np.arange(80),
            },
            units={"t": "second", "x": "micrometer"},
            options={"series": "right"},
        )


def test_pixels_of_coarse_levels_lie_in_the_middle_of_what_they_cover(tmp_path: Path) -> None:
    write_czi(tmp_path / "slide.czi", pyramid(cells((64, 48)), 16, 3, {"C": 0}, (0, 0)), XML)
    found = czi.open_array(str(tmp_path / "slide.czi"), level=2)
    np.testing.assert_allclose(found.x.values, 0.75 + 2.0 * np.arange(12))
    np.testing.assert_allclose(found.y.values, 0.375 + 1.0 * np.arange(16))


class TestViewsOfColours(DriverContract):
    """An axis that only few files have, and pixels of three samples."""

    driver = "czi"

    def write(self, folder: Path) -> Written:
        image = cells((3, 3, 20, 31), "uint8")
        blocks = [
            Block(np.ascontiguousarray(image[view].transpose(1, 2, 0)[..., ::-1]), (0, 0), {"C": 0, "V": view})
            for view in range(3)
        ]
        write_czi(folder / "views.czi", blocks)
        with czifile.CziFile(folder / "views.czi") as file:
            np.testing.assert_array_equal(file.asarray()[:, 0], image.transpose(0, 2, 3, 1))
        return Written(
            folder / "views.czi",
            image,
            ("view", "c", "y", "x"),
            coords={"c": ["red", "green", "blue"], "x": np.arange(31)},
            units={"y": "pixel", "x": "pixel"},
        )


def test_colours_of_libczi() -> None:
    grey = recorded_plane(0, 0, 0, 0, 20, 30) // 250
    found = czi.open_array(str(RECORDED / "colours.czi"))
    assert found.c.values.tolist() == ["red", "green", "blue"]
    for name, expected in (("blue", grey), ("green", grey // 2), ("red", 255 - grey)):
        np.testing.assert_array_equal(found.sel(c=name).squeeze().values, expected)


def test_tiles_of_higher_number_are_on_top(tmp_path: Path) -> None:
    """Every order of three tiles that overlap, and a hole in the middle of one, as czifile draws them."""
    rows = [(0, 0, 30, 30), (10, 12, 25, 30), (12, 14, 5, 6), (40, 0, 6, 50)]
    blocks = [
        Block(np.full((height, width), 10 + number, "uint8"), (y, x), {"C": 0, "M": (number * 3) % 4})
        for number, (y, x, height, width) in enumerate(rows)
    ]
    write_czi(tmp_path / "tiles.czi", blocks)
    expected = np.zeros((46, 50), "uint8")
    for block in sorted(blocks, key=lambda block: block.at["M"]):
        (y, x), (height, width) = block.start, block.pixels.shape
        expected[y : y + height, x : x + width] = block.pixels
    with czifile.CziFile(tmp_path / "tiles.czi") as file:
        drawn = file.asarray(max_workers=1, out=np.zeros(file.shape, file.dtype))
        np.testing.assert_array_equal(drawn.squeeze(), expected)
    found = czi.open_array(str(tmp_path / "tiles.czi"))[0]
    np.testing.assert_array_equal(found.values, expected)
    np.testing.assert_array_equal(found[5:44:3, ::-2].values, expected[5:44:3, ::-2])
    np.testing.assert_array_equal(found[[30, 11, 11, 0]].values, expected[[30, 11, 11, 0]])


def test_only_tiles_that_are_seen_are_read(tmp_path: Path) -> None:
    image = cells((64, 64))
    blocks = pyramid(image, 16, 1, {"C": 0}, (0, 0))
    blocks.append(Block(cells((20, 20), "uint16"), (14, 14), {"C": 0, "M": 99}))
    write_czi(tmp_path / "slide.czi", blocks)
    with StoreServer(tmp_path) as server:
        found = czi.open_array(f"{server.url}/slide.czi")
        for y, x, tiles in ((50, 0, 1), (slice(17, 30), slice(17, 30), 1), (slice(40, 60), slice(40, 60), 4)):
            assert cost(found, {"y": y, "x": x}).requests == tiles
            server.reset()
            found.isel(y=y, x=x).load()
            assert len(server.requests) == tiles


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_jpeg_xr(tmp_path: Path, dtype: str) -> None:
    grey, colour = cells((32, 48), dtype), cells((32, 48, 3), dtype)
    write_czi(tmp_path / "grey.czi", [Block(grey, (0, 0), {"C": 0}, codec=4)])
    write_czi(tmp_path / "colour.czi", [Block(colour, (0, 0), {"C": 0}, codec=4)])
    np.testing.assert_array_equal(czi.open_array(str(tmp_path / "grey.czi"))[0].values, grey)
    np.testing.assert_array_equal(czi.open_array(str(tmp_path / "colour.czi")).values, colour.transpose(2, 0, 1))


def test_floats_and_a_file_without_metadata(tmp_path: Path) -> None:
    image = cells((12, 13), "float32")
    write_czi(tmp_path / "image.czi", [Block(image, (5, 6))])
    found = czi.open_array(str(tmp_path / "image.czi"))
    assert found.dims == ("y", "x")
    assert found.attrs["series"] == "Scene 0"
    np.testing.assert_array_equal(found.values, image)


def test_scenes_have_to_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "image.czi")
    images = cells((2, 8, 9))
    write_czi(tmp_path / "image.czi", [Block(images[s], (0, 100 * s), {"C": 0, "S": s}) for s in range(2)], XML)
    with pytest.raises(AmbiguousImageError, match=r"0: 'left', 1: 'right'.*`series`"):
        czi.open_array(path)
    with pytest.raises(UnknownImageError, match=r"'top'.*'left'"):
        czi.open_array(path, series="top")
    np.testing.assert_array_equal(czi.open_array(path, series=1)[0].values, images[1])
    tree = czi.open_tree(path)
    assert tree["1/0"]["image"].attrs["series"] == "right"
    np.testing.assert_array_equal(tree["0/0"]["image"][0].values, images[0])


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"part": 1}, r"part 1 of several files; join them with ZEN"),
        ({"pending": 1}, r"the program that wrote it did not finish"),
    ],
)
def test_files_that_are_not_whole(tmp_path: Path, made: dict[str, int], told: str) -> None:
    write_czi(tmp_path / "image.czi", [Block(cells((8, 9)), (0, 0))], **made)
    with pytest.raises(UnreadableImageError, match=told):
        czi.open_array(str(tmp_path / "image.czi"))


def test_codecs_that_are_not_read(tmp_path: Path) -> None:
    write_czi(tmp_path / "image.czi", [Block(cells((8, 9)), (0, 0), codec=1)])
    with pytest.raises(UnreadableImageError, match=r"its compression 1 is not read"):
        czi.open_array(str(tmp_path / "image.czi"))


def test_places_that_cannot_be(tmp_path: Path) -> None:
    write_czi(tmp_path / "image.czi", [Block(cells((8, 9)), (0, x), {"C": 0}) for x in (0, 2**30)])
    with pytest.raises(UnreadableImageError, match=r"1073741824 pixels or steps apart"):
        czi.open_array(str(tmp_path / "image.czi"))


def test_colour_beside_grey(tmp_path: Path) -> None:
    blocks = [Block(cells((8, 9)), (0, 0), {"C": 0}), Block(cells((8, 9, 3)), (0, 0), {"C": 1})]
    write_czi(tmp_path / "image.czi", blocks)
    with pytest.raises(UnreadableImageError, match=r"colour channels and others.*Split its channels"):
        czi.open_array(str(tmp_path / "image.czi"))


def test_another_sub_block_in_its_place_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "image.czi"
    blocks = [Block(cells((8, 9)), (0, 0), {"C": 0}), Block(cells((8, 9)), (0, 9), {"C": 0})]
    write_czi(path, blocks)
    content = bytearray(path.read_bytes())
    where = [at for at in range(0, len(content), 32) if content[at : at + 14] == b"ZISRAWSUBBLOCK"]
    size = where[1] - where[0]
    content[where[0] : where[1]] = content[where[1] : where[1] + size]
    path.write_bytes(content)
    found = czi.open_array(str(path))
    with pytest.raises(UnreadableImageError, match=r"lies elsewhere in the image.*Fetch it anew"):
        found.load()
