"""The browser over a million entries, in a real JupyterLab: first paint, each keystroke, sizes of messages, scrolling.

The entries are made as `benchmarks.million` tells. To make and index them takes some minutes: a file that the variable
`BIOIMAGEHUB_MILLION` names is used instead, if it is an index of a million records.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.million import load_studies, make_records
from bioimagehub.catalogs.index import build_index, open_index
from servers.browser import open_page
from servers.lab import RunningLab, find_widget

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocket

ENTRIES = 10**6
FIRST_PAINT_MS, KEYSTROKE_MS, MESSAGE_BYTES, ROWS = 1000, 150, 200_000, 400
# Between two keystrokes, as of somebody who types fast.
PAUSE_MS = 100
QUERIES = (
    "mitosis", "mouse embryo", "kinase inhibitor", "cryo-electron tomography", "light-sheet", "plate003 B12",
    "homo sapiens nucleus", "BRD-K01", "zebrafsh", '"cell migration"', "protein localized in cytosol", "a b c d e",
)  # fmt: skip
OPEN = """
from pathlib import Path
from bioimagehub.catalogs import Catalog
from bioimagehub.catalogs.index import open_index
from bioimagehub.widgets import browse
catalog = Catalog.of_index(open_index(Path({path!r})))
"""
# Both run in the page, so that the way from the test to it does not count.
PAINT = """async () => {
  const begun = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  while (!document.querySelector('.bih-browse .bih-row:not(.bih-waiting)')) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
TYPE = """async ([text, pause]) => {
  const field = document.querySelector('.bih-browse .bih-search');
  const list = document.querySelector('.bih-browse .bih-list');
  const told = [];
  const wait = (ms) => new Promise((later) => setTimeout(later, ms));
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  for (let end = 1; end <= text.length; end++) {
    setValue.call(field, text.slice(0, end));
    const begun = performance.now();
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    while (list.ariaBusy !== 'false') await new Promise(requestAnimationFrame);
    told.push(performance.now() - begun);
    await wait(pause);
  }
  return told;
}"""
FACET = """async (place) => {
  const list = document.querySelector('.bih-browse .bih-list');
  const boxes = [...document.querySelectorAll('.bih-browse details[open] input[type=checkbox]')];
  const begun = performance.now();
  boxes[place % boxes.length].click();
  while (list.ariaBusy !== 'false') await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
SCROLL = """async (share) => {
  const list = document.querySelector('.bih-browse .bih-list');
  const begun = performance.now();
  list.scrollTop = share * list.scrollHeight;
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  while (list.querySelector('.bih-waiting')) await new Promise(requestAnimationFrame);
  return [performance.now() - begun, list.querySelectorAll('.bih-row').length];
}"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("BIOIMAGEHUB_MILLION")
    path = Path(named) if named else tmp_path_factory.mktemp("million") / "million.sqlite"
    if not named:
        build_index(path, make_records(load_studies(), ENTRIES))
    assert len(open_index(path)) == ENTRIES
    return path


def tell(what: str, value: float, limit: float, unit: str) -> str:
    return (
        f"  {what:44} {value:9,.0f} {unit:5} (target below {limit:,} {unit}: {'kept' if value < limit else 'MISSED'})"
    )


def watch_messages(page: Page) -> list[int]:
    """Keep the sizes of what the kernel sends."""
    sizes: list[int] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: sizes.append(len(frame)))

    page.on("websocket", follow)
    return sizes


def measure(page: Page, lab: RunningLab, index: Path) -> dict[str, Any]:
    sizes = watch_messages(page)
    lab.open(page, "browse.ipynb")
    lab.evaluate(page, f"{OPEN.format(path=str(index))}\nprint(0)")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
    paint = page.evaluate(PAINT)
    find_widget(page, "browse").locator(".bih-list[aria-busy=false]").wait_for()
    keys = [each for query in QUERIES for each in page.evaluate(TYPE, [query, PAUSE_MS])]
    page.evaluate(TYPE, [" ", PAUSE_MS])
    chosen = [page.evaluate(FACET, place) for place in range(12)]
    lab.evaluate(page, "w.filters = {}\nw.text = ''\nprint(0)")
    find_widget(page, "browse").locator(".bih-list[aria-busy=false]").wait_for()
    scrolled = [page.evaluate(SCROLL, share) for share in (0.1, 0.9, 0.5, 0.501, 0.7, 0.2, 1.0, 0.0)]
    return {
        "paint": paint,
        "keys": keys,
        "chosen": chosen,
        "scrolled": [ms for ms, _ in scrolled],
        "rows": max(rows for _, rows in scrolled),
        "largest": max(sizes),
        "messages": len(sizes),
    }


def test_browse_a_million(index: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = RunningLab(tmp_path)
    try:
        lab.write("browse.ipynb", ["w = browse(catalog)\nw"])
        with open_page(1500, 1000) as (page, hosts):
            told = measure(page, lab, index)
            assert hosts <= {"127.0.0.1", ""}
    finally:
        lab.stop()
    late = {name: quantiles(told[name], n=20)[18] for name in ("keys", "chosen", "scrolled")}
    with capsys.disabled():
        print(f"\nbrowse() over {ENTRIES:,} entries in JupyterLab, from event to painted page:")
        print(tell("first paint, after the cell is run", told["paint"], FIRST_PAINT_MS, "ms"))
        print(tell(f"95th percentile of {len(told['keys'])} keystrokes", late["keys"], KEYSTROKE_MS, "ms"))
        print(f"    median {median(told['keys']):.0f} ms, slowest {max(told['keys']):.0f} ms")
        print(tell(f"95th percentile of {len(told['chosen'])} facets", late["chosen"], KEYSTROKE_MS, "ms"))
        print(f"  rows after a jump: median {median(told['scrolled']):.0f} ms, slowest {max(told['scrolled']):.0f} ms")
        print(tell(f"largest of {told['messages']} messages", told["largest"], MESSAGE_BYTES, "bytes"))
        print(tell("rows on the page at once", told["rows"], ROWS, ""))
    assert told["rows"] < ROWS
    assert told["largest"] < MESSAGE_BYTES
