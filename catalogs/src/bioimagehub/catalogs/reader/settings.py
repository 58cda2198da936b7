"""How the reader layer behaves: one object, from the environment.

The reference page ``docs/reference/reader.md`` is generated from the descriptions here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import InvalidReaderSettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "BIOIMAGEHUB_READER_"
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


def default_cache() -> Path:
    """Give the folder of the cache where no setting names one: ``chunks`` in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("bioimagehub") / "chunks"


@dataclass(frozen=True)
class ReaderSettings:
    """Settings of the reader layer; the variable of each is ``BIOIMAGEHUB_READER_`` and its name in capitals.

    Attributes
    ----------
    connections : int
        Requests that run at once, over all hosts.
    connect_timeout : float
        Seconds that a host has to take a connection.
    stall_timeout : float
        Seconds without a byte after which a request is broken off and tried again.
    tries : int
        How often a request is tried, the first time included.
    patience : float
        Seconds after which a request is given up, all tries and the waits between them together.
    cache : Path or None
        Folder of the cache; None, in the environment `none` or nothing, for no cache.
    cache_size : int
        Bytes of the cache, such as `4G`; never more than a quarter of what is free on its disk. What was used least
        recently makes room.
    cache_days : float
        What the cache has of an image of many files is used for so many days without asking the store; then it is
        asked whether it is still the same. 0 asks each time.
    cache_largest : int
        Bytes of the largest entry of the cache, such as `64M`.

    Raises
    ------
    InvalidReaderSettingsError
        If a value cannot be used.
    """

    connections: int = 32
    connect_timeout: float = 10.0
    stall_timeout: float = 15.0
    tries: int = 5
    patience: float = 120.0
    cache: Path | None = field(default_factory=default_cache)
    cache_size: int = 4 * 1024**3
    cache_days: float = 7.0
    cache_largest: int = 64 * 1024**2

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            # Written so that NaN is refused, too.
            if not least <= value < float("inf"):
                raise _refuse(value, name, f"a number from {least:g} on")
        if self.cache is not None and not self.cache.is_absolute():
            raise _refuse(self.cache, "cache", "an absolute path, or 'none' for no cache")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ReaderSettings:
        """Take the settings from variables; what is not set has its default.

        Parameters
        ----------
        environment : mapping of str to str

        Raises
        ------
        InvalidReaderSettingsError
            If a value cannot be used, or a variable begins like the others and names no setting.

        Examples
        --------
        >>> found = ReaderSettings.from_environment({PREFIX + "CACHE_SIZE": "2 GiB"})
        >>> found.cache_size, found.connections
        (2147483648, 32)
        """
        parsers = {each.name: _PARSERS[str(each.type)] for each in fields(cls)}
        parsers |= dict.fromkeys(("cache_size", "cache_largest"), _parse_size)
        given: dict[str, Any] = {}
        for variable, text in environment.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in parsers or variable != variable.upper():
                known = ", ".join(sorted(PREFIX + each.upper() for each in parsers))
                msg = f"There is no setting {variable} of the reader layer. Unset it; the variables are: {known}."
                raise InvalidReaderSettingsError(msg)
            given[name] = parsers[name](name, text)
        return cls(**given)


_LEAST: dict[str, float] = {
    "connections": 1,
    "connect_timeout": 0.01,
    "stall_timeout": 0.01,
    "tries": 1,
    "patience": 0.01,
    "cache_size": 0,
    "cache_days": 0,
    "cache_largest": 0,
}


def _refuse(value: object, name: str, expected: str) -> InvalidReaderSettingsError:
    variable = PREFIX + name.upper()
    msg = (
        f"The reader layer cannot be set up: {name} is {str(value)!r}; expected {expected}. "
        f"Correct or unset {variable}; docs/reference/reader.md describes every setting."
    )
    return InvalidReaderSettingsError(msg)


def _parse_whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _refuse(text, name, "a whole number") from None


def _parse_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refuse(text, name, "a number") from None


def _parse_size(name: str, text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise _refuse(text, name, "a number of bytes, such as 4G or 500M")
    return int(found[1]) * _UNITS[found[2].lower()]


def _parse_folder(_: str, text: str) -> Path | None:
    return None if text.strip().lower() in {"", "none"} else Path(text).expanduser()


_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "int": _parse_whole,
    "float": _parse_number,
    "Path | None": _parse_folder,
}
