"""Predictions as somebody gave them: in memory by case, or as files; checked, opened, packed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.submissions import Caps, Problem, Report, check_submission, open_predictions
from bioimagehub.challenges.submissions.contracts import expect
from bioimagehub.challenges.submissions.predicted import find_problems
from bioimagehub.widgets.errors import PredictionsError, StoppedError
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    import threading

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase
    from bioimagehub.challenges.submissions import Predictions

LISTED = 200
_CHOICES = 200
_SUFFIXES = {".csv", ".zip"}


@dataclass(frozen=True, eq=False)
class Given:
    """Predictions as somebody gave them.

    Attributes
    ----------
    source : mapping of str to data, or Path
        By case; or a folder, a zip file or a CSV file.
    """

    source: Mapping[str, Any] | Path

    @classmethod
    def take(cls, source: Any) -> Given:
        """Take what was given.

        Raises
        ------
        PredictionsError
            If it is neither a mapping nor a path.
        """
        if isinstance(source, Mapping):
            return cls(source)
        if isinstance(source, str | os.PathLike):
            return cls(_expand(source))
        msg = (
            f"These predictions are of the type {type(source).__name__}. Expected a mapping of the ids of cases to "
            "predictions, or the path of a folder, a zip file or a CSV file. Give a dict, for example."
        )
        raise PredictionsError(msg)

    @property
    def what(self) -> str:
        """What they are, in a few words."""
        if isinstance(self.source, Path):
            return clean(self.source)
        number = len(self.source)
        return f"in memory, of {number} {'case' if number == 1 else 'cases'}"

    def check(self, challenge: Challenge, phase: Phase) -> Report:
        """List all that is wrong with them, as the hub does."""
        if isinstance(self.source, Path):
            return check_submission(self.source, challenge, phase.split, phase.limits)
        expected = expect(challenge, phase.split)
        known = {name: self.source[name] for name in self.source if name in expected}
        problems = [
            Problem(str(name), "this is no case", "ids of cases alone", "Take it out, or correct its name.")
            for name in self.source
            if name not in expected
        ]
        problems += [
            Problem(name, "there is no prediction", "one for each case", "Add it, empty where nothing was found.")
            for name in expected
            if self.source.get(name) is None
        ]
        problems += find_problems({name: data for name, data in known.items() if data is not None}, expected)
        ordered = sorted(dict.fromkeys(problems), key=lambda one: one.case)
        most = Caps().problems
        return Report(tuple(ordered[:most]), max(0, len(ordered) - most))

    def open(self, challenge: Challenge, split: str) -> Mapping[str, Any] | Predictions:
        """Open them: those of files are read case by case; close what has ``close`` after use."""
        if isinstance(self.source, Path):
            return open_predictions(self.source, challenge, split)
        return self.source

    def pack(self, challenge: Challenge | None, split: str, folder: Path) -> Path:
        """Give the file or folder to send; what is in memory is written as a zip file into a folder."""
        from bioimagehub.challenges.submissions import write_submission

        if isinstance(self.source, Path):
            return self.source
        if challenge is None:
            msg = (
                "Predictions in memory cannot be written without the file of the challenge, which the hub does not "
                "give. Expected a zip file or a folder. Write one, and give its path."
            )
            raise PredictionsError(msg)
        return write_submission(self.source, folder / "predictions.zip", challenge, split)


class Counted(Mapping[str, Any]):
    """Predictions that tell which case is asked for, and end when they are stopped.

    Parameters
    ----------
    source : mapping of str to data
    tell : callable
        Is told how many cases were asked for before.
    stop : threading.Event
    """

    def __init__(self, source: Mapping[str, Any], tell: Callable[[int], None], stop: threading.Event) -> None:
        self._source, self._tell, self._stop, self._count = source, tell, stop, 0

    def __getitem__(self, case: str) -> Any:
        """Give a prediction; `StoppedError` after the stop, `KeyError` if there is none."""
        if self._stop.is_set():
            msg = "Scoring was stopped before its end. No score was kept. Begin again when you like."
            raise StoppedError(msg)
        self._tell(self._count)
        self._count += 1
        return self._source[case]

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)


def list_choices(begin: str) -> list[str]:
    """List folders, zip files and CSV files that a path may go on to, from where the kernel is.

    Examples
    --------
    >>> list_choices("/no/such/folder/")
    []
    """
    head, _, start = begin.rpartition("/")
    folder = _expand(f"{head}/" if head or begin.startswith("/") else ".")
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".") and not start.startswith(".")
                fits = entry.is_dir() or Path(entry.name).suffix.lower() in _SUFFIXES
                # A name that is not shown as it is cannot be chosen from a list.
                if fits and not hidden and entry.name.startswith(start) and clean(entry.name, 400) == entry.name:
                    found.append(f"{head}/{entry.name}" if "/" in begin else entry.name)
    except (OSError, ValueError):
        return []
    return sorted(found)[:_CHOICES]


def _expand(path: str | os.PathLike[str]) -> Path:
    """Put the home folder in the place of ``~``; a user who does not exist has none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
