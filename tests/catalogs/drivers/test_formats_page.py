"""The page of formats lists each driver with the options that it takes."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from bioimagehub.catalogs.drivers import DRIVERS

PAGE = Path(__file__).parents[3] / "docs/reference/formats.md"


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_driver_is_listed_with_its_options(driver: str) -> None:
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in PAGE.read_text().splitlines()]
    (row,) = [row for row in rows if len(row) == 4 and row[1] == f"`{driver}`"]
    options = import_module(f"bioimagehub.catalogs.drivers.{driver}").OPTIONS
    assert sorted(re.findall(r"`(\w+)`", row[2])) == sorted(options)
