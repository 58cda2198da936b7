from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import starfile

from bioimagehub.catalogs.drivers.tables import TABLES, load_table
from bioimagehub.catalogs.errors import (
    AmbiguousTableError,
    MissingFileError,
    UnknownOptionError,
    UnknownTableError,
    UnreadableTableError,
)
from servers.store import StoreServer

if TYPE_CHECKING:
    from pathlib import Path

PARTICLES = pd.DataFrame(
    {
        "rlnCoordinateX": [1.5, -2.25e3, np.nan],
        "rlnMicrographName": ["a/mic_1.mrc", "a/mic_2.mrc", "b.mrc"],
        "rlnClassNumber": [1, 2, 30],
        "rlnGroupName": ["001", "002", "010"],
    }
)


def write(file: Path, content: str | bytes) -> str:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


# ---- STAR


def test_star_of_another_tool(tmp_path: Path) -> None:
    file = tmp_path / "particles.star"
    optics = pd.DataFrame({"rlnVoltage": [300.0], "rlnOpticsGroupName": ["optics group 1"]})
    starfile.write({"optics": optics, "particles": PARTICLES}, file)
    pd.testing.assert_frame_equal(load_table(str(file), table="particles"), PARTICLES)
    pd.testing.assert_frame_equal(load_table(str(file), table="optics"), optics)
    pd.testing.assert_frame_equal(
        load_table(str(file), table="particles", columns=["rlnClassNumber", "rlnCoordinateX"]),
        PARTICLES[["rlnClassNumber", "rlnCoordinateX"]],
    )
    with pytest.raises(AmbiguousTableError, match=r"2 tables: optics, particles. Say which with `table`"):
        load_table(str(file))
    with pytest.raises(UnknownTableError, match=r"no table 'model': it has optics, particles"):
        load_table(str(file), table="model")
    with pytest.raises(UnreadableTableError, match=r"no column rlnDefocus: it has rlnCoordinateX, .*Choose"):
        load_table(str(file), table="particles", columns=["rlnDefocus"])


def test_star_block_without_loop(tmp_path: Path) -> None:
    text = "# version 30001\n\ndata_general\n\n_rlnNrClasses   3 # of them\n_rlnName 'it''s a name'\n_rlnId\t007\n"
    table = load_table(write(tmp_path / "a.star", text))
    assert table.to_dict("records") == [{"rlnNrClasses": 3, "rlnName": "it''s a name", "rlnId": "007"}]
    starfile.write({"general": {"rlnNrClasses": 3, "rlnResolution": 2.5}}, tmp_path / "b.star")
    assert load_table(str(tmp_path / "b.star")).to_dict("records") == [{"rlnNrClasses": 3, "rlnResolution": 2.5}]


def test_star_with_quotes_comments_and_windows_lines(tmp_path: Path) -> None:
    rows = ['"a b"  1 # first', "'c # d' 2", "# between", "e#f 3", ""]
    text = "\r\n".join(["\ufeffdata_", "", "loop_", "_rlnName #1", "_rlnX #2", *rows])
    table = load_table(write(tmp_path / "a.star", text))
    assert table.to_dict("list") == {"rlnName": ["a b", "c # d", "e#f"], "rlnX": [1, 2, 3]}


def test_star_loop_without_rows(tmp_path: Path) -> None:
    table = load_table(write(tmp_path / "a.star", "data_x\nloop_\n_rlnA\n_rlnB\n"))
    assert list(table.columns) == ["rlnA", "rlnB"]
    assert len(table) == 0


def test_star_numbers_as_programs_write_them(tmp_path: Path) -> None:
    text = "data_\nloop_\n_a\n_b\n_c\n_d\n1.5 nan inf 7\n-nan -1e-3 -inf nan\n"
    table = load_table(write(tmp_path / "a.star", text))
    np.testing.assert_array_equal(table["a"], [1.5, np.nan])
    np.testing.assert_array_equal(table["b"], [np.nan, -1e-3])
    np.testing.assert_array_equal(table["c"], [np.inf, -np.inf])
    np.testing.assert_array_equal(table["d"], [7, np.nan])


@pytest.mark.parametrize("rows", ["1 2\n3\n", "1\n2 3\n", "1 2 3\n", "1\n2\n", "1 2\n'3'\n", "1 2\n'3' 4 5\n"])
def test_star_rows_of_other_lengths_are_told(tmp_path: Path, rows: str) -> None:
    file = write(tmp_path / "a.star", f"data_x\nloop_\n_rlnA #1\n_rlnB #2\n{rows}")
    with pytest.raises(UnreadableTableError, match=r"the block 'x' has 2 labels, and .*fetch it anew"):
        load_table(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no block that begins with data_"),
        ("a,b\n1,2\n", "line 1 is 'a,b'"),
        ("data_x\n_a 1\n_a 2\n", "the label _a twice"),
        ("data_x\nloop_\n_a\n1\nloop_\n_b\n", "two tables in the block 'x'"),
        ("data_x\n1 2\n", "values without a label in line 2"),
        ("data_x\n_a\n", "a label that has not one value"),
        ("data_x\n_a\n;text\n;\n", "no text over several lines"),
    ],
)
def test_star_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnreadableTableError, match=told):
        load_table(write(tmp_path / "a.star", text))
    with pytest.raises(UnreadableTableError, match="not text in UTF-8"):
        load_table(write(tmp_path / "b.star", b"data_x\n_a \xff\xfe\n"))


# ---- CSV, TSV

CELLS = pd.DataFrame({"cell": [1, 2, 3], "area": [1.5, np.nan, 2.5], "name": ["α", "b,c", 'd"e']})


@pytest.mark.parametrize(("name", "divider"), [("a.csv", ","), ("a.TSV", "\t")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiter_and_marks_of_encodings(tmp_path: Path, name: str, divider: str, encoding: str) -> None:
    CELLS.to_csv(tmp_path / name, sep=divider, index=False, encoding=encoding)
    pd.testing.assert_frame_equal(load_table(str(tmp_path / name)), CELLS)
    pd.testing.assert_frame_equal(load_table(str(tmp_path / name), columns=["area"]), CELLS[["area"]])


def test_other_delimiters_and_encodings_are_said(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "zelle;größe\n1;2\n".encode("latin-1"))
    with pytest.raises(UnreadableTableError, match=r"not text in utf-8-sig: .*`encoding`, such as 'latin-1'"):
        load_table(file)
    assert load_table(file, encoding="latin-1", delimiter=";").to_dict("list") == {"zelle": [1], "größe": [2]}
    with pytest.raises(UnreadableTableError, match=r"not text in klingon"):
        load_table(file, encoding="klingon")
    with pytest.raises(UnreadableTableError, match=r"2 characters; expected one"):
        load_table(file, encoding="latin-1", delimiter=";;")


@pytest.mark.parametrize("rows", ["1,2\n3,4,5\n", "1,2,3\n4,5,6\n", "1,2\n3\n", '1,2\n"3,4\n', "1,2\n\n3"])
def test_csv_rows_of_other_lengths_are_told(tmp_path: Path, rows: str) -> None:
    with pytest.raises(UnreadableTableError, match=r"a\.csv .*(delimiter)"):
        load_table(write(tmp_path / "a.csv", f"a,b\n{rows}"))


def test_empty_values_at_the_end_of_rows_are_none(tmp_path: Path) -> None:
    assert load_table(write(tmp_path / "a.csv", "a,b\n1,\n2,3\n"))["b"].isna().tolist() == [True, False]


@pytest.mark.parametrize(("text", "told"), [("", "not at all"), ("a,b,a\n1,2,3\n", "its columns a, b, a; .*differ")])
def test_csv_without_names_of_columns_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnreadableTableError, match=told):
        load_table(write(tmp_path / "a.csv", text))


# ---- Parquet


def test_parquet_fetches_only_what_is_asked_for(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    table = pd.DataFrame({name: chance.random(200_000) for name in "abcdefgh"})
    table.to_parquet(tmp_path / "a.parquet")
    size = (tmp_path / "a.parquet").stat().st_size
    pd.testing.assert_frame_equal(load_table(str(tmp_path / "a.parquet")), table)
    with StoreServer(tmp_path) as store:
        pd.testing.assert_frame_equal(load_table(f"{store.url}/a.parquet", columns=["c"]), table[["c"]])
        assert size / 8 < store.bytes < size / 2
        pd.testing.assert_frame_equal(load_table(f"{store.url}/a.parquet"), table)


def test_damaged_parquet_is_told(tmp_path: Path) -> None:
    CELLS.to_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    for damaged in (b"", b"text", content[:-20], content[:-8] + b"\xff" * 4 + content[-4:]):
        with pytest.raises(UnreadableTableError, match=r"a\.parquet cannot be read as Parquet: .*Fetch it anew"):
            load_table(write(tmp_path / "a.parquet", damaged))
    pq.write_table(pq.read_table(write(tmp_path / "b.parquet", content)), tmp_path / "c.parquet")
    with pytest.raises(UnreadableTableError, match=r"no column volume: it has cell, area, name"):
        load_table(str(tmp_path / "c.parquet"), columns=["volume"])


# ---- GeoJSON


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[0, 1], [4, 1], [4, 6], [0, 6], [0, 1]], [[1, 2], [2, 2], [2, 3], [1, 2]]],
}
POINT = {"type": "Point", "coordinates": [7, 8, 9]}
BOTH = {"type": "GeometryCollection", "geometries": [SQUARE, POINT]}
MANY = {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"], [[[9, -3], [10, -3], [10, 0], [9, -3]]]]}


@pytest.mark.parametrize("form", ["collection", "list", "single"])
def test_features_are_rows(tmp_path: Path, form: str) -> None:
    features = [
        {**feature(SQUARE, objectType="cell", classification={"name": "Tumor"}), "id": "c1"},
        feature(POINT, objectType="nucleus"),
        feature(BOTH),
        feature(MANY, area=2.5),
        feature(None, objectType="cell"),
    ]
    whole: Any = {"collection": {"type": "FeatureCollection", "features": features}, "list": features}.get(
        form, features[0]
    )
    table = load_table(write(tmp_path / "cells.geojson", json.dumps(whole)))
    assert table["geometry"][0] == SQUARE
    assert table["classification"][0] == {"name": "Tumor"}
    bounds = table[["min_x", "min_y", "max_x", "max_y"]]
    assert bounds.dtypes.eq(np.float64).all()
    expected = [[0, 1, 4, 6], [7, 8, 7, 8], [0, 1, 7, 8], [0, -3, 10, 6], [np.nan] * 4]
    np.testing.assert_array_equal(bounds, expected[: len(table)])
    assert table["id"][0] == "c1"
    assert len(table) == (1 if form == "single" else 5)


def test_no_features(tmp_path: Path) -> None:
    file = write(tmp_path / "a.geojson", '{"type": "FeatureCollection", "features": []}')
    assert list(load_table(file).columns) == ["geometry", "min_x", "min_y", "max_x", "max_y"]
    with pytest.raises(UnreadableTableError, match=r"no column area: it has geometry"):
        load_table(file, columns=["area"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is no GeoJSON: "),
        ("3", "expected features"),
        ('{"type": "FeatureCollection"}', "expected features"),
        ('{"type": "Topology"}', "something else than a feature at place 0"),
        (json.dumps([feature(POINT), feature(POINT, min_x=3)]), "the property min_x at feature 1"),
        (json.dumps(feature({"type": "Point", "coordinates": []})), "geometry that cannot be read at feature 0"),
        (
            json.dumps(feature({"type": "Point", "coordinates": ["a", "b"]})),
            "geometry that cannot be read at feature 0",
        ),
        (json.dumps(feature({"type": "Point"})), "geometry that cannot be read at feature 0"),
        (json.dumps(feature({"type": "Polygon", "coordinates": [[[0, 1], [2]]]})), "geometry that cannot be read"),
    ],
)
def test_geojson_that_is_none_is_told(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(UnreadableTableError, match=told):
        load_table(write(tmp_path / "a.geojson", content))


# ---- all


@pytest.mark.parametrize("ending", sorted(TABLES))
def test_missing_tables_and_options_that_are_not_known(tmp_path: Path, ending: str) -> None:
    with pytest.raises(MissingFileError, match="nothing"):
        load_table(str(tmp_path / f"nothing{ending}"))
    with pytest.raises(UnknownOptionError, match=r"with colour: .*columns.*Leave it out"):
        load_table(str(tmp_path / f"nothing{ending}"), colour="red")


def test_names_that_no_module_reads(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError, match=r"none of \.csv, \.geojson, \.parquet, \.star, \.tsv"):
        load_table(str(tmp_path / "a.xlsx"))


def test_tables_over_http(tmp_path: Path) -> None:
    CELLS.to_csv(tmp_path / "a b.csv", index=False)
    with StoreServer(tmp_path) as store:
        pd.testing.assert_frame_equal(load_table(f"{store.url}/a%20b.csv"), CELLS)
        assert store.count == 1
