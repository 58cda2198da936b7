"""Results as files: one for each entry, named after it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from bioimagehub.challenges.case_results import LAYOUT, Result
from bioimagehub.challenges.errors import ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def save_result(path: Path, result: Result) -> None:
    """Write a result as JSON, whole or not at all; the same result gives the same bytes."""
    text = json.dumps(result.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(f"{text}\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        msg = f"The result {path} cannot be written: {error.strerror}. Name a file in a folder that you may write."
        raise ResultFileError(msg) from error
    finally:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)


def load_result(path: Path) -> Result:
    """Read a result.

    Raises
    ------
    ResultFileError
        If there is none, or it is damaged or of another layout.
    """
    try:
        values = json.loads(path.read_bytes())
        if values["layout"] != LAYOUT:
            msg = f"The result {path} has the layout {values['layout']!r}. Expected {LAYOUT}. Score again."
            raise ResultFileError(msg)
        return Result.from_dict(values)
    except OSError as error:
        msg = (
            f"The result {path} cannot be read: {error.strerror}. Expected a file that was written by: bioimagehub "
            "challenge score --into."
        )
        raise ResultFileError(msg) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        msg = f"The result {path} is damaged, or is none: {error!r}. Score again, with: bioimagehub challenge score."
        raise ResultFileError(msg) from error


def load_results(paths: Iterable[Path]) -> dict[str, Result]:
    """Read the results of several entries, by their names.

    Parameters
    ----------
    paths : iterable of Path
        Files, each named after its entry; or folders of such.

    Raises
    ------
    ResultFileError
        If there is none, or two are of one name.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    names = [file.stem for file in files]
    if not files:
        msg = "There are no results. Expected files written by: bioimagehub challenge score --into. Score first."
        raise ResultFileError(msg)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"Two results are called {', '.join(twice)}. Expected one an entry. Rename one of the files."
        raise ResultFileError(msg)
    return {file.stem: load_result(file) for file in files}
