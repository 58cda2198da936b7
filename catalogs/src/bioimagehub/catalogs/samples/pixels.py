"""What a source hands over: an image, its label images and its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pixels:
    """The content of a sample, in memory.

    Attributes
    ----------
    image : ndarray
        In the axes, shape and type that the record states.
    labels : mapping of str to ndarray of unsigned int
        Label images in the record's axes without ``c``; 0 is background.
    tables : mapping of str to DataFrame
        Tables, such as ``points`` and ``tracks``.
    """

    image: NDArray[Any]
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
