"""The layout of the repository: one namespace out of several rooms, and modules that can be read at one go."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BUILD = PYPROJECT["tool"]["hatch"]["build"]
SHARED = BUILD["targets"]["wheel"]["shared-data"]
NAMESPACES = sorted(ROOT.glob("*/src/bioimagehub"))
PACKAGES = sorted(path.parent for path in ROOT.glob("*/src/bioimagehub/*/py.typed"))
MODULES = sorted(path for root in NAMESPACES for path in root.rglob("*.py"))
ROOMS = ("binder", "catalogs", "docs", "environments", "hub", "notebooks", "widgets")

MODULE_LINES = 400
FUNCTION_LINES = 60
FRONT_DOOR_LINES = 45
VAGUE_NAMES = {"common", "helpers", "misc", "utils"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_namespace_has_no_init() -> None:
    """A bioimagehub/__init__.py in one room hides the other rooms in editable installations."""
    assert not list(ROOT.glob("*/src/bioimagehub/__init__.py"))


def test_every_room_is_in_wheels_and_editable_installations() -> None:
    """A forgotten root is silent: it is missing in the wheel, or cannot be imported."""
    assert NAMESPACES
    sources = {relative(path.parent) for path in NAMESPACES}
    assert set(BUILD["targets"]["wheel"]["packages"]) == {relative(path) for path in NAMESPACES}
    assert set(BUILD["dev-mode-dirs"]) == sources
    assert {path.removeprefix("$MYPY_CONFIG_FILE_DIR/") for path in PYPROJECT["tool"]["mypy"]["mypy_path"]} == sources


def test_every_package_is_tested_and_in_the_import_contracts() -> None:
    names = {f"bioimagehub.{path.name}" for path in PACKAGES}
    assert set(PYPROJECT["tool"]["importlinter"]["root_packages"]) == names
    assert set(PYPROJECT["tool"]["pytest"]["ini_options"]["testpaths"]) == {"tests", *names}


def test_every_package_says_that_it_is_typed() -> None:
    packages = {path for root in NAMESPACES for path in root.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert packages == set(PACKAGES)


@pytest.mark.parametrize("source", sorted(SHARED))
def test_shared_data_exists(source: str) -> None:
    assert (ROOT / source).exists(), f"pyproject.toml puts {source} into the wheel, but there is no such path"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_belongs_in_it(room: str) -> None:
    readme = ROOT / room / "README.md"
    assert readme.is_file(), f"{room} has no README.md: it says what belongs in the room and how to add one more"


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))], ids=relative)
def test_module_is_short_enough_to_be_read(path: Path) -> None:
    text = path.read_text()
    assert path.stem not in VAGUE_NAMES, f"{relative(path)}: name it after what it is about"
    lines = len(text.splitlines())
    assert lines <= MODULE_LINES, f"{relative(path)} has {lines} lines; split it at {MODULE_LINES}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            # A docstring may be as long as it needs to be.
            if ast.get_docstring(node):
                docstring = node.body[0]
                length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
            assert length <= FUNCTION_LINES, (
                f"{relative(path)}: {node.name} has {length} lines, {FUNCTION_LINES} fit a screen"
            )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_front_door_is_short(package: Path) -> None:
    lines = len((package / "__init__.py").read_text().splitlines())
    assert lines <= FRONT_DOOR_LINES, f"{package.name}/__init__.py has {lines} lines; it lists names, nothing else"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git has or would take, as a clone has it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    folder = tmp_path_factory.mktemp("a clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def build(kind: str, tree: Path, target: Path) -> Path:
    """Build the `wheel` or the `sdist` of a tree and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", target]
    subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
    (built,) = target.iterdir()
    return built


def names_in(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_every_room_and_nothing_else(tree: Path, tmp_path: Path) -> None:
    name, version = PYPROJECT["project"]["name"], PYPROJECT["project"]["version"]
    names = names_in(build("wheel", tree, tmp_path))
    code = {path.relative_to(root) for root in tree.glob("*/src") for path in root.rglob("*") if path.is_file()}
    outside = {one for one in names if not one.startswith((f"{name}-{version}.dist-info/", f"{name}-{version}.data/"))}
    assert outside == {str(path) for path in code}
    data = f"{name}-{version}.data/data/"
    for source, target in SHARED.items():
        files = (
            [tree / source]
            if (tree / source).is_file()
            else sorted(p for p in (tree / source).rglob("*") if p.is_file())
        )
        assert files, f"{source} is in the wheel's shared data and is empty"
        for file in files:
            inner = "" if file == tree / source else f"/{file.relative_to(tree / source)}"
            assert f"{data}{target}{inner}" in names


def test_wheel_out_of_the_sdist_is_the_same(tree: Path, tmp_path: Path) -> None:
    for folder in ("wheel", "sdist", "unpacked", "again"):
        (tmp_path / folder).mkdir()
    wheel = build("wheel", tree, tmp_path / "wheel")
    sdist = build("sdist", tree, tmp_path / "sdist")
    subprocess.run(["tar", "--extract", "--file", sdist, "--directory", tmp_path / "unpacked"], check=True)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert names_in(build("wheel", unpacked, tmp_path / "again")) == names_in(wheel)


def test_citation_has_the_version_of_the_project() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "license", "version"} <= set(citation)
    assert citation["version"] == PYPROJECT["project"]["version"]
    assert citation["license"] == PYPROJECT["project"]["license"]


def test_changelog_has_the_version_of_the_project_or_what_comes() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "\n## [Unreleased]\n" in text or f"\n## [{PYPROJECT['project']['version']}]" in text
