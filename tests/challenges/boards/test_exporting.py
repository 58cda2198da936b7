from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from bioimagehub.challenges.boards import Board, export_board, load_board, make_board, publishable
from bioimagehub.challenges.errors import BoardError, BoardFileError
from challenges.boards.made_results import make_challenge, make_results

if TYPE_CHECKING:
    from pathlib import Path

CHALLENGE = make_challenge(12)


@pytest.fixture(scope="module")
def results():
    return make_results(CHALLENGE, {"ada": 0.8, "<i>ben</i>": 0.6})


@pytest.fixture(scope="module")
def board(results) -> Board:
    return make_board(CHALLENGE, "final", results, samples=100)


def test_a_folder_renders_the_board_without_a_server(board: Board, results, tmp_path: Path) -> None:
    folder = export_board(board, results, tmp_path / "boards" / board.digest, published=date(2027, 3, 1))
    names = {path.name for path in folder.iterdir()}
    assert names == {"index.html", "board.json", "scores.parquet", "ro-crate-metadata.json"}
    assert load_board(folder) == load_board(folder / "board.json") == board
    assert (folder / "index.html").read_text() == board.to_html()
    assert [path.name for path in folder.parent.iterdir()] == [board.digest]
    assert folder.stat().st_mode & 0o755 == 0o755


def test_scores_of_cases_are_exact(board: Board, results, tmp_path: Path) -> None:
    table = pd.read_parquet(export_board(board, results, tmp_path / "b") / "scores.parquet")
    assert len(table) == 2 * 12 * 3
    found = table.set_index(["entry", "case", "metric"])["score"]
    for entry, result in results.items():
        for case, one in result.cases.items():
            for metric, value in one.scores.items():
                assert found[entry, case, metric] == value


def test_the_crate_describes_every_file(board: Board, results, tmp_path: Path) -> None:
    folder = export_board(board, results, tmp_path / "b", published=date(2027, 3, 1))
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(graph) == len(crate["@graph"])
    root = graph["./"]
    assert root["datePublished"] == "2027-03-01"
    assert root["identifier"] == f"sha256:{board.digest}"
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    for part in root["hasPart"]:
        content = (folder / part["@id"]).read_bytes()
        assert graph[part["@id"]]["sha256"] == sha256(content).hexdigest()
        assert graph[part["@id"]]["contentSize"] == str(len(content))
    for reference in [*root["author"], *root["mentions"], root["license"]]:
        assert graph[reference["@id"]]["name"]


def test_the_same_board_gives_the_same_bytes_and_replaces_what_was_there(board: Board, results, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in export_board(board, results, tmp_path / "b").iterdir()}
    (tmp_path / "b" / "left over").touch()
    again = {path.name: path.read_bytes() for path in export_board(board, results, tmp_path / "b").iterdir()}
    assert again == first
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_scores_of_hidden_cases_are_not_written(board: Board, results, tmp_path: Path) -> None:
    hidden = publishable(board, hidden=True)
    with pytest.raises(BoardError, match="Give None"):
        export_board(hidden, results, tmp_path / "b")
    folder = export_board(hidden, None, tmp_path / "b")
    assert not (folder / "scores.parquet").exists()
    assert load_board(folder) == hidden
    told = b"".join(path.read_bytes() for path in folder.iterdir())
    exact = {repr(value) for one in results.values() for case in one.cases.values() for value in case.scores.values()}
    assert not [number for number in exact if len(number) > 5 and number.encode() in told]
    assert not any(case.id.encode() in told for case in CHALLENGE.splits["test"].cases)


def test_a_board_that_was_changed_is_noticed(board: Board, tmp_path: Path) -> None:
    file = export_board(board, None, tmp_path / "b") / "board.json"
    file.write_text(file.read_text().replace('"rank": 2', '"rank": 1'))
    with pytest.raises(BoardFileError, match="changed afterwards"):
        load_board(tmp_path / "b")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sha256": "0", "board": []}', '{"sha256": "0", "board": {}}'])
def test_what_is_no_board(content: str, tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text(content)
    with pytest.raises(BoardFileError, match="Export"):
        load_board(tmp_path)


def test_no_board_at_all(tmp_path: Path) -> None:
    with pytest.raises(BoardFileError, match="cannot be read"):
        load_board(tmp_path)


def test_a_place_that_cannot_be_written(board: Board, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BoardFileError, match="Choose a folder"):
        export_board(board, None, tmp_path / "file" / "b")
