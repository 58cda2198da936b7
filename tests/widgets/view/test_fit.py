"""Where a viewer looks: at first, and where Python sets it, on a real hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servers.browser import open_sound_page
from servers.lab import find_widget
from servers.viewed import COLOURS, expect_colour, settle, wait_for, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

NAME = "fit.ipynb"
COMPUTES = """
import time
from pathlib import Path
late = time.monotonic() + 60
while not Path("go").exists() and time.monotonic() < late:
    time.sleep(0.02)
v.zoom, v.x, v.y = 64.0, 199.0, 149.0"""
CHOSEN = "(v.zoom, v.x, v.y) == (64.0, 199.0, 149.0)"
PLACE = "[setattr(v, 'zoom', {}), setattr(v, 'x', {}), setattr(v, 'y', {}), 1][-1]"
RED, GREEN = [200, 10, 20], [30, 180, 40]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_sound_page() as page:
        yield page


def show(lab: HubLab, page: Page) -> Locator:
    lab.show(page, NAME, COLOURS)
    widget = find_widget(page, "view")
    settle(widget)
    # The kernel has heard where the page looks.
    wait_for(page, lab, "v.zoom > 0")
    return widget


def test_what_a_cell_sets_while_the_page_opens_stays(lab: HubLab, page: Page) -> None:
    """When all cells are run: the page fits the image while a cell computes, which then sets a place."""
    lab.write(NAME, [COLOURS, COMPUTES])
    lab.open(page, NAME)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    label = page.locator(".bih-view-zoom")
    page.locator(".bih-view-zoom:not(:empty)").wait_for()
    fitted = label.inner_text()
    # All that the page says of itself once it is still is on its way to the kernel then.
    page.wait_for_timeout(500)
    (lab.folder / "go").touch()
    wait_for(page, lab, CHOSEN)
    expect_colour(page, page.locator(".bih-view"), RED)
    wait_until(page, "it looks elsewhere", lambda: label.inner_text() != fitted)
    wait_for(page, lab, CHOSEN)


def test_python_leaves_the_place_that_the_page_chose_and_returns(lab: HubLab, page: Page) -> None:
    widget = show(lab, page)
    label = widget.locator(".bih-view-zoom")
    fitted, zoom = label.inner_text(), lab.evaluate(page, "v.zoom")
    lab.evaluate(page, "[setattr(v, 'zoom', 64.0), 1][-1]")
    wait_until(page, "it is nearer", lambda: label.inner_text() != fitted)
    lab.evaluate(page, f"[setattr(v, 'zoom', {zoom}), 1][-1]")
    wait_until(page, "all of the image is shown", lambda: label.inner_text() == fitted)


def test_what_python_sets_while_nothing_is_seen_is_shown_later(lab: HubLab, page: Page) -> None:
    widget = show(lab, page)
    widget.evaluate("(root) => { root.style.display = 'none'; }")
    page.wait_for_function("document.querySelector('.bih-view-pixels').width === 0")
    lab.evaluate(page, PLACE.format(32.0, 201.0, 149.0))
    # The message to the page is older than the answer to this one.
    assert lab.evaluate(page, "v.zoom") == 32.0
    widget.evaluate("(root) => { root.style.display = ''; }")
    expect_colour(page, widget, GREEN)
    # The next move begins there.
    widget.locator(".bih-view-stage").focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, lab, "v.zoom == 32.0 and v.x > 201.0")
