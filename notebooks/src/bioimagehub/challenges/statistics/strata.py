"""Parts of the cases that have something in common: a staining, a site, a density of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Part:
    """The cases of one value of an attribute.

    Attributes
    ----------
    attribute, value : str
        Such as ``staining`` and ``DAPI``.
    positions : ndarray of int64, shape (cases of the part,)
        Which of the cases belong to it.
    """

    attribute: str
    value: str
    positions: NDArray[np.int64]


def split_by(cases: Sequence[str], attributes: Mapping[str, Mapping[str, object]]) -> list[Part]:
    """Return the parts of the cases by each attribute.

    Parameters
    ----------
    cases : sequence of str
        Identifiers of cases.
    attributes : mapping of str to mapping of str to object
        Of each attribute the value of each case; a case without a value is in no part of this attribute.

    Returns
    -------
    list of Part
        In the order of the attributes, then of the values. An attribute of one value for all cases is left out.

    Examples
    --------
    >>> parts = split_by(["a", "b", "c"], {"staining": {"a": "DAPI", "b": "H&E", "c": "DAPI"}})
    >>> [(part.value, part.positions.tolist()) for part in parts]
    [('DAPI', [0, 2]), ('H&E', [1])]
    """
    parts = []
    for attribute, values in attributes.items():
        told = [str(values[case]) if case in values else None for case in cases]
        for value in sorted({value for value in told if value is not None}):
            positions = np.array([at for at, one in enumerate(told) if one == value], np.int64)
            if len(positions) < len(cases):
                parts.append(Part(attribute, value, positions))
    return parts
