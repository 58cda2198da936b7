"""The files that a prediction may be in, a module a format.

Each has ``SUFFIXES``, ``KINDS``, ``inspect`` (the claims of a file, without its values), ``load`` (its values: at most
as many bytes as it claims) and ``write``. To add one, add a module of that shape and its name to `FORMATS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from bioimagehub.challenges.errors import UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bioimagehub.challenges.formats.found import Found

FORMATS = ("csv", "ctc", "npz", "ome_zarr", "png", "tiff")


class Format(Protocol):
    """What each module of a format offers.

    Attributes
    ----------
    SUFFIXES : tuple of str
        Endings of names, the usual one first.
    KINDS : frozenset of str
        What can be in such a file, see `bioimagehub.challenges.tasks.Task`.
    """

    SUFFIXES: tuple[str, ...]
    KINDS: frozenset[str]

    def inspect(self, path: Path, /) -> Found:
        """Read what a file claims to hold."""
        ...

    def load(self, path: Path, kind: str, /) -> Any:
        """Read it."""
        ...

    def write(self, path: Path, data: Any, axes: Sequence[str], spacing: Sequence[float] | None, /) -> None:
        """Write it."""
        ...


def find_format(name: str) -> Format:
    """Return the module of a format.

    Raises
    ------
    UnknownFormatError
        If there is none of that name.

    Examples
    --------
    >>> find_format("png").SUFFIXES
    ('.png',)
    """
    if name not in FORMATS:
        msg = f"There is no format {name!r:.60}. Expected one of {', '.join(FORMATS)}. Correct the name."
        raise UnknownFormatError(msg)
    return cast("Format", import_module(f"{__name__}.{name}"))


def formats_of(kind: str) -> tuple[str, ...]:
    """Return the names of the formats that hold predictions of a kind, such as ``labels``."""
    return tuple(name for name in FORMATS if kind in find_format(name).KINDS)
