"""Zip files and folders of images, as the Broad Bioimage Benchmark Collection has them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from bioimagehub.catalogs.drivers import image_set
from bioimagehub.catalogs.errors import (
    AmbiguousImageError,
    UnknownImageError,
    UnknownLevelError,
    UnreadableImageError,
    UnreadableZipError,
)
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

RANDOM = np.random.default_rng(0)
SITES = 12


def noise(*shape: int, dtype: str = "uint8") -> NDArray[Any]:
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def write_images(folder: Path, pixels: NDArray[Any], pattern: str) -> list[str]:
    """Write images as TIFF or PNG; the names are such that their order is not that of letters."""
    names = [pattern.format(number) for number in range(len(pixels))]
    for name, plane in zip(names, pixels, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("png"):
            Image.fromarray(plane).save(folder / name)
        else:
            tifffile.imwrite(folder / name, plane)
    return names


def pack(folder: Path, target: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(target, "w", method) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, file.relative_to(folder))
    return target


class SetContract(DriverContract):
    driver = "image_set"
    method: int | None = None
    pattern = "BBBC006_v1_images_z_00/mcf-z-stacks-03212011_a01_s{}.tif"

    def write(self, folder: Path) -> Written:
        pixels = noise(SITES, 52, 69, dtype="uint16")
        images = folder if self.method is not None else folder / "set"
        work = folder.with_name(f"{folder.name}-images") if self.method is not None else images
        names = write_images(work, pixels, self.pattern)
        if self.method is not None:
            images = pack(work, folder / "BBBC006_v1_images_z_00.zip", self.method)
        axes = {"image": names, "y": np.arange(52.0), "x": np.arange(69.0)}
        return Written(images, pixels, ("image", "y", "x"), coords=axes, opening=self.opening)

    opening: int | None = None


class TestDeflatedTiff(SetContract):
    method = zipfile.ZIP_DEFLATED
    opening = 2


class TestStoredPng(SetContract):
    method = zipfile.ZIP_STORED
    pattern = "images/mcf_a01_s{}_w1.png"
    opening = 2


class TestFolder(SetContract):
    pattern = "a01/s{}.tif"


@pytest.fixture
def cells(tmp_path: Path) -> tuple[Path, NDArray[Any]]:
    """A set with what archives leave in zip files besides."""
    work, pixels = tmp_path / "work", noise(5, 20, 30)
    write_images(work, pixels, "images/cell {}_w1.TIF")
    write_images(work, pixels[:2] ^ 255, "masks/cell {}_w1.png")
    for name in ("notes.txt", "counts.csv", "README", "__MACOSX/images/._cell 0_w1.TIF", "images/.DS_Store"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(b"no image")
    return pack(work, tmp_path / "cells.zip"), pixels


def test_what_is_no_image_is_left_out_and_counted(cells: tuple[Path, NDArray[Any]]) -> None:
    found = image_set.open_array(str(cells[0]), pattern="images/*")
    assert found.image.values.tolist() == [f"images/cell {number}_w1.TIF" for number in range(5)]
    assert found.attrs["left_out"] == 5
    assert found.attrs["left_out_kinds"] == "1 .csv, 1 .tif, 1 .txt, 2 without suffix"
    np.testing.assert_array_equal(found.values, cells[1])


def test_one_member(cells: tuple[Path, NDArray[Any]]) -> None:
    url, pixels = str(cells[0]), cells[1]
    for name in ("images/cell 3_w1.TIF", "cell 3_w1.TIF"):
        found = image_set.open_array(url, member=name)
        assert (found.dims, found.attrs["member"]) == (("y", "x"), "images/cell 3_w1.TIF")
        np.testing.assert_array_equal(found.values, pixels[3])
    np.testing.assert_array_equal(image_set.open_array(url, member="cell 1_w1.png").values, pixels[1] ^ 255)
    with pytest.raises(UnknownImageError, match=r"no image 'cell 9.tif'.*images/cell 0_w1.TIF.*`member`"):
        image_set.open_array(url, member="cell 9.tif")
    with pytest.raises(UnknownImageError, match=r"no image that fits the pattern '\*.lsm'"):
        image_set.open_array(url, pattern="*.lsm")
    with pytest.raises(AmbiguousImageError, match=r"Leave one of them out"):
        image_set.open_array(url, member="cell 1_w1.png", pattern="*")


def test_name_of_several(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_images(tmp_path / "set" / folder, noise(1, 20, 30), "{}.png")
    with pytest.raises(AmbiguousImageError, match=r"2 images .* a/0.png, b/0.png. Give the path"):
        image_set.open_array(str(tmp_path / "set"), member="0.png")
    assert image_set.open_array(str(tmp_path / "set"), member="b/0.png").shape == (20, 30)


def test_a_single_image_needs_no_name(tmp_path: Path) -> None:
    pixels = noise(1, 20, 30)
    write_images(tmp_path / "set", pixels, "{}.png")
    found = image_set.open_array(str(tmp_path / "set"))
    np.testing.assert_array_equal(found.values, pixels[0])


def test_member_of_an_indexed_set_opens_without_a_request(cells: tuple[Path, NDArray[Any]]) -> None:
    with StoreServer(cells[0].parent) as store:
        url = f"{store.url}/cells.zip"
        layout = image_set.scan(url)
        store.reset()
        found = image_set.open_array(Place(url, layout=layout), member="cell 4_w1.TIF")
        tree = image_set.open_tree(Place(url, layout=layout))
        assert store.requests == []
        np.testing.assert_array_equal(found.values, cells[1][4])
        np.testing.assert_array_equal(tree["masks/cell 1_w1.png/image"].values, cells[1][1] ^ 255)


def test_tree_has_images_of_all_shapes(tmp_path: Path) -> None:
    shapes: Mapping[str, tuple[int, ...]] = {"a": (20, 30), "b": (25, 31), "c": (4, 5, 3)}
    for name, shape in shapes.items():
        write_images(tmp_path / "set", noise(1, *shape), name + "{}.png")
    tree = image_set.open_tree(str(tmp_path / "set"))
    assert tree["a0.png/image"].shape == (20, 30)
    assert tree["c0.png/image"].dims == ("c", "y", "x")
    assert sorted(tree.children) == ["a0.png", "b0.png", "c0.png"]


@pytest.fixture
def unequal(tmp_path: Path) -> str:
    write_images(tmp_path / "set", noise(3, 20, 30), "a{}.png")
    write_images(tmp_path / "set", noise(1, 20, 31), "b{}.png")
    return str(tmp_path / "set")


def test_unequal_image_is_an_error_when_it_is_read(unequal: str) -> None:
    found = image_set.open_array(unequal)
    assert found[:3].values.shape == (3, 20, 30)
    with pytest.raises(UnreadableImageError, match=r"b0.png is uint8 y 20 x 31; .* is uint8 y 20 x 30"):
        found.load()


def test_unequal_images_are_known_once_indexed(unequal: str) -> None:
    place = Place(unequal, layout=image_set.scan(unequal))
    with pytest.raises(AmbiguousImageError, match=r"1 are not like the first: a0.png: uint8 y 20 x 30; .*`member`"):
        image_set.open_array(place)
    assert image_set.open_array(place, pattern="a*").shape == (3, 20, 30)


def test_other_spacing_is_not_alike(tmp_path: Path) -> None:
    """Their coordinates would be wrong."""
    (tmp_path / "set").mkdir()
    for number, spacing in enumerate((0.5, 0.6)):
        tifffile.imwrite(
            tmp_path / "set" / f"{number}.tif",
            noise(20, 30),
            imagej=True,
            resolution=(1 / spacing, 1 / spacing),
            metadata={"unit": "um"},
        )
    found = image_set.open_array(str(tmp_path / "set"))
    assert found.x.values[1] == pytest.approx(0.5)
    with pytest.raises(UnreadableImageError, match=r"every 0.6 micrometer"):
        found.load()


def test_colour_images(tmp_path: Path) -> None:
    pixels = noise(3, 20, 30, 3)
    write_images(tmp_path / "set", pixels, "{}.png")
    found = image_set.open_array(str(tmp_path / "set"))
    assert (found.dims, found.c.values.tolist()) == (("image", "c", "y", "x"), ["red", "green", "blue"])
    np.testing.assert_array_equal(found.transpose("image", "y", "x", "c").values, pixels)


def test_level_of_a_stack(unequal: str) -> None:
    with pytest.raises(UnknownLevelError, match=r"level 0 only.*Choose"):
        image_set.open_array(unequal, pattern="a*", level=1)


def test_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no image")
    with pytest.raises(UnknownImageError, match=r"no images: found 1 files \(1 .txt\). Choose another"):
        image_set.open_array(str(tmp_path))


def test_no_zip_file(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("<html>gone</html>")
    with pytest.raises(UnreadableZipError, match=r"cannot be read as a zip file.*fetch it anew"):
        image_set.open_array(str(tmp_path / "a.zip"))


def test_stack_takes_a_request_an_image(tmp_path: Path) -> None:
    pixels = noise(30, 52, 69, dtype="uint16")
    write_images(tmp_path / "work", pixels, "s{}.tif")
    pack(tmp_path / "work", tmp_path / "set.zip")
    with StoreServer(tmp_path) as store:
        found = image_set.open_array(f"{store.url}/set.zip")
        assert len(store.requests) == 2
        found[7].load()
        assert len(store.requests) == 3
        found.load()
        # The directory, and each member once: the header and the pixels of a member come together.
        assert len(store.requests) == 1 + 30
