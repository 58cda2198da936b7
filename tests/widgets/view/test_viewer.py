"""The state of a viewer: what Python and page set, what is refused, and what a notebook keeps."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets
import xarray as xr
from PIL import Image

from bioimagehub.widgets.errors import NotOpenYetError, UnviewableError
from bioimagehub.widgets.view import compare, link, view
from bioimagehub.widgets.view import viewer as viewers
from bioimagehub.widgets.view.captions import choose_bar
from bioimagehub.widgets.view.colours import colour_numbers
from servers.page import DEADLINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.page import Page


@pytest.fixture(scope="module")
def image() -> Any:
    data = np.zeros((2, 3, 300, 500), np.uint16)
    data[1, 2, 100:200, 100:400] = 1000
    coords = {axis: (axis, 0.5 * np.arange(size), {"units": "micrometer"}) for axis, size in (("y", 300), ("x", 500))}
    return xr.DataArray(data, dims=list("tzyx"), coords=coords, attrs={"title": "A bar"})


def test_state_begins_in_the_middle_and_is_taken_from_the_call(show: Callable[..., Page], image: Any) -> None:
    viewer = show(image).viewer
    assert (viewer.t, viewer.z, viewer.mode, viewer.zoom) == (0, 1, "slice", 0)
    viewer = show(image, t=1, z=99, x=7.0, mode="maximum", looks={"c0": {"colour": "#ff0000"}}).viewer
    assert (viewer.t, viewer.z, viewer.x, viewer.mode) == (1, 2, 7, "maximum")
    assert viewer.looks["c0"]["colour"] == "#ff0000"
    assert viewer.looks["c0"]["gamma"] == 1


def test_times_and_planes_stay_within(show: Callable[..., Page], image: Any) -> None:
    viewer = show(image).viewer
    viewer.t, viewer.z = 17, -3
    assert (viewer.t, viewer.z) == (1, 0)


@pytest.mark.parametrize(
    ("name", "value"), [("mode", "cube"), ("tool", "axe"), ("zoom", -1.0), ("rate", 0.0), ("height", 5), ("t", "x")]
)
def test_states_that_make_no_sense(show: Callable[..., Page], image: Any, name: str, value: Any) -> None:
    with pytest.raises(traitlets.TraitError):
        setattr(show(image).viewer, name, value)


def test_set_look(show: Callable[..., Page], image: Any) -> None:
    viewer = show({"nuclei": image}).viewer
    viewer.set_look("nuclei", colour="#00ff00", high=7)
    assert (viewer.looks["c0"]["colour"], viewer.looks["c0"]["high"]) == ("#00ff00", 7)
    with pytest.raises(UnviewableError, match=r"The layers are c0 \(nuclei\)"):
        viewer.set_look("actin", gamma=2)
    with pytest.raises(UnviewableError, match=r"no color\. It has blend, colour"):
        viewer.set_look("c0", color="red")


def test_static_picture_is_what_is_seen(show: Callable[..., Page], image: Any) -> None:
    page = show(image, t=1, z=2)
    bundle = page.viewer.as_static()
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert max(picture.size) <= 600
    assert picture.info["Title"] == "A bar"
    pixels = np.asarray(picture).astype(int)
    wide, high = picture.size
    assert pixels[high // 2, wide // 2].tolist() == [255, 255, 255]
    assert pixels[5, 5].tolist() == [0, 0, 0]
    assert "A bar" in bundle["text/plain"]


def test_snapshot_shows_what_the_page_shows(show: Callable[..., Page], image: Any, tmp_path: Path) -> None:
    viewer = show(image, t=1, z=2, x=49.9, y=49.9, zoom=4.0).viewer
    viewer.width, viewer.height = 200, 120
    path = viewer.snapshot(tmp_path / "a.png")
    pixels = np.asarray(Image.open(path))[:120]
    # The corner of the bar lies in the middle, at four pixels a sample.
    assert pixels[65, 105].tolist() == [255] * 3
    assert pixels[55, 105].tolist() == [0] * 3
    assert pixels[65, 95].tolist() == [0] * 3
    assert list(tmp_path.iterdir()) == [path], "nothing else is left"


def test_the_page_sends_a_picture_in_parts(
    show: Callable[..., Page], image: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = show(image)
    buffer = io.BytesIO()
    Image.new("RGB", (50, 50)).save(buffer, "PNG")
    data = buffer.getvalue()
    half = len(data) // 2
    asked = {"parts": 2, "key": "k", "width": 50, "height": 50}
    assert "path" not in page.ask("snapshot", part=0, buffers=(data[:half],), **asked)[0]
    assert page.ask("snapshot", part=1, buffers=(data[half:],), **asked)[0]["path"] == "a-bar.png"
    assert (tmp_path / "a-bar.png").read_bytes() == data
    assert page.ask("snapshot", buffers=(data,), part=0, parts=1, key="l")[0]["path"] == "a-bar-2.png"
    problem = page.expect(page.begin("snapshot", buffers=(b"<html>",), part=0, parts=1, key="m"))[0]["problem"]
    assert "Expected a PNG" in problem["found"]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_page_says_where_it_fits_the_image(show: Callable[..., Page], image: Any) -> None:
    page = show(image)
    page.say(fitted={"x": 5.0, "y": 6.0, "zoom": 2.5})
    assert (page.viewer.x, page.viewer.y, page.viewer.zoom) == (5.0, 6.0, 2.5)


def test_a_place_that_python_chose_is_not_undone_by_the_page(show: Callable[..., Page], image: Any) -> None:
    page = show(image)
    page.viewer.zoom, page.viewer.x = 4.0, 12.0
    page.say(fitted={"x": 5.0, "y": 6.0, "zoom": 2.5})
    assert (page.viewer.x, page.viewer.zoom) == (12.0, 4.0)


def test_a_centre_that_python_gave_stays_when_the_page_fits_the_image(show: Callable[..., Page], image: Any) -> None:
    page = show(image, x=7.0)
    page.say(fitted={"x": 5.0, "y": 6.0, "zoom": 2.5})
    assert (page.viewer.x, page.viewer.y, page.viewer.zoom) == (7.0, 6.0, 2.5)
    page.viewer.zoom = 0.0
    page.say(fitted={"x": 5.0, "y": 6.0, "zoom": 2.0})
    assert (page.viewer.x, page.viewer.zoom) == (5.0, 2.0), "all is to be seen again"
    page = show(image)
    page.viewer.y = 8.0
    page.say(fitted={"x": 5.0, "y": 6.0, "zoom": 2.5})
    assert (page.viewer.x, page.viewer.y) == (5.0, 8.0)


@pytest.mark.parametrize(
    "chosen",
    [
        {"t": 1, "z": 2, "x": 7.0},
        {"t": 0, "z": 0, "x": 0.0, "y": 0.0},
        {"t": 9, "y": 3.0, "looks": {"c0": {"gamma": 2.0}}},
        {"swipe": {"left": ["c0"], "right": ["c1"], "at": 0.1}},
    ],
    ids=str,
)
def test_what_is_set_while_the_image_opens_stays(
    image: Any, monkeypatch: pytest.MonkeyPatch, chosen: dict[str, Any]
) -> None:
    go, open_contents = threading.Event(), viewers.open_contents

    def open_late(*given: Any, **more: Any) -> Any:
        assert go.wait(DEADLINE)
        return open_contents(*given, **more)

    monkeypatch.setattr(viewers, "open_contents", open_late)
    for name in ("PATIENCE", "LONGEST"):
        monkeypatch.setattr(viewers, name, 0.0)
    viewer = view(image.astype(np.float32), truth=image.astype(np.float32))
    for name, value in chosen.items():
        setattr(viewer, name, value)
    assert viewer.scene == {}
    go.set()
    viewer.wait(DEADLINE)
    found = {name: getattr(viewer, name) for name in ("t", "z", "x", "y", "swipe")}
    look = chosen.pop("looks", {}).get("c0", {})
    swipe = {"left": ["c0"], "right": ["c1"], "at": 0.5}
    expected = {"t": 0, "z": 1, "x": 124.75, "y": 74.75, "swipe": swipe} | chosen
    assert found == expected | {"t": min(expected["t"], 1)}
    assert viewer.looks["c0"]["gamma"] == look.get("gamma", 1.0)
    viewer.close()


def test_why_an_image_cannot_be_opened_is_told_when_the_error_was_closed(show: Callable[..., Page]) -> None:
    viewer = show(object()).viewer
    assert viewer.problem is not None
    what = viewer.problem["what"]
    viewer.problem = None
    assert what in viewer.as_text()
    with pytest.raises(NotOpenYetError) as found:
        viewer.wait()
    assert what in str(found.value)
    assert "Wait for it" not in str(found.value)


def test_linked_viewers_of_other_spacing_show_the_same_extent(image: Any) -> None:
    finer = image.assign_coords({axis: image[axis].copy(data=image[axis].values / 4) for axis in "yx"})
    for axis in "yx":
        finer[axis].attrs["units"] = "micrometer"
    a, b, c = view(image), view(finer.isel(z=[0, 1])), view(np.zeros((3, 300, 500), np.uint8), axes="zyx")
    link(a, b)
    link(a, c)
    a.zoom = 8.0
    assert (b.zoom, c.zoom) == (2.0, 8.0), "in micrometres, and in pixels"
    b.zoom = 1.0
    assert (a.zoom, c.zoom) == (4.0, 4.0)
    a.z = 2
    assert (a.z, b.z, c.z) == (2, 1, 2), "what has fewer planes stays at its last"
    a.zoom = 0.0
    assert b.zoom == 0.0
    for each in (a, b, c):
        each.close()


def test_linked_viewers_move_together(image: Any) -> None:
    a, b = view(image), view(image)
    links = link(a, b)
    a.zoom, a.x, a.t = 3.0, 12.0, 1
    assert (b.zoom, b.x, b.t) == (3.0, 12.0, 1)
    b.z = 2
    assert a.z == 2
    for each in links:
        each.unlink()
    a.zoom = 1.0
    assert b.zoom == 3.0
    a.close()
    b.close()


def test_comparison_of_labels() -> None:
    truth = np.zeros((60, 60), np.uint16)
    truth[5:15, 5:15], truth[30:40, 30:40] = 1, 2
    prediction = np.zeros_like(truth)
    prediction[5:15, 5:14], prediction[50:55, 5:15] = 8, 9
    viewer = compare(prediction, truth, image=np.zeros((60, 60), np.uint8))
    assert viewer.problem is None
    names = {layer["name"]: layer["id"] for layer in viewer.scene["layers"]}
    assert viewer.swipe == {
        "left": [names["truth"], names["missed objects"]],
        "right": [names["labels"], names["false objects"]],
        "at": 0.5,
    }
    assert "1 objects were found, 1 missed, and 1 are false" in viewer.scene["notes"][0]
    contents = viewer._contents
    assert contents is not None
    shown = {layer.name: layer.source.arrays[0].values for layer in contents.layers}
    assert np.unique(shown["missed objects"]).tolist() == [0, 2]
    assert np.unique(shown["false objects"]).tolist() == [0, 9]
    viewer.close()


def test_comparison_in_each_timepoint() -> None:
    truth = np.zeros((2, 20, 20), np.uint8)
    truth[:, 5:9, 5:9] = 1
    prediction = truth.copy()
    prediction[1] = 0
    viewer = compare(xr.DataArray(prediction, dims=list("tyx")), xr.DataArray(truth, dims=list("tyx")))
    assert "1 objects were found, 1 missed, and 0 are false" in viewer.scene["notes"][0]
    viewer.close()


def test_comparison_of_images() -> None:
    viewer = compare(np.zeros((9, 9), np.float32), np.ones((9, 9), np.float32))
    assert viewer.swipe == {"left": ["c0"], "right": ["c1"], "at": 0.5}
    viewer.close()


def test_text_tells_what_there_is(show: Callable[..., Page], image: Any) -> None:
    text = show(image).viewer.as_text()
    assert text.splitlines()[:2] == [
        "Viewer: A bar",
        "  t 2 × 1 frame, z 3 × 1 pixel, y 300 × 0.5 micrometer, x 500 × 0.5 micrometer",
    ]


def test_a_closed_viewer_reads_nothing(show: Callable[..., Page], image: Any) -> None:
    page = show(image.chunk())
    page.tile()
    contents = page.viewer._contents
    page.viewer.close()
    assert contents is not None
    assert contents.recent.bytes == 0


def test_colours_of_numbers_are_those_of_the_page() -> None:
    # As colourOf of compose.js gives them.
    known = {
        1: [115, 177, 213], 2: [86, 180, 233], 255: [240, 228, 66], 65536: [247, 240, 151],
        2**32 - 1: [0, 78, 121], 123456789: [162, 214, 243],
    }  # fmt: skip
    assert colour_numbers(np.array(list(known), np.uint32)).tolist() == list(known.values())


@pytest.mark.parametrize(
    ("per_pixel", "unit", "text"),
    [
        (1.0, "pixel", "100 px"),
        (1e-4, "micrometer", "10 nm"),
        (100.0, "micrometer", "10 mm"),
        (0.1, "micrometer", "10 µm"),
    ],
)
def test_scale_bars_are_round(per_pixel: float, unit: str, text: str) -> None:
    length, found = choose_bar(per_pixel, unit)
    assert found == text
    assert 20 <= length <= 111
