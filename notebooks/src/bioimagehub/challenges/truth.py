"""The ground truth of the cases of a split: from a folder, from the catalog, or from the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bioimagehub.challenges.digests import digest_data, digest_path
from bioimagehub.challenges.errors import TruthError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.sources import EntrySource, SimulatedSource, open_source
from bioimagehub.challenges.truth_files import find_truth_file, load_truth_file
from bioimagehub.challenges.values import by_item

if TYPE_CHECKING:
    from os import PathLike

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Case

OBJECTS = "objects"
"""The item whose answer is the number of objects of an image."""


class TruthSource(Protocol):
    """Where the scorer finds the truth of each case."""

    def load(self, case: Case, /) -> Any:
        """Load the truth of a case into memory, in the form of the kind of the challenge."""
        ...

    def digest(self, case: Case, /) -> str:
        """Return ``sha256:`` and the digest of the truth of a case."""
        ...

    def version(self, case: Case, /) -> dict[str, Any]:
        """Return plain values that change when the image of a case does."""
        ...

    def spacing(self, case: Case, /) -> tuple[float, ...] | None:
        """Return the size of a pixel along each axis of the truth, in µm and s; None if it is not known."""
        ...


@dataclass(frozen=True)
class Images:
    """The images of the cases of a split.

    Attributes
    ----------
    challenge : Challenge
    split : str
        The name of the split.
    root : Path or None
        Where the scorer keeps hidden truth and keys; None takes the folder of the challenge file.
    """

    challenge: Challenge
    split: str
    root: Path | None = None
    _opened: dict[str, EntrySource | SimulatedSource] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def cases(self) -> dict[str, Case]:
        """The cases by their names, in the order of the challenge file."""
        return {case.id: case for case in self.challenge.find_split(self.split).cases}

    def open(self, case: Case) -> EntrySource | SimulatedSource:
        """Find the image of a case, without reading pixels; what was generated last is kept."""
        if case.id not in self._opened:
            self._opened.clear()
            self._opened[case.id] = open_source(self.challenge, self.split, case, root=self.root)
        return self._opened[case.id]

    def version(self, case: Case) -> dict[str, Any]:
        """Return plain values that change when the image of a case does."""
        return self.open(case).version

    def spacing(self, case: Case) -> tuple[float, ...] | None:
        """Return the size of a pixel along each axis but c, in µm and s; None if it is not known."""
        declared = self.challenge.splits[self.split].spacing
        return declared if declared is not None else self.open(case).spacing


@dataclass(frozen=True)
class FolderTruth(Images):
    """Truth in a folder, one file or folder a case."""

    @property
    def folder(self) -> Path:
        """The folder."""
        return (self.root or self.challenge.folder) / str(self.challenge.splits[self.split].truth.folder)

    def load(self, case: Case) -> Any:
        """Load the truth of a case; `TruthError` if there is none, or it is of another kind."""
        return load_truth_file(find_truth_file(self.folder, case.id, self.challenge.kind), self.challenge.kind)

    def digest(self, case: Case) -> str:
        """Return the digest of the file or folder of a case."""
        return digest_path(find_truth_file(self.folder, case.id, self.challenge.kind))


@dataclass(frozen=True)
class SourceTruth(Images):
    """Truth that comes with the images: a label image or a table of the entry, or what the simulator put in."""

    def load(self, case: Case) -> Any:
        """Load the truth of a case; `TruthError` if the source has none."""
        truth, source = self.challenge.splits[self.split].truth, self.open(case)
        counting = self.challenge.task == "counting"
        if isinstance(source, SimulatedSource):
            found = source.simulated.truth
            if self.challenge.task == "classification":
                return take_classes(found, case.id)
            return count_objects(found) if counting else found
        if truth.label is not None and (counting or self.challenge.kind in ("labels", "classes")):
            labels = source.load(truth.label)
            return count_objects(labels) if counting else labels
        if truth.table is None or self.challenge.kind not in ("points", "landmarks"):
            msg = (
                f"The truth of the case {case.id} cannot be had from {source.record.identifier} for the task "
                f"{self.challenge.task}, which takes {self.challenge.kind}. Keep it in a folder: truth.folder."
            )
            raise TruthError(msg)
        coordinates, axes = source.load_points(truth.table)
        return Points(coordinates, axes)

    def digest(self, case: Case) -> str:
        """Return the digest of what is loaded."""
        return digest_data(self.load(case))


def count_objects(truth: Any) -> Any:
    """Return how many objects a label image, points or tracks have, as the answer to the item ``objects``.

    Examples
    --------
    >>> import numpy as np
    >>> count_objects(np.array([[0, 7, 7], [2, 0, 0]]))
    {'objects': 2.0}
    """
    if isinstance(truth, Points):
        return {OBJECTS: float(len(truth))}
    if hasattr(truth, "lineage"):
        return {OBJECTS: float(len(truth.lineage))}
    return {OBJECTS: float(np.count_nonzero(np.unique(truth)))} if isinstance(truth, np.ndarray) else truth


def take_classes(truth: Any, name: str) -> dict[str, float | str]:
    """Return the mechanism of action of each well of a screen, as the class of the item.

    Raises
    ------
    TruthError
        If the simulator says nothing of mechanisms.

    Examples
    --------
    >>> take_classes({"w0000/moa": "apoptosis", "w0000/concentration": 0.5}, "plate-1")
    {'w0000': 'apoptosis'}
    """
    wells = by_item(truth, f"the truth of {name}") if isinstance(truth, dict) else {}
    classes = {well: fields["moa"] for well, fields in wells.items() if "moa" in fields}
    if not classes:
        msg = (
            f"The simulator of the case {name} gives no classes. Expected a field moa of each item. Take the simulator "
            "phenotypes, or keep the truth in a folder: truth.folder."
        )
        raise TruthError(msg)
    return classes


def open_truth(
    challenge: Challenge, split: str, *, root: str | PathLike[str] | None = None
) -> FolderTruth | SourceTruth:
    """Find the truth of a split.

    Parameters
    ----------
    challenge : Challenge
    split : str
        The name of a split.
    root : path or None
        Where the scorer keeps hidden truth and keys: relative paths begin there. None takes the folder of the
        challenge file.

    Raises
    ------
    UnknownSplitError
        If there is no such split.
    """
    folder = None if root is None else Path(root)
    kept = challenge.find_split(split).truth.folder
    return SourceTruth(challenge, split, folder) if kept is None else FolderTruth(challenge, split, folder)
