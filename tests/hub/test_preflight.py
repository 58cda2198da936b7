"""What is checked before a start, and what is said."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from bioimagehub.hub import preflight
from bioimagehub.hub.errors import PreflightError
from bioimagehub.hub.settings import OAuth, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named(taken_port: int) -> None:
    finding = preflight.check_ports(Settings(port=taken_port))
    assert finding.kind == "bad"
    assert f"port {taken_port} (Address already in use)" in finding.text
    assert "set other ports" in finding.text


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**12, 10**12, 10**6))
    finding = preflight.check_disk(Settings(state=tmp_path / "not yet"))
    assert finding.kind == "bad"
    assert "only 0.0 GB free" in finding.text
    assert "Make room or move the state folder" in finding.text


def test_a_state_folder_that_cannot_be_written_is_named() -> None:
    # /proc refuses new folders to root too.
    finding = preflight.check_state(Settings(state=Path("/proc/hub")))
    assert finding.kind == "bad"
    assert "cannot write to the state folder /proc/hub" in finding.text
    assert "Set `state`" in finding.text


def test_other_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioimagehub.hub.versions.TESTED", {"tornado": ("1.0", "2.0"), "no-such-package": ("1", "2")})
    finding = preflight.check_versions(Settings())
    assert finding.kind == "bad"
    assert "no-such-package is not installed, tested is 1 up to before 2" in finding.text
    assert "tested is 1.0 up to before 2.0" in finding.text
    assert "make hub" in finding.text


def test_a_missing_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("sys.executable", "/no/python")
    finding = preflight.check_proxies(Settings())
    assert finding.kind == "bad"
    assert "traefik, dask-gateway-proxy" in finding.text
    assert "pip install 'bioimagehub[hub]'" in finding.text


PROVIDER: dict[str, Any] = {
    "provider": "github", "client_id": "a", "client_secret_file": Path("/x"), "callback_url": "https://x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (Settings(isolation="shared", users=["ann"]), "note"),
        (Settings(isolation="shared", users=["ann"], admins=["ann"]), "note"),
        (Settings(isolation="shared", users=["ann", "bob"]), "bad"),
        (Settings(isolation="shared", users=["ann"], admins=["root-admin"]), "bad"),
        (Settings(isolation="shared", users=["ann", "bob"], trust_each_other=True), "note"),
        (Settings(isolation="shared", oauth=OAuth(**PROVIDER, allowed_groups=["lab"])), "bad"),
        (Settings(isolation="shared", oauth=OAuth(**PROVIDER, allowed_users=["ann"])), "note"),
    ],
)
def test_one_trust_domain_admits_one_user_unless_told(settings: Settings, kind: str) -> None:
    finding = preflight.check_isolation(settings)
    assert finding.kind == kind
    assert "one trust domain" in finding.text
    assert ("trust_each_other: true" in finding.text) == (kind == "bad")


def test_users_are_kept_apart_for_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        assert preflight.check_isolation(Settings(isolation="uid")).kind == "good"
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    finding = preflight.check_isolation(Settings(isolation="uid"))
    assert finding.kind == "bad"
    assert "Start the hub as root" in finding.text


def test_a_python_that_users_cannot_run_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert "CI" not in os.environ
        pytest.skip("another uid needs root")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").symlink_to(sys.executable)
    monkeypatch.setattr(preflight, "needed_paths", lambda _: [])
    monkeypatch.setattr("sys.executable", str(closed / "python"))
    finding = preflight.check_isolation(Settings(isolation="uid"))
    assert finding.kind == "bad"
    assert "under a private uid cannot run" in finding.text
    assert "Install Python and the hub where all users can read them" in finding.text


def test_no_control_groups_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "find_controllers", lambda: None)
    finding = preflight.check_limits(Settings())
    assert finding.kind == "note"
    assert "NOT limited" in finding.text


def _with_portal(**portal: object) -> Settings:
    return Settings.model_validate({"portal": portal})


def test_a_sandbox_is_said() -> None:
    finding = preflight.check_sandbox(_with_portal())
    assert finding.kind == "good", finding.text
    assert finding.text.endswith("/bwrap")
    assert preflight.check_sandbox in preflight.CHECKS


@pytest.mark.parametrize("isolation", ["shared", "uid"])
def test_no_sandbox_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, isolation: str) -> None:
    """Of one that is not installed, and of one that this machine does not let work."""
    settings = _with_portal().model_copy(update={"isolation": isolation})
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = preflight.check_sandbox(settings)
    assert missing.kind == "note"
    assert "methods of participants are NOT taken, predictions are" in missing.text
    assert "bwrap is not installed" in missing.text
    assert "Install Bubblewrap (Debian: bubblewrap)" in missing.text


def test_a_sandbox_that_does_not_work_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bwrap").symlink_to("/usr/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))
    broken = preflight.check_sandbox(_with_portal().model_copy(update={"isolation": "shared"}))
    assert broken.kind == "note"
    assert "does not work" in broken.text
    assert "Allow user namespaces" in broken.text


@pytest.mark.parametrize("portal", [{"methods": False}, {"enabled": False}])
def test_where_no_methods_are_taken_no_sandbox_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, portal: dict[str, bool]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = preflight.check_sandbox(_with_portal(**portal))
    assert (finding.kind, finding.text) == ("good", "none is needed: the settings take no methods")


def test_missing_catalogs_are_named() -> None:
    finding = preflight.check_files(Settings(catalogs=[Path("/no/catalog.yml")]))
    assert finding.kind == "bad"
    assert "/no/catalog.yml" in finding.text


def test_all_failures_are_told_at_once(taken_port: int, tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, port=taken_port, catalogs=[Path("/no/catalog.yml")])
    with pytest.raises(PreflightError) as caught:
        preflight.require_ready(settings)
    assert "2 of 10 checks failed" in str(caught.value)
    assert "  ports: cannot listen" in str(caught.value)
    assert "  files: not found" in str(caught.value)
