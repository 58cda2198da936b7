"""A person with a browser: log in, land in JupyterLab, run the notebooks to the end."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from servers.browser import DEADLINE_MS, log_in, open_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from servers.hub import RunningHub

pytestmark = [pytest.mark.hub, pytest.mark.browser]

NOTEBOOKS = [
    "reanalysis/nuclei-across-datasets/nuclei-across-datasets.ipynb",
    "challenges/nuclei-instance-segmentation/nuclei-instance-segmentation.ipynb",
    # It reads its challenge file, which lies beside it.
    "challenges/nuclei-2d/nuclei-2d.ipynb",
]


@pytest.fixture(scope="module")
def hub(start_hub: Callable[..., RunningHub]) -> RunningHub:
    return start_hub({"users": ["ann"]})


@pytest.fixture(scope="module")
def lab(hub: RunningHub) -> Iterator[tuple[Page, set[str]]]:
    """JupyterLab as it is after the log-in."""
    with open_page() as (page, hosts):
        log_in(page, hub.url, "ann", hub.passwords["ann"])
        page.wait_for_url("**/user/ann/lab/**")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook")
        yield page, hosts


def test_the_first_page_is_the_welcome_notebook(lab: tuple[Page, set[str]]) -> None:
    page, _ = lab
    assert page.locator(".jp-NotebookPanel h1").first.inner_text().strip()
    assert "welcome.ipynb" in page.locator(".lm-TabBar-tabLabel").all_inner_texts()
    page.wait_for_selector(".jp-DirListing-item")
    files = page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert {"welcome.ipynb", "originals", "reanalysis", "challenges"} <= set(files)


def test_the_welcome_notebook_leads_to_the_others(lab: tuple[Page, set[str]]) -> None:
    page, _ = lab
    links = [a.get_attribute("href") or "" for a in page.locator(".jp-Notebook a").all()]
    for notebook in NOTEBOOKS:
        assert any(notebook.rpartition("/")[2] in link for link in links), links


def _prompts(page: Page) -> list[str]:
    return page.locator(".jp-NotebookPanel .jp-CodeCell .jp-InputPrompt").all_text_contents()


def _run_all(page: Page) -> None:
    """Choose Run All Cells and wait until each cell has run or one has failed."""
    deadline = time.monotonic() + DEADLINE_MS / 1000
    error = page.locator('.jp-NotebookPanel [data-mime-type="application/vnd.jupyter.error"]')
    while not all(re.search(r"\[\d+\]", prompt) for prompt in _prompts(page)) and error.count() == 0:
        assert time.monotonic() < deadline, f"not all cells have run: {_prompts(page)}"
        if not re.search(r"\[(\*|\d+)\]", _prompts(page)[0]):
            # JupyterLab shows the menu before it takes orders: a person would choose it again.
            page.locator("li.lm-MenuBar-item", has_text="Run").first.click()
            page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        page.wait_for_timeout(1000)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_runs_to_the_end(notebook: str, hub: RunningHub, lab: tuple[Page, set[str]]) -> None:
    page, _ = lab
    # A workspace of its own: otherwise JupyterLab opens again what was open before.
    page.goto(f"{hub.url}/user/ann/lab/workspaces/{Path(notebook).stem}/tree/{notebook}")
    panel = page.locator(".jp-NotebookPanel")
    panel.locator(".jp-CodeCell").first.wait_for()
    panel.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    _run_all(page)
    errors = panel.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts()
    assert errors == []
    figure = panel.locator(".jp-RenderedImage img").first
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("image => image.complete && image.naturalWidth > 200 && image.naturalHeight > 100")
    with page.expect_response(lambda answer: answer.request.method == "PUT" and notebook in answer.url) as saved:
        panel.locator("[data-jp-item-name='save'] .jp-ToolbarButtonComponent").click()
    assert saved.value.status == 200
    kept = json.loads((hub.state / "homes" / "ann" / notebook).read_text())
    outputs = [output for cell in kept["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output["output_type"] == "error"]


def test_no_cluster_is_left(hub: RunningHub, lab: tuple[Page, set[str]]) -> None:
    """The notebook has shut its cluster down."""
    assert list((hub.state / "clusters").iterdir()) == []


def test_nothing_but_the_hub_is_asked(lab: tuple[Page, set[str]]) -> None:
    _, hosts = lab
    assert hosts == {"127.0.0.1"}
