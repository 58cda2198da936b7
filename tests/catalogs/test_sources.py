"""Every source has the same shape, and gives what its entry says."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.catalogs.samples import list_samples, sources
from bioimagehub.catalogs.samples.inputs import Input

if TYPE_CHECKING:
    from types import ModuleType

    from bioimagehub.catalogs.records import Record
    from bioimagehub.catalogs.samples.pixels import Pixels

RECORDS = {record.name.replace("-", "_"): record for record in list_samples()}


@pytest.fixture(params=sorted(RECORDS))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def record(name: str) -> Record:
    return RECORDS[name]


@pytest.fixture
def source(name: str) -> ModuleType:
    return importlib.import_module(f"bioimagehub.catalogs.samples.sources.{name}")


def test_each_entry_has_a_source_and_the_other_way_round() -> None:
    assert {module.name for module in pkgutil.iter_modules(sources.__path__)} == set(RECORDS)


def test_source_has_the_common_shape(source: ModuleType) -> None:
    assert source.__doc__
    assert source.INPUTS
    assert all(isinstance(needed, Input) for needed in source.INPUTS)
    public = {name for name, value in vars(source).items() if getattr(value, "__module__", None) == source.__name__}
    assert {name for name in public if not name.startswith("_")} == {"read"}


def test_content_is_what_the_entry_says(source: ModuleType, record: Record) -> None:
    pixels: Pixels = source.read()
    assert (pixels.image.shape, pixels.image.dtype.name) == (record.shape, record.dtype)
    assert set(pixels.labels) == set(record.labels)
    assert set(pixels.tables) == set(record.tables)
    for labels in pixels.labels.values():
        assert np.issubdtype(labels.dtype, np.unsignedinteger)
        assert (labels == 0).any()


def test_package_of_the_entry_is_the_installed_one(record: Record) -> None:
    """An entry cites the version that its bytes were taken from."""
    assert record.package
    package, stated = record.package.split()
    assert version(package) == stated


def test_addresses_are_in_the_archive(record: Record) -> None:
    assert record.url == f"samples://{record.name}/image.ome.zarr"


def test_unknown_facts_are_told_in_the_description(record: Record) -> None:
    """A record without pixel size or licence says so in words."""
    if all(step is None for axis, step in zip(record.axes, record.spacing, strict=True) if axis in "yx"):
        assert any(words in record.description.lower() for words in ("pixel size", "voxel size"))
    if record.licence is None:
        told = ("licence", "conditions of use", "restrictions")
        assert any(word in record.description for word in told)
