"""Questions to the kernel and the clipboard, as the page has them: modules alone in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.widgets.scripts import join_scripts
from servers.browser import load_module, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ASK = """
async (content) => {
  const sent = [];
  let answer;
  const ask = window.asking.makeAsking({ on: (_, receive) => { answer = receive; }, send: (each) => sent.push(each) });
  try {
    const answered = ask('rows', content);
    await null;
    if (sent.length) answer({ answer: sent[0].id, rows: 3 });
    return { sent, answered: await answered };
  } catch (error) {
    return { sent, parts: error.parts };
  }
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page(400, 300) as (page, _):
        page.goto("about:blank")
        for name in ("asking", "copying"):
            load_module(page, name, join_scripts(f"{name}.js"))
        yield page


def test_an_answer_finds_its_question(page: Page) -> None:
    found = page.evaluate(ASK, {"offset": 2})
    (sent,) = found["sent"]
    assert {**sent, "id": 0} == {"offset": 2, "ask": "rows", "id": 0}
    assert found["answered"]["content"]["rows"] == 3


def test_what_is_said_at_once_is_one_message(page: Page) -> None:
    sent = page.evaluate(
        """async () => {
             const sent = [];
             const model = { on() {}, send: (message, _, buffers) => sent.push([message, buffers?.length ?? 0]) };
             const ask = window.asking.makeAsking(model);
             const stops = [0, 1, 2].map(() => new AbortController());
             const asked = stops.map(({ signal }, row) => ask('rows', { row }, { signal }));
             for (const each of asked) each.catch(() => {});
             stops[1].abort();
             await null;
             stops[0].abort();
             ask('rows', { row: 3 });
             ask('keep', {}, { buffers: [new Uint8Array(1)] });
             stops[2].abort();
             await null;
             return sent;
           }"""
    )
    first = sent[0][0]["all"][0]["id"]
    rows = [[each.get("row", each.get("cancel")) for each in message.get("all", [message])] for message, _ in sent]
    assert rows == [[0, 2], [[first], 3], [None], [[first + 2]]]
    assert [buffers for _, buffers in sent] == [0, 0, 1, 0]


@pytest.mark.parametrize("field", ["all", "ask", "cancel", "id"])
def test_a_question_keeps_its_own_fields(page: Page, field: str) -> None:
    found = page.evaluate(ASK, {field: "mine", "offset": 2})
    assert found["sent"] == []
    assert found["parts"] == {
        "what": "The question rows was not asked.",
        "found": f"Its content has the field {field}, which is the question's own.",
        "cure": "Give the field another name.",
    }


LOSE = """
async (how) => {
  const heard = {}, seen = [];
  const stop = new AbortController();
  const connected = new Set();
  const statusChanged = { connect: (each) => connected.add(each), disconnect: (each) => connected.delete(each) };
  const model = {
    on: (name, called) => { heard[name] = called; },
    off: (name) => { delete heard[name]; },
    send: () => { if (how === 'send') throw new Error('Kernel is dead'); },
    widget_manager: how === 'hidden' ? undefined : { kernel: { statusChanged } },
  };
  const ask = window.asking.makeAsking(model, stop.signal);
  const see = (error) => seen.push(error.parts);
  const asked = [ask('rows').catch(see), ask('keep', {}, { buffers: [new Uint8Array(1)] }).catch(see)];
  await null;
  if (how === 'hidden' || how === 'comm') heard.comm_live_update();
  else for (const each of connected) each(null, how);
  let settled = false;
  const all = Promise.all([...asked, ask('rows').catch(see)]).then(() => { settled = true; });
  if (how === 'busy') await new Promise((later) => setTimeout(later));
  else await all;
  stop.abort();
  return { seen, settled, left: Object.keys(heard).length + connected.size };
}
"""
LOST = {
    "what": "The kernel does not answer.",
    "found": "It was restarted or has ended, and the widget with it.",
    "cure": "Run the cell again.",
}


@pytest.mark.parametrize("how", ["hidden", "comm", "restarting", "autorestarting", "dead"])
def test_a_kernel_that_lost_the_widget_ends_all_questions(page: Page, how: str) -> None:
    assert page.evaluate(LOSE, how) == {"seen": [LOST] * 3, "settled": True, "left": 0}


def test_a_kernel_that_is_slow_is_waited_for(page: Page) -> None:
    assert page.evaluate(LOSE, "busy") == {"seen": [], "settled": False, "left": 0}


def test_a_question_that_cannot_be_sent_is_told(page: Page) -> None:
    found = page.evaluate(LOSE, "send")["seen"]
    assert sorted(one["what"] for one in found) == [
        "The question keep was not sent.",
        "The question rows was not sent.",
        "The question rows was not sent.",
    ]
    assert {(one["found"], one["cure"]) for one in found} == {("Kernel is dead", "Run the cell again.")}


def test_a_copied_text_leaves_the_focus_where_it_is(page: Page) -> None:
    """A page without TLS, as of a hub on a private network, has the old command alone."""
    assert not page.evaluate("window.isSecureContext")
    page.set_content("<button>Copy</button><textarea></textarea>")
    page.evaluate(
        """() => document.querySelector('button').addEventListener('click', async (event) => {
             event.target.textContent = await window.copying.copyText('samples:nuclei-3d');
           })"""
    )
    page.get_by_role("button").press("Enter")
    page.get_by_role("button", name="true").wait_for()
    assert page.evaluate("document.activeElement.localName") == "button"
    assert page.locator("textarea").count() == 1
    page.locator("textarea").press("Control+V")
    assert page.locator("textarea").input_value() == "samples:nuclei-3d"
