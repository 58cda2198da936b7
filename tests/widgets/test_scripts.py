"""The one module that a notebook loads, out of many files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bioimagehub.widgets import scripts
from servers.browser import open_page

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "main.js": """
import { two, three as drei } from "./parts/numbers.js";
import {
  Sum,
} from "./sum.js";
const hidden = 5;
export default { value: new Sum(two(), drei).total + hidden };
""",
    "sum.js": """
import { hidden } from "./parts/hidden.js";
export class Sum {
  constructor(...parts) { this.total = parts.reduce((a, b) => a + b, hidden); }
}
""",
    "parts/numbers.js": """
import { hidden } from "./hidden.js";
export function two() { return 2 + hidden; }
export const three = 3;
""",
    "parts/hidden.js": "export const hidden = 0;\n",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "parts").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(scripts, "FOLDER", tmp_path)
    return tmp_path


def test_each_module_is_there_once_before_what_imports_it(files: Path) -> None:
    joined = scripts.join_scripts("main.js")
    places = [joined.index(f"const {name} =") for name in ("$parts_hidden_js", "$parts_numbers_js", "$sum_js")]
    assert places == sorted(places)
    assert all(joined.count(f"const {name} =") == 1 for name in ("$parts_hidden_js", "$parts_numbers_js", "$sum_js"))
    assert "import " not in joined
    assert joined.count("export ") == 1


@pytest.mark.browser
def test_the_joined_module_runs_in_a_browser(files: Path) -> None:
    """Its parts do not see each other's names: `hidden` is 5 in one and 0 in others."""
    with open_page() as (page, _):
        page.goto("about:blank")
        value = page.evaluate(
            """async (text) => {
                 const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
                 return (await import(address)).default.value;
               }""",
            scripts.join_scripts("main.js"),
        )
    assert value == 10


def test_modules_that_import_each_other_are_refused(files: Path) -> None:
    (files / "parts" / "hidden.js").write_text('import { two } from "./numbers.js";\n')
    with pytest.raises(
        ImportError, match=r"parts/numbers\.js > parts/hidden\.js > parts/numbers\.js import each other"
    ):
        scripts.join_scripts("main.js")


def test_our_scripts_load_nothing_from_elsewhere() -> None:
    texts = {path: path.read_text() for path in scripts.FOLDER.rglob("*.js")}
    assert texts
    for path, text in texts.items():
        assert "import(" not in text, path
        assert "innerHTML" not in text, path
        foreign = [line for line in text.splitlines() if "http://" in line or "https://" in line]
        # The name of SVG, and links that a person may follow, are not loaded.
        assert not [line for line in foreign if not re.search(r"www\.w3\.org|href: `https://doi\.org/", line)], path
        assert len(text.splitlines()) <= 400, f"{path} is long: split it"
