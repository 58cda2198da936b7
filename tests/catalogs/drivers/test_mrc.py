from __future__ import annotations

import bz2
import gzip
import importlib.util
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import HEADER_DTYPE

from bioimagehub.catalogs.cost import cost
from bioimagehub.catalogs.drivers.mrc import open_array, scan
from bioimagehub.catalogs.errors import MissingFileError, TruncatedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers.itk_images import write_with_itk
from servers.store import StoreServer

VALUES = np.random.default_rng(2).integers(-100, 100, (7, 12, 15)).astype(np.float32)


def swap(file: Path) -> None:
    """Turn a file that mrcfile wrote into the other byte order, as mrcfile does for an open one."""
    with mrcfile.open(file, "r+") as opened:
        other = ">" if opened.header.mode.dtype.byteorder in "=<" else "<"
        data = opened.data.astype(opened.data.dtype.newbyteorder(other))
        header = np.array(opened.header).astype(HEADER_DTYPE.newbyteorder(other))
        header["machst"] = [0x11, 0x11, 0, 0] if other == ">" else [0x44, 0x44, 0, 0]
    file.write_bytes(header.tobytes() + data.tobytes())


def change(file: Path, **fields: Any) -> Path:
    """Set fields of the header, those of an axis by names such as ``cella_x``."""
    content = bytearray(file.read_bytes())
    header = np.frombuffer(content, HEADER_DTYPE, 1)
    for name, value in fields.items():
        field, _, part = name.partition("_")
        (header[field][part] if part else header[field])[...] = value
    file.write_bytes(content)
    return file


def write_map(file: Path, values: Any = VALUES, voxel: float = 2.0) -> Path:
    with mrcfile.new(file, overwrite=True) as written:
        written.set_data(values)
        written.voxel_size = voxel
    return file


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
        file = write_with_itk(folder / "itk.mrc", VALUES, (2.0, 1.0, 0.5), (10, 20, 30))
        return Written(
            file,
            VALUES,
            ("z", "y", "x"),
            coords={"z": (30 + 0.5 * np.arange(7)) * 1e-4, "x": (10 + 2.0 * np.arange(15)) * 1e-4},
        )


# ---- the order of the axes


def test_order_of_the_axes_is_that_of_the_header() -> None:
    """EMD-3001 has columns along z, rows along x and sections along y."""
    spec = importlib.util.find_spec("gridData")
    assert spec
    assert spec.submodule_search_locations
    file = Path(spec.submodule_search_locations[0]) / "tests" / "datafiles" / "EMD-3001.map.bz2"
    density = open_array(str(file))
    assert dict(density.sizes) == {"z": 73, "y": 25, "x": 43}
    with mrcfile.open(file, permissive=True) as stored:
        np.testing.assert_array_equal(density.values, np.moveaxis(stored.data, -1, 0))
    assert [density[axis].attrs["spacing"] for axis in "zyx"] == pytest.approx(
        [33.03e-4 / 72, 4.71e-4 / 12, 17.93e-4 / 40], rel=1e-9
    )
    assert float(density["y"][0]) == pytest.approx(-12 * 4.71e-4 / 12)
    assert float(density["x"][0]) == pytest.approx(-21 * 17.93e-4 / 40)


@pytest.mark.parametrize("stored", ["zyx", "zxy", "yzx", "yxz", "xyz", "xzy"])
def test_axes_of_every_order(tmp_path: Path, stored: str) -> None:
    sizes = dict(zip("zyx", VALUES.shape, strict=True))
    laid = VALUES.transpose(["zyx".index(axis) for axis in stored])
    assert laid.shape == tuple(sizes[axis] for axis in stored)
    file = write_map(tmp_path / "map.mrc", np.ascontiguousarray(laid))
    numbers = {name: "xyz".index(axis) + 1 for name, axis in zip(("maps", "mapr", "mapc"), stored, strict=True)}
    change(file, **numbers, mx=15, my=12, mz=7, cella_x=30, cella_y=36, cella_z=7)
    density = open_array(str(file))
    assert density.dims == ("z", "y", "x")
    np.testing.assert_array_equal(density.values, VALUES)
    assert [density[axis].attrs["spacing"] for axis in "zyx"] == pytest.approx([1e-4, 3e-4, 2e-4])


def test_header_without_order_means_the_usual(tmp_path: Path) -> None:
    file = change(write_map(tmp_path / "map.mrc"), mapc=0, mapr=0, maps=0)
    np.testing.assert_array_equal(open_array(str(file)).values, VALUES)


def test_header_that_names_an_axis_twice_is_told(tmp_path: Path) -> None:
    file = change(write_map(tmp_path / "map.mrc"), mapc=2)
    with pytest.raises(UnreadableImageError, match=r"as the axes \[3, 2, 2\]; expected 1, 2 and 3.*MAPS, MAPR, MAPC"):
        open_array(str(file))


# ---- what sections are


@pytest.mark.parametrize(
    ("name", "ispg", "mz", "stack", "dims", "sections"),
    [
        ("a.mrc", 1, 7, None, "zyx", "slices"),
        ("a.mrc", 0, 7, None, "zyx", "slices"),
        ("a.mrc", 0, 1, None, "tyx", "images"),
        ("a.mrcs", 0, 7, None, "tyx", "images"),
        ("a.mrc", 0, 7, True, "tyx", "images"),
        ("a.mrcs", 0, 1, False, "zyx", "slices"),
        ("a.mrc", 401, 7, None, "tzyx", "volumes"),
    ],
)
def test_what_sections_are(
    tmp_path: Path, name: str, ispg: int, mz: int, stack: bool | None, dims: str, sections: str
) -> None:
    file = change(write_map(tmp_path / name), ispg=ispg, mz=mz)
    found = open_array(str(file), stack=stack)
    assert "".join(map(str, found.dims)) == dims
    assert found.attrs["sections"] == sections
    np.testing.assert_array_equal(found.values.reshape(VALUES.shape), VALUES)


def test_stack_of_volumes_that_does_not_divide_is_told(tmp_path: Path) -> None:
    file = change(write_map(tmp_path / "a.mrc"), ispg=401, mz=2)
    with pytest.raises(UnreadableImageError, match=r"2 sections each, and of 7 sections .*Correct the header .*MZ"):
        open_array(str(file))


def test_stack_can_be_said_of_an_indexed_file(tmp_path: Path) -> None:
    file = write_map(tmp_path / "a.mrc")
    assert open_array(Place(str(file), layout=scan(str(file))), stack=True).dims == ("t", "y", "x")


# ---- coordinates


def test_cell_that_is_not_stated_gives_pixels(tmp_path: Path) -> None:
    assert open_array(str(write_map(tmp_path / "map.mrc", voxel=0)))["x"].attrs == {"units": "pixel", "spacing": 1.0}


def test_origin_counts_where_it_is_used(tmp_path: Path) -> None:
    file = change(write_map(tmp_path / "map.mrc"), origin_x=30.0, nxstart=9, nystart=9)
    density = open_array(str(file))
    assert [float(density[axis][0]) for axis in "zyx"] == pytest.approx([0, 0, 30e-4])


@pytest.mark.parametrize(("flags", "sign"), [(0, -1), (4, 1)])
def test_origin_of_imod_points_the_other_way_unless_flagged(tmp_path: Path, flags: int, sign: int) -> None:
    file = change(write_map(tmp_path / "map.mrc"), origin_z=50.0)
    content = bytearray(file.read_bytes())
    content[152:160] = np.array([1146047817, flags], "<i4").tobytes()
    file.write_bytes(content)
    assert float(open_array(str(file))["z"][0]) == pytest.approx(sign * 50e-4)


@pytest.mark.parametrize("cell", [np.nan, np.inf, -1.0])
def test_cell_that_cannot_be_is_told(tmp_path: Path, cell: float) -> None:
    file = change(write_map(tmp_path / "map.mrc"), cella_y=cell)
    with pytest.raises(UnreadableImageError, match=r"a cell (nan|inf|-1\.0) angstroms long along y. Correct"):
        open_array(str(file))


# ---- types and byte orders


@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "c8", "u2", "f2"])
@pytest.mark.parametrize("stamp", [None, [0x11, 0x11, 0, 0], [0x44, 0x44, 0, 0], [0, 0, 0, 0], [0x44, 0x41, 0, 0]])
@pytest.mark.parametrize("swapped", [False, True])
def test_types_in_both_byte_orders_whatever_the_stamp(
    tmp_path: Path, dtype: str, stamp: list[int] | None, swapped: bool
) -> None:
    values = VALUES.astype(dtype)
    file = write_map(tmp_path / "map.mrc", values)
    if swapped:
        swap(file)
    if stamp is not None:
        change(file, machst=stamp)
    found = open_array(str(file))
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.values, values)


def test_complex_integers(tmp_path: Path) -> None:
    """Mode 3 as the standard has it: mrcfile does not write it."""
    pairs = np.random.default_rng(0).integers(-900, 900, (7, 12, 15, 2)).astype("<i2")
    file = change(write_map(tmp_path / "map.mrc"), mode=3)
    file.write_bytes(file.read_bytes()[:1024] + pairs.tobytes())
    found = open_array(str(file))
    assert found.dtype == np.complex64
    np.testing.assert_array_equal(found.values, pairs[..., 0] + 1j * pairs[..., 1])


@pytest.mark.parametrize(
    ("flags", "dmax", "dtype"), [(None, 90.0, "i1"), (None, 200.0, "u1"), (0, 90.0, "u1"), (1, 90.0, "i1")]
)
def test_whether_bytes_are_signed(tmp_path: Path, flags: int | None, dmax: float, dtype: str) -> None:
    values = VALUES.astype(np.int8)
    file = change(write_map(tmp_path / "map.mrc", values), dmax=dmax)
    if flags is not None:
        content = bytearray(file.read_bytes())
        content[152:160] = np.array([1146047817, flags], "<i4").tobytes()
        file.write_bytes(content)
    found = open_array(str(file))
    np.testing.assert_array_equal(found.values, values.view(dtype))
    assert found.dtype == np.dtype(dtype)


def test_four_bits_in_mode_0_are_refused(tmp_path: Path) -> None:
    file = write_map(tmp_path / "map.mrc", VALUES.astype(np.int8))
    content = bytearray(file.read_bytes())
    content[152:160] = np.array([1146047817, 16], "<i4").tobytes()
    file.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"four bits a byte in mode 0.*mode 101 or 6"):
        open_array(str(file))


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
