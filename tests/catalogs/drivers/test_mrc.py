from __future__ import annotations

import bz2
import gzip
from typing import TYPE_CHECKING, Any

import mrcfile
import numpy as np
import pytest

from bioimagehub.catalogs.cost import cost
from bioimagehub.catalogs.drivers.mrc import open_array
from bioimagehub.catalogs.errors import MissingFileError, TruncatedFileError, UnreadableImageError
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers import itk_images
from catalogs.drivers.writers.itk_images import itk_files
from catalogs.drivers.writers.mrc_files import VALUES, change, swap, write_map
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path


class TestVolume(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        file = write_map(folder / "map.mrc")
        with mrcfile.open(file, "r+") as opened:
            opened.nstart = (-3, 4, 5)
        return Written(
            file,
            VALUES,
            ("z", "y", "x"),
            coords={"z": (np.arange(7) + 5) * 2e-4, "y": (np.arange(12) + 4) * 2e-4, "x": (np.arange(15) - 3) * 2e-4},
            units=dict.fromkeys("zyx", "micrometer"),
            opening=1,
        )


class TestBigEndianComplexStackOfVolumes(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        values = (VALUES[:6] + 1j * VALUES[1:]).astype(np.complex64).reshape(3, 2, 12, 15)
        file = write_map(folder / "volumes.map", values)
        swap(file)
        return Written(file, values, ("t", "z", "y", "x"), units={"t": "frame", "z": "micrometer"}, opening=1)


class TestMovie(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        file = folder / "movie.mrcs"
        with mrcfile.new(file) as written:
            written.set_data(VALUES.astype(np.int16))
            written.set_image_stack()
            written.set_extended_header(np.zeros(1111, "V1"))
            written.voxel_size = 1.5
        return Written(file, VALUES.astype(np.int16), ("t", "y", "x"), units={"t": "frame"}, opening=1)


class TestMicrograph(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        values = VALUES.reshape(42, 30).astype(np.float16)
        return Written(write_map(folder / "micrograph.mrc", values), values, ("y", "x"), opening=1)


class TestGzippedMap(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        with mrcfile.new(folder / "emd_1.map.gz", compression="gzip") as written:
            written.set_data(np.random.default_rng(0).random((9, 20, 30), dtype=np.float32))
            return Written(folder / "emd_1.map.gz", written.data.copy(), ("z", "y", "x"), opening=1)


class TestBzip2OfIntegers(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        with mrcfile.new(folder / "map.mrc.bz2", compression="bzip2") as written:
            written.set_data(np.random.default_rng(0).integers(0, 60_000, (9, 20, 30), dtype=np.uint16))
            return Written(folder / "map.mrc.bz2", written.data.copy(), ("z", "y", "x"))


class TestFourBits(DriverContract):
    """Mode 101, which mrcfile does not write: two samples a byte, the first in the lower half; odd rows filled up."""

    driver = "mrc"

    def write(self, folder: Path) -> Written:
        values = np.random.default_rng(0).integers(0, 16, (4, 9, 7), dtype=np.uint8)
        with mrcfile.new(folder / "counts.mrcs") as written:
            written.set_data(np.zeros((4, 9, 7), np.int8))
            written.set_image_stack()
        change(folder / "counts.mrcs", mode=101)
        filled = np.concatenate([values, np.zeros((4, 9, 1), np.uint8)], axis=-1)
        header = (folder / "counts.mrcs").read_bytes()[:1024]
        (folder / "counts.mrcs").write_bytes(header + (filled[..., ::2] | filled[..., 1::2] << 4).tobytes())
        return Written(folder / "counts.mrcs", values, ("t", "y", "x"), opening=1)


class TestWrittenByItk(DriverContract):
    driver = "mrc"

    def write(self, folder: Path) -> Written:
        file = folder / "itk.mrc"
        file.write_bytes(itk_files()[file.suffix])
        return Written(
            file,
            itk_images.VALUES,
            ("z", "y", "x"),
            coords={"z": (3 + 3 * np.arange(6)) * 1e-4, "x": (1 + 0.5 * np.arange(14)) * 1e-4},
        )


# ---- files that are not as they should be


@pytest.mark.parametrize("content", [b"", b"not a map", b"\0" * 2000, b"\xff" * 5000])
def test_file_that_is_no_map_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "map.mrc").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"map\.mrc.*[Ff]etch"):
        open_array(str(tmp_path / "map.mrc"))


def test_mode_that_is_not_known_is_told(tmp_path: Path) -> None:
    file = change(write_map(tmp_path / "map.mrc"), mode=16)
    with pytest.raises(UnreadableImageError, match=r"the mode 16; expected .*a mode out of 0, 1, 2, 3, 4, 6, 12, 101"):
        open_array(str(file))


def test_cut_map_is_told_when_it_is_opened(tmp_path: Path) -> None:
    file = write_map(tmp_path / "map.mrc")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        TruncatedFileError, match=r"has 6063 bytes, and its header tells of 6064: .*fetch the file anew"
    ):
        open_array(str(file))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_map_with_sections_left_over_is_told(tmp_path: Path, pack: Any) -> None:
    content = write_map(tmp_path / "map.mrc").read_bytes()
    file = tmp_path / "copy.mrc"
    file.write_bytes(pack(content + b"\0" * (12 * 15 * 4 - 1)))
    np.testing.assert_array_equal(open_array(str(file)).values, VALUES)
    file.write_bytes(pack(content + b"\0" * (12 * 15 * 4)))
    with pytest.raises(UnreadableImageError, match=r"header"):
        open_array(str(file)).load()


def test_map_that_was_cut_after_it_was_opened_is_told(tmp_path: Path) -> None:
    file = write_map(tmp_path / "map.mrc")
    density = open_array(str(file))
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"map\.mrc"):
        density.load()


def test_extended_header_that_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"extended header -4 bytes"):
        open_array(str(change(write_map(tmp_path / "map.mrc"), nsymbt=-4)))


def test_missing_map_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.mrc"):
        open_array(str(tmp_path / "none.mrc"))


# ---- over HTTP


def test_plane_and_tile_move_little(tmp_path: Path) -> None:
    write_map(tmp_path / "map.mrc", np.random.default_rng(0).random((6, 400, 400), dtype=np.float32))
    with mrcfile.mmap(tmp_path / "map.mrc") as local, StoreServer(tmp_path) as store:
        density = open_array(f"{store.url}/map.mrc")
        assert store.count == 1
        assert store.bytes == 1024
        store.reset()
        assert (cost(density, {"z": 3}).requests, cost(density, {"z": 3}).bytes) == (1, 640_000)
        np.testing.assert_array_equal(density[3].values, local.data[3])
        assert store.count == 1
        assert store.bytes == 640_000
        store.reset()
        np.testing.assert_array_equal(density[5, 100:228, 10:138].values, local.data[5, 100:228, 10:138])
        assert store.count == 1
        assert store.bytes == 4 * (127 * 400 + 128)


def test_header_of_a_gzipped_map_takes_little(tmp_path: Path) -> None:
    content = write_map(tmp_path / "map", np.random.default_rng(0).random((20, 80, 80), dtype=np.float32)).read_bytes()
    (tmp_path / "emd_1.map.gz").write_bytes(gzip.compress(content))
    (tmp_path / "emd_2.map.bz2").write_bytes(bz2.compress(content))
    with StoreServer(tmp_path) as store:
        density = open_array(f"{store.url}/emd_1.map.gz")
        assert store.count == 1
        assert store.bytes == 1024
        np.testing.assert_array_equal(density.values, mrcfile.read(tmp_path / "map"))
        store.reset()
        density[3:5].load()
        assert store.count == 0
        np.testing.assert_array_equal(open_array(f"{store.url}/emd_2.map.bz2")[7].values, density[7].values)


def test_map_of_zeros_that_packs_to_less_than_a_header(tmp_path: Path) -> None:
    content = write_map(tmp_path / "map", np.zeros((9, 50, 50), np.float32)).read_bytes()
    for name, pack in (("a.gz", gzip.compress), ("a.bz2", bz2.compress)):
        (tmp_path / name).write_bytes(pack(content))
        assert (tmp_path / name).stat().st_size < 1024
        assert not open_array(str(tmp_path / name)).values.any()
