"""The page of the viewer with a kernel that answers when the test says so: modules alone in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.widgets.scripts import join_scripts, join_styles
from servers.browser import load_module, open_sound_page
from servers.viewed import count_above, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# `asked` has the questions; those of a kind in `held` wait for `answer`.
SHOW = """
async ([state, held]) => {
  const heard = {};
  const fire = (name, ...given) => [...(heard[name] ?? [])].forEach((act) => act(...given));
  const codes = new Uint8Array(100 * 120).fill(100);
  const tile = { shape: [100, 120], dtype: 'uint8', scale: 1, offset: 0, nan: false };
  const answers = {
    tile: () => [{ tiles: [tile], packed: null }, [codes]],
    points: ({ t }) => [{ count: t === 3 ? 20000 : 1 }, [new Float32Array([50, 20 + 15 * t, 0, 1])]],
    thumbnails: ({ wells }) => {
      if (wells.includes(window.broken)) throw 'The store is gone.';
      return [{ wells }, wells.map((name) => (name === window.bare ? new Uint8Array(0) : window.picture))];
    },
    value: () => [{ values: {} }, []],
    histogram: () => [{ counts: [], low: 0, high: 1, percentiles: {} }, []],
  };
  const say = ({ ask, id, ...content }) => {
    try {
      const [told, buffers] = answers[ask](content);
      setTimeout(() => fire('msg:custom', { answer: id, ...told }, buffers));
    } catch (what) {
      setTimeout(() => fire('msg:custom', { answer: id, problem: { what } }, []));
    }
  };
  window.asked = [];
  window.held = held;
  window.waiting = [];
  window.answer = () => say(window.waiting.shift());
  window.tell = (message) => fire('msg:custom', message, []);
  window.model = {
    get: (name) => state[name],
    set(name, value) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      fire(`change:${name}`);
    },
    on: (name, act) => (heard[name] ??= new Set()).add(act),
    off: (name, act) => heard[name]?.delete(act),
    save_changes() {},
    send(message) {
      for (const each of message.all ?? [message]) {
        for (const id of [each.cancel ?? []].flat()) window.waiting = window.waiting.filter((one) => one.id !== id);
        if (!each.ask) continue;
        window.asked.push(each);
        if (window.held.includes(each.ask)) window.waiting.push(each);
        else say(each);
      }
    },
  };
  window.end?.();
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext('2d').fillRect(0, 0, 8, 8);
  window.picture = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  const element = document.createElement('div');
  document.body.replaceChildren(element);
  window.end = window.view.default.render({ model: window.model, el: element });
}
"""
AXES = ("x", "y", "z", "t")
SCENE: dict[str, Any] = {
    "title": "test",
    "size": {"x": 120, "y": 100, "z": 1, "t": 9},
    "spacing": dict.fromkeys(AXES, 1.0),
    "origin": dict.fromkeys(AXES, 0.0),
    "units": dict.fromkeys(AXES, "pixel"),
    "levels": [{"x": 120, "y": 100, "z": 1, "fx": 1, "fy": 1, "fz": 1}],
    "tile": 256,
    "layers": [{"id": "c0", "kind": "channel", "name": "c", "range": [0, 255], "levels": 1, "integer": True}],
    "wells": None,
    "fields": [],
    "notes": [],
}
POINTS = {"id": "p0", "kind": "points", "name": "points", "count": 9}
LOOK = {
    "visible": True,
    "colour": "#ffffff",
    "low": 0,
    "high": 255,
    "gamma": 1,
    "opacity": 1,
    "blend": "add",
    "size": 8,
}
STATE: dict[str, Any] = {
    "looks": {"c0": LOOK, "p0": LOOK}, "t": 0, "z": 0, "x": 60.0, "y": 50.0, "zoom": 2.0, "mode": "slice", "rate": 5,
    "playing": False, "tool": "pan", "shapes": [], "swipe": None, "well": None, "field": None, "selected": None,
    "height": 300, "problem": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_sound_page(900, 700) as page:
        page.goto("about:blank")
        page.add_style_tag(content=join_styles("theme.css", "view/view.css"))
        for name, path in (("view", "view/view.js"), ("tiles", "view/tiles.js")):
            load_module(page, name, join_scripts(path))
        yield page


def show(page: Page, *, held: tuple[str, ...] = (), scene: dict[str, Any] | None = None, **state: Any) -> None:
    page.evaluate(SHOW, [STATE | state | {"scene": SCENE | (scene or {})}, list(held)])


def show_plate(page: Page, **wells: Any) -> None:
    known: dict[str, Any] = {"rows": ["A", "B"], "columns": ["1", "2"], "present": ["A-1", "A_2", "B 1"]}
    known["cells"] = [["A-1", 0, 0], ["A_2", 0, 1], ["B 1", 1, 0]]
    show(page, scene={"wells": known | wells})


def put(page: Page, name: str, value: Any) -> None:
    page.evaluate("([name, value]) => window.model.set(name, value)", [name, value])


def asked(page: Page, kind: str, field: str) -> list[Any]:
    found: list[Any] = page.evaluate(
        "([kind, field]) => window.asked.filter(({ ask }) => ask === kind).map((each) => each[field])", [kind, field]
    )
    return found


def test_points_are_asked_for_while_time_goes_on(page: Page) -> None:
    """One question at a time, the newest time next; what belongs to another time is not drawn."""
    show(page, held=("points",), scene={"layers": [*SCENE["layers"], POINTS]})
    widget = page.locator(".bih-view")
    page.wait_for_function("window.waiting.length === 1")
    page.evaluate("window.answer()")
    settle(widget)
    drawn = count_above(widget, "p => p[3] > 0")
    page.evaluate("for (const t of [1, 2, 4, 5]) window.model.set('t', t)")
    page.wait_for_function("window.waiting.length === 1")
    assert asked(page, "points", "t") == [0, 1]
    page.wait_for_function("document.querySelector('.bih-view-stage').ariaBusy === 'true'")
    bare = count_above(widget, "p => p[3] > 0")
    assert bare < drawn, "the point of the time before is gone"
    page.evaluate("window.answer()")
    page.wait_for_function("window.asked.filter(({ ask }) => ask === 'points').length === 3")
    assert asked(page, "points", "t") == [0, 1, 5]
    assert count_above(widget, "p => p[3] > 0") == bare, "it is that of time 1"
    page.evaluate("window.answer()")
    settle(widget)
    assert count_above(widget, "p => p[3] > 0") == drawn


def test_points_that_are_left_out_are_counted(page: Page) -> None:
    show(page, t=3, scene={"layers": [*SCENE["layers"], POINTS]})
    page.get_by_text("1 of 20\u202f000 points", exact=True).wait_for()
    put(page, "t", 4)
    page.locator(".bih-view-fewer:empty").wait_for(state="attached")


def test_wells_have_the_places_that_the_kernel_gives(page: Page) -> None:
    show_plate(page)
    page.locator(".bih-view-well img").nth(2).wait_for()
    table = page.locator(".bih-view-plate")
    wells = table.locator("tbody tr").evaluate_all(
        """(rows) => rows.map((row) => [...row.querySelectorAll('td')]
             .map((cell) => cell.firstElementChild?.dataset.well ?? null))"""
    )
    assert wells == [["A-1", "A_2"], ["B 1", None]]
    show_plate(page, cells=None, present=["A/1", "B2"])
    assert table.locator("button").evaluate_all("(all) => all.map(({ dataset }) => dataset.well)") == ["A/1", "B2"]


def test_wells_that_cannot_be_read_are_without_a_picture(page: Page) -> None:
    page.evaluate("window.bare = 'A_2'")
    show_plate(page)
    page.get_by_role("button", name="Well A2, no picture").wait_for()
    page.locator("[data-well=A-1] img").wait_for()
    assert page.locator("[data-well=A_2] img").count() == 0
    page.evaluate("window.bare = 'A-1'")
    page.evaluate("window.tell({ event: 'changed', layers: ['c0'] })")
    page.locator("[data-well=A_2] img").wait_for()
    page.get_by_role("button", name="Well A1, no picture").wait_for()
    assert page.locator("[data-well=A-1] img").count() == 0
    page.evaluate("window.bare = null")


def test_a_batch_of_wells_that_fails_does_not_stop_the_others(page: Page) -> None:
    columns = [str(column) for column in range(1, 25)]
    names = [f"A{column}" for column in columns]
    page.evaluate("window.broken = 'A3'")
    show(page, scene={"wells": {"rows": ["A"], "columns": columns, "present": names}})
    page.get_by_text("The store is gone.").wait_for()
    page.locator("[data-well=A24] img").wait_for()
    assert page.locator("[data-well=A1] img").count() == 0
    page.evaluate("window.broken = null")


def test_the_focus_goes_where_the_eyes_go(page: Page) -> None:
    show_plate(page)
    page.locator("[data-well='B 1']").focus()
    page.keyboard.press("Enter")
    page.locator(".bih-view-stage:focus").wait_for()
    page.get_by_role("button", name="All wells of the plate").focus()
    page.keyboard.press("Enter")
    page.locator("[data-well='B 1']:focus").wait_for()
    put(page, "well", "A-1")
    put(page, "problem", {"what": "Something failed."})
    page.get_by_role("button", name="Close the message").focus()
    page.keyboard.press("Enter")
    page.locator(".bih-view-stage:focus").wait_for()
    put(page, "well", None)
    page.locator("[data-well='A-1']:focus").wait_for()
    put(page, "problem", {"what": "Something failed."})
    page.get_by_role("button", name="Close the message").focus()
    page.keyboard.press("Enter")
    page.locator("[aria-label='All wells of the plate']:focus").wait_for()


def test_a_shape_at_another_time_is_not_deleted(page: Page) -> None:
    shape = {"id": "s", "kind": "point", "t": 2, "z": 0, "points": [[50, 60]], "name": ""}
    show(page, shapes=[shape], selected={"kind": "shape", "id": "s"})
    page.locator(".bih-view-stage").focus()
    for key in ("Delete", "Backspace"):
        page.keyboard.press(key)
        assert page.evaluate("window.model.get('shapes').length") == 1
    put(page, "t", 2)
    page.keyboard.press("Delete")
    assert page.evaluate("window.model.get('shapes').length") == 0


def test_an_image_that_is_being_opened(page: Page) -> None:
    show(page, scene={"layers": []})
    page.get_by_role("status").get_by_text("The image is being opened…").wait_for()
    put(page, "problem", {"what": "There is no such image."})
    page.get_by_role("status").get_by_text("There is nothing to show.").wait_for()
    put(page, "scene", SCENE)
    page.get_by_role("status").get_by_text("The image is shown.").wait_for()
    assert page.locator(".bih-view-nothing").count() == 0


def test_a_tile_that_failed_is_asked_for_again(page: Page) -> None:
    """With growing waits, a few times, and not once the view is closed."""
    times = page.evaluate(
        """async () => {
             const real = [window.setTimeout, window.clearTimeout, performance.now];
             let now = 0, due = [], number = 0;
             window.setTimeout = (act, wait) => { due.push({ act, at: now + wait, id: ++number }); return number; };
             window.clearTimeout = (id) => { due = due.filter((each) => each.id !== id); };
             performance.now = () => now;
             const life = new AbortController(), asked = [[], []], question = { layer: 'c0', level: 0 };
             const settle = async () => { for (let turn = 0; turn < 20; turn += 1) await null; };
             const run = async (until) => {
               for (;;) {
                 await settle();
                 due.sort((one, other) => one.at - other.at);
                 if (due.length === 0 || due[0].at > until) return;
                 const { act, at } = due.shift();
                 now = at;
                 act();
               }
             };
             const begin = (list) => {
               const tiles = new window.tiles.Tiles(async () => { list.push(now); throw new Error('gone'); }, {
                 life: life.signal, arrived() {}, failed() {}, again: () => tiles.want([question]),
               });
               tiles.want([question]);
             };
             begin(asked[0]);
             await run(1e9);
             now = 0;
             begin(asked[1]);
             await run(7000);
             life.abort();
             await run(1e9);
             [window.setTimeout, window.clearTimeout, performance.now] = real;
             return asked;
           }"""
    )
    assert times == [[0, 5000, 15_000, 35_000, 75_000], [0, 5000]]
