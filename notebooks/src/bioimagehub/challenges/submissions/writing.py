"""Writes predictions as a submission: what a participant's notebook calls at its end."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.errors import SubmissionError
from bioimagehub.challenges.formats import find_format
from bioimagehub.challenges.submissions.contents import allowed_formats, suffixes_of
from bioimagehub.challenges.submissions.predicted import find_problems, flatten
from bioimagehub.challenges.submissions.sheets import join_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.submissions.expected import Expected

LISTED = 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_USUAL = {"labels": ".tif", "classes": ".tif", "image": ".tif", "map": ".zarr", "tracks": "_RES"}


def write_submission(
    predictions: Mapping[str, Any],
    path: str | PathLike[str],
    challenge: Challenge,
    split: str | None = None,
) -> Path:
    """Write predictions as a folder, as a zip file, or, for points and values, as one CSV file.

    Parameters
    ----------
    predictions : mapping of str to data
        The prediction of each case: an array for labels, classes, images and maps; `Points`; `Tracks`; a dict of
        values by item.
    path : path
        Ends in ``.zip`` or ``.csv``; else it is a folder. What is there already is replaced only if it is a file.
    challenge : Challenge
    split : str, optional
        Name of the split, for axes and pixel sizes; by default that of the first phase, or the first split.

    Returns
    -------
    Path
        Of what was written. The same predictions give the same bytes.

    Raises
    ------
    SubmissionError
        If a prediction is of no case, or `check_submission` would find fault with one; if the name ends in ``.csv``
        and the challenge takes no tables; or if there is a folder at `path` that is not empty. Nothing is written then.
    """
    from bioimagehub.challenges.submissions.contracts import expect

    if split is None:
        split = challenge.phases[0].split if challenge.phases else next(iter(challenge.splits))
    expected = expect(challenge, split)
    formats = allowed_formats(challenge.kind, challenge.submission.formats)
    _check_target(Path(path), formats)
    _check_cases(predictions, expected)
    problems = find_problems(predictions, expected)
    if problems:
        listed = "\n  ".join(map(str, problems[:LISTED]))
        more = f"\n  and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
        msg = f"The predictions of {len({one.case for one in problems})} cases cannot be written:\n  {listed}{more}"
        raise SubmissionError(msg)
    return write_files(predictions, Path(path), expected, formats, challenge.submission.suffix)


def write_files(
    predictions: Mapping[str, Any],
    path: Path,
    expected: Mapping[str, Expected],
    formats: Sequence[str],
    suffix: str | None = None,
) -> Path:
    """Write predictions by the contract of each case; see `write_submission`.

    Parameters
    ----------
    predictions : mapping of str to data
    path : Path
    expected : mapping of str to Expected
    formats : sequence of str
        Those that may be written.
    suffix : str or None
        The ending of the names; None takes the usual one of the kind, or of the first format.
    """
    _check_cases(predictions, expected)
    _check_target(path, formats)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".submission-", dir=path.parent) as place:
        written = {}
        for case in sorted(predictions):
            written[case] = _write_case(predictions[case], Path(place), expected[case], formats, suffix)
        _finish(written, Path(place), path)
    return path


def _check_cases(predictions: Mapping[str, Any], expected: Mapping[str, Expected]) -> None:
    strange = sorted(str(case) for case in set(predictions) - set(expected))
    if strange or not predictions:
        found = f"predictions of {', '.join(strange[:5])}, which are no cases" if strange else "no predictions"
        msg = f"There are {found}. Expected some of {', '.join(sorted(expected)[:20])}. Use the ids of the challenge."
        raise SubmissionError(msg)


def _check_target(path: Path, formats: Sequence[str]) -> None:
    if path.suffix == ".csv" and "csv" not in formats:
        msg = (
            f"A table, {path.name}, cannot hold these predictions. Expected a folder or a name that ends in .zip, for "
            f"files of the formats {', '.join(sorted(formats))}. Choose another name."
        )
        raise SubmissionError(msg)
    folder = path.suffix not in {".csv", ".zip"}
    if path.is_dir() if not folder else path.exists() and (not path.is_dir() or any(path.iterdir())):
        kind = "a new or empty folder" if folder else "no folder of that name"
        msg = f"There is something at {path} already. Expected {kind}. Choose one, or remove it."
        raise SubmissionError(msg)


def _write_case(data: Any, place: Path, expected: Expected, formats: Sequence[str], suffix: str | None) -> Path:
    suffixes = suffixes_of(formats)
    usual = _USUAL.get(expected.kind)
    ending = suffix or (usual if usual in suffixes else find_format(formats[0]).SUFFIXES[0])
    if ending not in suffixes:
        msg = f"Predictions with the ending {ending} are not taken. Expected one of {', '.join(sorted(suffixes))}."
        raise SubmissionError(msg)
    target = place / f"{expected.case}{ending}"
    array = np.asarray(data) if expected.kind in {"labels", "classes", "image", "map"} else data
    if isinstance(data, Mapping):
        array = flatten(data)
    if isinstance(array, np.ndarray) and array.dtype == np.int64 and array.size and array.min() >= 0:
        # What NumPy gives by default takes eight bytes a pixel, and is read by few programs.
        array = array.astype(np.min_scalar_type(int(array.max())))
    axes = expected.axes or tuple("tczyx"[-array.ndim :] if isinstance(array, np.ndarray) else ())
    spacing = expected.spacing if expected.spacing is not None and len(expected.spacing) == len(axes) else None
    find_format(suffixes[ending]).write(target, array, axes, spacing)
    return target


def _finish(written: Mapping[str, Path], place: Path, path: Path) -> None:
    """Put what was written in its place: all of it, or nothing."""
    whole = place / "whole"
    if path.suffix == ".zip":
        _zip(written.values(), whole)
        whole.replace(path)
    elif path.suffix == ".csv":
        join_tables(dict(written), whole)
        whole.replace(path)
    else:
        path.mkdir(exist_ok=True)
        for one in written.values():
            shutil.move(one, path / one.name)


def _zip(paths: Any, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(paths):
            files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
            for file in files:
                member = zipfile.ZipInfo(file.relative_to(path.parent).as_posix(), _EPOCH)
                # Images are compressed already; a second time only costs.
                member.compress_type = zipfile.ZIP_DEFLATED if file.suffix in {".npy", ".csv", ".txt", ".json"} else 0
                member.external_attr = 0o644 << 16
                with file.open("rb") as stream, archive.open(member, "w", force_zip64=True) as packed:
                    shutil.copyfileobj(stream, packed, 2**20)
