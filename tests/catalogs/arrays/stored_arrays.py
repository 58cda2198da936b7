"""Zarr arrays for the tests: written by zarr-python, opened by what is tested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from bioimagehub.catalogs.arrays.sharded import open_pixels
from bioimagehub.catalogs.arrays.zarr_metadata import parse_array
from bioimagehub.catalogs.errors import MissingFileError
from bioimagehub.catalogs.reader import Place

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bioimagehub.catalogs.arrays.zarr import ZarrPixels


def open_zarr(place: Place | Path | str, **options: Any) -> ZarrPixels:
    place = place if isinstance(place, Place) else Place(str(place))
    for name in ("zarr.json", ".zarray"):
        try:
            document = bytes((place / name).read())
        except MissingFileError:
            continue
        return open_pixels(place, parse_array(json.loads(document), place.url), **options)
    raise AssertionError


def values_of(dtype: str, shape: tuple[int, ...] = (13, 18, 21)) -> NDArray[Any]:
    chance = np.random.default_rng(7)
    values = chance.integers(0, 100, shape)
    if dtype.startswith("complex"):
        return (values + 1j * chance.integers(0, 9, shape)).astype(dtype)
    return (values % 3 == 1) if dtype == "bool" else values.astype(dtype)


def write(path: Path, values: NDArray[Any], zarr_format: int = 3, **options: Any) -> None:
    options = {"chunks": (4, 8, 8), **options}
    dtype = options.pop("dtype", values.dtype)
    array = zarr.create_array(path, shape=values.shape, dtype=dtype, zarr_format=zarr_format, **options)
    array[...] = values


def chunk_files(folder: Path) -> list[Path]:
    """Give the files of a store that are no metadata."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name not in {"zarr.json", ".zarray"})
