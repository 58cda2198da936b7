"""Where the chunks of a Zarr array are, told by its metadata alone: no store has to list anything.

Sources: Zarr core 2 and 3, https://zarr-specs.readthedocs.io (array metadata, chunk key encodings, regular grids).
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = 4096
"""Bytes that the encoding of a chunk may add to it: heads of codecs, checksums."""


@dataclass(frozen=True)
class StoredArray:
    """A Zarr array.

    Attributes
    ----------
    path : str
        Its path in the image.
    document : mapping
        Its metadata: ``zarr.json``, or ``.zarray`` of version 2.
    shape : tuple of int
    chunks : tuple of int
        Shape of what is stored as one object: a chunk, or a shard.
    files : mapping of str to bytes
        Its metadata files as they are, by name.
    """

    path: str
    document: Mapping[str, Any]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    files: Mapping[str, bytes]

    @property
    def is_new(self) -> bool:
        """Whether it is Zarr 3."""
        return self.document.get("zarr_format") == 3

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return tuple(-(-size // chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))

    @property
    def most(self) -> int | None:
        """Bytes that a chunk has at most, if it was not compressed; None for types of no fixed size."""
        size = _item_size(self.document.get("data_type" if self.is_new else "dtype"))
        return None if size is None else math.prod(self.chunks) * size + math.prod(self.chunks) // 32 + _HEAD

    def key(self, index: tuple[int, ...]) -> str:
        """Give the key of a chunk below the array.

        Examples
        --------
        >>> parse_array("0", {"zarr.json": b'''{"zarr_format": 3, "node_type": "array", "shape": [10, 10],
        ... "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}}}'''}).key((2, 1))
        'c/2/1'
        """
        if not self.is_new:
            return str(self.document.get("dimension_separator") or ".").join(map(str, index)) or "0"
        encoding = self.document.get("chunk_key_encoding", {"name": "default"})
        name = encoding if isinstance(encoding, str) else encoding.get("name")
        options = {} if isinstance(encoding, str) else encoding.get("configuration", {})
        if name == "default":
            return str(options.get("separator", "/")).join(["c", *map(str, index)])
        if name == "v2":
            return str(options.get("separator", ".")).join(map(str, index)) or "0"
        msg = (
            f"The array {self.path} names its chunks by {name!r:.40}; expected default or v2. "
            "They cannot be found without a listing: fetch the files that you need one by one."
        )
        raise UnreadableImageError(msg)

    def indices(self, first: tuple[int, ...], end: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Give the positions in the grid of all chunks that hold pixels from `first` to before `end`."""
        spans = [
            range(start // chunk, -(-stop // chunk)) for start, stop, chunk in zip(first, end, self.chunks, strict=True)
        ]
        return itertools.product(*spans)


def parse_array(path: str, files: Mapping[str, bytes]) -> StoredArray:
    """Make sense of the metadata files of an array.

    Raises
    ------
    UnreadableImageError
        If they are not those of an array on a regular grid.
    """
    try:
        document = json.loads(files["zarr.json"] if "zarr.json" in files else files[".zarray"])
        shape = tuple(document["shape"])
        if document.get("zarr_format") == 3:
            grid = document["chunk_grid"]
            if document["node_type"] != "array" or grid["name"] != "regular":
                raise ValueError(grid["name"])
            chunks = tuple(grid["configuration"]["chunk_shape"])
        else:
            chunks = tuple(document["chunks"])
        if len(chunks) != len(shape) or not all(
            isinstance(each, int) and each >= least for sizes, least in ((shape, 0), (chunks, 1)) for each in sizes
        ):
            raise ValueError(chunks)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"The metadata of the array {path} cannot be used: {error!r:.100}. Expected Zarr 2 or 3 with chunks on a "
            "regular grid. Validate the image with ome-zarr-models, and report it to its archive."
        )
        raise UnreadableImageError(msg) from error
    return StoredArray(path, document, shape, chunks, files)


def _item_size(name: Any) -> int | None:
    import numpy as np

    try:
        return int(np.dtype(name).itemsize) or None
    except TypeError:
        return None
