"""What front ends that are no page of Jupyter ask of a widget, as VS Code does, which is not run here."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from bioimagehub.hub.installed import installed_path
from bioimagehub.widgets import browse, challenge, cluster, download, view
from servers.browser import open_page
from servers.viewed import colour_at, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from bioimagehub.widgets.widget import HubWidget

MEGABYTE = 10**6
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
FORBIDDEN = {
    "an import": r"^\s*import\b|\bimport\s*\(|^\s*export\b[^;{]*\bfrom\b",
    "a host": r"""["'`](?:https?:)?//(?!www\.w3\.org/|doi\.org/)\w""",
    "another kind of module": r"\b(?:require|define)\s*\(|\brequirejs\b",
    "a connection": r"(?<![.\w])fetch\s*\(\s*[\"'`]|\bnew \w*Worker\b|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b"
    r"|\bsendBeacon\b",
    "text as code": r"\beval\s*\(|\bnew Function\b|\bset(?:Timeout|Interval)\s*\(\s*[\"'`]",
    "the host's own": r"\bjupyterapp\b|\b(?:window|globalThis)\.(?:[jJ]upyter|IPython|google|require)\b"
    r"|\bacquireVsCodeApi\b|dataset\.jp|data-jp-|[\"'`.]jp-",
    "what the browser keeps": r"\b(?:local|session)Storage\b|\bindexedDB\b|document\.cookie\b",
    "a window": r"\bwindow\.(?:open|parent|top)\b|(?<![.\w])(?:alert|confirm|prompt)\s*\(",
}
PAGE = """<!doctype html><html lang="en"><head><title>A plain page</title><style>
  :root { --vscode-editor-background: #1f1f1f; --vscode-editor-foreground: #cccccc;
          --vscode-sideBar-background: #181818 }
  body { background: #1f1f1f; color: #cccccc }
</style></head><body><main></main></body></html>"""
DRAW = """
async ([source, style, state]) => {
  document.head.append(Object.assign(document.createElement('style'), { textContent: style }));
  const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const heard = {};
  const tell = (event, ...what) => (heard[event] ?? []).forEach((each) => each(...what));
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer);
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; tell(`change:${name}`); },
    save_changes() {}, off() {},
    on: (events, call) => events.split(' ').forEach((event) => (heard[event] ??= []).push(call)),
    send(message) {
      (message.all ?? [message]).filter((each) => each.ask).forEach(async (each) => {
        const [content, buffers] = await window.askKernel(each);
        tell('msg:custom', content, buffers.map(bytes));
      });
    },
  };
  const el = document.querySelector('main').appendChild(document.createElement('div'));
  await widget.render({ model, el, signal: new AbortController().signal });
}
"""


@pytest.fixture(scope="module")
def widgets(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, HubWidget]]:
    image = np.zeros((300, 400, 3), np.uint8)
    image[:] = 30, 180, 40
    got = download("samples:nuclei-3d", folder=tmp_path_factory.mktemp("got") / "set")
    got.wait(60)
    picture = view(image, axes="yxc", height=320)
    picture.wait(60)
    made = {
        "browse": browse(text="nuclei", height=320),
        "view": picture,
        "download": got,
        "challenge": challenge(installed_path("notebooks") / "challenges" / "nuclei-2d"),
        "cluster": cluster(),
    }
    yield made
    for each in made.values():
        each.close()


NAMES = pytest.mark.parametrize("name", ["browse", "challenge", "cluster", "download", "view"])


def state_of(widget: HubWidget) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.dumps(widget.get_state(), default=str))
    return state


@NAMES
def test_a_script_needs_nothing_of_the_page(widgets: dict[str, HubWidget], name: str) -> None:
    script = re.sub(r"^\s*(?://|\*|/\*).*$", "", state_of(widgets[name])["_esm"], flags=re.MULTILINE)
    found = {what: re.findall(pattern, script, re.MULTILINE) for what, pattern in FORBIDDEN.items()}
    assert {what: texts for what, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "line",
    [
        'import { a } from "./page.js";', 'await import("x")', 'export * from "x";', 'load("https://example.org")',
        'const a = require("x");', 'fetch("/x")', "new WebSocket(x)", "eval(x)", "window.jupyterapp.commands",
        'document.body.dataset.jpThemeName', "localStorage.x", "window.open(x)", 'confirm("Sure?")', '".jp-Cell"',
    ],
)  # fmt: skip
def test_a_script_that_does_is_found(line: str) -> None:
    assert any(re.search(pattern, line, re.MULTILINE) for pattern in FORBIDDEN.values())


@NAMES
def test_styles_do_without_those_of_the_page(widgets: dict[str, HubWidget], name: str) -> None:
    state = state_of(widgets[name])
    styles, script = state["_css"], state["_esm"]
    assert re.findall(r"var\(\s*--(?:jp|vscode)-[\w-]+\s*\)", styles + script) == []
    used = set(re.findall(r"var\(\s*(--bih-[\w-]+)\s*\)", styles + script))
    assert used
    assert used <= set(re.findall(r"(--bih-[\w-]+)[\"']?\s*[:,]", styles + script))
    assert re.findall(r"@import|url\(\s*[\"']?(?!data:)", styles) == []


@NAMES
def test_the_first_message_is_small(widgets: dict[str, HubWidget], name: str) -> None:
    assert len(json.dumps(state_of(widgets[name]))) < MEGABYTE


def test_the_code_of_anywidget_lies_where_vs_code_looks() -> None:
    folder = Path(sys.prefix) / "share" / "jupyter" / "nbextensions" / "anywidget"
    assert "AnyModel" in (folder / "index.js").read_text()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that is not one of Jupyter's, in the dark colours of VS Code."""
    with open_page(1000, 1200) as (page, hosts):
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert hosts <= {""}
        assert errors == []


@pytest.mark.browser
@NAMES
def test_it_is_drawn_and_readable(widgets: dict[str, HubWidget], page: Page, name: str) -> None:
    widget, state = widgets[name], state_of(widgets[name])
    page.goto("about:blank")
    page.set_content(PAGE)

    def answer(message: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        found, sent = widget._find_answer(message, [], threading.Event())
        content: dict[str, Any] = json.loads(json.dumps({"answer": message["id"], **found}))
        return content, [base64.b64encode(each).decode() for each in sent]

    page.evaluate("delete window.askKernel")
    with page.expose_function("askKernel", answer):
        page.evaluate(DRAW, [state["_esm"], state["_css"], state])
        drawn = page.locator(f".bih-{name}")
        drawn.wait_for()
        if name == "browse":
            drawn.locator(".bih-list[aria-busy=false] .bih-row .bih-title", has_text="uclei").first.wait_for()
        if name == "view":
            settle(drawn)
            assert colour_at(drawn, 0.5, 0.5) == [30, 180, 40]
        if name == "download":
            drawn.get_by_role("treeitem").first.wait_for()
        checked = Axe().run(page, context=".bih", options=RULES)
        assert checked.violations_count == 0, checked.generate_report()
        assert page.locator(".bih-problem:visible").count() == 0
