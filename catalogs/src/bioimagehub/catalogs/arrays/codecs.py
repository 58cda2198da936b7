"""Undoes the codecs of Zarr 2 and 3, each by itself: from what a codec gave to what it was given.

References
----------
Zarr 3 core specification, https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, and the codecs listed there;
Zarr 2, https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

from __future__ import annotations

import bz2
import lzma
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Link = Callable[[Any], Any]
"""Undoes one codec: from what it gave to what it was given."""


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


@dataclass(frozen=True)
class Blosc:
    """Blosc 1, whatever compressor is in it; runs without Python's lock.

    The decoder trusts the lengths in the header: of bytes that were cut off it reads on in the memory behind them, and
    it is content with fewer bytes than there is room for. So both lengths are compared before.

    Attributes
    ----------
    size : int or None
        Bytes decoded; None where they are not known before.
    """

    size: int | None = None

    def __call__(self, data: Any) -> Any:
        """Decompress."""
        from numcodecs import blosc

        self._check(data)
        return blosc.decompress(data)

    def decode_into(self, data: Any, out: NDArray[Any]) -> None:
        """Decompress into memory of just the right size."""
        from numcodecs import blosc

        self._check(data)
        blosc.decompress(data, out)

    def _check(self, data: Any) -> None:
        content = memoryview(data).cast("B")
        if len(content) < 16:
            message = f"it has {len(content)} bytes"
            raise ValueError(message)
        decoded, _, stored = struct.unpack_from("<III", content, 4)
        if stored != len(content):
            message = f"it has {len(content)} bytes, its header says {stored}"
            raise ValueError(message)
        if self.size is not None and decoded != self.size:
            message = f"it has {decoded} bytes decoded"
            raise ValueError(message)


_STREAMS: dict[str, Callable[[], Any]] = {
    "gzip": partial(zlib.decompressobj, 31),
    "zlib": zlib.decompressobj,
    "bz2": bz2.BZ2Decompressor,
    "lzma": lzma.LZMADecompressor,
}
_LARGEST = 2**31
"""Bytes that a chunk may have where nothing tells how many it has."""


@dataclass(frozen=True)
class Packed:
    """A stream of gzip, zlib, bzip2 or LZMA, or several one behind another.

    It is unpacked only as far as the array has room for: some kilobytes may stand for gigabytes.

    Attributes
    ----------
    start : callable
        Gives a new object that unpacks one stream.
    size : int or None
        Bytes unpacked; None where they are not known before.
    """

    start: Callable[[], Any]
    size: int | None = None

    def __call__(self, data: Any) -> bytes:
        """Unpack."""
        most = _LARGEST if self.size is None else self.size
        rest, found = bytes(data), b""
        while rest:
            stream = self.start()
            found += stream.decompress(rest, most + 1 - len(found))
            if len(found) > most:
                message = f"it has more than {most} bytes decoded"
                raise ValueError(message)
            if not stream.eof:
                message = f"it is cut off after {len(found)} bytes decoded"
                raise ValueError(message)
            # Gzip may be padded with zeros.
            rest = stream.unused_data.lstrip(b"\0")
        return found


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
class Zstd:
    """Zstandard, with no more room than is needed; runs without Python's lock.

    Attributes
    ----------
    size : int
        Bytes decoded.
    """

    size: int

    def __call__(self, data: Any) -> Any:
        """Decompress."""
        import imagecodecs

        return imagecodecs.zstd_decode(data, out=self.size)


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


def find_link(identifier: str, configuration: Mapping[str, Any], size: int | None, name: str) -> Link:
    """Give what undoes a codec that was given bytes.

    Parameters
    ----------
    identifier : str
        Name of the codec, as numcodecs has it.
    configuration : mapping
    size : int or None
        Bytes that it was given; None where that is not known.
    name : str
        What the array is called in an error.

    Raises
    ------
    UnreadableImageError
        If there is no such codec here.
    """
    if identifier == "blosc":
        return Blosc(size)
    if identifier in _STREAMS and not configuration.get("filters"):
        return Packed(_STREAMS[identifier], size)
    if identifier == "crc32c" and configuration.get("location", "end") == "end":
        return Crc32c()
    if identifier == "zstd" and size is not None:
        return Zstd(size)
    known = {} if identifier == "zstd" else configuration
    return Numcodec(find_codec(identifier, known, name))
