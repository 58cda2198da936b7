"""What workers leave that are killed while a method runs: a folder with an image, and an empty control group.

Both have the process id of the worker in their names, so the next worker takes away those of the dead. Processes are
never left: the kernel ends them with their worker.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from bioimagehub.hub.cgroups import Controllers, find_controllers

PREFIX = "bioimagehub-method-"
GROUPS = "bioimagehub-methods"


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for a run, which is this worker's alone."""
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


def new_group() -> str | None:
    """Give the name of a new control group for a run; None where the hub may make none."""
    if os.geteuid() != 0 or find_controllers() is None:
        return None
    return f"{GROUPS}/{os.getpid()}-{secrets.token_hex(8)}"


def remove_group(group: str | None) -> None:
    """Remove a control group whose processes have ended."""
    controllers = find_controllers() if group is not None else None
    if controllers is not None and group is not None:
        controllers.remove(group)


def sweep() -> None:
    """Remove what dead workers left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.lstat().st_uid == os.geteuid() and _is_dead(folder.name.removeprefix(PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
    controllers = find_controllers()
    for name in _groups(controllers) if controllers is not None else set():
        if controllers is not None and _is_dead(name):
            controllers.remove(f"{GROUPS}/{name}")


def _groups(controllers: Controllers) -> set[str]:
    above = [folder / GROUPS for folder in controllers.folders]
    return {entry.name for folder in above if folder.is_dir() for entry in folder.iterdir() if entry.is_dir()}


def _is_dead(name: str) -> bool:
    """Tell whether the worker of a name, which begins with its process id, is there no more."""
    number = name.partition("-")[0]
    return number.isdigit() and not Path(f"/proc/{number}").exists()
