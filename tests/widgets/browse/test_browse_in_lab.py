"""The browser on a real hub: by keyboard and by mouse, in both themes, with hostile records, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bioimagehub.catalogs.locks import read_lock
from bioimagehub.widgets.scripts import join_scripts
from servers.browser import open_page
from servers.lab import find_widget, set_theme
from servers.pictures import check_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from servers.hub_lab import HubLab

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
NOTEBOOK = "browse.ipynb"
REFERENCE = Path(__file__).parent / "references" / "nuclei.png"
CELL = """
from bioimagehub.widgets import browse
w = browse(text="nuclei", height=420)
w
"""
NUCLEI = "w.found.selection.identifiers(0, 2)"
HOSTILE = """
from bioimagehub.widgets import browse
from hostile_records import HOSTILE, make_catalog, make_fields
unchecked = [make_fields(number, title=text, source=text, organisms=[{"name": text, "taxon": None}] * 9,
                         formats=[text], licence=text[:90]) for number, text in enumerate(HOSTILE)]
valid = [make_fields(100 + number, title=text, source=text, description=text)
         for number, text in enumerate(HOSTILE[:3] + HOSTILE[4:7])]
w = browse(make_catalog(unchecked + valid), height=1100)
w
"""

PICTURES = """
async (source) => {
  const { makePictures } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  window.showPictures = (first, names) => {
    window.endPictures?.();
    const life = new AbortController();
    const asked = (window.asked = []);
    const ask = async (_, { identifiers }) => {
      asked.push(identifiers);
      if (asked.length > 1) return { content: { found: [], later: [], wait: 0 }, buffers: [] };
      if (first === null) throw new Error('the kernel does not answer');
      return { content: first, buffers: [] };
    };
    const pictures = makePictures({ ask, life: life.signal });
    const slots = names.map(() => document.createElement('span'));
    document.body.append(...slots);
    const show = (id, place) => pictures.show({ id, picture: true }, slots[place]);
    names.forEach(show);
    window.showAgain = () => {
      slots.forEach((slot) => pictures.show({ id: 'other', picture: false }, slot));
      names.forEach(show);
    };
    window.endPictures = () => {
      life.abort();
      slots.forEach((slot) => slot.remove());
    };
  };
}
"""
"""Shows rows whose pictures a kernel is asked for that first gives an answer, or none, and then has no pictures."""


@pytest.fixture(scope="module")
def opened(lab: HubLab) -> Iterator[tuple[Page, Callable[[str], Locator]]]:
    """A page, and what runs a cell in the notebook on it; no host but loopback may be asked."""
    with open_page(1500, 1000) as (page, hosts):
        page.set_default_timeout(30_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))

        def show(cell: str) -> Locator:
            lab.show(page, NOTEBOOK, cell)
            widget = find_widget(page, "browse")
            settle(widget)
            return widget

        yield page, show
        assert hosts <= {"127.0.0.1", "localhost", ""}
        assert errors == []


def settle(widget: Locator) -> None:
    """Wait until what is on the screen is what was asked for."""
    widget.locator(".bih-list[aria-busy=false]").wait_for()


def titles(widget: Locator) -> list[str]:
    return widget.locator(".bih-row .bih-title").all_inner_texts()


def wait_for(page: Page, lab: HubLab, code: str, expected: object) -> None:
    """Wait until an expression has a value in the kernel."""
    for _ in range(200):
        found = lab.evaluate(page, code)
        if found == expected:
            return
        page.wait_for_timeout(50)
    assert found == expected


def test_by_keyboard(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show(CELL)
    page.keyboard.press("Escape")
    widget.locator(".bih-list").focus()
    page.keyboard.press("/")
    page.keyboard.type("mitos", delay=30)
    widget.locator(".bih-hints", has_text="with words that begin with mitos").wait_for()
    page.keyboard.type("is")
    wait_for(page, lab, "[w.text, w.count == len(w.catalog.search('mitosis'))]", ["mitosis", True])
    page.keyboard.press("ArrowDown")
    for key in ("Space", "ArrowDown", "ArrowDown", "Space", "Enter"):
        page.keyboard.press(key)
    names = lab.evaluate(page, "[each.identifier for each in w.found.page(0, 3)]")
    wait_for(page, lab, "[w.selection, w.shown]", [[names[0], names[2]], names[2]])
    widget.locator(".bih-detail .bih-citation").wait_for()
    assert names[2] in widget.locator(".bih-detail").inner_text()
    assert lab.evaluate(page, "[each.identifier for each in w.selected]") == [names[0], names[2]]
    page.keyboard.press("c")
    area = widget.locator("textarea")
    area.wait_for()
    assert area.input_value() == lab.evaluate(page, "'\\n'.join(each.cite() for each in w.selected)")
    page.keyboard.press("Escape")
    page.keyboard.press("y")
    widget.get_by_role("heading", name="Python that opens this").wait_for()
    assert f'"{names[2]}"' in area.input_value()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    widget.locator(".bih-note", has_text="2 added to data.lock.json, which has 2 now.").wait_for()
    assert {pin.identifier for pin in read_lock(lab.folder / "data.lock.json").pins} == {names[0], names[2]}
    page.keyboard.press("?")
    widget.get_by_role("dialog", name="Help").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(widget.locator("summary", has_text="Archive")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    settle(widget)
    wait_for(page, lab, "len(w.filters['archive']) if w.filters else 0", 1)
    # None of these keys reached the notebook: no cell was made, cut or changed.
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == 1


def test_pictures_that_were_not_tried_are_asked_for_again(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    show(CELL)
    page.evaluate(PICTURES, join_scripts("browse/pictures.js"))
    # The kernel says when: `b` was tried, and has none.
    page.evaluate("window.showPictures({ found: [], later: ['a'], wait: 0.01 }, ['a', 'b'])")
    page.wait_for_function("window.asked.length > 1")
    assert page.evaluate("window.asked.map((each) => each.sort())") == [["a", "b"], ["a"]]
    # A question that failed says nothing of its rows: as they come into sight again, they are asked for.
    page.evaluate("window.showPictures(null, ['a', 'b'])")
    page.wait_for_function("window.asked.length === 1")
    page.evaluate("window.showAgain()")
    page.wait_for_function("window.asked.length > 1")
    assert page.evaluate("window.asked.map((each) => each.sort())") == [["a", "b"], ["a", "b"]]
    page.evaluate("window.endPictures()")


def test_by_mouse(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    # Small pictures come when they come: without them the page is the same each time.
    widget = show(f"{CELL.strip()[:-2]}\nw._pictures.make = lambda *_: None\nw")
    widget.evaluate("(element) => { element.style.width = '900px'; }")
    check_picture(widget, REFERENCE, size=(620, 260))
    before = lab.evaluate(page, "w.count")
    values = widget.locator("details", has=page.get_by_text("Archive", exact=True)).locator("label")
    chosen = [values.nth(place).locator("bdi").inner_text() for place in (0, 1)]
    counted = [int(values.nth(place).locator(".bih-number").inner_text().replace("\u202f", "")) for place in (0, 1)]
    for name in chosen:
        widget.get_by_role("checkbox", name=name, exact=False).first.check()
    wait_for(page, lab, "w.filters", {"archive": chosen})
    wait_for(page, lab, "w.count", sum(counted))
    widget.get_by_role("button", name=f"Remove the filter archive: {chosen[0]}").click()
    wait_for(page, lab, "w.count", counted[1])
    widget.get_by_role("button", name=f"Remove the filter archive: {chosen[1]}").click()
    wait_for(page, lab, "w.count", before)
    widget.get_by_label("Order").select_option("-size")
    wait_for(page, lab, "w.sort", "-size")
    settle(widget)
    assert titles(widget)[:3] == lab.evaluate(page, "[each.title for each in w.found.page(0, 3)]")
    row = widget.locator(".bih-row").nth(1)
    row.locator(".bih-tick").click()
    row.locator(".bih-title").click()
    wait_for(page, lab, "[w.selection == [w.shown], w.shown == w.found.page(1, 1)[0].identifier]", [True, True])
    widget.get_by_role("button", name="Close the details").click()
    wait_for(page, lab, "w.shown", None)
    widget.get_by_role("button", name="Clear").click()
    wait_for(page, lab, "w.selection", [])


def test_the_help_gives_the_focus_back_at_once(lab: HubLab, opened: tuple[Page, Any]) -> None:
    """A later event would take it away from where the next key put it."""
    page, show = opened
    widget = show(CELL)
    for close in (
        "dialog.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))",
        "dialog.querySelector('button').click()",
        "dialog.dispatchEvent(new Event('cancel', { cancelable: true }))",
    ):
        widget.get_by_role("button", name="Help").click()
        dialog = widget.get_by_role("dialog", name="Help")
        dialog.wait_for()
        focused = dialog.evaluate(
            f"""(dialog) => {{
                  {close};
                  const found = [dialog.open, document.activeElement.className];
                  dialog.closest('.bih-browse').querySelector('.bih-search').focus();
                  return found;
                }}"""
        )
        assert focused == [False, "bih-list"]
        # Two frames on, all events of the dialog have come.
        page.evaluate("() => new Promise((later) => requestAnimationFrame(() => requestAnimationFrame(later)))")
        expect(widget.locator(".bih-search").first).to_be_focused()


def test_what_is_not_on_the_page_is_selected_too(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show("from bioimagehub.widgets import browse\nw = browse(height=420)\nw")
    rows = widget.locator(".bih-row:not(.bih-waiting)")
    rows.nth(1).locator(".bih-title").click()
    listed = widget.locator(".bih-list")
    listed.evaluate("(list) => { list.scrollTop = 60 * 1500; }")
    far = widget.locator(".bih-row:not(.bih-waiting)[aria-posinset='1502']")
    far.locator(".bih-title").click(modifiers=["Shift"])
    wait_for(page, lab, "w.selection == w.found.selection.identifiers(1, 1501)", True)
    # The row is asked for when the key is there before it.
    listed.focus()
    page.keyboard.press("End")
    last = "w.found.selection.identifiers(w.count - 2, 1)"
    page.keyboard.press("Shift+ArrowUp")
    wait_for(page, lab, f"w.selection[1501:] == {last}", True)
    listed.evaluate("(list) => { list.scrollTop = 0; }")
    rows.and_(widget.locator("[aria-posinset='1']")).locator(".bih-title").click(modifiers=["Shift"])
    said = "records cannot be selected at once. At most 10,000 can. Select fewer, or use .found"
    widget.locator(".bih-problem", has_text=said).wait_for()
    assert lab.evaluate(page, "len(w.selection)") == 1502


def test_keys_that_have_no_record_say_so(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show("from bioimagehub.widgets import browse\nw = browse(text='qqqzzz', height=420, lock='none.json')\nw")
    widget.locator(".bih-empty:not([hidden])").wait_for()
    note = widget.locator(".bih-note")
    widget.locator(".bih-list").focus()
    for key in "odcyl":
        note.evaluate("(note) => { note.textContent = ''; }")
        page.keyboard.press(key)
        expect(note).to_have_text("No record is selected or shown, and the list is at none. Choose a record first.")
    assert widget.locator(".bih-problem:visible, textarea:visible").count() == 0
    assert not (lab.folder / "none.json").exists()


def test_python_drives_the_page_and_a_viewer_opens_in_it(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show(CELL)
    code = "w.text, w.filters, w.shown = 'zebrafsh embrio', {}, 'samples:bbbc038-nuclei'"
    lab.evaluate(page, f"{code}\nprint(0)")
    widget.get_by_role("button", name="zebrafish embryo").click()
    settle(widget)
    assert widget.locator(".bih-finder .bih-search").input_value() == "zebrafish embryo"
    widget.get_by_text("Nuclei of the 2018 Data Science Bowl").first.wait_for()
    widget.locator(".bih-large img").wait_for()
    widget.get_by_role("button", name="View", exact=True).click()
    widget.locator(".bih-panel .bih-live").wait_for()
    assert lab.evaluate(page, "type(w.opened).__name__") == "Viewer"
    title = f"Viewer: {lab.evaluate(page, 'w.catalog[w.shown].title')}"
    # As after the page was loaded anew: a view that finds the panel open.
    widget = show("w")
    panel = widget.get_by_role("region", name=title, exact=True)
    expect(panel.locator("> .bih-bar h3")).to_have_text(title)
    panel.locator("> .bih-bar").get_by_role("button", name="Close").click()
    expect(widget.locator(".bih-list")).to_be_focused()
    widget.locator(".bih-panel").wait_for(state="hidden")


def test_hostile_records_do_no_harm(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    lab.take(Path(__file__).with_name("conftest.py"), "hostile_records.py")
    widget = show(HOSTILE)
    shown = titles(widget)
    assert "<script>window.stolen = 1</script>" in shown
    assert len(shown) == 14
    for place, identifier in enumerate(lab.evaluate(page, "w.found.selection.identifiers(0, 20)")):
        widget.locator(".bih-row").nth(place).locator(".bih-title").click()
        widget.locator(".bih-detail .bih-id, .bih-problem:not([hidden])", has_text=identifier).first.wait_for()
    assert page.evaluate("window.stolen") is None
    assert widget.locator("script, iframe, img[src^=x]").count() == 0
    heights = {round(box["height"]) for box in (row.bounding_box() for row in widget.locator(".bih-row").all()) if box}
    assert heights == {60}
    assert lab.evaluate(page, "w.count") == 14


def test_long_lists_have_few_rows_on_the_page(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show("from bioimagehub.widgets import browse\nw = browse(height=420)\nw")
    widget.locator(".bih-list").focus()
    page.keyboard.press("End")
    last = lab.evaluate(page, "w.found.page(w.count - 1, 1)[0].identifier")
    widget.locator(".bih-row").filter(has_text=last).wait_for()
    assert widget.locator(".bih-row").count() < 40
    widget.locator(".bih-list").evaluate("each => { each.scrollTop = each.scrollHeight / 2 }")
    # The rows that were there go away as the list moves: a place and its text are taken at one moment.
    middle = page.wait_for_function(
        """() => {
             const rows = [...document.querySelectorAll('.bih-browse .bih-row:not(.bih-waiting)')];
             const last = Number(document.querySelector('.bih-browse .bih-row')?.getAttribute('aria-setsize'));
             const row = rows.find((each) => Math.abs(each.getAttribute('aria-posinset') / last - 0.5) < 0.1);
             return row && { place: Number(row.getAttribute('aria-posinset')), text: row.innerText };
           }"""
    ).json_value()
    expected = lab.evaluate(page, f"w.found.page({middle['place'] - 1}, 1)[0].identifier")
    assert expected in middle["text"]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_no_violation_of_wcag(lab: HubLab, opened: tuple[Page, Any], theme: str) -> None:
    page, show = opened
    widget = show(f"{CELL.strip()[:-2]}\nw.selection = {NUCLEI}\nw.shown = w.selection[0]\nw")
    set_theme(page, theme)
    widget.locator(".bih-detail dl").wait_for()
    widget.locator(".bih-selected").get_by_role("button", name="Cite").click()
    widget.locator("textarea").wait_for()
    found = Axe().run(page, context=".bih-browse", options=RULES)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    widget.get_by_role("dialog").wait_for()
    found = Axe().run(page, context=".bih-browse", options=RULES)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")


def test_a_saved_notebook_shows_the_table_without_a_kernel(lab: HubLab, opened: tuple[Page, Any]) -> None:
    page, show = opened
    widget = show(CELL)
    widget.locator(".bih-finder .bih-search").fill("mitosis")
    wait_for(page, lab, "w.text", "mitosis")
    settle(widget)
    table = page.locator(".jp-OutputArea-output table")
    table.get_by_text("mitosis").first.wait_for(state="attached")
    assert not table.first.is_visible()
    lab.save(page, NOTEBOOK)
    page.goto("about:blank")
    lab.end_sessions()
    lab.open(page, NOTEBOOK)
    table.first.wait_for(state="visible")
    assert "text: mitosis" in page.locator(".jp-OutputArea-output").filter(has=page.locator("table")).inner_text()
    assert page.locator(".bih-live").count() == 0
