from __future__ import annotations

import importlib.util
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from bioimagehub.catalogs.drivers.mrc import open_array, scan
from bioimagehub.catalogs.errors import UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.writers.mrc_files import VALUES, change, swap, write_map

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
