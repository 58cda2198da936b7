"""How the bytes of a chunk become pixels: the codecs of Zarr 2 and 3, in the order in which they are undone.

References
----------
Zarr 3 core specification, https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, and the codecs listed there;
Zarr 2, https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

from __future__ import annotations

import gzip
import lzma
import math
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Link = Callable[[Any], Any]
"""Undoes one codec: from what it gave to what it was given."""

_ARRAY_TO_ARRAY = {"astype", "bitround", "delta", "fixedscaleoffset", "packbits", "quantize"}
_ARRAY_TO_BYTES = {"pcodec", "zfpy"}
_NAMES = {"endian": "bytes"}  # what a codec was called in drafts of the specification
_DAMAGE = (
    ArithmeticError,
    EOFError,
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
        if not isinstance(first, Blosc) or not isinstance(last, ToArray):
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


@dataclass(frozen=True)
class ToArray:
    """Takes bytes for samples; the last link where nothing is done to the samples themselves."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: str = "C"

    def __call__(self, data: Any) -> NDArray[Any]:
        """Give the samples in their shape."""
        if isinstance(data, np.ndarray):
            samples = data.reshape(-1, order="A").view(self.dtype)
        else:
            samples = np.frombuffer(data, self.dtype)
        if samples.size != math.prod(self.shape):
            message = f"it has {samples.nbytes} bytes decoded"
            raise ValueError(message)
        return samples.reshape(self.shape, order=self.order)  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True)
class Transposed:
    """Puts the axes back."""

    order: tuple[int, ...]

    def __call__(self, data: NDArray[Any]) -> NDArray[Any]:
        """Give a view with the axes in order."""
        return data.transpose(self.order)


class Blosc:
    """Blosc, whatever compressor is in it; runs without Python's lock."""

    def __call__(self, data: Any) -> Any:
        """Decompress."""
        from numcodecs import blosc

        return blosc.decompress(data)

    def decode_into(self, data: Any, out: NDArray[Any]) -> None:
        """Decode into memory of just the right size."""
        from numcodecs import blosc

        # The decoder itself is content with fewer bytes than there is room for.
        (size,) = struct.unpack_from("<I", data, 4)
        if size != out.nbytes:
            message = f"it has {size} bytes decoded"
            raise ValueError(message)
        blosc.decompress(data, out)


class Gzip:
    """Gzip, of one or several members."""

    def __call__(self, data: Any) -> bytes:
        """Decompress."""
        return gzip.decompress(data)


class Crc32c:
    """The checksum CRC-32C behind the bytes (RFC 3720)."""

    size = 4

    def __call__(self, data: Any) -> memoryview:
        """Compare the checksum, and give what is before it."""
        import google_crc32c

        content = memoryview(data).cast("B")
        if len(content) < self.size:
            message = f"it has {len(content)} bytes and no checksum"
            raise ValueError(message)
        content, stored = content[: -self.size], int.from_bytes(content[-self.size :], "little")
        found = google_crc32c.value(bytes(content))
        if found != stored:
            message = f"its checksum is {found:08x}, stored is {stored:08x}"
            raise ValueError(message)
        return content


@dataclass(frozen=True)
class Numcodec:
    """A codec of numcodecs, or one that is registered there."""

    codec: Any

    def __call__(self, data: Any) -> Any:
        """Decode."""
        return self.codec.decode(data)


@dataclass(frozen=True)
class Filter:
    """A codec of numcodecs on samples: what it is given back has the shape and the type that went in."""

    codec: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __call__(self, data: Any) -> NDArray[Any]:
        """Decode samples."""
        if isinstance(data, np.ndarray):
            data = np.ascontiguousarray(data, data.dtype.newbyteorder("="))
        found = self.codec.decode(data)
        samples: NDArray[Any] = found if isinstance(found, np.ndarray) else np.frombuffer(found, self.dtype)
        return samples.astype(self.dtype, copy=False).reshape(self.shape)


def find_codec(identifier: str, configuration: Mapping[str, Any], name: str) -> Any:
    """Give a codec of numcodecs; those of imagecodecs are registered when the first is asked for.

    Raises
    ------
    UnreadableImageError
        If there is no such codec here.
    """
    import numcodecs

    if identifier.startswith("imagecodecs_"):
        import imagecodecs.numcodecs

        imagecodecs.numcodecs.register_codecs(verbose=False)
    try:
        return numcodecs.get_codec({"id": identifier, **configuration})
    except (ImportError, TypeError, ValueError) as error:
        msg = (
            f"The pixels of {name} are encoded with {identifier!r}, which cannot be decoded here: {error}. "
            "If a package has this codec, install it; otherwise store the image with blosc, zstd or gzip."
        )
        raise UnreadableImageError(msg) from error


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
    for each in ([compressor] if compressor else []) + list(reversed(filters or [])):
        configuration = dict(each)
        links.append(_bytes_link(configuration.pop("id"), configuration, name))
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
            self._put(_bytes_link(identifier, configuration, self.name), on_bytes=True)

    def _put(self, link: Link, *, ends: bool = False, on_bytes: bool = False) -> None:
        if self.is_bytes is not on_bytes:
            message = f"the codecs are in an order that makes no sense: {type(link).__name__} comes too early or late"
            raise ValueError(message)
        self.links.insert(0, link)
        self.is_bytes = self.is_bytes or ends

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


def _bytes_link(identifier: str, configuration: Mapping[str, Any], name: str) -> Link:
    if identifier == "blosc":
        return Blosc()
    if identifier == "gzip":
        return Gzip()
    if identifier == "crc32c" and configuration.get("location", "end") == "end":
        return Crc32c()
    known = {} if identifier == "zstd" else configuration
    return Numcodec(find_codec(identifier, known, name))
