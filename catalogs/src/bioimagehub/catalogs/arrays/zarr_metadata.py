"""What the metadata of a Zarr array say, of format 2 (``.zarray``) and 3 (``zarr.json``) alike."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.chains import Chain, parse_codecs, parse_compressors
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TYPES = {
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
}  # fmt: skip
_KNOWN = {
    "attributes", "chunk_grid", "chunk_key_encoding", "codecs", "consolidated_metadata", "data_type", "dimension_names",
    "fill_value", "node_type", "shape", "storage_transformers", "zarr_format",
}  # fmt: skip


@dataclass(frozen=True)
class ArrayMetadata:
    """What has to be known to read an array.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        In the byte order of this machine.
    chunk : tuple of int
        Shape of what lies in one object.
    chain : Chain
        How such an object is decoded.
    fill : scalar
        Value of the pixels of objects that are missing.
    prefix : str
        Begins the key of a chunk.
    separators : tuple of str
        What stands between the numbers in a key; two where the metadata do not say which, the likelier first.
    document : str
        Name of the file of these metadata.
    digest : str
        SHA-256 of the metadata, in hexadecimal digits.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk: tuple[int, ...]
    chain: Chain
    fill: Any
    prefix: str
    separators: tuple[str, ...]
    document: str
    digest: str

    def keys(self, index: Sequence[int]) -> list[str]:
        """Give the keys under which a chunk may lie, the likeliest first."""
        if not index:
            return ["c" if self.prefix else "0"]
        return [self.prefix + separator.join(map(str, index)) for separator in self.separators]


def parse_array(document: Mapping[str, Any], name: str, *, separator: str = ".") -> ArrayMetadata:
    """Read the metadata of an array.

    Parameters
    ----------
    document : mapping
        Content of ``zarr.json`` or ``.zarray``.
    name : str
        What the array is called in an error.
    separator : str
        The likelier separator in the keys of a ``.zarray`` that does not say which.

    Raises
    ------
    UnreadableImageError
        If they are not those of an array of numbers, or call for something that cannot be done here.
    """
    try:
        parse = {2: _parse_v2, 3: _parse_v3}[document["zarr_format"]]
        found = parse(document, name, separator)
        sizes = [*found.shape, *found.chunk]
        if len(found.shape) != len(found.chunk) or min(found.shape, default=0) < 0 or min(found.chunk, default=1) < 1:
            message = f"its shape is {found.shape} and that of its chunks {found.chunk}"
            raise ValueError(message)
        if math.prod(found.chunk) >= 2**40 or max(sizes, default=0) >= 2**62:
            message = f"its chunks have the shape {found.chunk}, more than any machine holds"
            raise ValueError(message)
    except UnreadableImageError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error) as error:
        msg = (
            f"The metadata of the array {name} cannot be read: {error!r}. Expected those of an array of numbers in "
            "Zarr 2 or 3. Mend them, or fetch or build the image anew."
        )
        raise UnreadableImageError(msg) from error
    return found


def _digest(document: Mapping[str, Any]) -> str:
    telling = {key: value for key, value in document.items() if key not in {"attributes", "consolidated_metadata"}}
    return hashlib.sha256(json.dumps(telling, sort_keys=True).encode()).hexdigest()


def _parse_v2(document: Mapping[str, Any], name: str, separator: str) -> ArrayMetadata:
    if not isinstance(document["dtype"], str):
        message = "its samples have several fields"
        raise TypeError(message)
    dtype = _check_type(np.dtype(document["dtype"]))
    shape, chunk = _sizes(document["shape"]), _sizes(document["chunks"])
    order = document.get("order", "C")
    if order not in {"C", "F"}:
        message = f"its order is {order!r}"
        raise ValueError(message)
    stated = document.get("dimension_separator")
    if stated not in {None, ".", "/"}:
        message = f"its dimension_separator is {stated!r}"
        raise ValueError(message)
    separators = (stated,) if stated else (separator, {".": "/", "/": "."}[separator])
    native = dtype.newbyteorder("=")
    fill = document.get("fill_value")
    return ArrayMetadata(
        shape,
        native,
        chunk,
        parse_compressors(document.get("compressor"), document.get("filters"), chunk, dtype, order, name),
        native.type(0) if fill is None else _fill_value(fill, native),
        "",
        separators,
        ".zarray",
        _digest(document),
    )


def _parse_v3(document: Mapping[str, Any], name: str, _separator: str) -> ArrayMetadata:
    if document["node_type"] != "array":
        message = f"it is a {document['node_type']}"
        raise ValueError(message)
    unknown = [
        key
        for key, value in document.items()
        if key not in _KNOWN and not (isinstance(value, dict) and value.get("must_understand") is False)
    ]
    if unknown or document.get("storage_transformers"):
        message = f"it calls for {', '.join(sorted(unknown)) or 'storage transformers'}"
        raise ValueError(message)
    if document["data_type"] not in _TYPES:
        message = f"its data type is {document['data_type']!r}"
        raise ValueError(message)
    dtype = np.dtype(document["data_type"])
    grid, encoding = document["chunk_grid"], document["chunk_key_encoding"]
    if grid["name"] != "regular":
        message = f"its chunk grid is {grid['name']!r}"
        raise ValueError(message)
    chunk = _sizes(grid["configuration"]["chunk_shape"])
    encoding = {"name": encoding} if isinstance(encoding, str) else encoding
    prefixes, usual = {"default": "c", "v2": ""}, {"default": "/", "v2": "."}
    separator = (encoding.get("configuration") or {}).get("separator", usual[encoding["name"]])
    if separator not in {".", "/"}:
        message = f"the separator in its keys is {separator!r}"
        raise ValueError(message)
    prefix = prefixes[encoding["name"]]
    fill = _fill_value(document["fill_value"], dtype)
    return ArrayMetadata(
        _sizes(document["shape"]),
        dtype,
        chunk,
        parse_codecs(document["codecs"], chunk, dtype, fill, name),
        fill,
        prefix and prefix + separator,
        (separator,),
        "zarr.json",
        _digest(document),
    )


def _sizes(found: Sequence[Any]) -> tuple[int, ...]:
    if not isinstance(found, list | tuple) or not all(type(size) is int for size in found):
        message = f"{found!r} is not a list of sizes"
        raise ValueError(message)
    return tuple(found)


def _check_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.name not in _TYPES:
        message = f"its data type is {dtype.name!r}"
        raise ValueError(message)
    return dtype


def _fill_value(found: Any, dtype: np.dtype[Any]) -> Any:
    """Read a fill value: a number, ``"NaN"`` and the infinities, its bits in hexadecimal, or a pair for complex."""
    if dtype.kind == "c":
        real, imaginary = found if isinstance(found, list) else (found, 0.0)
        part = np.dtype(f"f{dtype.itemsize // 2}")
        return dtype.type(complex(_fill_value(real, part), _fill_value(imaginary, part)))
    if dtype.kind == "f":
        if isinstance(found, str) and found.startswith("0x"):
            return np.frombuffer(bytes.fromhex(found[2:]), dtype.newbyteorder(">"))[0].astype(dtype)
        if isinstance(found, str) and found not in {"NaN", "Infinity", "-Infinity"}:
            message = f"its fill value is {found!r}"
            raise ValueError(message)
        return dtype.type(float(found))
    if isinstance(found, str) or found != int(found):
        message = f"its fill value is {found!r}"
        raise ValueError(message)
    if dtype.kind == "b":
        return dtype.type(found)
    limits = np.iinfo(dtype)
    if not limits.min <= int(found) <= limits.max:
        message = f"its fill value {found!r} is no {dtype}"
        raise ValueError(message)
    return dtype.type(int(found))
