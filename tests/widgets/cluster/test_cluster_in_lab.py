"""The panel of a cluster on a real hub: started, scaled and ended by the keyboard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from servers.browser import open_page
from servers.lab import find_widget, set_theme
from servers.pictures import check_picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

REFERENCE = Path(__file__).parent / "references" / "none.png"
WORK = """
def measure(name):
    if name.startswith("bad"):
        raise ValueError(f"The image {name} has no pixels. Its shape is 0. Leave it out.")
    return len(name)

futures = panel.map(measure, ["good-1", "good-2", "bad-1"], name="measure")
panel.wait(60)
"""


def look(page: Page, name: str) -> None:
    """Check what is on the screen in both themes; keep a picture, where somebody wants to look at it."""
    shots = os.environ.get("BIOIMAGEHUB_SCREENSHOTS")
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        found = Axe().run(page, context=".bih-cluster").response["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
        if shots:
            find_widget(page, "cluster").screenshot(path=Path(shots) / f"{name}-{theme.lower()}.png")


def expect_state(page: Page, state: str) -> None:
    page.locator(f".bih-cluster .bih-state[data-state='{state}']").wait_for()


def test_it_is_started_scaled_and_ended_by_the_keyboard(lab: HubLab) -> None:
    lab.write("cluster.ipynb", ["from bioimagehub.widgets import cluster\npanel = cluster(wanted=1)\npanel"])
    with open_page() as (page, hosts):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        lab.open(page, "cluster.ipynb")
        lab.run(page)
        expect_state(page, "none")
        panel = find_widget(page, "cluster")
        look(page, "cluster-none")
        panel.evaluate("(element) => { element.style.width = '600px'; }")
        check_picture(panel, REFERENCE)
        panel.locator("summary", has_text="Help").press("Enter")
        panel.get_by_text("Starts a cluster with so many workers").wait_for()
        look(page, "cluster-help")
        lab.evaluate(page, "setattr(panel, 'cost', {'seconds': 442_800, 'core_seconds': 442_800})")
        panel.get_by_text("123.00 core-hours").wait_for()
        panel.get_by_role("button", name="Start").press("Enter")
        expect_state(page, "running")
        panel.get_by_role("spinbutton", name="Workers").fill("2")
        panel.get_by_role("button", name="Scale").press("Enter")
        page.wait_for_function("() => document.querySelectorAll('.bih-workers tbody tr').length === 2")
        expect_state(page, "running")
        lab.evaluate(page, f"exec({WORK!r})")
        panel.locator(".bih-wrong", has_text="The image bad-1 has no pixels.").wait_for()
        assert "2 of 3 images done, 1 failed" in panel.inner_text()
        look(page, "cluster-work")
        panel.get_by_role("button", name="End").press("Enter")
        expect_state(page, "closed")
        assert "2 of 3 images done, 1 failed" in panel.inner_text()
        assert lab.evaluate(page, "panel.state") == "closed"
        assert errors == []
        assert hosts <= {"127.0.0.1", ""}
