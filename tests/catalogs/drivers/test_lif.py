"""Leica image files, written byte by byte here and checked by liffile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from liffile import LifFile

from bioimagehub.catalogs.drivers import lif
from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnreadableImageError
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers.lif import LifImage, write_lif

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def cells(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(5).integers(0, 200, shape).astype(dtype)


class TestStackOfChannels(DriverContract):
    """Planes of one channel after another, as confocal microscopes write them."""

    driver = "lif"

    def write(self, folder: Path) -> Written:
        image = cells((3, 2, 5, 30, 40))
        lengths = {
            "x": (1e-6, 39 * 2e-7, "m"),
            "y": (0.0, 29 * 2e-7, "m"),
            "z": (5e-6, -4 * 5e-7, "m"),
            "t": (0.0, 2 * 1.5, "s"),
        }
        colours = ((0, "Green"), (0, "Magenta"))
        stack = LifImage("Series001", image.swapaxes(1, 2).copy(), ("t", "z", "c", "y", "x"), lengths, colours)
        write_lif(folder / "project.lif", [stack])
        with LifFile(folder / "project.lif") as file:
            assert file.images[0].dims == ("T", "Z", "C", "Y", "X")
            np.testing.assert_array_equal(file.images[0].asarray(), image.swapaxes(1, 2))
        return Written(
            folder / "project.lif",
            image,
            ("t", "c", "z", "y", "x"),
            coords={
                "t": 1.5 * np.arange(3),
                "c": ["Green", "Magenta"],
                "z": 5 - 0.5 * np.arange(5),
                "y": 0.2 * np.arange(30),
                "x": 1 + 0.2 * np.arange(40),
            },
            units={"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        )


class TestMosaicOfColours(DriverContract):
    """Samples of the three colours side by side, blue first, and tiles; the second of two images."""

    driver = "lif"

    def write(self, folder: Path) -> Written:
        image = cells((4, 3, 20, 31), "uint8")
        stored = image.transpose(0, 2, 3, 1)[..., ::-1].copy()
        write_lif(
            folder / "slides.lif",
            [
                LifImage("overview", cells((9, 8)), ("y", "x")),
                LifImage(
                    "scan",
                    stored,
                    ("field", "y", "x", "c"),
                    {"x": (0.0, 30e-6, "m"), "y": (0.0, 19e-6, "m")},
                    ((1, "Red"), (2, "Green"), (3, "Blue")),
                    offsets=(2, 1, 0),
                    folder="Region 1",
                ),
            ],
        )
        with LifFile(folder / "slides.lif") as file:
            np.testing.assert_array_equal(file.images[1].asarray(), image.transpose(0, 2, 3, 1))
        return Written(
            folder / "slides.lif",
            image,
            ("field", "c", "y", "x"),
            coords={"c": ["red", "green", "blue"], "y": np.arange(20), "x": np.arange(31)},
            units={"y": "micrometer", "x": "micrometer"},
            options={"series": "Region 1/scan"},
        )


class TestLineScans(DriverContract):
    """The first version of the format, without an axis y."""

    driver = "lif"

    def write(self, folder: Path) -> Written:
        image = cells((7, 1, 33), "float32")
        lengths = {"x": (0.0, 32e-7, "m"), "z": (0.0, 6e-6, "m")}
        write_lif(folder / "lines.lif", [LifImage("xz", image[:, 0], ("z", "x"), lengths)], version=1)
        return Written(
            folder / "lines.lif", image, ("z", "y", "x"), coords={"z": np.arange(7), "x": 0.1 * np.arange(33)}
        )


def test_several_images_have_to_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "project.lif")
    images = [LifImage(f"Series{n:03}", cells((n, 9, 8)), ("z", "y", "x")) for n in range(1, 26)]
    write_lif(tmp_path / "project.lif", images)
    with pytest.raises(AmbiguousImageError, match=r"25 images.*0: 'Series001' \(1x9x8\).*and 5 more.*`series`"):
        lif.open_array(path)
    with pytest.raises(UnknownImageError, match=r"no image 'Series999'.*'Series001'"):
        lif.open_array(path, series="Series999")
    assert lif.open_array(path, series="Series003").sizes["z"] == 3
    assert lif.open_array(path, series=24).sizes["z"] == 25
    tree = lif.open_tree(path)
    np.testing.assert_array_equal(tree["Series002"]["image"].values, images[1].pixels)


def test_wavelengths_are_an_axis(tmp_path: Path) -> None:
    image = LifImage("lambda", cells((5, 9, 8)), ("emission", "y", "x"), {"emission": (5e-7, 4e-8, "m")})
    write_lif(tmp_path / "lambda.lif", [image])
    found = lif.open_array(str(tmp_path / "lambda.lif"))
    assert found.dims == ("emission", "y", "x")
    np.testing.assert_allclose(found.emission, [500, 510, 520, 530, 540])
    assert found.emission.attrs["units"] == "nanometer"


def test_blocks_that_are_too_short(tmp_path: Path) -> None:
    path = tmp_path / "project.lif"
    write_lif(path, [LifImage("one", cells((4, 9, 8)), ("z", "y", "x"))])
    content = path.read_bytes()
    more = content.replace('NumberOfElements="4"'.encode("utf-16-le"), 'NumberOfElements="5"'.encode("utf-16-le"))
    path.write_bytes(more)
    with pytest.raises(UnreadableImageError, match=r"needs 720 bytes, and its block in the file has 576"):
        lif.open_array(str(path))


def test_files_that_are_too_short(tmp_path: Path) -> None:
    path = tmp_path / "project.lif"
    write_lif(path, [LifImage("one", cells((4, 9, 8)), ("z", "y", "x"))])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UnreadableImageError, match=r"'one' ends beyond the file, which has \d+ bytes.*Fetch it anew"):
        lif.open_array(str(path))


def test_channels_of_different_types(tmp_path: Path) -> None:
    path = tmp_path / "project.lif"
    write_lif(path, [LifImage("one", cells((2, 9, 8)), ("c", "y", "x"), colours=((0, "a"), (0, "b")))])
    content = path.read_bytes()
    sixteen, eight = ('Resolution="16"'.encode("utf-16-le"), 'Resolution="08"'.encode("utf-16-le"))
    path.write_bytes(content.replace(sixteen, eight, 1))
    with pytest.raises(UnreadableImageError, match=r"'one'.*samples of different types.*liffile"):
        lif.open_array(str(path))


def test_channels_of_one_name_get_numbers(tmp_path: Path) -> None:
    image = LifImage("one", cells((2, 9, 8)), ("c", "y", "x"), colours=((0, "Gray"), (0, "Gray")))
    write_lif(tmp_path / "project.lif", [image])
    assert lif.open_array(str(tmp_path / "project.lif")).c.values.tolist() == ["Gray 1", "Gray 2"]


def test_images_without_a_block(tmp_path: Path) -> None:
    path = tmp_path / "project.lif"
    write_lif(path, [LifImage("one", cells((4, 9, 8)), ("z", "y", "x"))])
    name, other = ('MemoryBlockID="MemBlock_0"'.encode("utf-16-le"), 'MemoryBlockXX="MemBlock_0"'.encode("utf-16-le"))
    path.write_bytes(path.read_bytes().replace(name, other))
    with pytest.raises(UnreadableImageError, match=r"cannot be read as a Leica image file.*MemoryBlockID"):
        lif.open_array(str(path))
