"""Dataclasses as plain values for JSON and back, exactly, and the bytes by which a board is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from math import inf, isnan, nan
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bioimagehub.challenges.errors import BoardFileError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
INFINITIES = {"inf": inf, "-inf": -inf}


def canonical(values: Mapping[str, Any]) -> bytes:
    """Return the one way to write values as JSON: keys sorted, no spaces, UTF-8; floats by their shortest digits.

    Examples
    --------
    >>> canonical({"b": [0.1, None], "a": "x"})
    b'{"a":"x","b":[0.1,null]}'
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def write_fields(instance: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a dataclass as plain values; NaN is None, infinities are text."""
    return {one.name: write_value(getattr(instance, one.name)) for one in fields(instance)}


def write_value(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if is_dataclass(value) and not isinstance(value, type):
        return write_fields(value)
    if isinstance(value, Mapping):
        return {str(name): write_value(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [write_value(one) for one in value]
    if isinstance(value, float):
        if isnan(value):
            return None
        return {inf: "inf", -inf: "-inf"}.get(value, value)
    return value


def read_fields(cls: type[T], values: Any, where: str = "board") -> T:
    """Return a dataclass from what `write_fields` wrote.

    Raises
    ------
    BoardFileError
        If a field is missing, unknown or of another type.
    """
    if not isinstance(values, Mapping):
        raise _refusal(where, "a mapping", values)
    hints = get_type_hints(cls, localns=_names())
    known = {one.name: one for one in fields(cls)}  # type: ignore[arg-type]
    needed = {name for name, one in known.items() if one.default is MISSING and one.default_factory is MISSING}
    if missing := sorted(needed - set(values)):
        raise _refusal(where, f"the keys {', '.join(missing)}, too", sorted(values))
    if unknown := sorted(set(values) - set(known)):
        raise _refusal(where, f"no keys but {', '.join(sorted(known))}", unknown)
    return cls(**{name: _read(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def _names() -> dict[str, Any]:
    """Return what annotations name that is imported for type checking alone."""
    from bioimagehub.challenges.statistics import Better

    return {"Better": Better, "Mapping": Mapping}


def _read(hint: Any, value: Any, where: str) -> Any:
    """Return a value as its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if value is None and NoneType in inner:
            return None
        return _read(next(one for one in inner if one is not NoneType), value, where)
    if origin is Literal:
        if value not in inner:
            raise _refusal(where, f"one of {', '.join(inner)}", value)
        return value
    if is_dataclass(hint):
        return read_fields(hint, value, where)  # type: ignore[arg-type]
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise _refusal(where, "a mapping", value)
        return {name: _read(inner[1], one, f"{where}.{name}") for name, one in value.items()}
    if origin is tuple:
        if not isinstance(value, list):
            raise _refusal(where, "a list", value)
        return tuple(_read(inner[0], one, f"{where}[{at}]") for at, one in enumerate(value))
    if hasattr(hint, "_fields"):
        if not isinstance(value, list) or len(value) != len(hint._fields):
            raise _refusal(where, f"{len(hint._fields)} numbers", value)
        return hint(*(_read(float, one, f"{where}[{at}]") for at, one in enumerate(value)))
    return _read_plain(hint, value, where)


def _read_plain(hint: Any, value: Any, where: str) -> Any:
    if hint is float:
        if value is None:
            return nan
        if isinstance(value, str) and value in INFINITIES:
            return INFINITIES[value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif type(value) is hint:
        return value
    raise _refusal(where, f"a value of type {hint.__name__}", value)


def _refusal(where: str, expected: str, found: Any) -> BoardFileError:
    msg = f"{where} of a leaderboard: expected {expected}; found {found!r:.120}. Export the board anew."
    return BoardFileError(msg)
