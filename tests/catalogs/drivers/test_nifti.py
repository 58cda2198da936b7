from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest

from bioimagehub.catalogs.drivers.nifti import open_array, scan
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, TruncatedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.drivers.contract import DriverContract, Written
from catalogs.drivers.writers import itk_images
from catalogs.drivers.writers.itk_images import itk_files
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VALUES = np.random.default_rng(4).integers(-900, 900, (6, 9, 14)).astype(np.int16)
"""Axes z y x."""
AFFINE = np.diag([-0.5, 0.25, 3.0, 1.0])
AFFINE[:3, 3] = [10.0, -20.0, 1.5]


def save(file: Path, values: NDArray[Any], affine: Any = AFFINE, *, kind: Any = nib.Nifti1Image, **fields: Any) -> Path:
    """Write an array in the order of the file, the slowest axis first, with nibabel."""
    units = fields.pop("units", ("mm", "sec"))
    image = kind(values.T, affine)
    image.header.set_xyzt_units(*units)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, file)
    return file


class TestVolume(DriverContract):
    driver = "nifti"

    def write(self, folder: Path) -> Written:
        return Written(
            save(folder / "brain.nii", VALUES),
            VALUES,
            ("z", "y", "x"),
            coords={
                "z": 1500 + 3000 * np.arange(6),
                "y": -20_000 + 250 * np.arange(9),
                "x": 10_000 - 500 * np.arange(14),
            },
            units=dict.fromkeys("zyx", "micrometer"),
            opening=1,
        )


class TestBigEndianTimeSeries(DriverContract):
    driver = "nifti"

    def write(self, folder: Path) -> Written:
        values = np.stack([VALUES, VALUES[::-1]]).astype(">f4")
        header = nib.Nifti1Header(endianness=">")
        header.set_data_dtype(">f4")
        image = nib.Nifti1Image(values.T, AFFINE, header)
        image.header.set_xyzt_units("micron", "msec")
        image.header["pixdim"][4] = 40
        image.header["toffset"] = 8
        nib.save(image, folder / "series.nii")
        assert (folder / "series.nii").read_bytes()[:4] == b"\0\0\x01\x5c"
        return Written(
            folder / "series.nii",
            values.astype(np.float32),
            ("t", "z", "y", "x"),
            coords={"t": [0.008, 0.048], "z": 1.5 + 3.0 * np.arange(6)},
            units={"t": "second", "z": "micrometer"},
            opening=1,
        )


class TestScaledCompressedNifti2(DriverContract):
    driver = "nifti"

    def write(self, folder: Path) -> Written:
        file = folder / "scaled.nii.gz"
        image = nib.Nifti2Image(VALUES.T, AFFINE)
        image.header.set_slope_inter(0.5, -3)
        image.header.set_xyzt_units("mm")
        nib.save(image, file)
        # Nibabel scales what it writes by a slope of its own; the stored integers are what is put back here.
        content = bytearray(gzip.decompress(file.read_bytes()))
        header = nib.Nifti2Header(bytes(content[:540]))
        header.set_slope_inter(0.5, -3)
        content[:540] = header.binaryblock
        content[544:] = VALUES.tobytes()
        file.write_bytes(gzip.compress(content))
        loaded = np.asarray(nib.load(file).dataobj).T
        assert loaded.dtype == np.float64
        np.testing.assert_array_equal(loaded, VALUES * 0.5 - 3)
        return Written(file, loaded, ("z", "y", "x"))


class TestColours(DriverContract):
    driver = "nifti"

    def write(self, folder: Path) -> Written:
        colours = np.random.default_rng(0).integers(0, 255, (3, 6, 9, 14), dtype=np.uint8)
        image = np.empty((14, 9, 6), nib.nifti1.data_type_codes.dtype["RGB"])
        for number, name in enumerate("RGB"):
            image[name] = colours[number].T
        nib.save(nib.Nifti1Image(image, np.eye(4)), folder / "colours.nii")
        return Written(
            folder / "colours.nii", colours, ("c", "z", "y", "x"), coords={"c": ["red", "green", "blue"]}, opening=1
        )


class TestWrittenByItk(DriverContract):
    driver = "nifti"

    def write(self, folder: Path) -> Written:
        file = folder / "itk.nii"
        file.write_bytes(itk_files()[file.suffix])
        return Written(
            file,
            itk_images.VALUES,
            ("z", "y", "x"),
            # Millimetres; NIfTI counts to the right and to the front, ITK to the left and to the back.
            coords={
                "z": 3000 + 3000 * np.arange(6),
                "y": -2000 - 250 * np.arange(9),
                "x": -1000 - 500 * np.arange(14),
            },
        )


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", "<u8", "<f4", ">f8", "<c8", ">c16"]
)
def test_types(tmp_path: Path, kind: Any, dtype: str) -> None:
    values = VALUES.astype(dtype)
    header = kind.header_class(endianness=">" if dtype.startswith(">") else "<")
    header.set_data_dtype(dtype)
    nib.save(kind(values.T, AFFINE, header, dtype=dtype), tmp_path / "a.nii")
    found = open_array(str(tmp_path / "a.nii"))
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(found.values, values)


@pytest.mark.parametrize(
    ("shape", "dims"),
    [
        ((9, 14), "yx"),
        ((2, 6, 9, 14), "tzyx"),
        ((3, 1, 6, 9, 14), "czyx"),
        ((3, 2, 6, 9, 14), "tczyx"),
        ((14,), "x"),
    ],
)
def test_dimensions(tmp_path: Path, shape: tuple[int, ...], dims: str) -> None:
    values = np.random.default_rng(0).integers(0, 99, shape, dtype=np.int16)
    found = open_array(str(save(tmp_path / "a.nii", values)))
    assert "".join(map(str, found.dims)) == dims
    expected = values.swapaxes(0, 1) if dims == "tczyx" else values.squeeze() if dims == "czyx" else values
    np.testing.assert_array_equal(found.values, expected)


def test_more_dimensions_are_told(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nii", np.zeros((2, 1, 1, 3, 4, 5), np.int16))
    with pytest.raises(UnreadableImageError, match=r"the sizes \[5, 4, 3, 1, 1, 2\]; expected x, y, z, t"):
        open_array(str(file))


def test_turned_volume_has_its_matrix_beside(tmp_path: Path) -> None:
    affine = AFFINE.copy()
    affine[:2, :2] = [[0.4, -0.3], [0.15, 0.2]]
    found = open_array(str(save(tmp_path / "a.nii", VALUES, affine)))
    np.testing.assert_allclose(found.attrs["affine"], affine, rtol=1e-6)
    assert float(found["x"][0]) == 0
    assert found["y"].attrs["spacing"] == pytest.approx(np.hypot(0.3, 0.2) * 1000)


def test_units_that_are_not_stated_count_samples(tmp_path: Path) -> None:
    found = open_array(str(save(tmp_path / "a.nii", VALUES, units=("unknown", "unknown"))))
    assert found["z"].attrs == {"units": "pixel", "spacing": 1.0}
    np.testing.assert_allclose(found.attrs["affine"], AFFINE)


def test_file_without_matrix_begins_at_0(tmp_path: Path) -> None:
    found = open_array(str(save(tmp_path / "a.nii", VALUES, None, sform_code=0, qform_code=0)))
    assert "affine" not in found.attrs
    assert [float(found[axis][0]) for axis in "zyx"] == [0, 0, 0]


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("opened", ["hdr", "img"])
def test_pair_of_files(tmp_path: Path, ending: str, opened: str) -> None:
    image = nib.Nifti1Pair(VALUES.T, AFFINE)
    image.header.set_xyzt_units("mm")
    nib.save(image, tmp_path / f"a.img{ending}")
    np.testing.assert_array_equal(open_array(str(tmp_path / f"a.{opened}{ending}")).values, VALUES)
    with StoreServer(tmp_path) as store:
        url = f"{store.url}/a.{opened}{ending}"
        layout = scan(url)
        store.reset()
        found = open_array(Place(url, layout=layout))
        assert store.count == 0
        np.testing.assert_array_equal(found.values, VALUES)
        data = tmp_path / f"a.img{ending}"
        data.write_bytes(bytes(reversed(data.read_bytes())))
        with pytest.raises(ChangedFileError, match=r"a\.img"):
            open_array(Place(url, layout=layout))[1:].load()


def test_pair_without_its_data_is_told(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(VALUES.T, AFFINE), tmp_path / "a.img")
    (tmp_path / "a.img").unlink()
    with pytest.raises(MissingFileError, match=r"a\.img"):
        open_array(str(tmp_path / "a.hdr"))


def test_cut_file_is_told_when_it_is_opened(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nii", VALUES)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TruncatedFileError, match=r"has 1863 bytes, and its header tells of 1864"):
        open_array(str(file))


@pytest.mark.parametrize("content", [b"", b"text", b"\x5c\x01\0\0" * 200, bytes(348)])
def test_other_files_are_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.nii").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"a\.nii is no NIfTI file.*'n\+1', 'n\+2', 'ni1', 'ni2'.*fetch"):
        open_array(str(tmp_path / "a.nii"))


def test_damaged_header_is_told(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nii", VALUES)
    content = bytearray(file.read_bytes())
    content[70:72] = (4711).to_bytes(2, "little")
    file.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"The header of .*a\.nii cannot be read: .*4711.*fetch"):
        open_array(str(file))


def test_distances_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    file = save(tmp_path / "a.nii", VALUES)
    content = bytearray(file.read_bytes())
    content[280:284] = np.array(np.nan, "<f4").tobytes()
    file.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"distances between samples that are no numbers"):
        open_array(str(file))
