"""The viewer on a real hub: what is on the screen, by hand and by keyboard, in both themes, and saved."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from servers.browser import open_sound_page
from servers.lab import find_widget, set_theme
from servers.pictures import check_picture
from servers.viewed import (
    CHANNELS,
    COLOURS,
    HOSTILE,
    PLATE,
    REFERENCES,
    TRACKS,
    TRUTH,
    VOLUME,
    check_view,
    colour_at,
    count_canvases,
    expect_colour,
    expect_drawn,
    middle_of,
    settle,
    wait_for,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from servers.hub_lab import HubLab

    Show = Callable[..., Locator]

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
NOTEBOOK = "view.ipynb"
CLICK_AFTER_RESIZE = """
(root) => {
  root.style.width = '700px';
  const pane = root.querySelector('.bih-view-zx'), box = pane.getBoundingClientRect();
  const [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2 + 10];
  const told = { bubbles: true, button: 0, pointerId: 1, pointerType: 'mouse', clientX, clientY };
  for (const kind of ['down', 'up']) pane.lastElementChild.dispatchEvent(new PointerEvent(`pointer${kind}`, told));
}
"""


@pytest.fixture(scope="module")
def page(lab: HubLab) -> Iterator[Page]:
    """A page of which no host but loopback may be asked."""
    with open_sound_page() as page:
        yield page


@pytest.fixture
def show(lab: HubLab, page: Page) -> Show:
    """Run cells in the notebook that the tests share, and give the first widget when it is sharp."""

    def show(*cells: str, sharp: bool = True) -> Locator:
        if page.locator(".jp-Notebook").count() == 0:
            lab.write(NOTEBOOK, ["", ""])
            lab.open(page, NOTEBOOK)
        page.evaluate(
            """(cells) => {
                 const { content } = window.jupyterapp.shell.currentWidget;
                 content.widgets.forEach(({ model }, at) => model.sharedModel.setSource(cells[at] ?? ''));
               }""",
            list(cells),
        )
        lab.run(page)
        widget = find_widget(page, "view")
        widget.scroll_into_view_if_needed()
        if sharp:
            settle(widget)
        return widget

    return show


def test_colours_are_those_of_the_image(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(COLOURS)
    assert colour_at(widget, 0.5 - 0.02, 0.4) == [200, 10, 20]
    assert colour_at(widget, 0.5 + 0.02, 0.4) == [30, 180, 40]
    assert colour_at(widget, 0.5 - 0.02, 0.6) == [50, 60, 240]
    lab.evaluate(page, "[setattr(v, 'zoom', 64.0), setattr(v, 'x', 199.0), setattr(v, 'y', 149.0), 1][-1]")
    # Sample 199 is in the middle, 64 pixels wide; its neighbours begin where it ends, without a smooth passage.
    box = widget.locator(".bih-view-yx").bounding_box()
    assert box is not None
    for step, expected in ((31, [200, 10, 20]), (-31, [200, 10, 20]), (33, [30, 180, 40])):
        expect_colour(page, widget, expected, 0.5 + step / box["width"])
    page.mouse.move(*middle_of(widget))
    widget.get_by_text("[149, 199]").wait_for()
    widget.locator(".bih-view-values", has_text="200").wait_for()
    check_view(lab, page, widget, "photograph")


def test_hands_and_keys_move_the_traits(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(CHANNELS)
    x, y = middle_of(widget)
    fitting = lab.evaluate(page, "v.zoom")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(400)
    assert lab.evaluate(page, "v.zoom") == fitting, "without the focus the wheel belongs to the notebook"
    box = widget.locator(".bih-view-stage").bounding_box()
    assert box is not None, "the notebook may have scrolled"
    x, y = middle_of(widget)
    before = lab.evaluate(page, "[v.x, v.y]")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=5)
    page.mouse.up()
    moved = [before[0] + 60 / fitting * 0.5, before[1] + 40 / fitting * 0.5]
    wait_for(page, lab, f"abs(v.x - {moved[0]}) < 0.5 and abs(v.y - {moved[1]}) < 0.5")
    page.mouse.move(x + 50, y)
    held = lab.evaluate(page, "v.x + 50 / v.zoom * 0.5")
    page.mouse.wheel(0, -400)
    wait_for(page, lab, f"v.zoom > {fitting} * 1.5 and abs(v.x + 50 / v.zoom * 0.5 - {held}) < 0.5")
    zoom = lab.evaluate(page, "v.zoom")
    for key, code in (
        ("+", f"v.zoom > {zoom}"), ("]", "v.z == 3"), ("[", "v.z == 2"), (".", "v.t == 1"), (",", "v.t == 0"),
        ("m", "v.mode == 'maximum'"), ("m", "v.mode == 'orthogonal'"), ("m", "v.mode == 'slice'"),
        ("3", "v.tool == 'line'"), ("Escape", "v.tool == 'pan'"), ("0", f"abs(v.zoom / {fitting} - 1) < 0.01"),
    ):  # fmt: skip
        page.keyboard.press(key)
        wait_for(page, lab, code)
    page.keyboard.press(" ")
    wait_for(page, lab, "v.playing and v.t > 0")
    page.keyboard.press(" ")
    wait_for(page, lab, "not v.playing")
    # Two keys that would delete the cell, had the notebook heard them.
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert widget.is_visible()
    assert "time" in str(widget.locator(".bih-view-yx .bih-view-pixels").get_attribute("aria-label"))


def test_looks_go_both_ways(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(CHANNELS)
    check_view(lab, page, widget, "channels")
    lab.evaluate(page, "[v.set_look(each, visible=False) for each in ('l0', 'c1')]")
    lab.evaluate(page, "v.set_look('c0', low=0, high=65535)")
    wait_until(page, "it is dark", lambda: max(colour_at(widget, 0.5, 0.5)) < 8)
    widget.get_by_label("Brightest value of channel 0, as a number").select_text()
    page.keyboard.type("640\n")
    wait_for(page, lab, "v.looks['c0']['high'] == 640")
    wait_until(page, "it is bright", lambda: max(colour_at(widget, 0.5, 0.5)) > 200)
    widget.get_by_role("button", name="Automatic contrast of channel 0").click()
    wait_for(page, lab, "v.looks['c0']['high'] > 1000")
    widget.get_by_role("checkbox", name="Show channel 0").uncheck()
    wait_for(page, lab, "not v.looks['c0']['visible']")
    expect_colour(page, widget, [0, 0, 0])


def test_drawn_shapes_are_physical(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(CHANNELS)
    x, y = middle_of(widget)
    widget.locator(".bih-view-stage").focus()
    page.keyboard.press("4")
    page.mouse.move(x - 60, y - 40)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.keyboard.press("5")
    for dx, dy in ((80, -80), (160, -60)):
        page.mouse.click(x + dx, y + dy)
    page.mouse.dblclick(x + 120, y + 20)
    page.keyboard.press("3")
    for key in ("Enter", *["ArrowRight"] * 5, "Enter"):
        page.keyboard.press(key)
    wait_for(page, lab, "len(v.shapes) == 3")
    zoom, centre = lab.evaluate(page, "[v.zoom, [v.y, v.x]]")
    box, polygon, line = lab.evaluate(page, "v.shapes")

    def expected(*offsets: tuple[float, float]) -> Any:
        return np.array(centre) + np.array(offsets) / zoom * 0.5

    # Half a micrometre is a sample; a pixel of the screen is more than that here.
    assert box["kind"] == "box"
    np.testing.assert_allclose(box["points"], expected((-40, -60), (40, 60)), atol=0.5 / zoom)
    np.testing.assert_allclose(polygon["points"], expected((-80, 80), (-60, 160), (20, 120)), atol=0.5 / zoom)
    np.testing.assert_allclose(line["points"], expected((0, 0), (0, 50)), atol=0.5 / zoom)
    assert (line["t"], line["z"]) == (0, 2)
    page.keyboard.press("Delete")
    wait_for(page, lab, "[each['kind'] for each in v.shapes] == ['box', 'polygon']")
    page.keyboard.press("Escape")
    page.mouse.click(x, y - 40)
    wait_for(page, lab, f"v.selected == {{'kind': 'shape', 'id': {box['id']!r}}}")
    page.keyboard.press("Alt+ArrowRight")
    wait_for(page, lab, f"abs(v.shapes[0]['points'][0][1] - {box['points'][0][1]} - 0.5) < 1e-6")
    widget.get_by_label("Name of box 1").fill("mother")
    page.keyboard.press("Tab")
    wait_for(page, lab, "v.shapes[0]['name'] == 'mother'")


def test_planes_of_a_volume_are_linked(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(VOLUME)
    assert min(colour_at(widget, 0.5, 0.5)) > 180
    lab.evaluate(page, "[setattr(v, 'mode', 'orthogonal'), 1][-1]")
    for plane in ("zx", "zy"):
        canvas = f".bih-view-{plane} .bih-view-pixels"
        wait_until(page, f"{plane} is bright", lambda canvas=canvas: min(colour_at(widget, 0.5, 0.5, canvas)) > 180)
    check_view(lab, page, widget, "orthogonal")
    x = lab.evaluate(page, "v.x")
    widget.locator(".bih-view-zx").hover()
    # At once: the page has not been told of its new size when it is clicked.
    widget.evaluate(CLICK_AFTER_RESIZE)
    wait_for(page, lab, f"v.z > 20 and abs(v.x - {x}) < 2")
    lab.evaluate(page, "[setattr(v, 'mode', 'maximum'), 1][-1]")
    widget.get_by_role("slider", name="Depth", disabled=True).wait_for()
    wait_until(page, "it is bright", lambda: min(colour_at(widget, 0.5, 0.5)) > 180)
    # Two points lie on the image; those of the middle plane are drawn above the pixels.
    lab.evaluate(page, "[setattr(v, 'mode', 'slice'), setattr(v, 'z', 20), setattr(v, 'zoom', 0.0), 1][-1]")
    widget.get_by_text("21 / 40").wait_for()
    check_view(lab, page, widget, "points")
    full = expect_drawn(page, widget, least=1)
    lab.evaluate(page, "[v.set_look('p0', visible=False), 1][-1]")
    expect_drawn(page, widget, least=0, most=full - 1)


def test_tracks_have_tails(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(TRACKS)
    check_view(lab, page, widget, "tracks")
    late = expect_drawn(page, widget, least=101)
    lab.evaluate(page, "[setattr(v, 't', 1), 1][-1]")
    expect_drawn(page, widget, least=0, most=late - 101)


def test_nobody_is_kept_out(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(CHANNELS)
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        found = Axe().run(page, context=".bih", options=RULES)
        assert found.violations_count == 0, found.generate_report()
    widget.get_by_role("button", name="Help (?)").click()
    found = Axe().run(page, context=".bih", options=RULES)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    # Every control has the focus once, in a ring that leads out of the widget.
    widget.locator("button").first.focus()
    seen = set()
    for _ in range(80):
        inside, name, outline = page.evaluate(
            """() => { const at = document.activeElement, name = at.getAttribute('aria-label') ?? at.textContent;
                       return [!!at.closest('.bih'), name, getComputedStyle(at).outlineStyle]; }"""
        )
        if not inside:
            break
        assert outline != "none", name
        seen.add(name)
        page.keyboard.press("Tab")
    assert len(seen) > 15


def test_a_snapshot_has_scale_bar_and_is_kept(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(COLOURS)
    widget.get_by_role("button", name="Snapshot (s)").click()
    path = widget.locator(".bih-view-saved code").inner_text()
    with Image.open(lab.folder / path) as picture:
        assert picture.height >= 320
        pixels = np.asarray(picture.convert("RGB"))
    for colour in ([200, 10, 20], [30, 180, 40], [50, 60, 240]):
        assert (pixels == colour).all(axis=-1).sum() > 1000
    corner = pixels[280:320, :140]
    assert (corner == 255).all(axis=-1).sum() > 100, "the scale bar is white"


def test_two_views_share_a_model(lab: HubLab, page: Page, show: Show) -> None:
    show(COLOURS, "v")
    views = page.locator(".bih-view")
    views.nth(1).wait_for()
    labels = [views.nth(each).locator(".bih-view-zoom") for each in range(2)]
    fitted = labels[1].inner_text()
    views.nth(1).locator(".bih-view-stage").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    wait_for(page, lab, "v.x > 200")
    wait_until(page, "both are alike", lambda: fitted != labels[0].inner_text() == labels[1].inner_text())


def test_wells_of_a_plate(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(PLATE, sharp=False)
    wells = widget.locator(".bih-view-well")

    def expect_grey(level: int, at: float = 0.5) -> None:
        near = pytest.approx([level] * 3, abs=1 if level else 0)
        expect_colour(page, widget, near, at)

    widget.locator(".bih-view-well img").nth(2).wait_for()
    assert wells.count() == 3
    wells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for(page, lab, "v.well == 'B1'")
    expect_grey(250)
    widget.get_by_role("button", name="All wells of the plate").click()
    wait_for(page, lab, "v.well is None")
    widget.locator("[data-well=A2]").click()
    expect_grey(120)
    # The other field has nothing on its left; what is drawn is never that of the field before.
    widget.locator(".bih-view-stage").focus()
    page.keyboard.press("f")
    wait_for(page, lab, "v.field == '1'")
    expect_grey(0, 0.48)
    expect_grey(120, 0.52)
    page.keyboard.press("w")
    wait_for(page, lab, "v.well == 'B1'")
    expect_grey(250, 0.52)
    expect_grey(0, 0.48)
    widget.get_by_role("button", name="All wells of the plate").click()
    widget.get_by_label("Field of view").select_option("0")
    wait_for(page, lab, "v.field == '0' and v.well is None")
    check_picture(widget.locator(".bih-view-plate"), REFERENCES / "plate.png")


def test_truth_and_prediction_lie_on_two_sides(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(TRUTH)
    lab.evaluate(page, "[v.set_look(each['id'], outline=False, opacity=1.0) for each in v.scene['layers'][1:]]")
    page.wait_for_timeout(400)
    settle(widget)
    wide = widget.locator(".bih-view-yx").evaluate("pane => pane.clientWidth")
    zoom = lab.evaluate(page, "v.zoom")
    left, right = (0.5 + (column - 149.5) * zoom / wide for column in (40, 260))
    assert max(colour_at(widget, left, 0.5)) > 100, "what was missed is on the left"
    check_view(lab, page, widget, "labels")
    lab.evaluate(page, f"[setattr(v, 'zoom', {zoom}), 1][-1]")
    settle(widget)
    handle = widget.get_by_role("slider", name="Line between both sides")
    handle.focus()
    page.keyboard.press("Home")
    wait_for(page, lab, "v.swipe['at'] == 0")
    # Nothing was found there.
    expect_colour(page, widget, [0, 0, 0], left)
    assert max(colour_at(widget, right, 0.5)) > 100


def test_nothing_is_left_of_a_view_that_is_gone(page: Page, show: Show) -> None:
    show(CHANNELS)
    session = page.context.new_cdp_session(page)
    assert count_canvases(session) > 0
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.locator(".bih-view").wait_for(state="detached")
    wait_until(page, "no canvas is left", lambda: count_canvases(session) == 0)
    session.detach()


def test_a_saved_notebook_shows_a_picture_without_a_kernel(lab: HubLab, page: Page, show: Show) -> None:
    show(COLOURS)

    def is_saved() -> bool:
        saved = lab.save(page, NOTEBOOK)
        pictures = [
            output["data"]["image/png"] for cell in saved["cells"] for output in cell["outputs"]
            if "image/png" in output.get("data", {})
        ]  # fmt: skip
        if not pictures:
            return False
        with Image.open(io.BytesIO(base64.b64decode(pictures[-1]))) as picture:
            red = (np.asarray(picture.convert("RGB")) == [200, 10, 20]).all(axis=-1)
        return bool(red.sum() > 1000)

    wait_until(page, "the notebook has a picture", is_saved)
    assert page.locator(".jp-RenderedImage img").count() == 0 or not page.locator(".jp-RenderedImage img").is_visible()
    page.goto("about:blank")
    lab.end_sessions()
    lab.open(page, NOTEBOOK)
    page.locator(".jp-RenderedImage img").wait_for(state="visible")
    lost = page.get_by_text("model not found")
    assert not any(lost.nth(each).is_visible() for each in range(lost.count()))
    assert page.locator(".bih-view").count() == 0


def test_hostile_words_are_only_shown(lab: HubLab, page: Page, show: Show) -> None:
    widget = show(HOSTILE)
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.hacked") is None
    assert widget.locator("script, img").count() == 0
    box = widget.bounding_box()
    assert box is not None
    assert box["width"] < 1300
    assert widget.evaluate("root => root.scrollWidth <= root.clientWidth + 1")
    widget.get_by_role("button", name="Snapshot (s)").click()
    widget.locator(".bih-view-saved code").wait_for()
    assert page.evaluate("() => window.hacked") is None
