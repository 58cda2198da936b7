"""Plates: the grid of wells, their pictures, and the tiles of one of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.page import Page


@pytest.fixture
def plate(show: Callable[..., Page]) -> Page:
    data = np.zeros((3, 2, 100, 120), np.uint8)
    data[0], data[1, 0], data[2] = 10, 100, 200
    wells = {"well": ["A1", "B2", "B10"], "field": ["0", "1"]}
    array = xr.DataArray(data, dims=["well", "field", "y", "x"], coords=wells)
    return show(array, looks={"c0": {"low": 0.0, "high": 255.0}})


def test_wells_in_rows_and_columns(plate: Page) -> None:
    wells = plate.viewer.scene["wells"]
    assert wells == {"rows": ["A", "B"], "columns": ["1", "2", "10"], "present": ["A1", "B2", "B10"]}
    assert plate.viewer.well is None


def test_tiles_are_those_of_the_well(plate: Page) -> None:
    assert plate.tile(well="B2").max() == 100
    plate.viewer.well = "B10"
    assert plate.tile().max() == 200
    assert plate.tile(well="A1").max() == 10
    assert plate.ask("value", t=0, z=0, y=0, x=0)[0]["values"]["c0"] == "200"
    assert plate.ask("value", t=0, z=0, y=0, x=0, well="B2", field="1")[0]["values"]["c0"] == "0"
    assert "no well C9" in plate.problem("tile", layers=["c0"], level=0, row=0, column=0, well="C9")


def test_tiles_are_those_of_the_field(plate: Page) -> None:
    assert plate.viewer.scene["fields"] == ["0", "1"]
    assert plate.viewer.field is None
    assert plate.tile(well="B2", field="1").max() == 0
    plate.viewer.field = "1"
    assert plate.tile(well="B2").max() == 0
    assert plate.tile(well="B2", field="0").max() == 100
    counts = plate.ask("histogram", layer="c0", t=0, z=0, well="B2", field="0")[0]
    assert (counts["low"], counts["high"]) == (100, 100)
    assert "no field 7. There are 0, 1." in plate.problem("tile", layers=["c0"], level=0, row=0, column=0, field="7")
    black = Image.open(io.BytesIO(plate.ask("thumbnails", wells=["B2"])[1][0]))
    assert np.asarray(black).max() == 0
    bright = Image.open(io.BytesIO(plate.ask("thumbnails", wells=["B2"], field="0")[1][0]))
    assert np.asarray(bright).max() == 100


def test_fields_without_a_plate_and_without_names(show: Callable[..., Page]) -> None:
    fields = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    page = show(xr.DataArray(fields, dims=["field", "y", "x"]), labels=np.ones((8, 8), np.int32))
    assert page.viewer.scene["wells"] is None
    assert page.viewer.scene["fields"] == ["0", "1", "2"]
    assert page.tile(field="2").min() == 2
    assert page.tile("l0", field="2").min() == 1, "labels have one for all"


def test_thumbnails(plate: Page) -> None:
    told, buffers = plate.ask("thumbnails", wells=["B10", "A1"])
    assert told["wells"] == ["B10", "A1"]
    pictures: list[Any] = [np.asarray(Image.open(io.BytesIO(data))) for data in buffers]
    assert [picture.max() for picture in pictures] == [200, 10]
    assert max(pictures[0].shape) <= 96
    assert sum(map(len, buffers)) < 100_000


def test_wells_with_other_names_stand_in_a_row(show: Callable[..., Page]) -> None:
    array = xr.DataArray(np.zeros((2, 4, 4)), dims=["well", "y", "x"], coords={"well": ["control", "drug"]})
    wells = show(array).viewer.scene["wells"]
    assert wells == {"rows": [""], "columns": ["control", "drug"], "present": ["control", "drug"]}
