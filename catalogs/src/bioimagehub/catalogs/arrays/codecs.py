"""Undoes the codecs of Zarr 2 and 3, each by itself: from what a codec gave to what it was given.

References
----------
Zarr 3 core specification, https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, and the codecs listed there;
Zarr 2, https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    if identifier == "gzip":
        return Gzip()
    if identifier == "crc32c" and configuration.get("location", "end") == "end":
        return Crc32c()
    known = {} if identifier == "zstd" else configuration
    return Numcodec(find_codec(identifier, known, name))
