"""Arrays that zarr-python wrote, of both formats: types, keys, what is missing, damaged or changed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr.codecs as v3
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.sharded import open_pixels
from bioimagehub.catalogs.arrays.zarr_metadata import parse_array
from bioimagehub.catalogs.errors import ChangedFileError, MissingFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from bioimagehub.catalogs.reader.versions import make_edition
from catalogs.arrays.stored_arrays import chunk_files, open_zarr, values_of, write
from catalogs.arrays.test_selection import expect, indices
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.zarr import ZarrPixels

TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32"]
TYPES += ["float64", "complex64", "complex128"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", TYPES)
def test_types_of_zarr_2(tmp_path: Path, dtype: str, order: str) -> None:
    values = values_of(dtype)
    write(tmp_path / "a", values, 2, dtype=np.dtype(dtype).newbyteorder(order))
    found = open_zarr(tmp_path / "a")
    assert found.dtype == values.dtype
    assert found[...].dtype.isnative
    np.testing.assert_array_equal(found[...], values)


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("dtype", TYPES)
def test_types_of_zarr_3(tmp_path: Path, dtype: str, endian: Any) -> None:
    values = values_of(dtype)
    write(tmp_path / "a", values, serializer=v3.BytesCodec(endian=endian), compressors=None)
    found = open_zarr(tmp_path / "a")
    assert found[...].dtype.isnative
    np.testing.assert_array_equal(found[...], values)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("separator", [".", "/"])
def test_keys_and_orders_of_zarr_2(tmp_path: Path, order: Any, separator: Any) -> None:
    values = values_of("uint16")
    keys: Any = {"name": "v2", "separator": separator}
    write(tmp_path / "a", values, 2, order=order, chunk_key_encoding=keys)
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


@pytest.mark.parametrize("separator", [".", "/"])
def test_separator_that_is_not_stated(tmp_path: Path, separator: Any) -> None:
    """Neither is taken for a store without chunks."""
    values = values_of("uint16")
    write(tmp_path / "a", values, 2, chunk_key_encoding={"name": "v2", "separator": separator})
    document = json.loads((tmp_path / "a" / ".zarray").read_text())
    del document["dimension_separator"]
    (tmp_path / "a" / ".zarray").write_text(json.dumps(document))
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)
    likelier_slash = open_pixels(Place(str(tmp_path / "a")), parse_array(document, "a", separator="/"))
    np.testing.assert_array_equal(likelier_slash[...], values)


@pytest.mark.parametrize("name", ["default", "v2"])
@pytest.mark.parametrize("separator", [".", "/"])
def test_keys_of_zarr_3(tmp_path: Path, name: Any, separator: Any) -> None:
    values = values_of("uint16")
    write(tmp_path / "a", values, chunk_key_encoding={"name": name, "separator": separator})
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_array_without_axes(tmp_path: Path, zarr_format: int) -> None:
    write(tmp_path / "a", np.array(5.5), zarr_format, chunks=())
    assert open_zarr(tmp_path / "a")[()] == 5.5


@pytest.fixture(scope="module", params=["chunks", "shards", "turned"])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[ZarrPixels, NDArray[Any]]:
    path = tmp_path_factory.mktemp("big") / "a"
    values = values_of("uint16", (9, 33, 47))
    shards = None if request.param == "chunks" else (4, 16, 32)
    write(path, values, chunks=(2, 8, 16), shards=shards, compressors=v3.BloscCodec())
    if request.param == "turned":
        return open_zarr(path, order=(2, 0, 1)), values.transpose(2, 0, 1)
    return open_zarr(path), values


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_index(big: tuple[ZarrPixels, NDArray[Any]], data: st.DataObject) -> None:
    pixels, values = big
    key = data.draw(st.tuples(*(indices(size) for size in values.shape)))
    np.testing.assert_array_equal(pixels[key], expect(values, key))


def test_missing_chunk_costs_one_request(tmp_path: Path) -> None:
    write(tmp_path / "a", values_of("uint16"), fill_value=3)
    shutil.rmtree(tmp_path / "a" / "c")
    with StoreServer(tmp_path) as server:
        pixels = open_zarr(Place(f"{server.url}/a"))
        server.reset()
        assert (pixels[:4, :8, :8] == 3).all()
        assert server.count == 1


SETUPS: dict[str, dict[str, Any]] = {
    "raw": {"compressors": None},
    "blosc": {"compressors": v3.BloscCodec()},
    "zstd": {"compressors": v3.ZstdCodec()},
    "gzip": {"compressors": v3.GzipCodec()},
    "checked": {"compressors": [v3.ZstdCodec(), v3.Crc32cCodec()]},
    "shards": {"shards": (8, 16, 24), "compressors": v3.ZstdCodec()},
    "shards-blosc": {"shards": (8, 16, 24), "compressors": v3.BloscCodec()},
}


@pytest.mark.parametrize("setup", sorted(SETUPS))
@pytest.mark.parametrize("cut", [0, 1, 20, -30, -1])
def test_cut_chunk_is_told(tmp_path: Path, setup: str, cut: int) -> None:
    write(tmp_path / "a", values_of("uint16"), **SETUPS[setup])
    file = chunk_files(tmp_path / "a")[0]
    file.write_bytes(file.read_bytes()[:cut])
    for key in (..., (0, 0, slice(0, 8)), (slice(0, 4), slice(0, 8), slice(0, 8))):
        with pytest.raises(UnreadableImageError, match=r"chunk .* cannot be read.*Fetch the image anew"):
            open_zarr(tmp_path / "a")[key]


@pytest.mark.parametrize("setup", ["raw", "blosc", "zstd"])
def test_chunk_of_another_size_is_told(tmp_path: Path, setup: str) -> None:
    """Its metadata say (4, 8, 8), the chunks have (4, 8, 4)."""
    write(tmp_path / "a", values_of("uint16"), **SETUPS[setup])
    write(tmp_path / "b", values_of("uint16"), chunks=(4, 8, 4), **SETUPS[setup])
    shutil.copy(tmp_path / "a" / "zarr.json", tmp_path / "b" / "zarr.json")
    one = [(slice(0, 4), slice(0, 8), slice(0, 8)), (0, 0, 0)]
    # Chunks are read at once: whichever is the first to fail is told.
    for key, name in [(one[0], "0/0/0"), (one[1], "0/0/0"), (..., r"\d/\d/\d")]:
        with pytest.raises(UnreadableImageError, match=rf"chunk {name} of .*b cannot be read.*Expected uint16"):
            open_zarr(tmp_path / "b")[key]


@pytest.mark.parametrize("setup", ["checked", "shards"])
def test_changed_byte_is_told(tmp_path: Path, setup: str) -> None:
    """By the checksum of the chunk, or that of the index of the shard."""
    write(tmp_path / "a", values_of("uint16"), **SETUPS[setup])
    for file in chunk_files(tmp_path / "a"):
        content = bytearray(file.read_bytes())
        content[-10] ^= 1
        file.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"checksum is [0-9a-f]{8}, stored is [0-9a-f]{8}"):
        open_zarr(tmp_path / "a")[...]


def test_array_that_is_gone_is_no_background(tmp_path: Path) -> None:
    """Its disk may be gone since it was opened."""
    for options in ({}, {"shards": (8, 16, 24)}):
        write(tmp_path / "a", values_of("uint16"), **options)
        pixels = open_zarr(tmp_path / "a")
        shutil.rmtree(tmp_path / "a")
        with pytest.raises(MissingFileError, match=r"zarr\.json"):
            pixels[...]


def open_indexed(place: Place) -> ZarrPixels:
    """Open as what was indexed before, with the metadata that are there now."""
    document = place / "zarr.json"
    content = document.read()
    edition = make_edition(document.version, content)
    return open_zarr(Place(place.url, edition=edition), indexed=True)


def test_indexed_metadata_are_compared_once(tmp_path: Path) -> None:
    values = values_of("uint16")
    write(tmp_path / "a", values)
    with StoreServer(tmp_path) as server:
        pixels = open_indexed(Place(f"{server.url}/a"))
        server.reset()
        np.testing.assert_array_equal(pixels[0, :5, :5], values[0, :5, :5])
        assert sorted(request.path for request in server.requests) == ["a/c/0/0/0", "a/zarr.json"]
        server.reset()
        np.testing.assert_array_equal(pixels[0, 10:, :5], values[0, 10:, :5])
        assert "a/zarr.json" not in {request.path for request in server.requests}


@pytest.mark.parametrize("change", ["removed", "other pixels", "other metadata"])
def test_indexed_metadata_that_changed_are_told(tmp_path: Path, change: str) -> None:
    write(tmp_path / "a", values_of("uint16"))
    pixels = open_indexed(Place(str(tmp_path / "a")))
    if change == "removed":
        (tmp_path / "a" / "zarr.json").unlink()
    else:
        write(tmp_path / "a", values_of("uint16"), overwrite=True, fill_value=int(change == "other metadata"))
    with pytest.raises(ChangedFileError, match=r"(changed|is missing now) since .*bioimagehub catalog index"):
        pixels[0, 0, 0]
