"""Tables of points and values, and sequences of tracks: what is wrong with them is told row by row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.errors import SubmissionError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.submissions import Caps, Expected, check_files, open_files, write_files
from bioimagehub.challenges.tracks import Lineage, Tracks

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (24, 30)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (b"\ny,y\n1,2\n", "a column is there twice"),
        (b"y;x\n1;2\n", "parted by semicolons"),
        (b"y,x\n1,nan\n2,3\n4\n", "row 2 has the cell 'nan'.*row 4 has 1 cells"),
        (b"y,x\n1_0,2\n", "row 2 has the cell '1_0'"),
        (b"y,x\n=1+1,2\n", "row 2 has the cell '=1\\+1'"),
        (b"y,x\n1,2,3\n", "row 2 has 3 cells"),
        (b"a,b\n1,2\n", "its columns are a, b. Expected y and x"),
        (b"y,y\n1,2\n", "a column is there twice"),
        (b"y,x\n" + b"1" * 10_000, "line 2 is longer than 4096 bytes"),
        ("y,x\n1,2\n".encode("utf-16"), "is not in UTF-8|has a zero byte"),
        (b",y,x\n0,1,2\n", "first column has no name, as pandas writes the index.*to_csv\\(path, index=False\\)"),
        (b"Unnamed: 0,y,x\n0,1,2\n", "first column has no name"),
        (b"y,x\n1,\xff\n", "line 2 is not in UTF-8"),
        (b"y,x\n1,\0\n", "line 2 has a zero byte"),
        (b'y,x\n"1,2\n', "cannot be read: unexpected end of data"),
        (b"y,x\n1,1e999\n", "row 2 has the cell '1e999'"),
        (b"y,x\n1," + "٣".encode() + b"\n", "row 2 has the cell"),
    ],
)  # fmt: skip
def test_tables_that_are_none(text: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text)
    expected = {"a": Expected("a", "points", SHAPE, ("y", "x"))}
    report = str(check_files(tmp_path, expected, ("csv",), Caps())).replace("\n", " ")
    assert re.search(told, report), report


@pytest.mark.parametrize("name", ["s", "s.csv"])
def test_columns_may_stand_in_any_order(name: str, tmp_path: Path) -> None:
    expected = {"a": Expected("a", "points", (5, *SHAPE), ("z", "y", "x"))}
    text = "confidence,x,z,y\n0.5,20,1,3\n"
    if name == "s":
        (tmp_path / "s").mkdir()
        (tmp_path / "s/a.csv").write_text(text)
    else:
        (tmp_path / "s.csv").write_text(text.replace("x,z", "x,case,z").replace("20,1", "20,a,1"))
    report = check_files(tmp_path / name, expected, ("csv",), Caps())
    assert report.ok, report
    with open_files(tmp_path / name, expected, ("csv",), Caps()) as opened:
        assert opened["a"].coordinates.tolist() == [[1, 3, 20]]
        assert opened["a"].confidence.tolist() == [0.5]


def test_units_are_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("y,x\n1,900\n")
    for spacing, told in (
        (None, "in pixels: the size of a pixel is not known"),
        ((1.0, 1.0), "in micrometres, not in"),
    ):
        expected = {"a": Expected("a", "points", SHAPE, ("y", "x"), spacing)}
        assert f"Give coordinates {told}" in str(check_files(tmp_path, expected, ("csv",), Caps()))


def test_tables_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioimagehub.challenges.formats.csv.ROWS", 1000)
    (tmp_path / "a.csv").write_text("y,x\n" + "1,1\n" * 1001)
    expected = {"a": Expected("a", "points", SHAPE, ("y", "x"))}
    assert "it has more than 1000 lines" in str(check_files(tmp_path, expected, ("csv",), Caps()))


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://evil")', "+SUM(A1)", "@import", "-cmd|' /C calc'!A0", "\tx"])
def test_formulas_in_tables(cell: str, tmp_path: Path) -> None:
    import csv

    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("item", "value"), ("p", cell), ("q", "-1.5")])
    expected = {"a": Expected("a", "values")}
    report = str(check_files(tmp_path, expected, ("csv",), Caps()))
    assert "which is a formula to spreadsheets" in report
    assert "row 3" not in report


def test_one_table_for_all_cases(tmp_path: Path) -> None:
    expected = {case: Expected(case, "points", SHAPE, ("y", "x")) for case in "abc"}
    points = {
        "a": Points([[1, 2], [3, 4]], "yx", confidence=[0.25, 1]),
        "b": Points([], "yx"),
        "c": Points([[5, 6]], "yx", confidence=[1]),
    }
    path = write_files(points, tmp_path / "all.csv", expected, ("csv",))
    assert path.read_text() == "case,y,x,confidence\na,1.0,2.0,0.25\na,3.0,4.0,1.0\nb,,,\nc,5.0,6.0,1.0\n"
    report = check_files(path, expected, ("csv",), Caps())
    assert report.ok, report
    assert [one.objects for one in report.cases.values()] == [2, 0, 1]
    with open_files(path, expected, ("csv",), Caps()) as opened:
        assert np.array_equal(opened["a"].coordinates, points["a"].coordinates)
        assert np.array_equal(opened["a"].confidence, points["a"].confidence)
    with pytest.raises(SubmissionError, match="for all cases, or for none"):
        write_files({**points, "b": Points([[1, 1]], "yx")}, path, expected, ("csv",))
    path.write_text("case,y,x\n../../b,1,2\n<b>,1,1\n")
    report = check_files(path, expected, ("csv",), Caps())
    assert "there are rows of '../../b', which is no case" in str(report)
    assert "<b>" not in report._repr_html_()


def tracks() -> Tracks:
    frames = np.zeros((3, *SHAPE), np.uint16)
    frames[:2, 2:5, 2:5] = 1
    frames[2, 2:5, 2:4] = 2
    frames[2, 2:5, 6:8] = 3
    return Tracks(frames, Lineage.from_rows([(1, 0, 1, 0), (2, 2, 2, 1), (3, 2, 2, 1)]))


def test_tracks(tmp_path: Path) -> None:
    expected = {"a": Expected("a", "tracks", (3, *SHAPE), ("t", "y", "x"))}
    path = write_files({"a": tracks()}, tmp_path / "a.zip", expected, ("ctc",))
    report = check_files(path, expected, ("ctc",), Caps())
    assert report.ok, report
    assert report.cases["a"].objects == 3
    with open_files(path, expected, ("ctc",), Caps()) as opened:
        assert opened["a"].lineage.rows() == tracks().lineage.rows()
        assert np.array_equal(opened["a"].load(2), tracks().load(2))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("res_track.txt", "1 0 1 0\n2 2 2 1\n", "label 3 is in"),
        ("res_track.txt", "1 0 1 0\n2 2 2 1\n3 2 2 9\n", "parent 9, which is no track"),
        ("res_track.txt", "L B E P\n1\t0\t1\t0\n", "row 1 of res_track.txt is 'L B E P'"),
        ("res_track.txt", "1 0 1 0\n" * 2_000_000, "more than 1000000 rows"),
        ("res_track.txt", None, "there is no res_track.txt"),
        ("mask001.tif", None, "of 2 frames these are missing: 1"),
        ("mask0001.tif", "", "some are there twice"),
        ("run.sh", "rm", "the folder has 'run.sh'"),
    ],
)
def test_tracks_that_are_wrong(name: str, text: str | None, told: str, tmp_path: Path) -> None:
    expected = {"a": Expected("a", "tracks", (3, *SHAPE), ("t", "y", "x"))}
    write_files({"a": tracks()}, tmp_path / "s", expected, ("ctc",))
    file = tmp_path / "s/a_RES" / name
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    assert told in str(check_files(tmp_path / "s", expected, ("ctc",), Caps()))
