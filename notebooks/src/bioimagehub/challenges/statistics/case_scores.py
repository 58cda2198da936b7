"""The scores of all entries on all cases, by one metric: what every statistic begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from bioimagehub.challenges.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Better: TypeAlias = Literal["higher", "lower"]


@dataclass(frozen=True, eq=False, repr=False)
class CaseScores:
    """One number for each entry and case.

    Parameters
    ----------
    entries : sequence of str
        The names of the entries (rows); each once, at least one.
    cases : sequence of str
        The identifiers of the cases (columns); each once, at least one.
    values : array of float, shape (entries, cases)
        In the unit of the metric. NaN: this case says nothing about this entry, and is left out of its
        aggregate. A case that an entry lacks must hold the worst value of the metric, never NaN. Infinite
        values are scores like others: the best of PSNR (equal images), or the worst of an error without bound.
    better : {"higher", "lower"}
        Which scores are better.

    Raises
    ------
    BoardError
        If names occur twice or are missing, the shape is another, or `better` does not exist.

    Examples
    --------
    >>> scores = CaseScores(["a", "b"], ["one", "two"], [[0.5, 1], [0.25, float("nan")]], better="lower")
    >>> scores.gains
    array([[-0.5 , -1.  ],
           [-0.25,   nan]])
    """

    entries: Sequence[str]
    cases: Sequence[str]
    values: ArrayLike
    better: Better = "higher"

    def __post_init__(self) -> None:
        # What was given is kept in one form.
        values = np.array(self.values, np.float64)
        values.setflags(write=False)
        object.__setattr__(self, "values", values)
        for field in ("entries", "cases"):
            names = tuple(getattr(self, field))
            object.__setattr__(self, field, names)
            if not names or len(set(names)) < len(names):
                twice = sorted({name for name in names if names.count(name) > 1})
                found = f"has {', '.join(map(repr, twice))} more than once" if twice else "is empty"
                msg = f"The list of {field} {found}. Expected at least one, and each once. Correct the list."
                raise BoardError(msg)
        if values.shape != (len(self.entries), len(self.cases)):
            msg = (
                f"The scores have the shape {values.shape}. Expected {(len(self.entries), len(self.cases))}: one row "
                "an entry, one column a case. Fill what is missing with the worst value of the metric."
            )
            raise BoardError(msg)
        if self.better not in get_args(Better):
            msg = f"Scores are called better when {self.better!r}. Choose one of {', '.join(get_args(Better))}."
            raise BoardError(msg)

    @property
    def sign(self) -> float:
        """What scores are multiplied by so that more is better: 1 or -1."""
        return 1.0 if self.better == "higher" else -1.0

    @property
    def gains(self) -> NDArray[np.float64]:
        """The scores turned so that more is better, float64, shape (entries, cases)."""
        gains: NDArray[np.float64] = self.sign * np.asarray(self.values)
        return gains

    def select(self, cases: NDArray[np.int64]) -> CaseScores:
        """Return the scores of some cases, given by their positions."""
        names = [self.cases[position] for position in cases]
        return CaseScores(self.entries, names, np.asarray(self.values)[:, cases], self.better)

    def __repr__(self) -> str:
        return f"<CaseScores: {len(self.entries)} entries, {len(self.cases)} cases, {self.better} is better>"
