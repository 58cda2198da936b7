"""Checks a submission against its contract: all of it, before anything is scored."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.challenges.errors import ChallengeError, PredictionFileError
from bioimagehub.challenges.formats import find_format
from bioimagehub.challenges.submissions.archive import is_zip, unpack
from bioimagehub.challenges.submissions.contents import allowed_formats, locate, names_of, own_files
from bioimagehub.challenges.submissions.contract import check_claims, check_values
from bioimagehub.challenges.submissions.expected import Caps
from bioimagehub.challenges.submissions.report import Checked, Problem, Report
from bioimagehub.challenges.submissions.sheets import part_sheet
from bioimagehub.challenges.submissions.tree import Tree, fold, list_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Limits
    from bioimagehub.challenges.submissions.contents import Located
    from bioimagehub.challenges.submissions.expected import Expected


def check_submission(
    path: str | PathLike[str],
    challenge: Challenge,
    split: str,
    limits: Limits | None = None,
    *,
    folder: str | PathLike[str] | None = None,
    root: str | PathLike[str] | None = None,
) -> Report:
    """Check the predictions of a split.

    Parameters
    ----------
    path : path
        A folder; a zip file of one; or, for points and values, a CSV file with the column ``case``.
    challenge : Challenge
    split : str
        Name of the split.
    limits : Limits, optional
        Of the phase; of them the size counts here.
    folder : path, optional
        An empty or a new folder to unpack into, which `open_predictions` takes afterwards. By default it is a
        temporary one that is gone when this returns.
    root : path, optional
        Where the scorer keeps the keys of hidden splits. Without them the shapes of generated hidden images are not
        known here, and are left to the scorer.

    Returns
    -------
    Report
        All problems, in a fixed order. Whatever is in the files, they are in the report and not raised.

    Raises
    ------
    UnknownSplitError
        If there is no such split.
    ChallengeDataError
        If the images of the challenge cannot be found.
    """
    from bioimagehub.challenges.submissions.contracts import expect

    caps = Caps() if limits is None else Caps(packed=int(limits.size))
    expected = expect(challenge, split, root=root)
    formats = allowed_formats(challenge.kind, challenge.submission.formats)
    return check_files(Path(path), expected, formats, caps, folder=None if folder is None else Path(folder))


def check_files(
    path: Path,
    expected: Mapping[str, Expected],
    formats: Sequence[str],
    caps: Caps,
    *,
    folder: Path | None = None,
) -> Report:
    """Check predictions against the contract of each case.

    Parameters
    ----------
    path : Path
        As in `check_submission`.
    expected : mapping of str to Expected
        By case.
    formats : sequence of str
        Those that are taken.
    caps : Caps
    folder : Path or None
        As in `check_submission`.
    """
    with unpacked(path, list(expected), caps, folder) as (place, problems):
        if problems:
            return _report(problems, caps)
        tree, problems = list_tree(place, caps)
        if problems:
            return _report(problems, caps)
        digests = tree.digests()
        inner = tree.unwrap(frozenset(names_of(expected, formats)))
        located, problems = locate(inner, list(expected), formats)
        head = len(str(inner.root)) - len(str(tree.root))
        own = {name[head:].lstrip("/") if head else name: digest for name, digest in digests.items()}
        cases = {}
        for case, where in located.items():
            found, objects = check_case(where, expected[case], caps, root=tree.root)
            problems += found
            cases[case] = Checked(where.format, fold(own_files(where, own)), objects)
        return _report(problems, caps, cases, fold(digests), tree)


def check_case(
    where: Located, expected: Expected, caps: Caps, *, root: Path
) -> tuple[list[Problem], int | None]:  # fmt: skip
    """Check the prediction of a case: what its file claims, and, if that is as expected, its values.

    Parameters
    ----------
    where : Located
    expected : Expected
    caps : Caps
    root : Path
        The folder of the submission. What is told names files within it, and not where it lies: that is a secret of
        whoever checks the files of others.

    Returns
    -------
    list of Problem, int or None
        What is wrong, and the number of objects where they could be counted.
    """
    reader = find_format(where.format)
    try:
        findings = check_claims(reader.inspect(where.path), expected, caps)
        objects = None
        if not findings:
            findings, objects = check_values(reader.load(where.path, expected.kind), expected, caps)
    except PredictionFileError as error:
        findings, objects = error.findings, None
    except ChallengeError as error:
        findings, objects = [(str(error), "a prediction of its kind", "Correct it.")], None
    # Before they are cut to length, which may cut a path in two.
    told = [tuple(_name_within(root, text) for text in finding) for finding in findings]
    return [Problem(expected.case, *finding) for finding in told], objects


def _name_within(root: Path, text: str) -> str:
    """Return a text with paths below a folder as names within it."""
    for place in dict.fromkeys((root.absolute(), root.resolve())):
        for form in (f"file://{place}", str(place)):
            text = text.replace(f"{form}/", "").replace(form, "the submission")
    return text


@contextlib.contextmanager
def unpacked(path: Path, cases: Sequence[str], caps: Caps, folder: Path | None) -> Iterator[tuple[Path, list[Problem]]]:
    """Give the folder of a submission, unpacked if need be, and what went wrong.

    Parameters
    ----------
    path : Path
    cases : sequence of str
    caps : Caps
    folder : Path or None
        Where to unpack; None takes a temporary folder that is removed at the end.
    """
    if path.is_dir() and not path.is_symlink():
        yield path, []
        return
    with tempfile.TemporaryDirectory(prefix="submission-") if folder is None else _kept(folder) as place:
        problems = _unpack(path, Path(place), cases, caps)
        if problems and folder is not None:
            shutil.rmtree(folder)
        yield Path(place), problems


@contextlib.contextmanager
def _kept(folder: Path) -> Iterator[str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield str(folder)


def _unpack(path: Path, place: Path, cases: Sequence[str], caps: Caps) -> list[Problem]:
    if path.is_symlink() or not path.is_file():
        return [
            Problem("", "there is no such file or folder", "a folder, a zip file or a CSV file", "Correct the path.")
        ]
    size = path.stat().st_size
    if size > caps.packed:
        cure = "Compress it, and use the smallest integer type that holds the labels."
        return [Problem("", f"it has {size} bytes", f"at most {caps.packed}", cure)]
    if is_zip(path):
        return unpack(path, place, caps)
    if path.suffix.lower() == ".csv" or _looks_like_text(path):
        return part_sheet(path, place, cases)
    return [
        Problem(
            "",
            "it is neither a zip file nor a table",
            "a zip file of one file a case, or for points and values a CSV file with the column case",
            "Make one with bioimagehub.challenges.submissions.write_submission.",
        )
    ]


def _looks_like_text(path: Path) -> bool:
    with path.open("rb") as file:
        return b"case" in file.readline(1024).lower()


def _report(
    problems: Sequence[Problem],
    caps: Caps,
    cases: dict[str, Checked] | None = None,
    digest: str = "",
    tree: Tree | None = None,
) -> Report:
    # Those of the whole come first, then by case; within a case in the order in which they were found.
    ordered = sorted(dict.fromkeys(problems), key=lambda one: one.case)
    return Report(
        tuple(ordered[: caps.problems]),
        max(0, len(ordered) - caps.problems),
        cases or {},
        digest,
        0 if tree is None else len(tree.files),
        0 if tree is None else tree.size,
    )
