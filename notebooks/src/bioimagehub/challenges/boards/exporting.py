"""Boards as folders of plain files, which need no server: page, JSON, Parquet, RO-Crate."""

from __future__ import annotations

import json
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.boards.board import Board
from bioimagehub.challenges.boards.crate import DESCRIPTOR, describe
from bioimagehub.challenges.errors import BoardError, BoardFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from os import PathLike

    from bioimagehub.challenges.case_results import Result

BOARD, PAGE, SCORES = "board.json", "index.html", "scores.parquet"
ADDRESS = "sha256"


def export_board(
    board: Board,
    results: Mapping[str, Result] | None,
    folder: str | PathLike[str],
    *,
    published: date | None = None,
) -> Path:
    """Write a board as a folder of files that render it without any server.

    Parameters
    ----------
    board : Board
    results : mapping of str to Result or None
        Of each entry; their scores of cases are written to ``scores.parquet``. None leaves them out.
    folder : path
        The folder to make; one that is there is replaced when all is written, and not before. For permanent addresses,
        name it after `Board.digest`.
    published : date, optional
        When the board was published, for the RO-Crate.

    Returns
    -------
    Path
        The folder: ``index.html``, ``board.json``, ``scores.parquet`` and ``ro-crate-metadata.json``. The same
        board gives the same bytes.

    Raises
    ------
    BoardError
        If the board is a hidden one and results are given: their scores of cases would tell the truth.
    BoardFileError
        If the folder cannot be written; what was there is kept.
    """
    if board.hidden and results is not None:
        msg = (
            f"The board of {board.challenge}, {board.phase}, is made for a hidden split, and scores of its cases were "
            "given. Expected none: they tell what is hidden. Give None, or export the full board after the end."
        )
        raise BoardError(msg)
    text = json.dumps({ADDRESS: board.digest, "board": board.as_dict()}, indent=1, ensure_ascii=False, allow_nan=False)
    files = {PAGE: board.to_html().encode(), BOARD: text.encode()}
    if results is not None:
        files[SCORES] = write_scores(board, results)
    crate = json.dumps(describe(board, files, published), indent=1, ensure_ascii=False)
    return _put(Path(folder), files | {DESCRIPTOR: crate.encode()})


def write_scores(board: Board, results: Mapping[str, Result]) -> bytes:
    """Return the scores of all cases as a Parquet file: entry, case, metric, score (NaN says nothing), problem."""
    import pyarrow as pa
    from pyarrow import parquet

    rows: dict[str, list[Any]] = {"entry": [], "case": [], "metric": [], "score": [], "problem": []}
    for entry, result in results.items():
        for case, found in result.cases.items():
            for column in board.columns:
                values = (entry, case, column.name, found.scores[column.name], found.problem)
                for name, value in zip(rows, values, strict=True):
                    rows[name].append(value)
    schema = pa.schema(
        [(name, pa.float64() if name == "score" else pa.string()) for name in rows],
        metadata={"challenge": board.challenge, "phase": board.phase, ADDRESS: board.digest},
    )
    target = BytesIO()
    parquet.write_table(pa.table(rows, schema=schema), target, compression="zstd")
    return target.getvalue()


def _put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a new folder beside the place, then move it there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _refuse(folder, error) from error
    try:
        for name, content in files.items():
            (building / name).write_bytes(content)
        building.chmod(0o755)
        replaced = building.with_name(f"{building.name}-replaced")
        if folder.exists():
            folder.rename(replaced)
        try:
            building.rename(folder)
        except OSError:
            if replaced.exists():
                replaced.rename(folder)
            raise
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise _refuse(folder, error) from error
    return folder


def _refuse(folder: Path, error: OSError) -> BoardFileError:
    msg = (
        f"The board cannot be written to {folder}: {error}. What was there is kept. Choose a folder that may be "
        "written and has room."
    )
    return BoardFileError(msg)


def load_board(path: str | PathLike[str]) -> Board:
    """Read a board that `export_board` wrote, and check that nobody changed it.

    Parameters
    ----------
    path : path
        The folder, or its ``board.json``.

    Raises
    ------
    BoardFileError
        If there is no such file, it is damaged, or what it says is not what its digest was made of.
    """
    file = Path(path)
    file = file / BOARD if file.is_dir() else file
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        values, digest = document["board"], document[ADDRESS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"The board {file} cannot be read: {error!r}. Expected a {BOARD} as it was exported. Export it anew."
        raise BoardFileError(msg) from error
    board = Board.from_dict(values)
    if board.digest != digest:
        msg = (
            f"The board {file} says that its digest is {digest}, and it is {board.digest}. Expected the file as it was "
            "exported: it was changed afterwards. Take it from the challenge again."
        )
        raise BoardFileError(msg)
    return board
