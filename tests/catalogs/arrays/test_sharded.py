"""Arrays in shards that zarr-python and tensorstore wrote: pixels, requests, damage."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorstore
import zarr.codecs as v3
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import ChangedFileError, UnreadableImageError
from bioimagehub.catalogs.reader import Place
from catalogs.arrays.stored_arrays import chunk_files, open_zarr, values_of, write
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("location", ["start", "end"])
@pytest.mark.parametrize("compressor", [None, v3.BloscCodec(), v3.ZstdCodec()])
@pytest.mark.parametrize("index_codecs", [(v3.BytesCodec(), v3.Crc32cCodec()), (v3.BytesCodec(endian="big"),)])
def test_shards(tmp_path: Path, location: Any, compressor: Any, index_codecs: Any) -> None:
    values = values_of("uint16", (5, 40, 50))
    codecs = [v3.BytesCodec(), *([compressor] if compressor else [])]
    sharding = v3.ShardingCodec(
        chunk_shape=(1, 8, 8), codecs=codecs, index_codecs=index_codecs, index_location=location
    )
    write(tmp_path / "a", values, chunks=(2, 16, 24), serializer=sharding, compressors=None)
    found = open_zarr(tmp_path / "a")
    assert (found.grid, found.chunks) == ((1, 8, 8), (2, 16, 24))
    np.testing.assert_array_equal(found[...], values)
    np.testing.assert_array_equal(found[1, 3:9, [40, 2, 2]], values[1, 3:9][:, [40, 2, 2]])


def test_nested_shards(tmp_path: Path) -> None:
    values = values_of("uint16", (32, 32))
    inner = v3.ShardingCodec(chunk_shape=(4, 4), codecs=[v3.BytesCodec(), v3.ZstdCodec()])
    outer = v3.ShardingCodec(chunk_shape=(8, 8), codecs=[inner])
    write(tmp_path / "a", values, chunks=(16, 32), serializer=outer, compressors=None)
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[3:5, 30], values[3:5, 30])


@pytest.mark.filterwarnings("ignore:Combining a `sharding_indexed` codec")
@pytest.mark.parametrize("options", [
    {"filters": [v3.TransposeCodec(order=(1, 0))]},
    {"compressors": v3.GzipCodec()},
])  # fmt: skip
def test_shards_within_other_codecs(tmp_path: Path, options: dict[str, Any]) -> None:
    values = values_of("uint16", (32, 48))
    values[:9, :9] = 0
    sharding = v3.ShardingCodec(chunk_shape=(8, 8), codecs=[v3.BytesCodec(endian="big"), v3.ZstdCodec()])
    write(tmp_path / "a", values, **({"chunks": (16, 16), "serializer": sharding, "compressors": None} | options))
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


def test_transposed_chunks_in_shards(tmp_path: Path) -> None:
    values = values_of("float32", (8, 20, 24))
    write(tmp_path / "a", values, chunks=(2, 4, 6), shards=(4, 8, 12), filters=[v3.TransposeCodec(order=(2, 1, 0))])
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


def test_chunks_that_a_shard_leaves_out(tmp_path: Path) -> None:
    values = values_of("uint16", (32, 32))
    values[8:16, :16] = 9
    write(tmp_path / "a", values, chunks=(8, 8), shards=(16, 16), fill_value=9, config={"write_empty_chunks": False})
    shutil.rmtree(tmp_path / "a" / "c" / "1")
    values[16:] = 9
    found = open_zarr(tmp_path / "a")
    np.testing.assert_array_equal(found[...], values)
    np.testing.assert_array_equal(found[9, 3:], values[9, 3:])


@pytest.mark.parametrize("driver", ["zarr", "zarr3"])
def test_written_by_tensorstore(tmp_path: Path, driver: str) -> None:
    values = values_of("uint16", (30, 40))
    spec: dict[str, Any] = {"driver": driver, "kvstore": {"driver": "file", "path": str(tmp_path / "a")}}
    spec["metadata"] = {"shape": [30, 40]}
    if driver == "zarr":
        spec["metadata"] |= {"chunks": [8, 16], "dtype": ">u2", "order": "F", "compressor": {"id": "blosc"}}
    else:
        inner = [{"name": "transpose", "configuration": {"order": [1, 0]}}, {"name": "bytes"}, {"name": "zstd"}]
        sharding = {"chunk_shape": [8, 8], "codecs": inner, "index_location": "start"}
        spec["metadata"] |= {
            "data_type": "uint16",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [16, 16]}},
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        }
    tensorstore.open(spec, create=True).result().write(values).result()
    np.testing.assert_array_equal(open_zarr(tmp_path / "a")[...], values)


@pytest.mark.parametrize("location", ["start", "end"])
def test_tile_of_a_shard_costs_its_index_once(tmp_path: Path, location: Any) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (2, 1024, 1024), "u2")
    sharding = v3.ShardingCodec(chunk_shape=(1, 256, 256), codecs=[v3.BytesCodec()], index_location=location)
    write(tmp_path / "a", values, chunks=(1, 1024, 1024), serializer=sharding, compressors=None)
    with StoreServer(tmp_path) as server:
        pixels = open_zarr(Place(f"{server.url}/a"))
        server.reset()
        np.testing.assert_array_equal(pixels[0, :200, 300:400], values[0, :200, 300:400])
        assert (server.count, server.bytes) == (2, 256 * 256 * 2 + 16 * 16 + 4)
        np.testing.assert_array_equal(pixels[0, 300:400, :100], values[0, 300:400, :100])
        assert server.count == 3
        np.testing.assert_array_equal(pixels[1], values[1])
        assert server.count == 4
        server.reset()
        np.testing.assert_array_equal(open_zarr(Place(f"{server.url}/a"))[...], values)
        paths = sorted(request.path for request in server.requests if "/c/" in request.path)
        assert paths == ["a/c/0/0/0", "a/c/1/0/0"]


def test_large_shard_goes_by_parts(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (4, 4096, 2304), "u2")
    sharding = v3.ShardingCodec(chunk_shape=(1, 1024, 1152), codecs=[v3.BytesCodec()])
    write(tmp_path / "a", values, chunks=values.shape, serializer=sharding, compressors=None)
    with StoreServer(tmp_path) as server:
        pixels = open_zarr(Place(f"{server.url}/a"))
        server.reset()
        np.testing.assert_array_equal(pixels[...], values)
        # The index, and 32 chunks of 2.25 MiB, three at a time.
        assert server.count == 1 + 11
        assert server.bytes == values.nbytes + 16 * 32 + 4


def test_cost_is_foreseen(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (2, 1024, 1024), "u2")
    write(tmp_path / "a", values, chunks=(1, 256, 256), shards=(1, 1024, 1024), compressors=None)
    pixels = open_zarr(tmp_path / "a")
    tile = (slice(0, 1, 1), slice(0, 10, 1), slice(0, 10, 1))
    assert pixels.foresee(tile).requests == 2
    pixels.read(tile)
    assert (pixels.foresee(tile).requests, pixels.foresee(tile).bytes, pixels.foresee(tile).exact) == (1, 131072, True)
    everything = tuple(slice(0, size, 1) for size in values.shape)
    assert open_zarr(tmp_path / "a").foresee(everything).requests == 2


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_rubbish_in_a_shard_is_told_or_right(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """An index without checksum that leads anywhere."""
    folder = tmp_path_factory.mktemp("shard")
    values = values_of("uint16", (16, 16))
    sharding = v3.ShardingCodec(chunk_shape=(8, 8), codecs=[v3.BytesCodec()], index_codecs=[v3.BytesCodec()])
    write(folder / "a", values, chunks=(16, 16), serializer=sharding, compressors=None)
    (file,) = chunk_files(folder / "a")
    content = bytearray(file.read_bytes())
    for place in data.draw(st.lists(st.integers(1, 64), min_size=1, max_size=8)):
        content[-place] = data.draw(st.sampled_from([0, 1, 127, 255]))
    file.write_bytes(content)
    index = np.frombuffer(content[-64:], "<u8").reshape(4, 2)
    found = None
    try:
        found = open_zarr(folder / "a")[...]
    except UnreadableImageError as error:
        assert "anew" in str(error)  # noqa: PT017
    if found is not None:
        stored = np.frombuffer(bytes(content[:-64]), np.uint8)
        for number, (row, column) in enumerate(itertools.product((0, 8), (0, 8))):
            offset, length = map(int, index[number])
            if offset == length == 2**64 - 1:
                expected = np.zeros((8, 8), "u2")
            else:
                assert length == 128
                expected = stored[offset : offset + 128].view("u2").reshape(8, 8)
            np.testing.assert_array_equal(found[row : row + 8, column : column + 8], expected)


def test_shard_that_changes_between_two_reads_is_told(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (1024, 1024), "u2")
    write(tmp_path / "a", values, chunks=(256, 256), shards=(1024, 1024), compressors=None)
    write(tmp_path / "b", values[::-1], chunks=(256, 256), shards=(1024, 1024), compressors=v3.ZstdCodec())
    with StoreServer(tmp_path) as server:
        pixels = open_zarr(Place(f"{server.url}/a"))
        np.testing.assert_array_equal(pixels[0, :9], values[0, :9])
        shutil.copy(tmp_path / "b" / "c" / "0" / "0", tmp_path / "a" / "c" / "0" / "0")
        with pytest.raises(ChangedFileError):
            pixels[1000, :9]
