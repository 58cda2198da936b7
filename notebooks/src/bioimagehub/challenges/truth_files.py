"""Files with the truth of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.errors import ChallengeError, TruthError
from bioimagehub.challenges.label_files import READERS, load_labels

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (*sorted(READERS), ".zarr", ".ome.zarr")


def find_truth_file(folder: Path, case: str) -> Path:
    """Return the file or folder with the truth of a case.

    Raises
    ------
    TruthError
        If there is none, or more than one.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{case}{suffix}").exists()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(path.name for path in found)
        msg = f"The case {case} has more than one truth in {folder}: {listed}. Expected one. Take away the others."
        raise TruthError(msg)
    msg = (
        f"There is no truth of the case {case} in {folder}. Expected {case} with one of the endings "
        f"{', '.join(SUFFIXES)}. If the split is hidden, only the scorer has it; else correct truth.folder."
    )
    raise TruthError(msg)


def load_truth_file(path: Path, kind: str) -> Any:
    """Load the truth of a case into memory.

    Raises
    ------
    TruthError
        If it is damaged or of another kind.
    """
    try:
        return load_labels(path)
    except ChallengeError as error:
        msg = f"The truth in {path} is not what a challenge with {kind} takes. {error}"
        raise TruthError(msg) from error
