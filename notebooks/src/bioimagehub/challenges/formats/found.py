"""What a file of a prediction says of itself before its values are read."""

from __future__ import annotations

import csv
import re
import struct
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from bioimagehub.challenges.errors import ChallengeError, PredictionFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

LARGEST_SEGMENT = 2**26
"""Bytes that one chunk, strip or tile may unpack to where the image itself is smaller."""

DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    csv.Error,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries that decode images and arrays raise for bytes that they trusted and that were something else."""


@dataclass(frozen=True)
class Found:
    """The claims of a file: read from its header, checked against nothing yet.

    Attributes
    ----------
    dtype : numpy.dtype
        Of the values.
    shape : tuple of int
        Of the array.
    axes : tuple of str or None
        Out of t c z y x; None where the file does not name its axes.
    spacing : tuple of float or None
        Pixel size along each axis in µm, of t in seconds; None where the file does not state it.
    """

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    axes: tuple[str, ...] | None = None
    spacing: tuple[float, ...] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        size = self.dtype.itemsize
        for length in self.shape:
            size *= length
        return size


def refuse(what: str, expected: str, cure: str) -> NoReturn:
    """Raise the error that says one thing of a file.

    Raises
    ------
    PredictionFileError
        In any case.
    """
    raise PredictionFileError([(what, expected, cure)])


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Turn whatever a library raises for damaged bytes into the error of a damaged file.

    Parameters
    ----------
    kind : str
        What the file should be, such as ``"PNG file"``.

    Raises
    ------
    PredictionFileError
        In place of all of `DAMAGE`.
    """
    try:
        yield
    except ChallengeError:
        raise
    except DAMAGE as error:
        # An address in memory would make the same file fail with another text each time.
        reason = re.sub(r" at 0x[0-9a-f]+", "", str(error)) or type(error).__name__
        refuse(
            f"it cannot be read: {reason}",
            f"a whole {kind}",
            "Write the file again, look whether it opens on your machine, and send it again.",
        )
