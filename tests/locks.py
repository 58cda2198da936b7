"""The locks of `environments/`, read: what each pins, and what `pyproject.toml` asks of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ("3.11", "3.12", "3.13")

# Environment -> extras and dependency groups of pyproject.toml that it holds.
ENVIRONMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "base": (("base",), ("build",)),
    "analysis": (("analysis",), ("build",)),
    "hub": (("hub",), ("build",)),
    "develop": (("hub",), ("build", "develop")),
    "lock": ((), ("lock",)),
}
# What `make bench` measures against: its packages are told in a file beside its lock, and are not those of the hub.
PEERS = "peers"


@dataclass(frozen=True)
class Pin:
    """One package of a lock: its version is `requirement.specifier`, `hashes` has one for each of its files."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


def lock_path(environment: str) -> Path:
    return ROOT / "environments" / environment / "lock.txt"


def read_lock(environment: str) -> list[Pin]:
    """Return every pin of a lock, in its order."""
    text = "\n".join(
        line for line in lock_path(environment).read_text().splitlines() if not line.lstrip().startswith("#")
    )
    pins = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("-"):
            requirement, *_ = line.split("--hash")
            pins.append(Pin(Requirement(requirement), tuple(re.findall(r"--hash=(\S+)", line))))
    return pins


def marker_environment(python: str) -> dict[str, str]:
    """Return what markers see on Linux with this Python, such as `3.12`."""
    environment = {name: str(value) for name, value in default_environment().items()}
    return environment | {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "implementation_version": f"{python}.1",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def pins_for(environment: str, python: str) -> dict[str, Pin]:
    """Return what a lock installs on this Python, by name."""
    seen = marker_environment(python)
    chosen: dict[str, Pin] = {}
    for pin in read_lock(environment):
        if pin.requirement.marker is None or pin.requirement.marker.evaluate(seen):
            assert pin.name not in chosen, f"{lock_path(environment)} pins {pin.name} twice for Python {python}"
            chosen[pin.name] = pin
    return chosen


def expand(texts: Iterable[str]) -> list[Requirement]:
    """Put in place of each `bioimagehub[extra]` what the extra asks for."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    requirements = []
    for text in texts:
        requirement = Requirement(text)
        if requirement.name == PYPROJECT["project"]["name"]:
            requirements += [found for extra in sorted(requirement.extras) for found in expand(extras[extra])]
        else:
            requirements.append(requirement)
    return requirements


def read_requirements(path: Path) -> list[Requirement]:
    """Return what a file of requirements asks for."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def requirements_of(environment: str) -> list[Requirement]:
    """Return what pyproject.toml asks of an environment."""
    extras, groups = ENVIRONMENTS[environment]
    texts = [text for group in groups for text in PYPROJECT["dependency-groups"][group]]
    if extras:
        texts += PYPROJECT["project"]["dependencies"]
    return expand([*texts, *(f"bioimagehub[{extra}]" for extra in extras)])
