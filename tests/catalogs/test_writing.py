from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.records import parse_record
from bioimagehub.catalogs.samples.archive import inspect, read_record
from bioimagehub.catalogs.samples.pixels import Pixels
from bioimagehub.catalogs.samples.writing import write_dataset

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = np.arange(512 * 512, dtype=np.uint16).reshape(512, 512)
LABELS = (IMAGE // 5000).astype(np.uint8)
TABLE = pd.DataFrame({"y": [1.0, np.nan], "x": [2.0, 3.0], "cell": [1, 2]})


def test_dataset_is_written_whole(tmp_path: Path, fields: dict[str, Any]) -> None:
    record = parse_record({**fields, "tables": ["cells"], "checksum": None}, "here")
    write_dataset(tmp_path / "a", record, Pixels(IMAGE, {"nuclei": LABELS}, {"cells": TABLE}))
    assert inspect(tmp_path / "a", content=True) == []
    built = read_record(tmp_path / "a")
    assert built.checksum is not None
    assert built.model_copy(update={"checksum": None}) == record
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["image.ome.zarr", "manifest-sha256.txt", "record.json", "tables", "thumbnail.png"]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a" / "tables" / "cells.parquet"), TABLE)


def test_same_content_gives_the_same_checksum(tmp_path: Path, fields: dict[str, Any]) -> None:
    record = parse_record({**fields, "tables": ["cells"]}, "here")
    for name in ("a", "b"):
        write_dataset(tmp_path / name, record, Pixels(IMAGE, {"nuclei": LABELS}, {"cells": TABLE}))
    changed = IMAGE.copy()
    changed[0, 0] += 1
    write_dataset(tmp_path / "c", record, Pixels(changed, {"nuclei": LABELS}, {"cells": TABLE}))
    first, again, other = (read_record(tmp_path / name).checksum for name in "abc")
    assert first == again != other


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (Pixels(IMAGE[:-1], {"nuclei": LABELS}), r"shape is \(511, 512\), stated is \(512, 512\)"),
        (Pixels(IMAGE.astype(np.int32), {"nuclei": LABELS}), "dtype is int32, stated is uint16"),
        (Pixels(IMAGE), r"labels is \(\), stated is \('nuclei',\)"),
        (Pixels(IMAGE, {"nuclei": LABELS[1:]}), r"label images is {\(511, 512\)}, stated is {\(512, 512\)}"),
        (Pixels(IMAGE, {"nuclei": LABELS}, {"cells": TABLE}), r"tables is \('cells',\), stated is \(\)"),
    ],
)
def test_content_that_the_record_does_not_tell_of_is_refused(
    tmp_path: Path, fields: dict[str, Any], pixels: Pixels, told: str
) -> None:
    with pytest.raises(InvalidEntryError, match=told) as caught:
        write_dataset(tmp_path / "a", parse_record(fields, "here"), pixels)
    assert "Correct the entry" in str(caught.value)
    assert not (tmp_path / "a").exists()
