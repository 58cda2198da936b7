"""Which tracks there are, when each begins and ends, and which it came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.errors import LineageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

LISTED = 20
RULES = (
    "Expected one row a track, a parent that ends before its children begin, and each label in the label images from "
    "its first to its last frame without a gap, and in no other. Correct the table or the label images."
)


@dataclass(frozen=True, eq=False, repr=False)
class Lineage:
    """The table of tracks of a sequence: L, B, E and P of the Cell Tracking Challenge.

    Rows are kept in the order of the labels. A lineage may be wrong: see `problems` and `check`.

    Attributes
    ----------
    label : ndarray of int64, shape (tracks,)
        The label of the track in the label images; 1 or more.
    begin, end : ndarray of int64, shape (tracks,)
        Number of its first and its last frame.
    parent : ndarray of int64, shape (tracks,)
        The label of the track that it came from by division or after a gap; 0 for none.

    Examples
    --------
    >>> lineage = Lineage.from_rows([(1, 0, 3, 0), (2, 4, 9, 1), (3, 4, 7, 1)])
    >>> lineage.at(5)
    array([2, 3])
    >>> lineage.divides
    array([ True, False, False])
    """

    label: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    parent: NDArray[np.int64]

    def __post_init__(self) -> None:
        columns = {
            name: np.array(vars(self)[name], np.int64).reshape(-1) for name in ("label", "begin", "end", "parent")
        }
        if len({len(column) for column in columns.values()}) > 1:
            listed = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            msg = f"The columns of a lineage differ in length: {listed}. Expected one number a track. Correct them."
            raise LineageError(msg)
        order = np.argsort(columns["label"], kind="stable")
        for name, column in columns.items():
            ordered = column[order]
            ordered.flags.writeable = False
            object.__setattr__(self, name, ordered)

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[int]]) -> Lineage:
        """Make a lineage of rows (label, begin, end, parent)."""
        table = np.array(list(rows), np.int64).reshape(-1, 4)
        return cls(*table.T)

    def rows(self) -> list[tuple[int, int, int, int]]:
        """Return the rows (label, begin, end, parent), in the order of the labels."""
        columns = (self.label.tolist(), self.begin.tolist(), self.end.tolist(), self.parent.tolist())
        return list(zip(*columns, strict=True))

    def __len__(self) -> int:
        return len(self.label)

    def __repr__(self) -> str:
        return f"<Lineage: {len(self)} tracks, {int(self.divides.sum())} divisions>"

    def row(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of each label, −1 where there is none."""
        if not len(self):
            return np.full(len(labels), -1, np.int64)
        place = np.minimum(np.searchsorted(self.label, labels), len(self) - 1)
        return np.where(self.label[place] == labels, place, -1)

    @cached_property
    def parent_row(self) -> NDArray[np.int64]:
        """Row of the parent of each track, int64, −1 for none."""
        return np.where(self.parent == 0, -1, self.row(self.parent))

    @cached_property
    def n_children(self) -> NDArray[np.int64]:
        """How many tracks came from each track, int64."""
        children = self.parent_row[self.parent_row >= 0]
        return np.bincount(children, minlength=len(self)).astype(np.int64)

    @property
    def divides(self) -> NDArray[np.bool_]:
        """Whether two tracks or more came from each track."""
        return self.n_children > 1

    def at(self, frame: int) -> NDArray[np.int64]:
        """Return the labels that are there in a frame, ascending."""
        return self.label[(self.begin <= frame) & (frame <= self.end)]

    def within(self, first: int, last: int) -> Lineage:
        """Return the part of it that lies in the frames `first` to `last`: tracks are cut, links out of it removed."""
        if not len(self) or (self.begin.min() >= first and self.end.max() <= last):
            return self
        kept = (self.begin <= last) & (self.end >= first)
        parent = np.where(np.isin(self.parent, self.label[kept]), self.parent, 0)
        columns = (self.label, np.maximum(self.begin, first), np.minimum(self.end, last), parent)
        return Lineage(*(column[kept] for column in columns))

    def problems(self) -> list[str]:
        """Return what contradicts the rules of the challenge, a sentence each."""
        found = []
        names, counts = np.unique(self.label, return_counts=True)
        found += [f"track {label} has {n} rows" for label, n in zip(names, counts, strict=True) if n > 1]
        ends = dict(zip(self.label.tolist(), self.end.tolist(), strict=True))
        for label, begin, end, parent in self.rows():
            if label < 1:
                found.append(f"track {label} has a label below 1")
            if begin < 0:
                found.append(f"track {label} begins in frame {begin}, before frame 0")
            if end < begin:
                found.append(f"track {label} ends in frame {end}, before it begins in frame {begin}")
            if parent == 0:
                continue
            if parent not in ends:
                found.append(f"track {label} has the parent {parent}, which is no track")
            elif parent == label:
                found.append(f"track {label} is its own parent")
            elif ends[parent] >= begin:
                found.append(
                    f"track {label} begins in frame {begin}, and its parent {parent} ends in frame {ends[parent]} only"
                )
        return found

    def check(self, name: str = "sequence") -> None:
        """Raise `LineageError` that tells all `problems`."""
        raise_problems(self.problems(), name)


def raise_problems(problems: Sequence[str], name: str) -> None:
    """Raise `LineageError` if there are problems; its message tells the first of them, its attribute all."""
    if problems:
        told = "; ".join(problems[:LISTED])
        more = f"; and {len(problems) - LISTED:,} more" if len(problems) > LISTED else ""
        one = len(problems) == 1
        msg = f"{name} has {len(problems):,} {'problem' if one else 'problems'}: {told}{more}. {RULES}"
        raise LineageError(msg, problems)
