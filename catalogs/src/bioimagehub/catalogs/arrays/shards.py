"""Shards: many chunks in one object, with an index of where each lies.

References
----------
Zarr 3 codec ``sharding_indexed`` 1.0,
https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.chains import Chain, parse_codecs
from bioimagehub.catalogs.arrays.codecs import Crc32c, ToArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ABSENT = 2**64 - 1
"""Offset and length in an index of a chunk that is not stored."""


@dataclass(frozen=True)
class Sharding:
    """How a shard is divided; as a link it decodes a whole one.

    Attributes
    ----------
    shape : tuple of int
        Of a shard.
    dtype : numpy.dtype
    fill : scalar
        Value of the samples of chunks that are not stored.
    chunk : Chain
        How a chunk in it is decoded; its shape is that of a chunk.
    index : Chain
        How the index is decoded: uint64, shape (chunks along each axis ..., 2), offset and length.
    index_size : int
        Bytes of the index.
    at_end : bool
        Whether the index lies behind the chunks, or before them.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    chunk: Chain
    index: Chain
    index_size: int
    at_end: bool

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks along each axis."""
        return self.index.shape[:-1]

    def find_index(self, data: memoryview, name: str) -> NDArray[np.uint64]:
        """Decode the index out of a whole shard, or out of its own bytes.

        Parameters
        ----------
        data : bytes-like
            The shard, or no more than the index.
        name : str
            What the shard is called in an error.

        Raises
        ------
        UnreadableImageError
            If it is none, or its checksum is another.
        """
        part = data[-self.index_size :] if self.at_end else data[: self.index_size]
        return self.index.decode(part, f"{name} (index of the shard)").astype(np.uint64, copy=False)

    def __call__(self, data: Any) -> NDArray[Any]:
        """Decode a whole shard."""
        data = memoryview(data).cast("B")
        index = self.find_index(data, "a shard")
        out: NDArray[Any] = np.empty(self.shape, self.dtype)
        for number in itertools.product(*map(range, self.counts)):
            region = out[
                tuple(slice(n * size, (n + 1) * size) for n, size in zip(number, self.chunk.shape, strict=True))
            ]
            offset, length = map(int, index[number])
            if offset == length == ABSENT:
                region[...] = self.fill
            else:
                region[...] = self.chunk.decode(slice_chunk(data, offset, length), f"{number} of a shard")
        return out


def slice_chunk(data: memoryview, offset: int, length: int) -> memoryview:
    """Take a chunk out of a shard.

    Raises
    ------
    ValueError
        If the shard ends before it does.
    """
    if offset + length > len(data):
        message = f"its index leads to byte {offset + length}, and it has {len(data)}"
        raise ValueError(message)
    return data[offset : offset + length]


def parse_sharding(
    configuration: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any, name: str
) -> Sharding:
    """Read the configuration of the codec ``sharding_indexed``.

    Parameters
    ----------
    configuration : mapping
    shape : tuple of int
        Of a shard.
    dtype : numpy.dtype
    fill : scalar
    name : str
        What the array is called in an error.
    """
    grid = tuple(map(int, configuration["chunk_shape"]))
    if len(grid) != len(shape) or any(size < 1 or whole % size for whole, size in zip(shape, grid, strict=True)):
        message = f"chunks of the shape {grid} do not divide shards of the shape {shape}"
        raise ValueError(message)
    counts = tuple(whole // size for whole, size in zip(shape, grid, strict=True))
    index = parse_codecs(configuration["index_codecs"], (*counts, 2), np.dtype(np.uint64), 0, name)
    if not all(isinstance(link, Crc32c | ToArray) for link in index.links):
        message = "the index of its shards is compressed, which the specification rules out"
        raise ValueError(message)
    checks = sum(isinstance(link, Crc32c) for link in index.links)
    return Sharding(
        shape,
        dtype,
        fill,
        parse_codecs(configuration["codecs"], grid, dtype, fill, name),
        index,
        16 * math.prod(counts) + Crc32c.size * checks,
        {"end": True, "start": False}[configuration.get("index_location", "end")],
    )
