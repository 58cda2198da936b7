"""A real JupyterLab, as one user has it, whose notebooks a browser opens: on a hub, or a server of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import nbformat
import requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from playwright.sync_api import Locator, Page

START_SECONDS = 120
RUN_SECONDS = 180


class Lab:
    """What a test does with one user's JupyterLab, wherever that runs.

    Attributes
    ----------
    folder : Path
        Where its notebooks lie.
    url : str
        Of the server.
    """

    folder: Path
    url: str

    def ask(self, method: str, path: str) -> requests.Response:
        """Ask the server's API."""
        raise NotImplementedError

    def place(self, name: str) -> str:
        """Give the path by which the server knows what is in the folder."""
        return name

    def own(self, path: Path) -> None:
        """Give a file that the test wrote to the user of the server."""

    def enter(self, page: Page) -> None:
        """Log in, if the server wants it."""

    def end_sessions(self) -> None:
        """End all kernels."""
        # Those of Voila have no session.
        for kind in ("sessions", "kernels"):
            for each in self.ask("GET", f"/api/{kind}").json():
                self.ask("DELETE", f"/api/{kind}/{each['id']}").raise_for_status()

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        nbformat.write(notebook, path)
        self.own(path)
        return path

    def open(self, page: Page, name: str, front: str = "lab") -> None:
        """Open a notebook in JupyterLab (`lab`) or Notebook 7 (`notebooks`), and wait until its kernel is there."""
        self.enter(page)
        # A workspace of its own: otherwise JupyterLab opens again what was open before.
        workspace = f"/workspaces/{name.removesuffix('.ipynb')}/tree" if front == "lab" else ""
        page.goto(f"{self.url}/{front}{workspace}/{self.place(name)}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.evaluate(
            """async ([name, seconds]) => {
                 const late = Date.now() + seconds * 1000;
                 const panels = () => [...window.jupyterapp.shell.widgets('main')];
                 const panel = () => panels().find((each) => each.context?.path === name);
                 while (!panel() || panel().sessionContext.session?.kernel?.connectionStatus !== 'connected') {
                   if (Date.now() > late) throw new Error('there is no kernel');
                   await new Promise((later) => setTimeout(later, 50));
                 }
               }""",
            [self.place(name), RUN_SECONDS],
        )

    def run(self, page: Page) -> None:
        """Run all cells of the notebook that is open, and wait until they are done; a failed cell fails the test."""
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        kinds = ("stderr", "error")
        failed = page.locator(", ".join(f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in kinds))
        assert failed.count() == 0, failed.first.inner_text()

    def show(self, page: Page, name: str, *cells: str) -> None:
        """Run cells in a notebook that stays open from test to test: a page and a kernel for each cost seconds."""
        if page.locator(".jp-Notebook").count() == 0:
            self.write(name, [""])
            self.open(page, name)
        page.evaluate(
            """(cells) => {
                 const notebook = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
                 notebook.transact(() => {
                   notebook.deleteCellRange(0, notebook.cells.length);
                   notebook.insertCells(0, cells.map((source) => ({ cell_type: 'code', source })));
                 });
               }""",
            list(cells),
        )
        self.run(page)

    def save(self, page: Page, name: str) -> dict[str, Any]:
        """Save the notebook that is open, and give what is in the file."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        found: dict[str, Any] = json.loads((self.folder / name).read_text())
        return found

    def evaluate(self, page: Page, code: str) -> Any:
        """Run Python in the kernel of the notebook that is open; give what the last expression prints as JSON.

        It runs beside the cells: nothing of it is in the notebook.
        """
        text = page.evaluate(
            """async (code) => {
                 const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                 const future = kernel.requestExecute({ code, store_history: false });
                 let text = '';
                 future.onIOPub = (message) => {
                   if (message.header.msg_type === 'stream') text += message.content.text;
                   if (message.header.msg_type === 'error') text = 'Error: ' + message.content.traceback.join('\\n');
                 };
                 await future.done;
                 return text;
               }""",
            f"import json as _json\nprint(_json.dumps({code}))" if "\n" not in code else code,
        )
        assert not text.startswith("Error: "), text
        return json.loads(text.splitlines()[-1]) if text.strip() else None


class RunningLab(Lab):
    """JupyterLab on loopback without a password; its notebooks lie in a folder of the test."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str] | None = None, python: Path | str = sys.executable
    ) -> None:
        self.folder = folder / "notebooks"
        self.folder.mkdir(parents=True)
        self._log = folder / "lab.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        jupyter = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = {
            "ServerApp.token": "", "ServerApp.password": "", "ServerApp.allow_root": "True",
            "ServerApp.port_retries": "0", "ServerApp.disable_check_xsrf": "True",
            "ServerApp.ip": "127.0.0.1", "ServerApp.port": str(self.port), "ServerApp.root_dir": str(self.folder),
            "LabApp.expose_app_in_browser": "True", "LabApp.news_url": "", "LabApp.collaborative": "False",
        }  # fmt: skip
        command = [python, "-m", "jupyterlab", "--no-browser"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *(f"--{key}={each}" for key, each in options.items())],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env=os.environ | jupyter | {"IPYTHONDIR": str(folder / "ipython")} | dict(environment or {}),
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if requests.get(f"{self.url}/api/status", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            failed = self._process.poll() is not None or time.monotonic() > deadline
            assert not failed, f"JupyterLab did not start:\n{self._log.read_text()[-4000:]}"
            time.sleep(0.1)

    def ask(self, method: str, path: str) -> requests.Response:
        """Ask the server's API."""
        return requests.request(method, f"{self.url}{path}", timeout=60)

    def stop(self) -> None:
        """End the server and its kernels."""
        self.end_sessions()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


def set_theme(page: Page, name: str) -> None:
    """Change the theme to `Light` or `Dark`, and wait until JupyterLab is done with it.

    It takes its splash from the page a fifth of a second after the change, and fails at that if there was a second
    change meanwhile.
    """
    theme = f"JupyterLab {name}"
    page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function(
        "(theme) => document.body.dataset.jpThemeName === theme && !document.getElementById('jupyterlab-splash')",
        arg=theme,
    )


def find_widget(page: Page, name: str) -> Locator:
    """Find the outermost element of a widget of ours, such as `browse`."""
    found = page.locator(f".bih-{name}")
    found.first.wait_for()
    return found.first
