"""What all widgets put on the page: numbers are written alike everywhere."""

from __future__ import annotations

import pytest

from bioimagehub.widgets.scripts import FOLDER
from servers.browser import load_module, open_page

pytestmark = pytest.mark.browser

CALLS = {
    "duration(0.2)": "1 s",
    "duration(59.5)": "1 min 0 s",
    "duration(75)": "1 min 15 s",
    "duration(119.7)": "2 min 0 s",
    "duration(7190)": "1 h 59 min",
    "duration(7260)": "2 h 1 min",
    "duration(null)": "unknown",
    "count(1234567)": "1\u202f234\u202f567",
    "bytes(999_400)": "999 kB",
    "bytes(999_600)": "1.0 MB",
}


def test_numbers_are_written_as_people_read_them() -> None:
    with open_page() as (page, _):
        page.goto("about:blank")
        load_module(page, "written", (FOLDER / "page.js").read_text())
        found = page.evaluate("(calls) => calls.map((call) => eval(`written.${call}`))", list(CALLS))
    assert dict(zip(CALLS, found, strict=True)) == CALLS
