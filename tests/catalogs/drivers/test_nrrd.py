from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nrrd
import numpy as np
import pytest

from bioimagehub.catalogs.drivers.nrrd import open_array, scan
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, TruncatedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers import itk_images
from catalogs.drivers.writers.itk_images import itk_files
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VALUES = np.random.default_rng(5).integers(-900, 900, (6, 9, 14)).astype(np.int16)
"""Axes z y x."""
SPACE = {
    "space": "left-posterior-superior",
    "space directions": np.diag([0.5, -0.25, 3.0]),
    "space origin": [10.0, 20.0, -30.0],
    "space units": ["um", "um", "um"],
}


def save(file: Path, values: NDArray[Any] = VALUES, **fields: Any) -> Path:
    """Write an array in the order of the file, the slowest axis first, with pynrrd."""
    detached = fields.pop("detached", False)
    header = {"encoding": "raw", **{name.replace("_", " "): value for name, value in fields.items()}}
    nrrd.write(str(file), values, header, index_order="C", detached_header=detached)
    return file


def replace_in(file: Path, *changes: tuple[bytes, bytes]) -> Path:
    content = file.read_bytes()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    file.write_bytes(content)
    return file


class TestVolume(DriverContract):
    driver = "nrrd"

    def write(self, folder: Path) -> Written:
        return Written(
            save(folder / "atlas.nrrd", **SPACE),
            VALUES,
            ("z", "y", "x"),
            coords={"z": -30 + 3.0 * np.arange(6), "y": 20 - 0.25 * np.arange(9), "x": 10 + 0.5 * np.arange(14)},
            units=dict.fromkeys("zyx", "micrometer"),
            opening=2,
        )


class TestBigEndianTimeSeries(DriverContract):
    driver = "nrrd"

    def write(self, folder: Path) -> Written:
        values = np.stack([VALUES, VALUES[::-1]]).astype(">f4")
        file = save(
            folder / "series.nrrd",
            values,
            kinds=["domain", "domain", "domain", "time"],
            spacings=[0.5, 0.25, 3.0, 40.0],
            units=["um", "um", "nm", "ms"],
        )
        assert b"endian: big" in file.read_bytes()
        return Written(
            file,
            values.astype(np.float32),
            ("t", "z", "y", "x"),
            coords={"t": [0, 0.04], "z": 0.003 * np.arange(6)},
            units={"t": "second", "z": "micrometer"},
        )


class TestGzippedColours(DriverContract):
    driver = "nrrd"

    def write(self, folder: Path) -> Written:
        colours = np.random.default_rng(0).integers(0, 255, (6, 9, 14, 3), dtype=np.uint8)
        directions = np.vstack([[np.nan] * 3, np.diag([1.0, 2.0, 3.0])])
        file = save(
            folder / "colours.nrrd",
            colours,
            **SPACE | {"space directions": directions},
            kinds=["RGB-color", "domain", "domain", "domain"],
            encoding="gzip",
        )
        return Written(file, np.moveaxis(colours, -1, 0), ("c", "z", "y", "x"), coords={"c": ["red", "green", "blue"]})


class TestBzip2(DriverContract):
    driver = "nrrd"

    def write(self, folder: Path) -> Written:
        return Written(save(folder / "packed.nrrd", encoding="bzip2"), VALUES, ("z", "y", "x"))


class TestWrittenByItk(DriverContract):
    driver = "nrrd"

    def write(self, folder: Path) -> Written:
        file = folder / "itk.nrrd"
        file.write_bytes(itk_files()[file.suffix])
        return Written(
            file,
            itk_images.VALUES,
            ("z", "y", "x"),
            units=dict.fromkeys("zyx", "pixel"),
        )


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", "<u2", ">u4", "<i4", ">i8", "<u8", "<f4", ">f8"])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_types_and_encodings(tmp_path: Path, dtype: str, encoding: str) -> None:
    values = VALUES.astype(dtype)
    found = open_array(str(save(tmp_path / "a.nrrd", values, encoding=encoding)))
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(found.values, values)


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_data_beside_the_header(tmp_path: Path, encoding: str) -> None:
    save(tmp_path / "a b.nhdr", encoding=encoding, detached=True)
    np.testing.assert_array_equal(open_array(str(tmp_path / "a b.nhdr")).values, VALUES)
    (data,) = (file for file in tmp_path.iterdir() if "raw" in file.name)
    with StoreServer(tmp_path) as store:
        url = f"{store.url}/a%20b.nhdr"
        layout = scan(url)
        store.reset()
        found = open_array(Place(url, layout=layout))
        assert store.count == 0
        np.testing.assert_array_equal(found.values, VALUES)
        data.write_bytes(bytes(reversed(data.read_bytes())))
        with pytest.raises(ChangedFileError, match=r"a%20b\.raw"):
            open_array(Place(url, layout=layout))[1:].load()
    data.unlink()
    with pytest.raises(MissingFileError, match=r"a b\.raw"):
        open_array(str(tmp_path / "a b.nhdr"))


@pytest.mark.parametrize("where", ["/etc/a.raw", "../a.raw", "sub/../../a.raw"])
def test_data_outside_of_the_folder_are_refused(tmp_path: Path, where: str) -> None:
    file = replace_in(save(tmp_path / "a.nhdr", detached=True), (b"a.raw", where.encode()))
    with pytest.raises(UnreadableImageError, match=r"outside of its folder"):
        open_array(str(file))


@pytest.mark.parametrize("where", ["LIST", "a%03d.raw 1 5 1"])
def test_data_in_several_files_are_refused(tmp_path: Path, where: str) -> None:
    file = replace_in(save(tmp_path / "a.nhdr", detached=True), (b"a.raw", where.encode()))
    with pytest.raises(UnreadableImageError, match=r"in several files: .*Write it anew in one"):
        open_array(str(file))


def test_bytes_before_the_data(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nhdr", detached=True)
    (tmp_path / "a.raw").write_bytes(b"#" * 77 + VALUES.tobytes())
    content = file.read_bytes()
    for skip in (b"77", b"-1"):
        file.write_bytes(content.replace(b"data file", b"byte skip: " + skip + b"\ndata file"))
        np.testing.assert_array_equal(open_array(str(file))[2:].values, VALUES[2:])
    file.write_bytes(content.replace(b"data file", b"line skip: 2\ndata file"))
    with pytest.raises(UnreadableImageError, match=r"behind 2 lines"):
        open_array(str(file))


def test_long_header(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nrrd", content="#" * 50_000)
    np.testing.assert_array_equal(open_array(str(file)).values, VALUES)


# ---- axes


def test_directions_across_the_axes_have_their_matrix_beside(tmp_path: Path) -> None:
    directions = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    found = open_array(str(save(tmp_path / "a.nrrd", **SPACE | {"space directions": directions})))
    assert found.attrs["space"] == "left-posterior-superior"
    np.testing.assert_array_equal(found.attrs["affine"], [[0, 1, 0, 10], [2, 0, 0, 20], [0, 0, 3, -30], [0, 0, 0, 1]])
    assert [found[axis].attrs["spacing"] for axis in "zyx"] == [3, 1, 2]
    assert float(found["x"][0]) == 0


def test_units_that_are_not_stated_count_samples(tmp_path: Path) -> None:
    fields = {name: value for name, value in SPACE.items() if name != "space units"}
    found = open_array(str(save(tmp_path / "a.nrrd", **fields)))
    assert found["z"].attrs == {"units": "pixel", "spacing": 1.0}
    assert found.attrs["affine"][2] == [0, 0, 3, -30]


@pytest.mark.parametrize(("centers", "first"), [("node", 5.0), ("cell", 6.0)])
def test_least_positions_are_those_of_borders_of_cells(tmp_path: Path, centers: str, first: float) -> None:
    fields = {"spacings": [2.0] * 3, "units": ["um"] * 3, "axis mins": [5.0] * 3, "centerings": [centers] * 3}
    file = save(tmp_path / "a.nrrd", **fields)
    found = open_array(str(file))
    assert [float(found[axis][0]) for axis in "zyx"] == [first] * 3
    again = open_array(str(replace_in(file, (b"centerings", b"centers"))))
    assert [float(again[axis][0]) for axis in "zyx"] == [first] * 3
    with pytest.raises(UnreadableImageError, match=r"3 axes, and 2 values in its field centerings"):
        open_array(str(replace_in(file, (b"centers: node" if centers == "node" else b"centers: cell", b"centers:"))))


@pytest.mark.parametrize(
    ("kinds", "dims"),
    [
        (["domain", "domain", "domain", "list"], "czyx"),
        (["vector", "space", "space", "space"], "czyx"),
        (["domain", "domain", "time", "list"], "tcyx"),
        (["list", "domain", "time", "domain"], "tcyx"),
    ],
)
def test_kinds_of_axes(tmp_path: Path, kinds: list[str], dims: str) -> None:
    values = np.random.default_rng(0).integers(0, 99, (2, 3, 4, 5), dtype=np.uint8)
    found = open_array(str(save(tmp_path / "a.nrrd", values, kinds=kinds)))
    assert "".join(map(str, found.dims)) == dims
    spatial = iter("xyz")
    kinds_to_axes = {"list": "c", "vector": "c", "time": "t"}
    stored = [kinds_to_axes.get(kind) or next(spatial) for kind in kinds][::-1]
    np.testing.assert_array_equal(found.values, values.transpose([stored.index(axis) for axis in dims]))


@pytest.mark.parametrize(
    "kinds", [["domain"] * 4, ["list", "vector", "domain", "domain"], ["time", "time", "domain", "domain"]]
)
def test_kinds_that_do_not_tell_the_axes_are_refused(tmp_path: Path, kinds: list[str]) -> None:
    file = save(tmp_path / "a.nrrd", np.zeros((2, 3, 4, 5), np.uint8), kinds=kinds)
    with pytest.raises(
        UnreadableImageError, match=rf"4 axes of the kinds {', '.join(kinds)}; .*Correct the field kinds"
    ):
        open_array(str(file))


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nrrd", np.zeros((3, 4, 2), np.float32), kinds=["complex", "domain", "domain"])
    with pytest.raises(UnreadableImageError, match=r"complex numbers. Write it as two files"):
        open_array(str(file))


# ---- headers that are not as they should be


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"type: int16", b"type: block", "samples of the type 'block'"),
        (b"endian: little\n", b"", "does not tell the byte order .*field endian"),
        (b"encoding: raw", b"encoding: ascii", "encoded as ascii; expected one of bz2, bzip2, gz, gzip, raw"),
        (b"sizes: 14 9 6", b"sizes: 14 9", r"3 dimensions of the sizes \[14, 9\]"),
        (b"sizes: 14 9 6", b"sizes: 14 9 0", r"3 dimensions of the sizes \[14, 9, 0\]"),
        (b"type: int16\n", b"", "no field 'type'"),
        (b"sizes:", b"kinds: domain domain\nsizes:", "3 axes, and 2 values in its field kinds. Correct"),
        (b"sizes:", b"units: um\nspacings: 1 2 3\nsizes:", "3 axes, and 1 values in its field units. Correct"),
        (b"NRRD", b"BIRD", "cannot be read as NRRD"),
        (b"dimension: 3", b"dimension three", "cannot be read as NRRD"),
    ],
)
def test_header_that_is_not_read_is_told(tmp_path: Path, old: bytes, new: bytes, told: str) -> None:
    file = replace_in(save(tmp_path / "a.nrrd"), (old, new))
    with pytest.raises(UnreadableImageError, match=rf"a\.nrrd .*{told}"):
        open_array(str(file))


def test_cut_file_is_told_when_it_is_opened(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nrrd")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TruncatedFileError, match=r"a\.nrrd has .* bytes, and its header tells of"):
        open_array(str(file))
