"""What a method finds installed, for the record of its run."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.hub.sandbox.bubblewrap import Bubblewrap
    from bioimagehub.hub.sandbox.limits import MethodLimits


def describe_environment(sandbox: Bubblewrap, limits: MethodLimits) -> dict[str, Any]:
    """Return the environment of a run as plain values for JSON: enough to make it again.

    Parameters
    ----------
    sandbox : Bubblewrap
    limits : MethodLimits

    Returns
    -------
    dict
        ``python``, ``system``, ``machine``, ``sandbox`` (program and version), ``packages`` (name and version, sorted)
        and ``limits``.
    """
    version = subprocess.run([sandbox.program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = {one.metadata["Name"]: one.version for one in metadata.distributions()}
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "sandbox": version,
        "own_uid": sandbox.uid is not None,
        "packages": dict(sorted(packages.items(), key=lambda one: one[0].lower())),
        "limits": limits.as_dict(),
    }
