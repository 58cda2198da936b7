"""Nearest neighbours of treatments by their profiles: whether those of one mechanism of action look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.values import Value


@dataclass(frozen=True, eq=False)
class Treatments:
    """Compounds at concentrations, with the profile of each.

    Attributes
    ----------
    compound, moa : tuple of str, one a treatment
        Names of the compound and of its mechanism of action.
    batches : tuple of frozenset of str
        The batches that the wells of a treatment are in.
    profiles : ndarray of float64, shape (treatments, features)
    """

    compound: tuple[str, ...]
    moa: tuple[str, ...]
    batches: tuple[frozenset[str], ...]
    profiles: NDArray[np.float64]

    @classmethod
    def of(cls, wells: Sequence[Mapping[str, Value]], table: NDArray[np.float64], *, median: bool) -> Treatments:
        """Combine the wells of each compound and concentration that has a known mechanism, in the order of their names.

        Parameters
        ----------
        wells : sequence of mappings
            With ``compound`` and ``moa``, and perhaps ``concentration`` and ``batch``. Others are left out.
        table : ndarray of float64, shape (wells, features)
        median : bool
            True takes the median of the wells of a treatment, feature by feature; False the mean.
        """
        rows: dict[tuple[str, str], list[int]] = {}
        for row, well in enumerate(wells):
            if "compound" in well and "moa" in well and not well.get("control"):
                rows.setdefault((str(well["compound"]), str(well.get("concentration", ""))), []).append(row)
        names = sorted(rows)
        combine = np.median if median else np.mean
        profiles = [combine(table[rows[name]], axis=0) for name in names]
        return cls(
            tuple(compound for compound, _ in names),
            tuple(str(wells[rows[name][0]]["moa"]) for name in names),
            tuple(frozenset(str(wells[row].get("batch", "")) for row in rows[name]) for name in names),
            np.array(profiles, np.float64).reshape(len(names), table.shape[1]),
        )


def count_neighbours(treatments: Treatments, *, other_batch: bool) -> tuple[int, int]:
    """Count the treatments whose nearest neighbour has their mechanism of action.

    Parameters
    ----------
    treatments : Treatments
    other_batch : bool
        False looks among the treatments of other compounds (NSC, not the same compound); True among those
        that share no batch either (NSCB).

    Returns
    -------
    same : int
        Treatments whose nearest neighbour has their mechanism; of several equally near ones, the first counts.
    compared : int
        Treatments that have a neighbour of their mechanism to be found; what is predicted does not change it.

    Notes
    -----
    Near means a small angle between profiles. A profile of zeros is at a right angle to all.
    Cosines are compared to 12 decimals.

    References
    ----------
    Ljosa et al., "Comparison of methods for image-based profiling of cellular morphological responses to
    small-molecule treatment", J. Biomol. Screen. 18 (2013), https://doi.org/10.1177/1087057113503553;
    Ando, McLean and Berndl, "Improving phenotypic measurements in high-content imaging screens" (2017),
    https://doi.org/10.1101/161422, for the other batch.
    """
    largest = np.abs(treatments.profiles).max(axis=1, keepdims=True, initial=0)
    # Scaled first, so that no square overflows or vanishes.
    scaled = np.divide(treatments.profiles, largest, out=np.zeros_like(treatments.profiles), where=largest > 0)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit = np.divide(scaled, length, out=np.zeros_like(scaled), where=length > 0)
    # Rounded, so that the order of additions does not decide between equals.
    similarity = np.round(unit @ unit.T, 12)
    same = compared = 0
    for one, compound in enumerate(treatments.compound):
        others = [
            other
            for other, name in enumerate(treatments.compound)
            if name != compound and not (other_batch and treatments.batches[one] & treatments.batches[other])
        ]
        if all(treatments.moa[other] != treatments.moa[one] for other in others):
            continue
        compared += 1
        nearest = others[int(np.argmax(similarity[one, others]))]
        same += treatments.moa[nearest] == treatments.moa[one]
    return same, compared
