"""The widget of a challenge on a real hub and its portal: by mouse, by keyboard, in both themes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bioimagehub.challenges import load_challenge, write_submission
from servers.browser import open_page
from servers.challenge import squares as draw_squares
from servers.hub_portal import HubPortal
from servers.lab import find_widget, set_theme
from servers.pictures import check_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from servers.hub import RunningHub
    from servers.hub_lab import HubLab
    from servers.person import Person

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
NOTEBOOK = "challenge.ipynb"
REFERENCE = Path(__file__).parent / "references" / "mistakes.png"
CELL = """
from bioimagehub.widgets import challenge
w = challenge({place!r}, predictions={predictions!r})
w
"""
# Scoring goes on when the test says so; `begun` has the phases that were asked for.
HELD = """
import threading
begun, go, score = [], threading.Event(), w.work.score
def held(phase, *others):
    begun.append(phase.name)
    assert go.wait(120)
    return score(phase, *others)
w.work.score = held
"""
OPENED = """
import threading
w.score_predictions()
w.tab = "mistakes"
w.answer_open({"case": "b"}, [], threading.Event())
w
"""
# At once, so that the second change of the phase still waits for the kernel to take the first.
QUICK = """(root) => {
  const phase = root.querySelector('.bih-phase select');
  for (const name of ['future', 'past']) {
    phase.value = name;
    phase.dispatchEvent(new Event('change'));
  }
  [...root.querySelectorAll('button')].find((each) => each.textContent === 'Check and score').click();
}"""
HOSTILE = "<img src=x onerror=window.stolen=1>"
TABS = ("rules", "data", "score", "mistakes", "submissions", "board")


@pytest.fixture(scope="module")
def portal(hub: RunningHub, person: Callable[..., Person], squares_zip: bytes) -> HubPortal:
    """The portal of the hub, with the small challenge."""
    portal = HubPortal(hub, person)
    edition = portal.create(squares_zip)
    assert edition["state"] == "active", edition
    return portal


@pytest.fixture(scope="module")
def place(lab: HubLab, squares: Path) -> Path:
    """The challenge where Ann has it, with her predictions beside the notebook."""
    predictions = {"a": draw_squares(3), "b": draw_squares(7), "c": draw_squares(6)}
    for name, cases in (("mine.zip", predictions), ("poor.zip", {"a": draw_squares(3)})):
        write_submission(cases, lab.folder / name, load_challenge(squares), "public")
        lab.own(lab.folder / name)
    return lab.take(squares)


@pytest.fixture(scope="module")
def opened(lab: HubLab, portal: HubPortal, place: Path) -> Iterator[tuple[Page, Callable[..., Locator]]]:
    """A page, and what shows the widget in the notebook on it; no host but loopback may be asked."""
    with open_page(1400, 1000) as (page, hosts):
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))

        def show(place: Path = place, predictions: str | None = None, then: str = "") -> Locator:
            lab.show(
                page,
                NOTEBOOK,
                CELL.format(place=str(place), predictions=predictions).removesuffix("w\n") + (then or "w"),
            )
            return find_widget(page, "challenge")

        yield page, show
        assert hosts <= {"127.0.0.1", "localhost", ""}
        assert errors == []


def check_accessibility(page: Page, where: str) -> None:
    found = Axe().run(page, context=".bih-challenge", options=RULES).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
    assert not told, f"{where}: {told}"


def test_by_mouse_from_the_rules_to_the_leaderboard(opened: tuple[Page, Any], lab: HubLab, portal: HubPortal) -> None:
    page, show = opened
    refused = portal.submit("ann", b"PK\x05\x06" + bytes(18), "empty.zip", entry="empty")
    assert portal.wait(refused, "ann")["state"] == "refused"
    widget = show()
    expect(widget.get_by_role("heading", name="Squares")).to_be_visible()
    widget.get_by_role("tab", name="Data").click()
    expect(widget.get_by_role("cell", name="CC0-1.0", exact=True)).to_be_visible()
    widget.get_by_role("tab", name="Own score").click()
    field = widget.locator(".bih-path:visible")
    field.fill("poor.zip")
    widget.get_by_role("button", name="Check and score").click()
    expect(widget.get_by_role("cell", name="there is no prediction").first).to_be_visible()
    field.fill("mine.zip")
    widget.get_by_role("button", name="Check and score").click()
    expect(widget.get_by_role("table", name="Scores by case, the worst first")).to_be_visible()
    widget.evaluate(QUICK)
    expect(widget.get_by_role("table", name="Own score, phase past, 3 cases")).to_be_visible()
    assert lab.evaluate(page, "[w.phase, w.score['phase']]") == ["past", "past"]
    widget.get_by_label("Phase", exact=True).select_option("practice")
    assert lab.evaluate(page, "w.score['metrics'][0]['value'] == w.result.scores['panoptic_quality']")
    widget.get_by_role("button", name="Mistakes in b").click()
    expect(widget.get_by_role("button", name="missed 2", exact=True)).to_be_visible()
    expect(widget.locator(".bih-crops img")).to_have_count(2)
    assert lab.evaluate(page, "[w.tab, w.case]") == ["mistakes", "b"]
    widget.get_by_role("button", name="Open missed 1 in the viewer").click()
    expect(widget.locator(".bih-viewer .bih-live")).to_be_visible()
    widget.get_by_role("button", name="Close the viewer").click()
    expect(widget.locator(".bih-viewer")).to_be_hidden()
    expect(widget.get_by_role("button", name="Open missed 1 in the viewer")).to_be_focused()
    widget.get_by_role("tab", name="Submissions").click()
    widget.get_by_text("3 problems", exact=True).click()
    expect(widget.get_by_text("there is no prediction").locator("visible=true").first).to_be_visible()
    widget.get_by_label("Name of the entry").fill("by mouse")
    widget.get_by_role("button", name="Submit").click()
    row = widget.get_by_role("row").filter(has_text="by mouse")
    expect(row).to_contain_text("scored")
    row.get_by_role("button", name="Scores").click()
    expect(row).to_contain_text("panoptic_quality")
    widget.get_by_role("tab", name="Leaderboard").click()
    expect(widget.get_by_role("row").filter(has_text="by mouse — ann")).to_contain_text("yours, first")
    saved = lab.save(page, NOTEBOOK)["cells"][0]["outputs"]
    assert any("by mouse — ann" in "".join(one["data"].get("text/html", "")) for one in saved)


def test_by_keyboard(opened: tuple[Page, Any], lab: HubLab) -> None:
    page, show = opened
    widget = show(predictions="mine.zip")
    widget.get_by_role("tab", name="Rules").focus()
    page.keyboard.press("End")
    expect(widget.get_by_role("tab", name="Leaderboard")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(widget.get_by_role("tab", name="Own score")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")  # the panel, then the field in it
    page.keyboard.press("Tab")
    lab.evaluate(page, HELD)
    page.keyboard.press("Enter")
    stop = widget.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    page.keyboard.press("Enter")
    assert stop.is_visible()
    lab.evaluate(page, "go.set()")
    table = widget.get_by_role("table", name="Scores by case, the worst first")
    expect(table).to_be_visible()
    table.get_by_role("button", name="Case").focus()
    page.keyboard.press("Enter")
    expect(widget.get_by_role("columnheader", name="Case")).to_have_attribute("aria-sort", "ascending")
    names = widget.get_by_role("table", name="Scores by case").get_by_role("rowheader")
    assert names.all_inner_texts() == ["a", "b", "c"]
    assert lab.evaluate(page, "begun") == ["practice"]
    expect(widget.locator(".bih-problem")).to_be_hidden()
    expect(widget.get_by_role("table", name="Own score, phase practice, 3 cases")).to_be_visible()
    widget.get_by_label("Phase", exact=True).select_option("past")
    told = widget.get_by_text("This is of the phase practice, and past is chosen now.").locator("visible=true")
    expect(told).to_be_visible()
    widget.get_by_role("button", name="Score again").press("Enter")
    expect(widget.get_by_role("table", name="Own score, phase past, 3 cases")).to_be_visible()
    expect(told).to_be_hidden()
    widget.get_by_label("Phase", exact=True).select_option("practice")
    lab.evaluate(page, "w.set_trait('tab', 'mistakes')")
    expect(
        widget.get_by_text("This is of the phase past, and practice is chosen now.").locator("visible=true")
    ).to_be_visible()
    expect(widget.get_by_role("tab", name="Mistakes")).to_have_attribute("aria-selected", "true")
    expect(widget.locator(".bih-crops img").first).to_be_visible()
    set_theme(page, "Light")
    widget.locator(".bih-crops").evaluate("(element) => { element.style.width = '600px'; }")
    check_picture(widget.locator(".bih-crops"), REFERENCE)


def test_nothing_hinders_anybody_in_either_theme(opened: tuple[Page, Any], lab: HubLab) -> None:
    page, show = opened
    widget = show(predictions="mine.zip")
    lab.evaluate(page, "[str(w.score_predictions()), w.submit('in both themes').id]")
    widget.locator("summary", has_text="Help").press("Enter")
    expect(widget.get_by_text("checks predictions as the hub does", exact=False)).to_be_visible()
    for theme in ("Light", "Dark"):
        set_theme(page, theme)
        for tab in TABS:
            widget.locator(f"[role=tab][data-tab={tab}]").click()
            expect(widget.locator("[role=tabpanel]:visible :is(table, .bih-crops img)").first).to_be_visible()
            check_accessibility(page, f"{tab}, {theme}")


def test_a_page_that_is_made_anew_names_the_case_in_the_viewer(opened: tuple[Page, Any]) -> None:
    _, show = opened
    widget = show(predictions="mine.zip", then=OPENED)
    box = widget.get_by_role("region", name="Viewer of the case b")
    expect(box.get_by_role("heading", name="Viewer: b")).to_be_visible()
    expect(box.locator(".bih-live")).to_be_visible()
    box.get_by_role("button", name="Close the viewer").press("Enter")
    expect(box).to_be_hidden()
    expect(widget.locator("[role=tabpanel]:visible")).to_be_focused()


def test_a_kernel_that_was_restarted_is_told(opened: tuple[Page, Any], lab: HubLab) -> None:
    page, show = opened
    widget = show(predictions="mine.zip")
    lab.evaluate(page, HELD)
    widget.get_by_role("tab", name="Own score").click()
    widget.get_by_role("button", name="Check and score").click()
    expect(widget.get_by_role("button", name="Stop")).to_be_visible()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(widget.locator(".bih-problem")).to_contain_text("The kernel does not answer.")
    expect(widget.get_by_role("button", name="Stop")).to_be_hidden()
    widget.get_by_role("button", name="Close the message").click()
    widget.get_by_role("button", name="Check and score").click()
    expect(widget.locator(".bih-problem")).to_contain_text("Run the cell again.")


def test_names_of_others_are_shown_and_not_run(
    opened: tuple[Page, Any], portal: HubPortal, squares: Path, lab: HubLab
) -> None:
    page, show = opened
    sent = portal.submit("eve", (lab.folder / "mine.zip").read_bytes(), "mine.zip", entry=HOSTILE)
    assert portal.wait(sent, "eve")["state"] == "scored"
    portal.wait_board(HOSTILE, "eve")
    text = (squares / "challenge.yaml").read_text().replace("title: Squares", f'title: "{HOSTILE}"')
    hostile = lab.folder / "hostile"
    hostile.mkdir()
    (hostile / "challenge.yaml").write_text(text)
    lab.own(hostile)
    widget = show(hostile)
    expect(widget.get_by_role("heading", name=HOSTILE)).to_be_visible()
    widget.get_by_role("tab", name="Leaderboard").click()
    expect(widget.get_by_role("rowheader", name=f"{HOSTILE} — eve")).to_be_visible()
    assert page.evaluate("window.stolen") is None
