"""The JupyterLab that a user of a real hub has: behind the proxy, confined, in the user's home."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.hub.isolation import Isolation
from bioimagehub.hub.settings import load_settings
from servers.browser import log_in
from servers.lab import Lab

if TYPE_CHECKING:
    import requests
    from playwright.sync_api import Page

    from servers.hub import RunningHub
    from servers.person import Person

EXPOSED = {"expose_app_in_browser": True}
"""What tests speak to is the application in the page; a user may ask for it."""
VOILA_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve-a-page-of-widgets.md"
VOILA_FILES = {
    "python": ".jupyter/voila.py",
    "text": ".local/share/jupyter/voila/templates/local/index.html.j2",
    "json": ".local/share/jupyter/voila/templates/local/conf.json",
}
"""Where the first block of each language on that page goes to."""


def make_home(hub: RunningHub, user: str) -> Path:
    """Make the home of a user whose server has not been started yet, configured as the tests need it."""
    home = hub.state / "homes" / user
    files = {".jupyter/jupyter_server_config.json": json.dumps({"LabApp": EXPOSED, "JupyterNotebookApp": EXPOSED})}
    blocks = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```", VOILA_PAGE.read_text(), re.MULTILINE | re.DOTALL)
    # The first of a language stays: the later ones come first here.
    found = dict(reversed(blocks))
    files |= {path: found[language] for language, path in VOILA_FILES.items()}
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    give(home, Isolation.of(load_settings(hub.settings_file)).uid(user))
    return home


def give(path: Path, uid: int) -> None:
    """Make a file, or a folder with all in it, a user's. Without root it is already: all users have one uid."""
    if uid == os.geteuid():
        return
    for each in (path, *path.rglob("*")):
        os.lchown(each, uid, uid)


class HubLab(Lab):
    """One folder in the home of a user whose server runs.

    Parameters
    ----------
    hub : RunningHub
    person : Person
        Whose server it is.
    name : str
        Of the folder, which is made.
    """

    def __init__(self, hub: RunningHub, person: Person, name: str) -> None:
        self.url = person.base
        self._hub, self._person, self._name = hub, person, name
        home = hub.state / "homes" / person.name
        self._uid = home.stat().st_uid
        self.folder = home / name
        self.folder.mkdir()
        self.own(self.folder)

    def ask(self, method: str, path: str) -> requests.Response:
        """Ask the API of the user's server, as the user."""
        return self._person.ask(method, path)

    def place(self, name: str) -> str:
        """Give the path from the home on, which is what the server shows."""
        return f"{self._name}/{name}"

    def own(self, path: Path) -> None:
        """Give a file, or a folder with all in it, to the user; others cannot write it, and the user sees no others."""
        give(path, self._uid)

    def take(self, path: Path, name: str | None = None) -> Path:
        """Copy a file or a folder into the folder of the notebooks."""
        copy = self.folder / (name or path.name)
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copy(path, copy)
        self.own(copy)
        return copy

    def enter(self, page: Page) -> None:
        """Fill in the log-in form, once a browser."""
        if not any(each["name"] == "jupyterhub-hub-login" for each in page.context.cookies(f"{self._hub.url}/hub/")):
            log_in(page, self._hub.url, self._person.name, self._person.password, "/hub/home")
            page.wait_for_url("**/hub/home")
