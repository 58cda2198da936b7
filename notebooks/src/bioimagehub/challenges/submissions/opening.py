"""Opens a submission that was checked: the predictions by case, each loaded when it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bioimagehub.challenges.errors import SubmissionError
from bioimagehub.challenges.formats import find_format
from bioimagehub.challenges.submissions.checking import unpacked
from bioimagehub.challenges.submissions.contents import allowed_formats, locate, names_of
from bioimagehub.challenges.submissions.contract import check_claims
from bioimagehub.challenges.submissions.expected import Caps
from bioimagehub.challenges.submissions.tree import list_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.submissions.contents import Located
    from bioimagehub.challenges.submissions.expected import Expected


class Predictions(Mapping[str, Any]):
    """The predictions of a submission by case. One is in memory at a time, if the user keeps no more.

    A zip file is unpacked into a temporary folder, which is gone after `close` or the ``with`` statement.
    """

    def __init__(self, located: Mapping[str, Located], expected: Mapping[str, Expected], caps: Caps) -> None:
        self._located, self._expected, self._caps = dict(located), dict(expected), caps
        self._folder = contextlib.ExitStack()

    def __getitem__(self, case: str) -> Any:
        """Load the prediction of a case.

        Raises
        ------
        KeyError
            If there is none.
        PredictionFileError
            If it cannot be read, or is of another size than its image.
        """
        where, expected = self._located[case], self._expected[case]
        reader = find_format(where.format)
        findings = check_claims(reader.inspect(where.path), expected, self._caps)
        if findings:
            what, wanted, cure = findings[0]
            msg = f"The prediction of {case} cannot be opened: {what}. Expected {wanted}. {cure}"
            raise SubmissionError(msg)
        return reader.load(where.path, expected.kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._located)

    def __len__(self) -> int:
        return len(self._located)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked."""
        self._folder.close()

    def keep(self, stack: contextlib.ExitStack) -> None:
        """Take over what has to be removed at the end."""
        self._folder = stack


def open_predictions(
    path: str | PathLike[str],
    challenge: Challenge,
    split: str,
    *,
    folder: str | PathLike[str] | None = None,
    root: str | PathLike[str] | None = None,
    caps: Caps | None = None,
) -> Predictions:
    """Open the predictions of a split.

    Parameters
    ----------
    path : path
        As in `check_submission`: a folder, also the one that it unpacked into; a zip file; a CSV file.
    challenge : Challenge
    split : str
        Name of the split.
    folder : path, optional
        An empty or a new folder to unpack into; a temporary one by default.
    root : path, optional
        As in `check_submission`.
    caps : Caps, optional

    Returns
    -------
    Predictions
        Of the cases that are there; those that are missing are for the scorer to judge.

    Raises
    ------
    SubmissionError
        If it is not one that `check_submission` finds no fault with, but for cases that are missing.
    """
    from bioimagehub.challenges.submissions.contracts import expect

    expected = expect(challenge, split, root=root)
    formats = allowed_formats(challenge.kind, challenge.submission.formats)
    return open_files(Path(path), expected, formats, caps or Caps(), folder=None if folder is None else Path(folder))


def open_files(
    path: Path,
    expected: Mapping[str, Expected],
    formats: Sequence[str],
    caps: Caps,
    *,
    folder: Path | None = None,
) -> Predictions:
    """Open predictions by the contract of each case; see `open_predictions`."""
    with contextlib.ExitStack() as stack:
        place, problems = stack.enter_context(unpacked(path, list(expected), caps, folder))
        located: dict[str, Located] = {}
        if not problems:
            tree, problems = list_tree(place, caps)
            located, found = locate(tree.unwrap(frozenset(names_of(expected, formats))), list(expected), formats)
            problems += [one for one in found if not one.case]
        if problems:
            msg = f"The submission cannot be opened: {problems[0]} Check it first with check_submission."
            raise SubmissionError(msg)
        predictions = Predictions(located, expected, caps)
        predictions.keep(stack.pop_all())
        return predictions
