"""What is checked before a hub starts. Each check has the same shape: settings in, one finding out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bioimagehub.hub.cgroups import find_controllers
from bioimagehub.hub.errors import PreflightError
from bioimagehub.hub.gateway_proxy import gateway_proxy_path
from bioimagehub.hub.isolation import (
    SHARED_NOTICE,
    UIDS,
    hidden_above,
    isolation_kind,
    needed_paths,
)
from bioimagehub.hub.proxy import proxy_path
from bioimagehub.hub.versions import untested_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.hub.settings import Settings

SERVER_MEMORY = 200 * 1024**2
DISK_NEEDED = 1024**3


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        What was checked.
    kind : {"good", "note", "bad"}
        ``bad`` keeps the hub from starting; a ``note`` is something that the operator should know.
    text : str
        What was found, and for a bad finding what to do.
    """

    name: str
    kind: Literal["good", "note", "bad"]
    text: str


def check_state(settings: Settings) -> Finding:
    """Check that the state folder can be written."""
    folder = settings.state
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    probe = existing / f".bioimagehub-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        text = (
            f"cannot write to the state folder {folder}: {error.strerror} in {existing}. "
            "Set `state` (or BIOIMAGEHUB_STATE) to a folder that this user can write."
        )
        return Finding("state folder", "bad", text)
    return Finding("state folder", "good", str(folder))


def check_disk(settings: Settings) -> Finding:
    """Check that there is room on the disk of the state folder."""
    existing = next(path for path in (settings.state, *settings.state.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 1024**3:.1f} GB free at {existing}"
    if free < DISK_NEEDED:
        text = f"only {text}, at least {DISK_NEEDED / 1024**3:.0f} GB is needed. Make room or move the state folder."
        return Finding("disk", "bad", text)
    return Finding("disk", "good", text)


def check_ports(settings: Settings) -> Finding:
    """Check that nothing else listens on the hub's ports."""
    wanted = {"port": settings.port, **{f"ports.{k}": v for k, v in settings.ports.model_dump().items()}}
    taken = []
    for name, port in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.address if name == "port" else "127.0.0.1", port))
            except OSError as error:
                taken.append(f"{name} {port} ({error.strerror})")
    if taken:
        text = (
            f"cannot listen on {', '.join(taken)}: expected were free ports. Stop what listens there "
            "(`ss -ltnp` names it), or set other ports."
        )
        return Finding("ports", "bad", text)
    return Finding("ports", "good", ", ".join(str(port) for port in wanted.values()))


def check_versions(settings: Settings) -> Finding:  # noqa: ARG001 (each check takes the settings)
    """Check that the installed packages are those that the hub is tested with."""
    problems = untested_versions()
    if problems:
        text = "; ".join(problems) + ". Install the locked versions: `make hub` does."
        return Finding("versions", "bad", text)
    return Finding("versions", "good", "all within the tested matrix")


def check_proxies(settings: Settings) -> Finding:  # noqa: ARG001 (each check takes the settings)
    """Check that both proxies are there."""
    missing = []
    if not os.access(proxy_path(), os.X_OK):
        missing.append("traefik")
    gateway = gateway_proxy_path()
    if gateway is None or not os.access(gateway, os.X_OK):
        missing.append("dask-gateway-proxy")
    if missing:
        text = f"not found: {', '.join(missing)}. Install the extra `hub`: `pip install 'bioimagehub[hub]'`."
        return Finding("proxies", "bad", text)
    return Finding("proxies", "good", "traefik and dask-gateway-proxy")


def check_isolation(settings: Settings) -> Finding:
    """Check that users can be kept apart, or that the operator has accepted that they are not."""
    name = "users"
    if isolation_kind(settings) == "shared":
        people = [*settings.users, *settings.admins] if settings.oauth is None else settings.oauth.allowed_users
        several = len(set(people)) > 1 or (settings.oauth is not None and bool(settings.oauth.allowed_groups))
        if several and not settings.trust_each_other:
            text = (
                f"{SHARED_NOTICE} So it admits one user, and the settings name several. "
                "Start it as root, name one user, or set `trust_each_other: true`."
            )
            return Finding(name, "bad", text)
        return Finding(name, "note", SHARED_NOTICE)
    if os.geteuid() != 0:
        text = "isolation `uid` needs root. Start the hub as root or set `isolation: shared`."
        return Finding(name, "bad", text)
    return _try_confined(settings)


def _run_confined(settings: Settings, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code under a private uid, as a server will."""
    command = [sys.executable, "-I", "-m", "bioimagehub.hub.confine", "--folder", "/"]
    command += ["--uid", str(settings.uid_base + UIDS - 1)]
    for path in needed_paths(settings):
        if hidden_above(path) is not None:
            command += ["--show", str(path)]
    return _run([*command, "--", sys.executable, "-I", "-c", code])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _try_confined(settings: Settings) -> Finding:
    trial = "from bioimagehub.hub.deferral import defer_grammar; defer_grammar()"
    trial += "; import bioimagehub.hub.server, jupyterlab"
    result = _run_confined(settings, trial)
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        text = (
            f"a process under a private uid cannot run {sys.executable}: {last} Install Python and the hub where "
            "all users can read them (such as /opt), or give the hub the capability CAP_SYS_ADMIN."
        )
        return Finding("users", "bad", text)
    return Finding("users", "good", f"kept apart: each under a private uid from {settings.uid_base}")


def check_memory(settings: Settings) -> Finding:
    """Check that there is memory for servers."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    idle = free // SERVER_MEMORY
    limit = settings.servers.memory
    text = f"{free / 1024**3:.1f} GB available: about {idle} idle servers"
    if limit:
        text += f", or {free // limit} that use all of their {limit / 1024**3:.1f} GB"
    if idle < 1:
        return Finding("memory", "bad", f"{text}. A server needs about 0.2 GB; end other programs.")
    return Finding("memory", "good", text)


def check_limits(settings: Settings) -> Finding:  # noqa: ARG001 (each check takes the settings)
    """Check whether memory and processor of servers and workers can be limited."""
    found = find_controllers()
    if found is None:
        text = (
            "control groups cannot be written here, so servers and workers are NOT limited in memory and processor; "
            "only Dask's own memory limit of workers holds"
        )
        return Finding("limits", "note", text)
    lacking = [name for name in ("memory", "cpu") if getattr(found, name) is None]
    if lacking:
        return Finding("limits", "note", f"control groups cannot limit {' and '.join(lacking)} here")
    return Finding("limits", "good", f"memory and processor, by control groups version {found.version}")


def check_sandbox(settings: Settings) -> Finding:
    """Check whether the methods of participants can be run apart from all else; without a sandbox none is taken."""
    name = "sandbox"
    if not (settings.portal.enabled and settings.portal.methods):
        return Finding(name, "good", "none is needed: the settings take no methods")
    trial = (
        "import sys\nfrom bioimagehub.hub.errors import SandboxMissingError\n"
        "from bioimagehub.hub.sandbox import find_sandbox\n"
        "try:\n    print(find_sandbox().program)\nexcept SandboxMissingError as error:\n    sys.exit(str(error))"
    )
    # What runs methods is not root: what root could do tells nothing.
    apart = isolation_kind(settings) == "uid" and os.geteuid() == 0
    result = _run_confined(settings, trial) if apart else _run([sys.executable, "-I", "-c", trial])
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding(name, "note", f"methods of participants are NOT taken, predictions are. {last}")
    return Finding(name, "good", f"methods of participants run in {result.stdout.strip()}")


def check_files(settings: Settings) -> Finding:
    """Check that the catalogs and notebooks that the settings name are there."""
    wanted = [*settings.catalogs, *([settings.notebooks] if settings.notebooks else [])]
    missing = [str(path) for path in wanted if not path.exists()]
    if missing:
        return Finding("files", "bad", f"not found: {', '.join(missing)}. Correct `catalogs` or `notebooks`.")
    return Finding("files", "good", f"{len(settings.catalogs)} catalogs beside the installed ones")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_state,
    check_disk,
    check_ports,
    check_versions,
    check_proxies,
    check_isolation,
    check_memory,
    check_limits,
    check_sandbox,
    check_files,
)


def run_checks(settings: Settings, *, ports: bool = True) -> list[Finding]:
    """Return the findings of all checks.

    Parameters
    ----------
    settings : Settings
        The settings to check.
    ports : bool
        Whether to look at the ports; not for a hub that runs and holds them.
    """
    return [check(settings) for check in CHECKS if ports or check is not check_ports]


def require_ready(settings: Settings) -> list[Finding]:
    """Return the findings of all checks, if none is bad.

    Raises
    ------
    PreflightError
        If the hub cannot run. The message lists all reasons, each with what to do.
    """
    findings = run_checks(settings)
    bad = [finding for finding in findings if finding.kind == "bad"]
    if bad:
        lines = "\n".join(f"  {finding.name}: {finding.text}" for finding in bad)
        msg = f"Cannot start the hub, {len(bad)} of {len(findings)} checks failed:\n{lines}"
        raise PreflightError(msg)
    return findings
