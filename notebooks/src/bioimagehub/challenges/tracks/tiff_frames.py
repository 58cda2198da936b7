"""Label images in one TIFF file a frame."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import LabelShapeError, UnreadableLabelsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tifffile import TiffFile

# What tifffile raises for files that were damaged at random: it trusts what it reads.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class TiffFrames:
    """The frames of a sequence, each loaded when it is asked for.

    Attributes
    ----------
    paths : tuple of Path
        One file a frame, in their order. A file is read by itself: what its metadata say of other files is ignored.
    """

    paths: tuple[Path, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, (z,) y, x: by the header of the first file."""
        return (len(self.paths), *self._first[0])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels, by the header of the first file."""
        return self._first[1]

    @cached_property
    def _first(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        try:
            with _open(self.paths[0]) as file:
                return _look(file)
        except DAMAGE as error:
            raise _damaged(self.paths[0], error) from error

    def __getitem__(self, index: int) -> NDArray[Any]:
        """Load a frame, (z,) y, x.

        Raises
        ------
        LabelShapeError
            If it has not the shape of the first; found before pixels are decoded.
        UnreadableLabelsError
            If the file is damaged, or is no TIFF.
        """
        path = self.paths[index]
        expected = self._first[0]
        try:
            with _open(path) as file:
                shape, _ = _look(file)
                frame = file.series[0].asarray() if shape == expected else None
        except DAMAGE as error:
            raise _damaged(path, error) from error
        if frame is None:
            msg = (
                f"The frame {path} has the shape {shape}. Expected {expected}, the shape of {self.paths[0].name}. "
                "Write all frames in one shape."
            )
            raise LabelShapeError(msg)
        return np.asarray(frame)


def _open(path: Path) -> TiffFile:
    import tifffile

    # These kinds of TIFF name further files, which would be read as well.
    return tifffile.TiffFile(path, is_ome=False, is_mmstack=False, is_ndtiff=False)


def _look(file: TiffFile) -> tuple[tuple[int, ...], np.dtype[Any]]:
    series = file.series[0]
    return tuple(int(size) for size in series.shape), np.dtype(series.dtype)


def _damaged(path: Path, error: Exception) -> UnreadableLabelsError:
    msg = (
        f"The frame {path} cannot be read: {error or type(error).__name__}. Expected a whole TIFF file with a label "
        "image. Write or copy it again."
    )
    return UnreadableLabelsError(msg)
