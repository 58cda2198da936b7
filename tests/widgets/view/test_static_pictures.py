"""The picture that is made without a page is what the page shows."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from bioimagehub.widgets.view import viewer as viewers
from servers.page import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bioimagehub.widgets.view.viewer import Viewer
    from servers.page import Page

RED, GREEN, BLUE = "#ff0000", "#00ff00", "#0000ff"
BLACK, OUTSIDE = [0, 0, 0], [25, 29, 32]


def see(viewer: Viewer) -> NDArray[np.int64]:
    """Give the picture that a notebook keeps."""
    data = base64.b64decode(viewer.as_static()["image/png"])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def full(colour: str, **more: Any) -> dict[str, Any]:
    """Give a look in which samples of 1 have full colour."""
    return {"colour": colour, "low": 0.0, "high": 1.0, **more}


def bright(rows: int = 100, columns: int = 100) -> NDArray[np.uint8]:
    return np.ones((rows, columns), np.uint8)


def test_each_side_of_a_comparison_has_its_own_layers(show: Callable[..., Page]) -> None:
    looks = {"c0": full(RED), "c1": full(GREEN), "c2": full(BLUE)}
    swipe = {"left": ["c0"], "right": ["c1"], "at": 0.25}
    channels = {name: bright(100, 200) for name in ("truth", "prediction", "image")}
    viewer = show(channels, swipe=swipe, looks=looks, height=200).viewer
    viewer.width = 400
    picture = see(viewer)
    assert picture.shape == (200, 400, 3)
    assert (picture[40:150, :97] == [255, 0, 255]).all()
    assert (picture[40:150, 103:] == [0, 255, 255]).all()
    assert (picture[40:150, 99:101] == 255).all(), "the line"
    viewer.swipe = viewer.swipe | {"at": 0.75}
    assert (see(viewer)[40:150, 103:297] == [255, 0, 255]).all()
    viewer.swipe = viewer.swipe | {"at": 0.0}
    assert (see(viewer)[40:150, 3:] == [0, 255, 255]).all()
    viewer.swipe = None
    assert (see(viewer)[40:150] == 255).all()


def test_the_sides_are_named(show: Callable[..., Page]) -> None:
    def draw(left: str, right: str) -> NDArray[np.int64]:
        swipe = {"left": ["c0"], "right": ["c1"], "at": 0.5}
        return see(show({left: bright() * 0, right: bright() * 0}, swipe=swipe).viewer)

    short, long = draw("a", "b"), draw("a" * 200, "b")
    middle = short.shape[1] // 2
    assert (short[:40, : middle - 3] > 200).any()
    assert (short[:40, middle + 3 :] > 200).any()
    assert (long[:40, : middle - 3] > 200).any()
    assert (long[:40, middle + 3 :] == short[:40, middle + 3 :]).all()


def wide_samples(units: tuple[str, str]) -> Any:
    data = np.zeros((20, 80), np.uint8)
    data[10:] = 1
    steps = {"y": 4.0, "x": 1.0}
    coords = {
        axis: (axis, steps[axis] * np.arange(size), {"units": unit})
        for axis, size, unit in zip("yx", data.shape, units, strict=True)
    }
    return xr.DataArray(data, dims=["y", "x"], coords=coords)


def test_samples_that_are_no_squares_are_stretched(show: Callable[..., Page]) -> None:
    looks = {"c0": full(RED)}
    viewer = show(wide_samples(("micrometer", "micrometer")), looks=looks, height=400).viewer
    viewer.width = 400
    picture = see(viewer)
    assert picture.shape == (400, 400, 3)
    assert picture[199, 300].tolist() == BLACK
    assert picture[200, 300].tolist() == [255, 0, 0]
    # Sample 10 of y, at 40 µm, begins at 38 µm: four pixels above the middle, at two pixels a µm.
    viewer.x, viewer.y, viewer.zoom = 40.0, 40.0, 2.0
    picture = see(viewer)
    assert picture[195, 200].tolist() == BLACK
    assert picture[196, 200].tolist() == [255, 0, 0]
    assert picture[275, 200].tolist() == [255, 0, 0]
    assert picture[276, 200].tolist() == OUTSIDE, "the image ends at 78 µm"
    other = show(wide_samples(("second", "micrometer")), looks=looks, height=400).viewer
    other.width = 400
    assert see(other).shape == (100, 400, 3), "seconds are not longer than micrometres"


def test_stretched_samples_are_sharp_along_each_axis(show: Callable[..., Page]) -> None:
    """Four samples of y fall on a pixel, and one of x: a level that is four times as coarse would lose the stripes."""

    def level(rows: int, columns: int, spacing: float) -> xr.Dataset:
        values = np.zeros((rows, columns), np.uint8)
        values[:, ::2] = 1
        coords = {axis: np.arange(size) * step for axis, size, step in
                  (("y", rows, 0.25 * spacing), ("x", columns, spacing))}  # fmt: skip
        image = xr.DataArray(values, dims=["y", "x"], coords=coords)
        for axis in "yx":
            image[axis].attrs["units"] = "micrometer"
        return image.to_dataset(name="image")

    tree = xr.DataTree.from_dict({"0": level(400, 100, 1.0), "1": level(100, 25, 4.0)})
    viewer = show(tree, looks={"c0": full(RED)}, height=120, x=49.5, y=49.875, zoom=1.0).viewer
    viewer.width = 100
    assert see(viewer)[50, 10:90, 0].reshape(-1, 2).sum(axis=1).tolist() == [255] * 40


def test_points_lie_on_stretched_samples(show: Callable[..., Page]) -> None:
    image = wide_samples(("micrometer", "micrometer")) * 0
    image.attrs, image["y"].attrs["units"], image["x"].attrs["units"] = {}, "micrometer", "micrometer"
    viewer = show(image, points=[[60.0, 20.0]], looks={"p0": {"colour": GREEN, "size": 8}}, height=400).viewer
    viewer.width = 400
    rows, columns = np.nonzero((see(viewer) == [0, 255, 0]).all(axis=-1))
    # At five pixels a µm; y begins two µm before its first sample.
    assert rows.mean() == pytest.approx(309.5, abs=1.5)
    assert columns.mean() == pytest.approx(102, abs=1.5)


def test_what_lies_outside_is_not_the_image(show: Callable[..., Page]) -> None:
    look = full(RED) | {"low": -1.0}
    viewer = show(bright(), looks={"c0": look}, x=0.0, y=0.0, zoom=1.0, height=200).viewer
    viewer.width = 200
    picture = see(viewer)
    assert (picture[:90] == OUTSIDE).all()
    assert picture[150, 150].tolist() == [255, 0, 0]


def test_a_track_that_ended_has_no_dot(show: Callable[..., Page]) -> None:
    steps = pd.DataFrame({"track": [1, 1, 2, 2], "frame": [0, 1, 0, 2], "y": [25, 25, 75, 75], "x": [20, 60, 20, 60]})
    looks = {"k0": {"colour": GREEN, "size": 20}}
    viewer = show(np.zeros((3, 100, 100), np.uint8), axes="tyx", tracks=steps, looks=looks, t=2, height=400).viewer
    viewer.width = 400
    picture = see(viewer)
    green = picture[..., 1]
    assert green[302, 242] == 255
    assert green[302 - 7, 242] == 255, "the dot where the object is"
    assert green[102, 200] > 100, "the line of the track that ended"
    assert green[102 - 7, 242] == 0, "no dot at its end"


def test_layers_over_others_hide_them(show: Callable[..., Page]) -> None:
    upper = np.ones((100, 100), np.float32)
    upper[:50], upper[:, :50] = 0, np.nan
    looks = {"c0": full(RED), "c1": full(GREEN, blend="over")}
    viewer = show({"under": bright(), "upper": upper}, looks=looks, height=200).viewer
    viewer.width = 200
    picture = see(viewer)
    assert picture[140, 160].tolist() == [0, 255, 0]
    assert picture[40, 160].tolist() == BLACK, "0 is black, and hides"
    assert picture[140, 40].tolist() == [255, 0, 0], "what is unknown does not"
    viewer.set_look("c1", opacity=0.5)
    assert see(viewer)[140, 160].tolist() == [128, 128, 0]
    viewer.set_look("c1", blend="add", opacity=1.0)
    assert see(viewer)[140, 160].tolist() == [255, 255, 0]


def test_what_was_drawn_renews_the_picture(show: Callable[..., Page]) -> None:
    viewer = show(bright(), height=200).viewer
    viewer.width = 400
    before = see(viewer)
    viewer.shapes = [{"kind": "box", "points": [[20, 20], [60, 60]]}]
    after = see(viewer)
    assert (before != after).any()
    viewer.height = 120
    assert see(viewer).shape[0] == 120


def test_a_slow_picture_does_not_take_the_place_of_a_newer_one(
    show: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = show(np.stack([bright() * 0, bright()]), axes="tyx", looks={"c0": full(RED)}).viewer
    begun, go, paint = threading.Event(), threading.Event(), viewers.paint

    def paint_slowly(*given: Any, **more: Any) -> Any:
        picture = paint(*given, **more)
        if not begun.is_set():
            begun.set()
            assert go.wait(DEADLINE)
        return picture

    monkeypatch.setattr(viewers, "paint", paint_slowly)
    slow = threading.Thread(target=viewer._paint_static)
    slow.start()
    assert begun.wait(DEADLINE)
    viewer.t = 1
    viewer._paint_static()
    go.set()
    slow.join(DEADLINE)
    assert see(viewer)[50, 50].tolist() == [255, 0, 0]
