from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from bioimagehub.catalogs.records import Channel
from bioimagehub.catalogs.thumbnail import choose_window, encode_png, make_thumbnail, render

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog

GREY = [Channel(name="all", colour="FFFFFF")]


def test_middle_slice_of_the_middle_timepoint_is_shown() -> None:
    values = np.zeros((3, 5, 50, 50))
    values[1, 2, 20:] = 30
    values[1, 2, 20:, 20:] = 60
    picture = render(xr.DataArray(values, dims=("t", "z", "y", "x")), GREY)
    assert picture[[0, 30, 30], [0, 0, 30], 0].tolist() == [0, 128, 255]


def test_channels_are_added_in_their_colours() -> None:
    values = np.array([[[0, 100]], [[50, 0]]])
    channels = [Channel(name="a", colour="FF0000"), Channel(name="b", colour="00FFFF")]
    picture = render(xr.DataArray(values, dims=("c", "y", "x")), channels)
    assert picture.tolist() == [[[0, 255, 255], [255, 0, 0]]]


def test_uniform_and_missing_pixels_are_black() -> None:
    assert render(xr.DataArray(np.full((2, 2), 7), dims=("y", "x")), GREY).max() == 0
    values = np.array([[np.nan, 1.0], [0.0, 1.0]])
    assert render(xr.DataArray(values, dims=("y", "x")), GREY)[0, 0].tolist() == [0, 0, 0]


def test_large_images_are_thinned() -> None:
    assert render(xr.DataArray(np.zeros((1000, 300)), dims=("y", "x")), GREY).shape == (250, 75, 3)


def test_window_of_a_photograph_is_the_full_range() -> None:
    photograph = [Channel(name=name, colour="FF0000") for name in ("red", "green", "blue")]
    assert choose_window(np.array([10, 20], dtype=np.uint8), photograph) == (0.0, 255.0)
    assert choose_window(np.array([10, 20], dtype=np.uint16), photograph) != (0.0, 255.0)


def test_png_is_the_same_every_time() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert encode_png(picture) == encode_png(picture.copy())
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(picture)))), picture)


@pytest.mark.parametrize("name", ["emd-3001", "skin-histology", "ctc-timelapse"])
def test_thumbnails_are_small_and_not_flat(catalog: Catalog, name: str) -> None:
    png = make_thumbnail(catalog[name])
    assert len(png) < 100_000
    assert np.asarray(Image.open(io.BytesIO(png))).std() > 20


def test_orientation_is_that_of_the_image(catalog: Catalog) -> None:
    """The white glass above the skin is at the top; y grows downwards."""
    picture = np.asarray(Image.open(io.BytesIO(make_thumbnail(catalog["skin-histology"]))))
    assert picture[:8].mean() > picture[-8:].mean() + 30
