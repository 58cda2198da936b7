"""How the bytes of a chunk become pixels: the codecs of an array, in the order in which they are undone.

References
----------
Zarr 3 core specification, https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, and the codecs listed there;
Zarr 2, https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

from __future__ import annotations

import lzma
import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.codecs import Blosc, Filter, Link, ToArray, Transposed, find_codec, find_link
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_ARRAY_TO_ARRAY = {"astype", "bitround", "delta", "fixedscaleoffset", "packbits", "quantize"}
_ARRAY_TO_BYTES = {"pcodec", "zfpy"}
_NAMES = {"endian": "bytes"}  # what a codec was called in drafts of the specification
_DAMAGE = (
    ArithmeticError,
    EOFError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Chain:
    """All that is undone to decode a chunk. It can be pickled.

    Attributes
    ----------
    shape : tuple of int
        Of a decoded chunk.
    dtype : numpy.dtype
        Of a decoded chunk, as it is stored: its byte order may be the other one.
    links : tuple of callable
        In the order in which they are applied.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    links: tuple[Link, ...]

    def decode(self, data: Any, name: str) -> NDArray[Any]:
        """Decode a chunk.

        Parameters
        ----------
        data : bytes-like
        name : str
            What the chunk is called in an error.

        Raises
        ------
        UnreadableImageError
            If the bytes are not those of such a chunk.
        """
        try:
            for link in self.links:
                data = link(data)
            found = np.asarray(data)
            if found.shape != self.shape or found.dtype != self.dtype:
                message = f"it is {found.dtype} {found.shape}"
                raise ValueError(message)
        except UnreadableImageError:
            raise
        except _DAMAGE as error:
            raise self._damaged(name, error) from error
        return found

    @property
    def straight(self) -> Blosc | None:
        """What decodes a chunk right into the memory where it is wanted; None where there is more to undo."""
        if len(self.links) != 2:
            return None
        first, last = self.links
        if not isinstance(first, Blosc) or first.size is None or not isinstance(last, ToArray):
            return None
        return first if last.order == "C" and last.dtype.isnative and last.shape == self.shape else None

    def decode_into(self, data: Any, out: NDArray[Any], name: str) -> None:
        """Decode a chunk into an array in C order, of its shape and in the byte order of this machine."""
        straight = self.straight
        if straight is None:
            out[...] = self.decode(data, name)
            return
        try:
            straight.decode_into(data, out)
        except _DAMAGE as error:
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, error: Exception) -> UnreadableImageError:
        msg = (
            f"The chunk {name} cannot be read: {error}. Expected {self.dtype} of the shape {self.shape}, as its "
            "metadata say. It is damaged or cut short, or the metadata are those of another image. "
            "Fetch the image anew; a sample is built anew by: bioimagehub samples build."
        )
        return UnreadableImageError(msg)


def parse_compressors(
    compressor: Mapping[str, Any] | None,
    filters: Sequence[Mapping[str, Any]] | None,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    order: str,
    name: str,
) -> Chain:
    """Read how a chunk of Zarr 2 is encoded.

    Parameters
    ----------
    compressor, filters
        As ``.zarray`` has them.
    shape : tuple of int
        Of a chunk.
    dtype : numpy.dtype
    order : {"C", "F"}
    name : str
        What the array is called in an error.
    """
    links: list[Link] = []
    size = None if filters else math.prod(shape) * dtype.itemsize
    for each in ([compressor] if compressor else []) + list(reversed(filters or [])):
        configuration = dict(each)
        links.append(find_link(configuration.pop("id"), configuration, size, name))
    return Chain(shape, dtype, (*links, ToArray(shape, dtype, order)))


def parse_codecs(codecs: Sequence[Any], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any, name: str) -> Chain:
    """Read how a chunk of Zarr 3 is encoded.

    Parameters
    ----------
    codecs : sequence of mapping or str
        As ``zarr.json`` has them, in the order in which they were applied.
    shape : tuple of int
        Of a chunk.
    dtype : numpy.dtype
    fill : scalar
        For chunks that a shard leaves out.
    name : str
        What the array is called in an error.
    """
    building = _Building(shape, dtype.newbyteorder("="), fill, name)
    for codec in codecs:
        if isinstance(codec, str):
            building.add(codec, {})
        else:
            building.add(codec["name"], codec.get("configuration") or {})
    if not building.is_bytes:
        message = "no codec turns the samples into bytes"
        raise ValueError(message)
    return Chain(shape, building.outcome, tuple(building.links))


class _Building:
    """Follows shape and type of what the codecs were given, from the chunk on."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any, name: str) -> None:
        self.shape, self.dtype, self.fill, self.name = shape, dtype, fill, name
        self.outcome = dtype
        self.links: list[Link] = []
        self.is_bytes = False

    def add(self, codec: str, configuration: Mapping[str, Any]) -> None:
        codec = _NAMES.get(codec, codec)
        identifier = codec.removeprefix("numcodecs.")
        is_image = identifier.startswith("imagecodecs_") and not self.is_bytes
        if codec == "transpose":
            self._transpose(configuration["order"])
        elif codec == "bytes":
            self._to_bytes(configuration.get("endian", "little"))
        elif codec == "sharding_indexed":
            self._shard(configuration)
        elif identifier in _ARRAY_TO_ARRAY:
            self._filter(identifier, configuration)
        elif identifier in _ARRAY_TO_BYTES or is_image:
            self._put(Filter(find_codec(identifier, configuration, self.name), self.shape, self.dtype), ends=True)
        else:
            self._put(find_link(identifier, configuration, self._count_bytes(), self.name), on_bytes=True)

    def _put(self, link: Link, *, ends: bool = False, on_bytes: bool = False) -> None:
        if self.is_bytes is not on_bytes:
            message = f"the codecs are in an order that makes no sense: {type(link).__name__} comes too early or late"
            raise ValueError(message)
        self.links.insert(0, link)
        self.is_bytes = self.is_bytes or ends

    def _count_bytes(self) -> int | None:
        """Count the bytes that the codec gets that comes next; None where it is not the first one on bytes."""
        last = self.links[0] if self.links else None
        return math.prod(last.shape) * last.dtype.itemsize if isinstance(last, ToArray) else None

    def _transpose(self, order: Any) -> None:
        axes = {"C": range(len(self.shape)), "F": reversed(range(len(self.shape)))}
        forward = tuple(axes[order] if isinstance(order, str) else order)
        if sorted(forward) != list(range(len(self.shape))):
            message = f"the axes are transposed to {order}"
            raise ValueError(message)
        self._put(Transposed(tuple(forward.index(axis) for axis in range(len(forward)))))
        self.shape = tuple(self.shape[axis] for axis in forward)

    def _to_bytes(self, endian: str) -> None:
        if endian not in {"little", "big"}:
            message = f"its byte order is {endian!r}"
            raise ValueError(message)
        stored = self.dtype.newbyteorder("<" if endian == "little" else ">")
        if all(isinstance(link, Transposed) for link in self.links):
            self.outcome = stored
        self._put(ToArray(self.shape, stored), ends=True)

    def _shard(self, configuration: Mapping[str, Any]) -> None:
        from bioimagehub.catalogs.arrays.shards import parse_sharding

        sharding = parse_sharding(configuration, self.shape, self.dtype, self.fill, self.name)
        self._put(sharding, ends=True)

    def _filter(self, identifier: str, configuration: Mapping[str, Any]) -> None:
        codec = find_codec(identifier, configuration, self.name)
        self._put(Filter(codec, self.shape, self.dtype))
        if identifier == "packbits":
            self.shape, self.dtype = (1 + math.ceil(math.prod(self.shape) / 8),), np.dtype("u1")
        elif identifier != "bitround":
            stated = (configuration.get(key) for key in ("encode_dtype", "astype", "dtype"))
            self.dtype = np.dtype(next(filter(None, stated), self.dtype))
