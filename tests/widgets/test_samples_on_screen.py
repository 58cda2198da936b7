"""Entries of the sample archive in the viewer on a real hub: what is on the screen is what Python reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servers.browser import open_sound_page
from servers.lab import find_widget
from servers.viewed import colour_at, expect_colour, expect_drawn, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

CELL = """
from bioimagehub.catalogs import open_catalog
from bioimagehub.widgets import view
record = open_catalog()["samples:{name}"]
v = view(record, height=360, {given})
v"""
PLACES = """
import numpy as np
labels = record.open(label="nuclei").load()
def find(rank):
    rows, columns = np.nonzero(labels.values == np.unique(labels)[rank])
    return labels[rows[len(rows) // 2], columns[len(rows) // 2]]
"""
CLOSE = "[setattr(v, 'zoom', 16.0), setattr(v, 'x', float({at}.x)), setattr(v, 'y', float({at}.y)), 1][-1]"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_sound_page() as page:
        yield page


def show(lab: HubLab, page: Page, name: str, given: str = "") -> Locator:
    lab.show(page, "samples.ipynb", CELL.format(name=name, given=given))
    widget = find_widget(page, "view")
    settle(widget)
    # While the page tells where it looks at first, it does not hear where it shall look.
    wait_for(page, lab, "v.zoom > 0")
    return widget


def wait_for_other(page: Page, widget: Locator, known: list[list[int]]) -> list[int]:
    """Wait until the middle of the screen has a colour that is not known yet, and give it."""
    for _ in range(100):
        settle(widget)
        if (found := colour_at(widget, 0.5, 0.5)) not in known:
            return found
        page.wait_for_timeout(50)
    pytest.fail(f"it is still of one of {known}")


def test_two_dimensions_in_red_green_and_blue(lab: HubLab, page: Page) -> None:
    widget = show(lab, page, "skimage-ihc")
    for row, column in ((100, 140), (377, 200)):
        sample = f"record.open().isel(y={row}, x={column})"
        lab.evaluate(page, CLOSE.format(at=sample))
        expect_colour(page, widget, lab.evaluate(page, f"{sample}.values.tolist()"))


def test_a_label_image(lab: HubLab, page: Page) -> None:
    widget = show(lab, page, "bbbc038-nuclei", 'labels="nuclei"')
    lab.evaluate(page, "[v.set_look('c0', visible=False), v.set_look('l0', outline=False, opacity=1.0), 1][-1]")
    lab.evaluate(page, PLACES)
    ground = [0, 0, 0]
    colours = [ground]
    for rank in (1, 2, 3):
        lab.evaluate(page, CLOSE.format(at=f"find({rank})"))
        colours.append(wait_for_other(page, widget, colours))
    lab.evaluate(page, CLOSE.format(at="find(0)"))
    expect_colour(page, widget, ground)


def test_a_volume(lab: HubLab, page: Page) -> None:
    widget = show(lab, page, "nuclei-3d", "mode='orthogonal'")
    for plane in ("yx", "zx", "zy"):
        canvas = widget.locator(f".bih-view-{plane} .bih-view-pixels")
        bright = canvas.evaluate(
            """(canvas) => {
                 const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                 return data.reduce((sum, value, at) => sum + (at % 4 < 3 && value > 100), 0);
               }"""
        )
        assert bright > 500, plane


def test_a_tomogram_with_points(lab: HubLab, page: Page) -> None:
    widget = show(lab, page, "cryoet-tomogram", "points={'particles': record.load_table('particles')}")
    assert lab.evaluate(page, "int(((record.load_table('particles').z / 0.004 - v.z).abs() < 1).sum())") > 20
    full = expect_drawn(page, widget, least=1000)
    lab.evaluate(page, "[v.set_look('p0', visible=False), 1][-1]")
    bare = expect_drawn(page, widget, least=0, most=full - 1000)
    lab.evaluate(page, "[v.set_look('p0', visible=True), 1][-1]")
    expect_drawn(page, widget, least=bare + 1000)
    # No particle is that far out.
    lab.evaluate(page, "[setattr(v, 'z', 5), 1][-1]")
    expect_drawn(page, widget, least=bare, most=bare)


def test_tracks_over_time(lab: HubLab, page: Page) -> None:
    widget = show(lab, page, "ctc-timelapse", "tracks=record.load_table('tracks'), t=20")
    late = expect_drawn(page, widget, least=1500)
    widget.locator(".bih-view-stage").focus()
    page.keyboard.press(".")
    wait_for(page, lab, "v.t == 21")
    lab.evaluate(page, "[setattr(v, 't', 0), 1][-1]")
    expect_drawn(page, widget, least=0, most=late - 500)
