"""The locks hold what `pyproject.toml` asks for, agree with each other and can be checked by their hashes."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from locks import (
    ENVIRONMENTS,
    PEERS,
    PYPROJECT,
    PYTHONS,
    ROOT,
    lock_path,
    marker_environment,
    pins_for,
    read_lock,
    read_requirements,
    requirements_of,
)

RENEW = "Run `make lock`."
# The Python of the tests: what packages ask for is read from the packages that are installed in it.
HERE = ".".join(map(str, sys.version_info[:2]))
# Packages that are asked for and installed nowhere, with the reason in pyproject.toml.
LEFT_OUT = {canonicalize_name(Requirement(text).name) for text in PYPROJECT["tool"]["uv"]["override-dependencies"]}

each_environment = pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
each_lock = pytest.mark.parametrize("environment", sorted({*ENVIRONMENTS, PEERS}))
each_python = pytest.mark.parametrize("python", PYTHONS)


def test_every_folder_with_a_lock_is_known() -> None:
    folders = {path.parent.name for path in (ROOT / "environments").glob("*/lock.txt")}
    assert folders == {*ENVIRONMENTS, PEERS}


@each_environment
@each_python
def test_lock_holds_what_pyproject_asks_for(environment: str, python: str) -> None:
    pins = pins_for(environment, python)
    seen = marker_environment(python)
    problems = []
    for requirement in requirements_of(environment):
        if requirement.marker is not None and not requirement.marker.evaluate(seen):
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            problems.append(f"{requirement} is not in it")
        elif not requirement.specifier.contains(pin.version, prereleases=True):
            problems.append(f"{requirement} is asked for, it has {pin.version}")
    assert not problems, f"{lock_path(environment)}: {'; '.join(problems)}. {RENEW}"


@pytest.mark.parametrize("environment", sorted(set(ENVIRONMENTS) - {"lock"}))
def test_lock_holds_what_its_packages_ask_for(environment: str) -> None:
    """With `--no-deps` pip installs what the lock lists and no more, so nothing may be missing in it."""
    seen = marker_environment(HERE)
    pins = pins_for(environment, HERE)
    waiting = [(requirement.name, frozenset(requirement.extras)) for requirement in requirements_of(environment)]
    done = set()
    missing = []
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in done:
            continue
        done.add((name, extras))
        for text in distribution(name).requires or []:
            wanted = Requirement(text)
            applies = wanted.marker is None or any(
                wanted.marker.evaluate(seen | {"extra": extra}) for extra in extras | {""}
            )
            if not applies or canonicalize_name(wanted.name) in LEFT_OUT:
                continue
            pin = pins.get(canonicalize_name(wanted.name))
            if pin is None or not wanted.specifier.contains(pin.version, prereleases=True):
                missing.append(f"{name} needs {wanted}, the lock has {pin and pin.version}")
            else:
                waiting.append((wanted.name, frozenset(wanted.extras)))
    assert not missing, f"{lock_path(environment)}: {'; '.join(missing)}. {RENEW}"


@each_lock
def test_every_pin_is_one_version_with_hashes(environment: str) -> None:
    pins = read_lock(environment)
    assert pins
    for pin in pins:
        assert re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier)), (
            f"{pin.requirement} is not one version. {RENEW}"
        )
        assert pin.hashes, f"{pin.requirement} has no hash. {RENEW}"
        for one in pin.hashes:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", one), f"{pin.requirement} has the hash {one}. {RENEW}"


@each_lock
def test_a_package_has_one_version_on_every_python(environment: str) -> None:
    names = [pin.name for pin in read_lock(environment)]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"{lock_path(environment)} has several versions of {twice}. {RENEW}"


def test_locks_agree_on_versions() -> None:
    versions: dict[str, set[str]] = defaultdict(set)
    for environment in ENVIRONMENTS:
        for pin in read_lock(environment):
            versions[pin.name].add(pin.version)
    differing = {name: sorted(found) for name, found in versions.items() if len(found) > 1}
    assert not differing, f"The locks differ in {differing}. {RENEW}"


@pytest.mark.parametrize(("smaller", "larger"), [("base", "analysis"), ("analysis", "hub"), ("hub", "develop")])
@each_python
def test_larger_environment_holds_the_smaller(smaller: str, larger: str, python: str) -> None:
    assert set(pins_for(smaller, python)) <= set(pins_for(larger, python))


@each_lock
def test_lock_is_for_any_machine(environment: str) -> None:
    """Wheels only, and no address of an index and no path of the machine that wrote it."""
    text = lock_path(environment).read_text()
    assert "\n--only-binary :all:\n" in text
    assert "make lock" in text.splitlines()[1]
    assert "://" not in text
    assert not re.search(r"(^|\s)(/|\.\.)[\w/]", text)


def test_left_out_packages_are_in_no_lock() -> None:
    for environment in (*ENVIRONMENTS, PEERS):
        assert LEFT_OUT.isdisjoint(pin.name for pin in read_lock(environment))


def test_build_requirement_is_locked() -> None:
    """The wheel is built with `--no-build-isolation`, so the group must say what the build system needs."""
    assert PYPROJECT["dependency-groups"]["build"] == PYPROJECT["build-system"]["requires"]


@each_python
def test_lock_of_the_peers_holds_what_is_asked_for(python: str) -> None:
    pins = pins_for(PEERS, python)
    folder = lock_path(PEERS).parent
    overrides = read_requirements(folder / "overrides.txt")
    left_out = [one for one in overrides if one.marker is not None]
    for wanted in [*read_requirements(folder / "requirements.txt"), *(one for one in overrides if one not in left_out)]:
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin is not None, f"{wanted} is not in the lock of the peers. {RENEW}"
        assert wanted.specifier.contains(pin.version, prereleases=True), (
            f"{wanted}: the lock has {pin.version}. {RENEW}"
        )
    assert {canonicalize_name(one.name) for one in left_out}.isdisjoint(pins)
