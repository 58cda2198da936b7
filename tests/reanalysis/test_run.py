from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bioimagehub.catalogs import Record, open_catalog
from bioimagehub.reanalysis import begin_run, load_run, write_results
from bioimagehub.reanalysis.errors import ParameterError, ResultsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def records(samples: Path) -> list[Record]:
    catalog = open_catalog()
    return [catalog["samples:nuclei-3d"], catalog["samples:mahotas-nuclear"]]


@pytest.fixture
def table() -> pd.DataFrame:
    datasets = ["samples:nuclei-3d", "samples:nuclei-3d", "samples:mahotas-nuclear"]
    return pd.DataFrame({"dataset": datasets, "size": [1.0, 2.5, np.nan], "size_unit": ["µm³", "µm³", "pixel"]})


def test_the_table_and_where_it_comes_from_read_back(
    tmp_path: Path, records: list[Record], table: pd.DataFrame
) -> None:
    before = datetime.now(UTC)
    run = begin_run("nuclei", records, {"diameter": {"samples:nuclei-3d": 12.0}, "halo": 2})
    path = write_results(table, tmp_path / "new" / "results", run)
    assert path == tmp_path / "new" / "results" / "nuclei.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(path), table)

    inside = load_run(path)
    assert [source.identifier for source in inside.sources] == [record.identifier for record in records]
    assert [source.checksum for source in inside.sources] == [record.checksum for record in records]
    assert inside.sources[0].citation == records[0].cite()
    assert inside.parameters == {"diameter": {"samples:nuclei-3d": 12.0}, "halo": 2}
    assert inside.packages["numpy"] == np.__version__
    assert inside.packages["bioimagehub"]
    assert inside.python == ".".join(map(str, sys.version_info[:3]))
    assert before <= inside.started <= inside.finished <= datetime.now(UTC)

    beside = json.loads((path.parent / "nuclei.run.json").read_text(encoding="utf-8"))
    file = beside.pop("table")
    assert file == {"file": "nuclei.parquet", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert beside == inside.model_dump(mode="json")


def test_two_runs_have_two_identifiers(records: list[Record]) -> None:
    assert begin_run("nuclei", records, {}).identifier != begin_run("nuclei", records, {}).identifier


def test_nothing_else_is_left_in_the_folder(tmp_path: Path, records: list[Record], table: pd.DataFrame) -> None:
    for _ in range(2):
        write_results(table, tmp_path, begin_run("nuclei", records, {}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nuclei.parquet", "nuclei.run.json"]


def test_when_writing_fails_what_was_there_is_still_there(
    tmp_path: Path, records: list[Record], table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_results(table, tmp_path, begin_run("nuclei", records, {}))
    old = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    write_table = pq.write_table

    def fill_the_disk(arrow: Any, where: Path) -> None:
        write_table(arrow, where)
        where.write_bytes(where.read_bytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", fill_the_disk)
    with pytest.raises(ResultsError, match=r"No space left on device.*is unchanged\. Check that the folder"):
        write_results(table.head(1), tmp_path, begin_run("nuclei", records, {}))
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == old
    assert len(pd.read_parquet(path)) == 3


@pytest.mark.parametrize("damage", [lambda whole: whole[:-20], lambda whole: whole[:4] + b"\0" * 40 + whole[44:]])
def test_a_file_that_does_not_read_back_is_not_put_in_place(
    tmp_path: Path, records: list[Record], table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    write_table = pq.write_table

    def lose_bytes(arrow: Any, where: Path) -> None:
        write_table(arrow, where)
        where.write_bytes(damage(where.read_bytes()))

    monkeypatch.setattr(pq, "write_table", lose_bytes)
    with pytest.raises(ResultsError, match=r"does not read back as it was written|was not|were not written"):
        write_results(table, tmp_path, begin_run("nuclei", records, {}))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path, records: list[Record], table: pd.DataFrame) -> None:
    (tmp_path / "results").write_text("mine")
    with pytest.raises(ResultsError, match=r"were not written to .*results.*or give another folder"):
        write_results(table, tmp_path / "results", begin_run("nuclei", records, {}))
    assert (tmp_path / "results").read_text() == "mine"


def test_rows_of_a_dataset_that_the_run_does_not_name(
    tmp_path: Path, records: list[Record], table: pd.DataFrame
) -> None:
    with pytest.raises(ParameterError, match=r"rows from samples:mahotas-nuclear.*Give begin_run all the records"):
        write_results(table, tmp_path, begin_run("nuclei", records[:1], {}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "a/b", "../b", ".hidden"])
def test_names_that_are_no_file_names(records: list[Record], name: str) -> None:
    with pytest.raises(ParameterError, match=r"Use letters, digits and hyphens"):
        begin_run(name, records, {})


@pytest.mark.parametrize("value", [np.arange(3), float("nan"), object()])
def test_parameters_that_cannot_be_written_down(records: list[Record], value: object) -> None:
    with pytest.raises(ParameterError, match=r"Give numbers, texts, lists and dicts"):
        begin_run("nuclei", records, {"value": value})


def test_files_without_a_run_record(tmp_path: Path) -> None:
    bare = tmp_path / "bare.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(bare)
    text = tmp_path / "text.parquet"
    text.write_text("no table")
    for path in (bare, text, tmp_path / "missing.parquet"):
        with pytest.raises(ResultsError, match=r"Expected a Parquet file that write_results wrote"):
            load_run(path)
