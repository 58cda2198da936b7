"""A real Chromium for tests, which may ask the loopback interface alone."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DEADLINE_MS = 180_000


def find_chromium() -> str:
    """Return the path of Chromium.

    A test that drives it fails where there is none: ``make test`` installs it.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found is not None, f"no Chromium on PATH (looked for {', '.join(NAMES)}); `make test` installs it"
    return found


@contextmanager
def open_page(width: int = 1400, height: int = 900) -> Iterator[tuple[Page, set[str]]]:
    """Open a page in a new browser; give it with the set of the hosts that it asks."""
    hosts: set[str] = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.set_default_timeout(DEADLINE_MS)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
        try:
            yield page, hosts
        finally:
            context.close()
            browser.close()


@contextmanager
def open_sound_page(width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """Open a page that may throw no error and ask no host but loopback: what it did is looked at when it is closed."""
    with open_page(width, height) as (page, hosts):
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert hosts <= {"127.0.0.1", "localhost", ""}
        assert errors == []


def load_module(page: Page, name: str, source: str) -> None:
    """Give the page a JavaScript module as `window[name]`."""
    page.evaluate(
        """async ([name, source]) => {
             window[name] = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
           }""",
        [name, source],
    )


def log_in(page: Page, url: str, name: str, password: str, then: str = "") -> None:
    """Fill in the log-in form; after it comes the user's server, or another page of the hub."""
    page.goto(f"{url}/hub/login{then and f'?next={then}'}")
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")
