"""The operator's commands, and the users' command for notebooks."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.hub.accounts import Accounts
from bioimagehub.hub.errors import AccountError
from bioimagehub.hub.settings import load_settings
from bioimagehub.hub.state import StateFolder

if TYPE_CHECKING:
    import argparse

    from bioimagehub.hub.settings import Settings

MARKS = {"good": "ok  ", "note": "note", "bad": "FAIL"}


def _say(text: str) -> None:
    print(text, flush=True)


def _settings(arguments: argparse.Namespace) -> Settings:
    return load_settings(arguments.settings)


def run_up(arguments: argparse.Namespace) -> int:
    """Start the hub and run it until it is told to stop."""
    from bioimagehub.hub.isolation import Isolation
    from bioimagehub.hub.preflight import check_state, require_ready
    from bioimagehub.hub.supervisor import Supervisor, locked

    os.umask(0o077)
    settings = _settings(arguments)
    folder = StateFolder(settings.state)
    if check_state(settings).kind == "bad":
        require_ready(settings)
    folder.make()
    with locked(folder):
        notes = [finding for finding in require_ready(settings) if finding.kind == "note"]
        folder.make_secrets()
        folder.keep_settings(settings)
        _build_samples(folder)
        _build_index(settings)

        def announce() -> None:
            # Made after the start: a password is told once, so it must not be lost with a start that fails.
            passwords = _make_accounts(settings, folder)
            _say(f"\nThe hub is running.\n  Address   http://{settings.address}:{settings.port}")
            for name in dict.fromkeys([*settings.users, *settings.admins]) if settings.oauth is None else []:
                told = passwords.get(name)
                _say(
                    f"  Log in    {name}   password {told}   (shown this once)"
                    if told
                    else f"  Log in    {name}   (`bioimagehub users reset {name}` makes a new password)"
                )
            if Isolation.of(settings).kind == "uid":
                _say("  Users     are kept apart: each runs under a private uid")
            for note in notes:
                _say(f"  Note      {note.name}: {note.text}")
            _say(f"  Logs      {folder.logs}")
            _say("Ctrl-C, or `bioimagehub down` in another terminal, stops it and everything that it started.")

        Supervisor(settings, _say).run(announce)
    _say("The hub has stopped; all its servers and clusters have ended.")
    return 0


def _build_samples(folder: StateFolder) -> None:
    from bioimagehub.catalogs import samples

    def progress(done: int, of: int, now: str) -> None:
        _say(f"sample archive {done}/{of}  {now}")

    samples.build(folder.samples, progress=progress)


def _build_index(settings: Settings) -> None:
    """Build the index that all users search, unless it is there and current."""
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.hub.environment import catalog_environment

    os.environ |= catalog_environment(settings)
    folder = StateFolder(settings.state).index
    count = len(open_catalog())
    for file in folder.iterdir():
        # The umask of the hub lets nobody else read; these hold nothing but what is public.
        file.chmod(0o644)
    _say(f"catalog      {count} records")


def _make_accounts(settings: Settings, folder: StateFolder) -> dict[str, str]:
    """Give passwords to the users of the settings that have none, and return the new ones."""
    if settings.oauth is not None:
        return {}
    accounts = Accounts(folder.private / "accounts.json")
    known = accounts.names()
    return {name: accounts.add(name) for name in {*settings.users, *settings.admins} if name not in known}


def run_down(arguments: argparse.Namespace) -> int:
    """Stop the hub and everything that it started."""
    from bioimagehub.hub.supervisor import stop_hub

    stop_hub(_settings(arguments))
    _say("The hub has stopped; all its servers and clusters have ended.")
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    """Show whether the hub runs, who has a server, and its processes."""
    from bioimagehub.hub.hubapi import HubApi
    from bioimagehub.hub.isolation import Isolation, hub_name
    from bioimagehub.hub.processes import find_processes
    from bioimagehub.hub.supervisor import running_pid

    settings = _settings(arguments)
    folder = StateFolder(settings.state)
    pid = running_pid(folder)
    processes = find_processes(hub_name(settings.state))
    if pid is None:
        _say(f"No hub runs on {folder.root}.")
        if processes:
            _say(f"  {len(processes)} processes of a killed one are left: `up` adopts them, `down` ends them.")
        return 1
    _say(f"A hub runs on {folder.root} (process {pid}) at http://{settings.address}:{settings.port}.")
    _say(f"  Users      {'kept apart' if Isolation.of(settings).kind == 'uid' else 'one trust domain'}")
    try:
        users = HubApi(settings, folder).users()
    except OSError as error:
        _say(f"  Servers    unknown, JupyterHub does not answer: {error}")
        return 1
    running = sorted(user["name"] for user in users if user.get("server") or user.get("servers"))
    _say(f"  Servers    {len(running)} running{': ' + ', '.join(running) if running else ''}")
    clusters = sum(1 for path in folder.clusters.iterdir()) if folder.clusters.exists() else 0
    _say(f"  Clusters   {clusters}")
    _say(f"  Processes  {len(processes)}")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Check whether this machine can run the hub as it is set up."""
    from bioimagehub.hub.preflight import run_checks
    from bioimagehub.hub.supervisor import running_pid

    settings = _settings(arguments)
    findings = run_checks(settings, ports=running_pid(StateFolder(settings.state)) is None)
    for finding in findings:
        _say(f"{MARKS[finding.kind]}  {finding.name:12}  {finding.text}")
    return 1 if any(finding.kind == "bad" for finding in findings) else 0


def run_users(arguments: argparse.Namespace) -> int:
    """List, add, reset or remove users of the workshop log-in."""
    settings = _settings(arguments)
    folder = StateFolder(settings.state)
    accounts = Accounts(folder.private / "accounts.json")
    if arguments.action == "list":
        for name in accounts.names():
            _say(name)
        return 0
    if not arguments.names:
        msg = f"Cannot {arguments.action} users: expected one name or more, found none. Name them."
        raise AccountError(msg)
    folder.make()
    for name in arguments.names:
        _change_user(arguments.action, name, accounts, settings)
    return 0


def _change_user(action: str, name: str, accounts: Accounts, settings: Settings) -> None:
    from bioimagehub.hub.hubapi import HubApi
    from bioimagehub.hub.isolation import SHARED_NOTICE, isolation_kind
    from bioimagehub.hub.supervisor import running_pid

    folder = StateFolder(settings.state)
    known = name in accounts.names()
    if action == "add" and known:
        msg = f"Cannot add the user {name!r}: the name is taken. Use `reset` for a new password."
        raise AccountError(msg)
    admitted = {*settings.users, *settings.admins}
    apart = isolation_kind(settings) == "uid"
    if action == "add" and not apart and not settings.trust_each_other and name not in admitted:
        msg = (
            f"Cannot add the user {name!r}: {SHARED_NOTICE} So it admits those of its settings alone. "
            "Set `trust_each_other: true`, or start the hub as root."
        )
        raise AccountError(msg)
    if action in {"reset", "password"} and not known:
        msg = f"Cannot set a password of {name!r}: known are {', '.join(accounts.names()) or 'none'}. Use `add`."
        raise AccountError(msg)
    if action in {"add", "reset"}:
        _say(f"{name}   password {accounts.add(name)}   (shown this once)")
    elif action == "password":
        typed = getpass.getpass(f"New password of {name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
        accounts.set_password(name, typed)
        _say(f"{name} has a new password.")
    elif running_pid(folder) is not None and HubApi(settings, folder).delete_user(name):
        _say(f"{name} has been removed: server, clusters, tokens and password. The home stays.")
    else:
        accounts.remove(name)
        _say(f"{name} has been removed. The home stays.")
    if action == "remove" and name in admitted:
        _say(f"The settings still name {name}: the next `up` makes the account again. Remove the name there too.")


def run_notebooks(arguments: argparse.Namespace) -> int:
    """List the hub's notebooks, or copy one of them afresh."""
    from bioimagehub.hub.notebooks import copy_fresh, list_notebooks

    if arguments.action == "list":
        for path in list_notebooks():
            _say(str(path))
        return 0
    for name in arguments.names:
        _say(str(copy_fresh(name, arguments.folder)))
    return 0


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this room to the command line."""
    for name, run in (("up", run_up), ("down", run_down), ("status", run_status), ("check", run_check)):
        parser = subparsers.add_parser(name, help=(run.__doc__ or "").strip(), description=run.__doc__)
        _add_settings(parser)
        parser.set_defaults(run=run)
    users = subparsers.add_parser("users", help=(run_users.__doc__ or "").strip(), description=run_users.__doc__)
    users.add_argument(
        "action",
        choices=["add", "list", "password", "remove", "reset"],
        help="add and reset make a password and print it, password asks for one",
    )
    users.add_argument("names", nargs="*", metavar="NAME", help="whom; none with list")
    _add_settings(users)
    users.set_defaults(run=run_users)
    notebooks = subparsers.add_parser(
        "notebooks", help=(run_notebooks.__doc__ or "").strip(), description=run_notebooks.__doc__
    )
    notebooks.add_argument("action", choices=["copy", "list"], help="copy never overwrites: it takes a free name")
    notebooks.add_argument("names", nargs="*", metavar="NOTEBOOK", help="which, by path or by name; none with list")
    notebooks.add_argument("--folder", type=Path, default=Path.cwd(), help="where the copy goes; here by default")
    notebooks.set_defaults(run=run_notebooks)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings file (YAML); by default $BIOIMAGEHUB_SETTINGS, else settings.yaml in the state folder",
    )
