"""Pixels of TIFF in every form, against tifffile's own reading."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.drivers import tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LOSSLESS = (None, "deflate", "lzw", "zstd", "packbits", "lzma")
TYPES = (
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)


def expected(file: Path) -> NDArray[Any]:
    """What tifffile reads, in our order of axes."""
    with tifffile.TiffFile(file) as found:
        series = found.series[0]
        letters, pixels = series.get_axes(squeeze=False), series.asarray().reshape(series.get_shape(squeeze=False))
    letters = letters.replace("S", "C").replace("Q", "Z").replace("I", "Z")
    kept = [axis for axis, size in enumerate(pixels.shape) if size > 1 or letters[axis] in "YX"]
    order = sorted(kept, key=lambda axis: "TCZYX".index(letters[axis]))
    return pixels.transpose(*order, *(axis for axis in range(pixels.ndim) if axis not in kept)).reshape(
        [pixels.shape[axis] for axis in order]
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[NDArray[Any], dict[str, Any]]:
    """Draw an image and how it is written."""
    dtype = np.dtype(draw(st.sampled_from(TYPES)))
    pages, height, width = draw(st.integers(1, 4)), draw(st.integers(2, 70)), draw(st.integers(2, 70))
    samples = draw(st.sampled_from([1, 1, 3, 4])) if dtype.kind != "b" else 1
    planar = samples > 1 and draw(st.booleans())
    shape = (samples, height, width) if planar else (height, width, samples) if samples > 1 else (height, width)
    seed = draw(st.integers(0, 2**32 - 1))
    pixels = (np.random.default_rng(seed).standard_normal((pages, *shape)) * 100).astype(dtype)
    compression = draw(st.sampled_from(LOSSLESS))
    options: dict[str, Any] = {
        "compression": compression,
        "byteorder": draw(st.sampled_from("<>")),
        "bigtiff": draw(st.booleans()),
        "photometric": "rgb" if samples > 1 else "minisblack",
        "metadata": draw(st.sampled_from([None, {}])),
    }
    if samples > 1:
        options["planarconfig"] = "separate" if planar else "contig"
    if draw(st.booleans()):
        options["tile"] = (16 * draw(st.integers(1, 3)), 16 * draw(st.integers(1, 3)))
    else:
        options["rowsperstrip"] = draw(st.integers(1, height))
    if compression not in (None, "packbits") and dtype.kind in "iuf" and draw(st.booleans()):
        options["predictor"] = 3 if dtype.kind == "f" else 2
    return pixels, options


@given(drawn=files(), data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_reads_as_tifffile_reads_it(
    drawn: tuple[NDArray[Any], dict[str, Any]], data: st.DataObject, tmp_path: Path
) -> None:
    pixels, options = drawn
    tifffile.imwrite(tmp_path / "any.tif", pixels, **options)
    right = expected(tmp_path / "any.tif")
    found = tiff.open_array(str(tmp_path / "any.tif"))
    assert found.shape == right.shape
    assert found.dtype == pixels.dtype
    assert math.prod(right.shape) == pixels.size
    np.testing.assert_array_equal(found.values, right)
    key = tuple(
        slice(*sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))) for size in right.shape
    )
    np.testing.assert_array_equal(found[key].values, right[key])


@pytest.mark.parametrize(
    ("compression", "colours"),
    [(name, False) for name in ("jpeg", "jpeg2000", "jpegxl", "lerc", "png", "jpegxr", "lerc_zstd")]
    + [(name, True) for name in ("jpeg", "jpeg2000", "jpegxl", "png", "webp", "jpegxr")],
)
def test_image_codecs(tmp_path: Path, compression: str, colours: bool) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (2, 64, 80, 3) if colours else (2, 64, 80), dtype=np.uint8)
    options: dict[str, Any] = {
        "compression": compression,
        "tile": (32, 32),
        "metadata": {"axes": "ZYXS"[: pixels.ndim]},
    }
    if compression == "lerc_zstd":
        options |= {"compression": "lerc", "compressionargs": {"compression": "zstd"}}
    tifffile.imwrite(tmp_path / "codec.tif", pixels, photometric="rgb" if colours else "minisblack", **options)
    np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "codec.tif")).values, expected(tmp_path / "codec.tif"))


def test_twelve_bits_and_one(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 2**12, (40, 37), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, bitspersample=12, photometric="minisblack")
    np.testing.assert_array_equal(tiff.open_array(str(tmp_path / "deep.tif")).values, deep)
    flat = deep > 2000
    tifffile.imwrite(tmp_path / "flat.tif", flat, photometric="minisblack", compression="packbits")
    found = tiff.open_array(str(tmp_path / "flat.tif"))
    assert found.dtype == bool
    np.testing.assert_array_equal(found.values, flat)


def test_volumes_in_one_page(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 9, (3, 20, 40, 50), dtype=np.uint16)
    tifffile.imwrite(
        tmp_path / "deep.tif",
        pixels,
        volumetric=True,
        tile=(16, 16, 16),
        compression="zlib",
        metadata={"axes": "TZYX"},
        photometric="minisblack",
    )
    found = tiff.open_array(str(tmp_path / "deep.tif"))
    assert found.dims == ("t", "z", "y", "x")
    np.testing.assert_array_equal(found.values, pixels)


def test_tiles_that_are_not_stored_are_nodata(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64), np.int16)
    pixels[:32, :32] = 7
    with tifffile.TiffWriter(tmp_path / "sparse.tif") as file:
        tiles = (tile if number == 0 else None for number, tile in enumerate([pixels[:32, :32], None, None, None]))
        file.write(
            tiles,
            shape=pixels.shape,
            dtype=pixels.dtype,
            tile=(32, 32),
            compression="zlib",
            extratags=[(42113, "s", 0, "-9", True)],
            photometric="minisblack",
        )
    found = tiff.open_array(str(tmp_path / "sparse.tif")).values
    np.testing.assert_array_equal(found[:32, :32], 7)
    np.testing.assert_array_equal(found[32:], -9)
    np.testing.assert_array_equal(found[:, 32:], -9)


def test_a_region_of_an_uncompressed_page_reads_its_rows_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bioimagehub.catalogs.reader import Place

    pixels = np.arange(4000 * 2000, dtype=np.uint16).reshape(4000, 2000)
    tifffile.imwrite(tmp_path / "page.tif", pixels, photometric="minisblack", metadata=None)
    found = tiff.open_array(str(tmp_path / "page.tif"))
    read = []

    def counted(self: Place, start: int | None = None, length: int | None = None) -> memoryview:
        data = original(self, start, length)
        read.append(len(data))
        return data

    original = Place.read
    monkeypatch.setattr(Place, "read", counted)
    np.testing.assert_array_equal(found[1000:1100, 300:400].values, pixels[1000:1100, 300:400])
    assert sum(read) <= 2 * 2**20
