"""A download on a real hub: planned, begun, paused, its tab closed, found again, resumed, done."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from bioimagehub.catalogs.downloads.background import BackgroundRun
from catalogs.downloads.made import make_bytes
from servers.browser import open_page
from servers.lab import find_widget, set_theme
from servers.pictures import check_picture
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

REFERENCE = Path(__file__).parent / "references" / "files.png"
SIZE = 60_000_000
DEADLINE = 60.0
PLAN = """
from bioimagehub.widgets import download
widget = download({entries!r}, folder={folder!r}, replace=False)
widget
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("store")
    (found / "large.tif").write_bytes(make_bytes(SIZE))
    (found / "broken.tif").write_bytes(make_bytes(2000))
    return found


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[StoreServer]:
    with StoreServer(folder) as server:
        yield server


def expect_state(page: Page, state: str) -> None:
    page.locator(f".bih-download .bih-state[data-state='{state}']").first.wait_for()


def until(is_so: Callable[[], bool]) -> None:
    late = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.2)


def find_violations(page: Page) -> list[str]:
    found = Axe().run(page, context=".bih-download")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]]


def look(page: Page, name: str, shots: Path | None) -> None:
    """Check what is on the screen in both themes; keep a picture, where somebody wants to look at it."""
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        assert find_violations(page) == []
        if shots is not None:
            find_widget(page, "download").screenshot(path=shots / f"{name}-{theme.lower()}.png")


@pytest.fixture
def shots() -> Path | None:
    import os

    wanted = os.environ.get("BIOIMAGEHUB_SCREENSHOTS")
    return Path(wanted) if wanted else None


def pause_and_leave(page: Page, lab: HubLab, shots: Path | None) -> None:
    """Begin a download, pause and resume it by the keyboard, pause it, and close the tab."""
    lab.open(page, "fetch.ipynb")
    lab.run(page)
    expect_state(page, "planned")
    widget = find_widget(page, "download")
    look(page, "planned", shots)
    assert "you may not pass it on" in widget.inner_text()
    widget.get_by_role("button", name="Download", exact=True).press("Enter")
    expect_state(page, "running")
    page.wait_for_function("() => parseFloat(document.querySelector('.bih-told').innerText) > 2")
    look(page, "running", shots)
    widget.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect_state(page, "paused")
    # The focus stays among the buttons, so that the keyboard goes on there.
    assert page.evaluate("() => document.activeElement.textContent") == "Resume"
    look(page, "paused", shots)
    page.keyboard.press("Enter")
    expect_state(page, "running")
    page.close(run_before_unload=False)


def see_it_done(page: Page, lab: HubLab, shots: Path | None, store: StoreServer, into: Path) -> None:
    """Find the download again by its folder, in another notebook and kernel, and bring it to its end."""
    cells = ["from bioimagehub.widgets import download", f"widget = download(folder={str(into)!r})\nwidget"]
    lab.write("again.ipynb", cells)
    lab.open(page, "again.ipynb")
    lab.run(page)
    expect_state(page, "running")
    widget = find_widget(page, "download")
    widget.get_by_role("button", name="Pause").press("Enter")
    expect_state(page, "paused")
    assert 0 < store.bytes < SIZE
    store.mend()
    store.fault("broken.tif", status=404, method="GET")
    widget.get_by_role("button", name="Resume").press("Enter")
    expect_state(page, "failed")
    look(page, "failed", shots)
    assert "broken.tif" in widget.locator(".bih-wrong").inner_text()
    assert (into / "large.tif" / "large.tif").read_bytes() == make_bytes(SIZE)
    assert store.bytes < SIZE * 1.05
    store.mend()
    widget.get_by_role("button", name="Fetch again what failed").press("Enter")
    expect_state(page, "done")
    assert (into / "broken.tif" / "broken.tif").read_bytes() == make_bytes(2000)
    widget.get_by_text("Manifest", exact=True).press("Enter")
    page.wait_for_selector(".bih-scroll tbody tr")
    look(page, "done", shots)
    assert lab.evaluate(page, "widget.result['files']") == 2
    assert "tiff.open_array" in widget.locator(".bih-result pre").inner_text()


def test_it_goes_on_when_the_tab_is_closed(lab: HubLab, store: StoreServer, shots: Path | None) -> None:
    into = lab.folder / "got"
    store.fault("broken.tif", status=404, method="GET")
    store.fault("large.tif", rate=4e4)
    entries = [f"{store.url}/large.tif", f"{store.url}/broken.tif"]
    lab.write("fetch.ipynb", [PLAN.format(entries=entries, folder=str(into))])
    with open_page() as (page, hosts):
        pause_and_leave(page, lab, shots)
        assert hosts <= {"127.0.0.1", ""}
    run = BackgroundRun(into)
    came = run.state().moved
    until(lambda: run.state().moved > came)
    with open_page() as (page, hosts):
        see_it_done(page, lab, shots, store, into)
        saved = lab.save(page, "again.ipynb")
        assert hosts <= {"127.0.0.1", ""}
    kept = "".join(str(output) for cell in saved["cells"] for output in cell["outputs"])
    assert "crc32" in kept
    assert "all files are there" in kept


def test_files_are_chosen_by_the_keyboard(lab: HubLab, shots: Path | None) -> None:
    source = lab.folder / "set"
    for name in ("raw/a.tif", "raw/b.tif", "raw/deep/c.tif", "notes.txt"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(b"1234")
    lab.own(source)
    into = lab.folder / "taken"
    lab.write("choose.ipynb", [PLAN.format(entries=str(source), folder=str(into))])
    with open_page() as (page, hosts):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        lab.open(page, "choose.ipynb")
        lab.run(page)
        expect_state(page, "planned")
        page.locator(".bih-download summary", has_text="Help").press("Enter")
        page.get_by_text("Right opens a folder, left closes it.").wait_for()
        tree = page.get_by_role("tree", name="Files")
        tree.focus()
        page.keyboard.press("ArrowRight")
        page.get_by_role("treeitem", name=re.compile("^a.tif")).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        page.locator("[role=treeitem][aria-checked=false]").wait_for()
        assert lab.evaluate(page, "widget.chosen") == ["!raw/a.tif"]
        assert page.locator("[role=treeitem][aria-checked=mixed]").inner_text().splitlines()[-3] == "raw"
        look(page, "choosing", shots)
        tree.evaluate("(element) => { element.style.width = '500px'; }")
        check_picture(tree, REFERENCE)
        page.get_by_role("button", name="Take only .txt").press("Enter")
        page.locator("[role=treeitem][aria-checked=false]", has_text="raw").wait_for()
        assert lab.evaluate(page, "widget.chosen") == ["*.[tT][xX][tT]"]
        lab.evaluate(page, "setattr(widget, 'plan', {**widget.plan, 'fits': False, 'free': 0})")
        page.locator("dd", has_text="make the widget with another folder: download(").wait_for()
        # The other way round: what Python sets is on the screen.
        lab.evaluate(page, "setattr(widget, 'chosen', ['notes.txt'])")
        page.locator("[role=treeitem][aria-checked=true]", has_text="notes.txt").wait_for()
        page.locator("dd", has_text="1 file, 4 B").wait_for()
        page.get_by_role("button", name="Download", exact=True).press("Enter")
        expect_state(page, "done")
        assert [each.name for each in into.iterdir() if each.name != ".bioimagehub"] == ["notes.txt"]
        assert errors == []
        assert hosts <= {"127.0.0.1", ""}


def test_a_part_of_an_image_is_chosen(lab: HubLab, shots: Path | None) -> None:
    into = lab.folder / "part"
    lab.write("part.ipynb", [PLAN.format(entries="samples:nuclei-3d", folder=str(into))])
    with open_page() as (page, _):
        lab.open(page, "part.ipynb")
        lab.run(page)
        expect_state(page, "planned")
        lab.evaluate(page, "setattr(widget, 'chosen', ['image.ome.zarr'])")
        page.locator("summary", has_text="Choose a part of the images").press("Enter")
        page.get_by_role("checkbox", name=re.compile("^0: ")).press("Space")
        field = page.get_by_role("spinbutton", name="planes (z), to, not included")
        field.fill("8")
        until(lambda: lab.evaluate(page, "(widget.levels, widget.region)") == [[1], {"z": [0, 8]}])
        until(lambda: lab.evaluate(page, "widget.wait(30)") == "planned")
        look(page, "part", shots)
        # What was typed last counts, though it is not saved yet.
        field.fill("4")
        page.get_by_role("button", name="Download", exact=True).press("Enter")
        expect_state(page, "done")
        shape = "__import__('bioimagehub.catalogs.drivers.ome_zarr', fromlist=['x'])"
        code = f"list({shape}.open_array({str(into / 'image.ome.zarr')!r}).shape)"
        assert lab.evaluate(page, code) == [2, 128, 128]
