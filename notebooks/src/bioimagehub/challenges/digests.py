"""Digests of what is scored: the same for the same content, wherever and however it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_BLOCK = 2**20


def digest_data(data: Any) -> str:
    """Return the digest of truth or of a prediction in memory.

    Parameters
    ----------
    data : array, mapping, dataclass of such, number, text, or whatever has ``shape`` and gives its frames by number
        Frames that are loaded when they are asked for are loaded one after the other.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits. Values, types and shapes count; the order of the keys of a mapping,
        the byte order and the layout in memory do not.

    Examples
    --------
    >>> digest_data(np.arange(6).reshape(2, 3)) == digest_data(np.arange(6).reshape(2, 3).T.copy().T)
    True
    >>> digest_data({"a": 1, "b": 2}) == digest_data({"b": 2, "a": 1})
    True
    """
    state = hashlib.sha256()
    _add(state, data)
    return f"sha256:{state.hexdigest()}"


def digest_json(values: Any) -> str:
    """Return the digest of plain values, which JSON can hold."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def digest_path(path: Path) -> str:
    """Return the digest of a file's bytes, or of a folder: of the names and bytes of all files in it."""
    state = hashlib.sha256()
    if path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            state.update(_frame(b"name", file.relative_to(path).as_posix().encode()))
            state.update(bytes.fromhex(digest_path(file).removeprefix("sha256:")))
    else:
        with path.open("rb") as opened:
            while block := opened.read(_BLOCK):
                state.update(block)
    return f"sha256:{state.hexdigest()}"


def _add(state: hashlib._Hash, data: Any) -> None:
    if isinstance(data, Mapping):
        state.update(_frame(b"mapping", str(len(data)).encode()))
        for key in sorted(data, key=str):
            state.update(_frame(b"key", str(key).encode()))
            _add(state, data[key])
    elif isinstance(data, np.ndarray):
        _add_array(state, data)
    elif is_dataclass(data) and not isinstance(data, type) and not hasattr(data, "shape"):
        state.update(_frame(b"fields", type(data).__name__.encode()))
        for field in fields(data):
            state.update(_frame(b"field", field.name.encode()))
            _add(state, getattr(data, field.name))
    elif isinstance(data, list | tuple):
        state.update(_frame(b"list", str(len(data)).encode()))
        for item in data:
            _add(state, item)
    elif data is None or isinstance(data, bool | int | float | str | np.generic):
        plain = data.item() if isinstance(data, np.generic) else data
        state.update(_frame(type(plain).__name__.encode(), repr(plain).encode()))
    elif hasattr(data, "__array__"):
        _add_array(state, np.asarray(data))
    else:
        shape = tuple(int(length) for length in data.shape)
        state.update(_frame(b"frames", repr(shape).encode()))
        for number in range(shape[0]):
            _add_array(state, np.asarray(data[number]))


def _add_array(state: hashlib._Hash, array: NDArray[Any]) -> None:
    if array.dtype.kind in "OV":
        # Objects have no bytes of their own; rows of a table are hashed value by value.
        _add(state, array.tolist())
        return
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    state.update(_frame(b"array", f"{little.dtype.str}{array.shape}".encode()))
    state.update(little.reshape(-1).view(np.uint8).data if little.size else b"")


def _frame(kind: bytes, value: bytes) -> bytes:
    """Write a value with its kind and length, so that no two contents run together to the same bytes."""
    return b"%b:%d:%b;" % (kind, len(value), value)
