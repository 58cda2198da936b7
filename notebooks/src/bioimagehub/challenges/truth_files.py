"""Files with the truth of a case, in the formats of predictions or as the Cell Tracking Challenge has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.errors import ChallengeError, TruthError
from bioimagehub.challenges.formats import find_format, formats_of

if TYPE_CHECKING:
    from pathlib import Path


def truth_suffixes(kind: str) -> dict[str, str]:
    """Return the formats of truth of a kind, by the endings of the names of their files.

    Examples
    --------
    >>> truth_suffixes("points")
    {'.csv': 'csv'}
    """
    suffixes = {suffix: name for name in formats_of(kind) for suffix in find_format(name).SUFFIXES}
    return {"_GT": "ctc", **suffixes} if kind == "tracks" else suffixes


def find_truth_file(folder: Path, case: str, kind: str) -> Path:
    """Return the file or folder with the truth of a case.

    Raises
    ------
    TruthError
        If there is none, or more than one.
    """
    suffixes = truth_suffixes(kind)
    found = [path for suffix in suffixes if (path := folder / f"{case}{suffix}").exists()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(path.name for path in found)
        msg = f"The case {case} has more than one truth in {folder}: {listed}. Expected one. Take away the others."
        raise TruthError(msg)
    msg = (
        f"There is no truth of the case {case} in {folder}. Expected {case} with one of the endings "
        f"{', '.join(filter(None, suffixes))}. If the split is hidden, only the scorer has it; else correct "
        "truth.folder."
    )
    raise TruthError(msg)


def load_truth_file(path: Path, kind: str) -> Any:
    """Load the truth of a case.

    Returns
    -------
    object
        In the form of the kind; of tracks, frames are loaded when they are asked for.

    Raises
    ------
    TruthError
        If it is damaged or of another kind.
    """
    try:
        if kind == "tracks":
            from bioimagehub.challenges.tracks import open_ctc_folder

            return open_ctc_folder(path)
        suffixes = truth_suffixes(kind)
        ending = max((suffix for suffix in suffixes if path.name.endswith(suffix)), key=len)
        return find_format(suffixes[ending]).load(path, kind)
    except ChallengeError as error:
        msg = f"The truth in {path} is not what a challenge with {kind} takes. {error}"
        raise TruthError(msg) from error
