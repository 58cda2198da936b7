"""Where a viewer looks at first, on a real hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servers.browser import open_sound_page
from servers.viewed import COLOURS, colour_at, settle, wait_for

if TYPE_CHECKING:
    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

COMPUTES = """
import time
from pathlib import Path
late = time.monotonic() + 60
while not Path("go").exists() and time.monotonic() < late:
    time.sleep(0.02)
v.zoom, v.x, v.y = 64.0, 199.0, 149.0"""
CHOSEN = "(v.zoom, v.x, v.y) == (64.0, 199.0, 149.0)"


def test_what_a_cell_sets_while_the_page_opens_stays(lab: HubLab) -> None:
    """When all cells are run: the page fits the image while a cell computes, which then sets a place."""
    name = "fit.ipynb"
    lab.write(name, [COLOURS, COMPUTES])
    with open_sound_page() as page:
        lab.open(page, name)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        label = page.locator(".bih-view-zoom")
        page.locator(".bih-view-zoom:not(:empty)").wait_for()
        fitted = label.inner_text()
        # All that the page says of itself once it is still is on its way to the kernel then.
        page.wait_for_timeout(500)
        (lab.folder / "go").touch()
        wait_for(page, lab, CHOSEN)
        settle(page.locator(".bih-view"))
        assert label.inner_text() != fitted
        assert colour_at(page.locator(".bih-view"), 0.5, 0.5) == [200, 10, 20]
        wait_for(page, lab, CHOSEN)
