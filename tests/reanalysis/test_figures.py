from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from bioimagehub.reanalysis import draw_overlay
from bioimagehub.reanalysis.errors import ImageAxesError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

mpl.use("Agg")


def pixels_of(axes: Axes) -> np.ndarray:
    return np.asarray(axes.images[0].get_array())


@pytest.fixture
def axes() -> Axes:
    return Figure().add_subplot()


def test_the_axes_are_in_the_unit_of_the_image(axes: Axes, place_on_grid: Any) -> None:
    image = place_on_grid(np.arange(200.0).reshape(10, 20), (0.5, 0.25))
    draw_overlay(axes, image, place_on_grid(np.zeros((10, 20), int), (0.5, 0.25)), "some nuclei")
    assert axes.get_title() == "some nuclei"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (µm)", "y (µm)")
    assert axes.images[0].get_extent() == [-0.125, 4.875, 4.75, -0.25]


def test_of_a_stack_the_middle_plane_is_drawn(axes: Axes, place_on_grid: Any) -> None:
    stack = np.zeros((3, 10, 20))
    stack[1, 4, 4] = 9.0
    stack[2, 6, 6] = 20.0
    labels = np.zeros(stack.shape, int)
    labels[1, 2:8, 10:16] = 1
    labels[0] = 2
    draw_overlay(axes, place_on_grid(stack, 1.0, "pixel"), place_on_grid(labels, 1.0, "pixel"), "")
    assert axes.get_xlabel() == "x (pixel)"
    assert pixels_of(axes).shape == (10, 20)
    assert pixels_of(axes)[4, 4] == pixels_of(axes).max() == 1
    assert edges_of(axes) == {(9.5, 1.5, 15.5, 7.5)}


def edges_of(axes: Axes) -> set[tuple[float, ...]]:
    """The boxes around the outlines that are drawn."""
    (lines,) = axes.collections
    ends = np.concatenate([path.vertices for path in lines.get_paths()])
    return {(*ends.min(axis=0).tolist(), *ends.max(axis=0).tolist())}


def test_objects_that_touch_have_a_line_between_them(axes: Axes, place_on_grid: Any) -> None:
    labels = np.array([[0, 0, 0, 0], [0, 1, 2, 0], [0, 0, 0, 0]])
    draw_overlay(axes, place_on_grid(labels * 5, 1.0, "pixel"), place_on_grid(labels, 1.0, "pixel"), "")
    (lines,) = axes.collections
    drawn = {tuple(path.vertices.ravel().tolist()) for path in lines.get_paths()}
    assert len(drawn) == 7
    assert (1.5, 0.5, 1.5, 1.5) in drawn


def test_a_part_of_an_image_is_drawn_where_it_lies(axes: Axes, place_on_grid: Any) -> None:
    image = place_on_grid(np.zeros((40, 40)), 1.0, "pixel").isel(y=slice(10, 20), x=slice(30, 40))
    draw_overlay(axes, image, image.astype(int), "")
    assert axes.images[0].get_extent() == [29.5, 39.5, 19.5, 9.5]


def test_a_picture_without_contrast_or_objects_is_drawn_black(axes: Axes, place_on_grid: Any) -> None:
    draw_overlay(axes, place_on_grid(np.full((4, 4), 7)), place_on_grid(np.zeros((4, 4), int)), "")
    assert not pixels_of(axes).any()


def test_channels_are_not_drawn(axes: Axes, place_on_grid: Any) -> None:
    image = place_on_grid(np.zeros((4, 4))).expand_dims("c")
    with pytest.raises(ImageAxesError, match=r"Select one channel"):
        draw_overlay(axes, image, image, "")
