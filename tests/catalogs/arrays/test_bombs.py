"""A few kilobytes that stand for gigabytes are refused before they fill the memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import resource
import zlib
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import zarr

from bioimagehub.catalogs.drivers.ome_zarr import open_array
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGE = 2**28
PACKERS: dict[str, tuple[Any, Callable[[bytes], bytes]]] = {
    "bz2": (numcodecs.BZ2(), bz2.compress),
    "gzip": (numcodecs.GZip(), gzip.compress),
    "lzma": (numcodecs.LZMA(), lzma.compress),
    "zlib": (numcodecs.Zlib(), zlib.compress),
    "zstd": (numcodecs.Zstd(), numcodecs.Zstd().encode),
}


def write(path: Path, codec: Any) -> np.ndarray:
    values = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    group = zarr.create_group(path, zarr_format=2)
    axes = [{"name": name, "type": "space"} for name in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}]}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    array = group.create_array("0", shape=values.shape, dtype=values.dtype, chunks=(64, 64), compressors=codec)
    array[:] = values
    return values


@pytest.mark.parametrize("name", sorted(PACKERS))
def test_chunk_that_unpacks_without_end_is_refused(name: str, tmp_path: Path) -> None:
    codec, pack = PACKERS[name]
    values = write(tmp_path / "a.zarr", codec)
    np.testing.assert_array_equal(open_array(str(tmp_path / "a.zarr")).values, values)
    bomb = pack(bytes(LARGE))
    assert len(bomb) < LARGE / 500
    (tmp_path / "a.zarr/0/0.0").write_bytes(bomb)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableImageError, match=r"damaged"):
        open_array(str(tmp_path / "a.zarr")).load()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < LARGE / 4


@pytest.mark.parametrize("name", ["bz2", "gzip", "lzma"])
def test_several_streams_one_behind_another(name: str, tmp_path: Path) -> None:
    codec, pack = PACKERS[name]
    values = write(tmp_path / "a.zarr", codec)
    content = values.tobytes()
    (tmp_path / "a.zarr/0/0.0").write_bytes(pack(content[:1000]) + pack(content[1000:]))
    np.testing.assert_array_equal(open_array(str(tmp_path / "a.zarr")).values, values)
    (tmp_path / "a.zarr/0/0.0").write_bytes(pack(content[:1000]) + pack(content[1000:])[:-9])
    with pytest.raises(UnreadableImageError, match=r"cut off"):
        open_array(str(tmp_path / "a.zarr")).load()
