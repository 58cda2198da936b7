"""A user's Jupyter server: what it loads, and what it leaves to those who want it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from traitlets.config import Config

from bioimagehub.hub.dashboards import KEY_VARIABLE
from bioimagehub.hub.installed import installed_path
from bioimagehub.hub.server import KernelSpecs, setup_server
from locks import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Extensions of packages that are here because widgets are tested in them; a server has what is installed.
FOR_TESTS = {"notebook": "notebook", "voila.server_extension": "voila"}
# The server as it is before it listens. An audit hook sees every program that it starts.
LOOK = """
import json, sys
programs = []
sys.addaudithook(lambda event, found: programs.append(str(found[0])) if event == "subprocess.Popen" else None)
from jupyter_server.serverapp import ServerApp
app = ServerApp()
app.initialize(["--allow-root", "--no-browser", "--ServerApp.port=0"], new_httpserver=False)
found = [name for name, extension in app.extension_manager.extensions.items() if extension.enabled]
print(json.dumps({
    "extensions": found, "modules": list(sys.modules), "programs": programs,
    "transport": app.config.KernelManager.transport,
    "root": app.root_dir,
}))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A folder with a Node in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("node", "npm"):
        (folder / name).write_text("#!/bin/sh\necho {}\n")
        (folder / name).chmod(0o755)
    return folder


def look(home: Path, *folders: Path) -> dict[str, Any]:
    environment = {
        "HOME": str(home),
        "PATH": os.pathsep.join([*map(str, folders), os.defpath]),
        "JUPYTER_CONFIG_PATH": str(installed_path("deploy")),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "BIOIMAGEHUB_GATEWAY_PORT": "1",
        KEY_VARIABLE: "key",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_it_has_what_users_need_and_nothing_that_serves_nobody(home: Path, node: Path) -> None:
    found = look(home, node)
    expected = {"jupyter_server_proxy", "jupyter_server_terminals", "jupyterlab"}
    assert set(found["extensions"]) == expected | set(FOR_TESTS)
    for name in ("base", "analysis", "hub"):
        assert not set(FOR_TESTS.values()) & {pin.name for pin in read_lock(name)}
    assert "IPython" not in found["modules"]
    assert not [program for program in found["programs"] if "node" in program or "npm" in program]
    assert found["root"] == str(home)
    assert found["transport"] == "ipc"


@pytest.mark.parametrize("file", ["jupyter_server_config.json", "jupyter_server_config.d/own.json"])
def test_a_user_enables_the_others(home: Path, file: str) -> None:
    settings = home / ".jupyter" / file
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"jupyter_lsp": True}}}))
    found = look(home)["extensions"]
    assert "jupyter_lsp" in found
    assert "notebook_shim" not in found


@pytest.fixture
def configured(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Returns the configuration that the hub makes for a server in this home."""
    for name, value in {"HOME": str(home), "BIOIMAGEHUB_GATEWAY_PORT": "1", KEY_VARIABLE: "key"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JUPYTER_CONFIG_DIR", raising=False)

    def configure() -> Any:
        c = Config()
        setup_server(c)
        return c

    return configure


@pytest.mark.parametrize("text", ["{broken", "[]", '{"ServerApp": null}', '{"ServerApp": {"jpserver_extensions": 1}}'])
def test_a_broken_configuration_of_the_user_takes_nothing_from_the_hubs(
    home: Path, configured: Callable[[], Any], text: str
) -> None:
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "jupyter_server_config.json").write_text(text)
    assert configured().ServerApp.jpserver_extensions == {"jupyter_lsp": False, "notebook_shim": False}


def test_a_home_that_takes_no_notebooks_opens_all_the_same(
    home: Path, configured: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    (home / "originals").write_text("in the way")
    assert configured().KernelManager.transport == "ipc"
    assert str(home / "originals") in caplog.text


def test_kernels_are_found_where_jupyter_finds_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert KernelSpecs().kernel_dirs == KernelSpecManager().kernel_dirs
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    assert KernelSpecs().kernel_dirs == KernelSpecManager().kernel_dirs
    assert KernelSpecs().kernel_dirs[-1] == str(tmp_path / "kernels")
