"""Plates: the grid of wells, their pictures, and the tiles of one of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import dask.array as da
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
    assert wells == {
        "rows": ["A", "B"],
        "columns": ["1", "2", "10"],
        "present": ["A1", "B2", "B10"],
        "cells": [["A1", 0, 0], ["B2", 1, 1], ["B10", 1, 2]],
    }
    assert plate.viewer.well is None


@pytest.mark.parametrize("wells", [2, 5])
def test_the_contrast_is_that_of_several_wells(show: Callable[..., Page], wells: int) -> None:
    data = np.zeros((wells, 50, 50), np.uint16)
    data[1:] = np.arange(2500).reshape(50, 50)
    names = [f"A{number}" for number in range(1, wells + 1)]
    page = show(xr.DataArray(data, dims=["well", "y", "x"], coords={"well": names}))
    look, layer = page.viewer.looks["c0"], page.viewer.scene["layers"][0]
    assert look["low"] == 0
    assert 2400 < look["high"] < 2500
    assert layer["range"] == [0, 2499]
    picture = np.asarray(Image.open(io.BytesIO(page.ask("thumbnails", wells=["A2"])[1][0])))
    assert len(np.unique(picture)) > 100, "it is not white all over"


def test_the_contrast_is_that_of_the_wells_that_can_be_read(show: Callable[..., Page]) -> None:
    def read(block: Any, block_info: Any = None) -> Any:
        if block_info[None]["chunk-location"][0] == 0:
            raise OSError
        return block + np.arange(40, dtype=np.uint8)

    data = da.full((3, 40, 40), 100, np.uint8, chunks=(1, 40, 40)).map_blocks(read, meta=np.empty(0, np.uint8))
    page = show(xr.DataArray(data, dims=["well", "y", "x"], coords={"well": ["A1", "A2", "A3"]}))
    look = page.viewer.looks["c0"]
    assert (look["low"], look["high"]) == (100, 139)


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
    assert (wells["rows"], wells["columns"]) == ([""], ["control", "drug"])
    assert wells["present"] == ["control", "drug"]
    assert wells["cells"] == [["control", 0, 0], ["drug", 0, 1]]


@pytest.mark.parametrize("between", ["", "/", "-", "_", " ", "0"])
def test_wells_stand_where_their_names_say(show: Callable[..., Page], between: str) -> None:
    names = [f"{row}{between}{column}" for row, column in (("B", 3), ("A", 3), ("AA", 1))]
    array = xr.DataArray(np.zeros((3, 4, 4), np.uint8), dims=["well", "y", "x"], coords={"well": names})
    wells = show(array).viewer.scene["wells"]
    found = {name: (wells["rows"][row], int(wells["columns"][column])) for name, row, column in wells["cells"]}
    assert found == dict(zip(names, [("B", 3), ("A", 3), ("AA", 1)], strict=True))


def test_no_well_stands_in_the_place_of_another(show: Callable[..., Page]) -> None:
    coords = {"well": ["A1", "A-1", "B01", "B1"]}
    wells = show(xr.DataArray(np.zeros((4, 4, 4)), dims=["well", "y", "x"], coords=coords)).viewer.scene["wells"]
    assert len({(row, column) for _, row, column in wells["cells"]}) == 4


def test_a_well_that_cannot_be_read_leaves_the_others(show: Callable[..., Page]) -> None:
    def read(block: Any, block_info: Any = None) -> Any:
        if block_info[None]["chunk-location"][0] == 1:
            msg = "The chunk of A2 is broken. Its bytes end early. Fetch it anew."
            raise ZeroDivisionError(msg)
        return block

    data = da.full((4, 40, 40), 200, np.uint8, chunks=(1, 40, 40)).map_blocks(read, meta=np.empty(0, np.uint8))
    page = show(xr.DataArray(data, dims=["well", "y", "x"], coords={"well": ["A1", "A2", "B1", "B2"]}))
    told, buffers = page.ask("thumbnails", wells=["A1", "A2", "B1", "B2"])
    assert [bool(data) for data in buffers] == [True, False, True, True]
    assert told["problem_of"] == {
        "well": "A2",
        "what": "The chunk of A2 is broken.",
        "found": "Its bytes end early.",
        "cure": "Fetch it anew.",
    }
    assert "problem_of" not in page.ask("thumbnails", wells=["B1"])[0]
    assert "no well C9" in page.problem("thumbnails", wells=["C9"])
