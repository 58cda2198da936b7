"""The part of a file that is wanted, before and after its size is known."""

from __future__ import annotations

from dataclasses import dataclass

from bioimagehub.catalogs.errors import TruncatedFileError
from bioimagehub.catalogs.redaction import hide_secrets


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a file that is wanted.

    Attributes
    ----------
    start : int or None
        First byte; a negative one counts from the end. None for the beginning.
    length : int or None
        Number of bytes; None for all to the end.
    exact : bool
        Whether fewer bytes than `length` are an error.
    """

    start: int | None = None
    length: int | None = None
    exact: bool = True

    @property
    def whole(self) -> bool:
        """Whether it is all of the file."""
        return not self.start and self.length is None

    @property
    def range(self) -> str:
        """The header ``Range`` that asks for it."""
        start = self.start or 0
        return (
            f"bytes={start}" if start < 0 else f"bytes={start}-{'' if self.length is None else start + self.length - 1}"
        )

    def within(self, size: int) -> tuple[int, int]:
        """Give first byte and end in a file of that size, counted from its beginning and not beyond its end."""
        start = self.start or 0
        first = min(start, size) if start >= 0 else max(0, size + start)
        return first, size if self.length is None else min(size, first + self.length)

    def check(self, size: int, url: str) -> None:
        """Raise `TruncatedFileError` if a file of that size does not hold it.

        Raises
        ------
        TruncatedFileError
            If it begins or, where `exact`, ends behind the end of the file.
        """
        start = self.start or 0
        first = self.within(size)[0]
        wanted = max(start, first) + (self.length or 0)
        if self.exact and wanted > size:
            msg = (
                f"{hide_secrets(url)} has {size:,} bytes; expected at least {wanted:,}. "
                "It is cut off, or what describes it is of another file: get it again, or report it to its archive."
            )
            raise TruncatedFileError(msg)
