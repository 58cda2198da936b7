"""Cells that show images in a viewer, and what can be read off the screen of a browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from servers.pictures import check_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Locator, Page

    from servers.lab import Lab

START = "import numpy as np, pandas as pd, xarray as xr\nfrom bioimagehub.widgets.view import view\n"
COLOURS = (
    START
    + """
image = np.zeros((300, 400, 3), np.uint8)
image[:150, :200] = 200, 10, 20
image[:150, 200:] = 30, 180, 40
image[150:, :200] = 50, 60, 240
v = view(image, axes="yxc", height=320)
v"""
)
CHANNELS = (
    START
    + """
y, x = np.mgrid[:600, :900]
image = np.zeros((3, 2, 5, 600, 900), np.uint16)
for t in range(3):
    for z in range(5):
        image[t, 0, z] = 100 + 40 * z + x
        image[t, 1, z, 100 * t : 100 * t + 200, 300:500] = 4000
labels = np.zeros((600, 900), np.int32)
labels[200:300, 400:600] = 7
array = xr.DataArray(image, dims=tuple("tczyx"), coords={"y": np.arange(600) * 0.5 + 10, "x": np.arange(900) * 0.5 + 20,
                                                         "z": np.arange(5) * 2.0})
for axis in "zyx":
    array[axis].attrs["units"] = "micrometer"
v = view(array, labels={"cells": labels}, height=420)
v"""
)
VOLUME = (
    START
    + """
z, y, x = np.mgrid[:40, :120, :160]
volume = (1000 * np.exp(-(4 * (z - 20.0) ** 2 + (y - 60) ** 2 + (x - 80) ** 2) / 500)).astype(np.float32)
volume[:, :20, :20] = np.nan
points = pd.DataFrame({"z": [20.0, 20.0], "y": [60.0, 30.0], "x": [80.0, 40.0]})
v = view(volume, axes="zyx", points=points, height=420)
v"""
)
TRACKS = (
    START
    + """
movie = np.full((6, 200, 300), 10, np.uint8)
rows = [(1, t, 100, 40 + 40 * t) for t in range(6)] + [(7, t, 30 + 25 * t, 60) for t in range(6)]
v = view(movie, axes="tyx", tracks=pd.DataFrame(rows, columns=["track", "t", "y", "x"]), t=5, height=300)
v"""
)
PLATE = (
    START
    + """
data = np.zeros((3, 2, 100, 120), np.uint8)
data[0], data[1], data[2] = 60, 120, 250
data[:, 1, :, :60] = 0
array = xr.DataArray(data, dims=("well", "field", "y", "x"), coords={"well": ["A1", "A2", "B1"], "field": ["0", "1"]})
v = view(array, looks={"c0": {"low": 0.0, "high": 255.0}}, height=300)
v"""
)
TRUTH = (
    START
    + """
truth, found = np.zeros((2, 200, 300), np.int32)
truth[80:120, 20:60] = truth[80:120, 240:280] = 5
found[82:120, 240:280] = 3
v = view(np.zeros((200, 300), np.uint8), labels={"found": found}, truth=truth, height=300)
v"""
)
HOSTILE = (
    START
    + """
bad = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\\u202e" + "A" * 5000
image = np.arange(40_000, dtype=np.uint16).reshape(200, 200)
array = xr.DataArray(image[None], dims=("c", "y", "x"), coords={"c": [bad]}, name=bad,
                     attrs={"title": bad, "licence": bad, "citation": bad})
v = view(array, labels={bad: (image > 9000).astype(np.int32)}, height=300)
v.shapes = [{"kind": "point", "points": [[100.0, 100.0]], "name": bad}]
v"""
)


DRAWN = "p => p[3] > 0"
"""What `count_above` counts: all that is drawn."""

SECONDS = 30.0
REFERENCES = Path(__file__).parents[1] / "widgets" / "view" / "references"
_RESIZE = """
(root, [width, height]) => {
  const stage = root.querySelector('.bih-view-stage');
  root.style.width = `${root.offsetWidth - stage.offsetWidth + width}px`;
  stage.style.height = `${height}px`;
}
"""
_MEASURED = """
() => [...document.querySelectorAll('.bih-view-pane:not([hidden])')].every(
  (pane) => pane.querySelector('canvas').width === Math.round(pane.clientWidth * devicePixelRatio)
    && pane.querySelector('canvas').height === Math.round(pane.clientHeight * devicePixelRatio))
"""
_TEXT = """
(pane) => {
  const stage = pane.closest('.bih-view-stage').getBoundingClientRect();
  const { left, bottom } = pane.getBoundingClientRect();
  return [left - stage.left + 8, bottom - stage.top - 36, left - stage.left + 136, bottom - stage.top - 19];
}
"""


def check_view(lab: Lab, page: Page, widget: Locator, name: str) -> None:
    """Compare the picture area with a reference: all of the image, in 400 × 300 pixels."""
    widget.evaluate(_RESIZE, [400, 300])
    # The panes take their size in the next frame, and fit the image into it.
    page.wait_for_function(_MEASURED)
    # While the page tells where it looks at first, it does not hear where it shall look.
    wait_for(page, lab, "v.zoom > 0")
    lab.evaluate(page, "[setattr(v, 'zoom', 0.0), 1][-1]")
    wait_for(page, lab, "v.zoom > 0")
    settle(widget)
    left, top, right, bottom = widget.locator(".bih-view-yx").evaluate(_TEXT)
    # The text of the scale bar is drawn, and the bar under it is compared.
    texts = [(left, top, right, bottom)]
    check_picture(widget.locator(".bih-view-stage"), REFERENCES / f"{name}.png", texts=texts)
    widget.evaluate("root => { root.style.width = ''; }")


def settle(widget: Locator) -> None:
    """Wait until all that is in sight is sharp."""
    widget.locator(".bih-view-stage[aria-busy=false]").first.wait_for()


def wait_for(page: Page, lab: Lab, code: str) -> None:
    """Wait until an expression is true in the kernel."""
    for _ in range(100):
        if lab.evaluate(page, f"bool({code})"):
            return
        page.wait_for_timeout(100)
    state = lab.evaluate(page, "[v.x, v.y, v.zoom, v.t, v.z, v.shapes, v.problem]")
    pytest.fail(f"{code} did not become true; {state}")


def colour_at(widget: Locator, x: float, y: float, canvas: str = ".bih-view-yx .bih-view-pixels") -> list[int]:
    """Give red, green and blue at a share of the width and the height of a canvas."""
    found: list[int] = widget.locator(canvas).evaluate(
        """(canvas, [x, y]) => [...canvas.getContext('2d')
             .getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data].slice(0, 3)""",
        [x, y],
    )
    return found


def expect_colour(page: Page, widget: Locator, wanted: object, x: float = 0.5, y: float = 0.5) -> None:
    """Wait until a place of the screen, by default its middle, has a colour: what is equal to `wanted`."""
    late = time.monotonic() + SECONDS
    while (found := colour_at(widget, x, y)) != wanted:
        assert time.monotonic() < late, f"{found} is there, and {wanted} was expected"
        page.wait_for_timeout(50)
        settle(widget)


def wait_until(page: Page, what: str, check: Callable[[], bool]) -> None:
    """Wait until something is so on the screen."""
    late = time.monotonic() + SECONDS
    while not check():
        assert time.monotonic() < late, f"this did not come true: {what}"
        page.wait_for_timeout(50)


def expect_drawn(page: Page, widget: Locator, least: int, most: float = float("inf")) -> int:
    """Wait until so many pixels are drawn above the image, and count them."""
    late = time.monotonic() + SECONDS
    while True:
        # At the same moment: what is on its way is not missed for what is not there.
        found, busy = _count(widget, DRAWN)
        if not busy and least <= found <= most:
            return found
        assert time.monotonic() < late, f"{found} pixels are drawn, and from {least} to {most} were expected"
        page.wait_for_timeout(50)


def middle_of(widget: Locator) -> tuple[float, float]:
    box = widget.locator(".bih-view-yx").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def count_above(widget: Locator, rule: str) -> int:
    """Count the pixels drawn above those of the image."""
    return _count(widget, rule)[0]


def _count(widget: Locator, rule: str) -> tuple[int, bool]:
    count, busy = widget.locator(".bih-view-yx .bih-view-above").evaluate(
        f"""(canvas) => {{
              const {{ data }} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let at = 0; at < data.length; at += 4) if (({rule})(data.subarray(at, at + 4))) count += 1;
              return [count, canvas.closest('.bih-view-stage').ariaBusy !== 'false'];
            }}"""
    )
    return count, busy


def count_canvases(session: CDPSession) -> int:
    """Count the canvases in memory in which tiles are painted."""
    session.send("HeapProfiler.collectGarbage")
    kind = session.send("Runtime.evaluate", {"expression": "OffscreenCanvas.prototype"})["result"]["objectId"]
    found = session.send("Runtime.queryObjects", {"prototypeObjectId": kind, "objectGroup": "count"})["objects"]
    count = {"objectId": found["objectId"], "functionDeclaration": "function () { return this.length; }"}
    number: int = session.send("Runtime.callFunctionOn", count | {"returnByValue": True})["result"]["value"]
    session.send("Runtime.releaseObjectGroup", {"objectGroup": "count"})
    return number
