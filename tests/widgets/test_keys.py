"""Keys that are meant for a widget do not reach the notebook, whose commands are single keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servers.browser import open_sound_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

CELL = """
from IPython.display import display
from bioimagehub.widgets import browse, cluster, download, view
import numpy as np
widgets = [browse(height=260), cluster(), download("samples:nuclei-3d", "keys"), view(np.eye(9))]
for widget in widgets:
    display(widget)"""
NAMES = ("browse", "cluster", "download", "view")
STATE = """
() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return [content.widgets.length, content.activeCellIndex, content.widgets[1].model.sharedModel.source, content.mode];
}"""


@pytest.fixture(scope="module")
def page(lab: HubLab) -> Page:
    with open_sound_page() as page:
        lab.write("keys.ipynb", ["1", CELL, "2"])
        lab.open(page, "keys.ipynb")
        lab.run(page)
        yield page


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_the_notebook_are_not_heard(lab: HubLab, page: Page, name: str) -> None:
    """Cut, delete, new cells, other cells, another kind of cell: each is one key, or two."""
    widget = page.locator(f".bih-{name}").first
    button = widget.locator("button:visible:enabled, select:visible").first
    button.wait_for()
    button.focus()
    before = page.evaluate(STATE)
    for key in ("x", "d", "d", "a", "b", "m", "ArrowDown", "ArrowUp", "z"):
        button.focus()
        page.keyboard.press(key)
    assert page.evaluate(STATE) == before
