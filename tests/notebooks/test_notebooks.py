"""Every notebook runs from top to bottom, and looks as the room's README says."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
DEADLINE_S = 300
FUNCTION_LINES = 10

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(FOLDER)))


def read(path: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def sources(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def test_there_are_notebooks() -> None:
    assert {path.parent.parent.name for path in NOTEBOOKS} >= {"reanalysis", "challenges"}
    assert FOLDER / "welcome.ipynb" in NOTEBOOKS


def run(path: Path, samples: Path, folder: Path) -> tuple[int, str]:
    """Run under nbval, in a copy of the folder, so that nothing is left in the checkout; give its end and output."""
    copy = shutil.copytree(path.parent, folder / path.parent.name, ignore=shutil.ignore_patterns("results"))
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    # Warnings about the code of the cells: a reader would see them between the results.
    (startup / "00-warnings.py").write_text("import warnings\nwarnings.filterwarnings('error', module='__main__')\n")
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "BIOIMAGEHUB_SAMPLES": str(samples)}
    environment.pop("DASK_GATEWAY__ADDRESS", None)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", copy]
    options = ["-p", "no:cacheprovider", f"--nbval-cell-timeout={DEADLINE_S}", copy / path.name]
    with subprocess.Popen(
        [*command, *options],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return -1, f"{path.name} did not end within {DEADLINE_S} s:\n{process.communicate()[0]}"
    return process.returncode, output


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Path, Future[tuple[int, str]]]]:
    """The runs of all notebooks that are asked for, two at a time: each waits much for its kernel."""
    asked = [
        item.callspec.params["path"] for item in request.session.items
        if getattr(item, "originalname", "") == "test_every_cell_runs_without_a_warning"
    ]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        yield {path: pool.submit(run, path, samples, tmp_path_factory.mktemp(path.stem)) for path in asked}
        pool.shutdown(cancel_futures=True)


@each_notebook
def test_every_cell_runs_without_a_warning(path: Path, runs: dict[Path, Future[tuple[int, str]]]) -> None:
    code, output = runs[path].result(DEADLINE_S * len(NOTEBOOKS))
    assert code == 0, output
    assert f"{len(sources(path, 'code'))} passed" in output


@each_notebook
def test_outputs_are_stripped(path: Path) -> None:
    """But what the widgets of a tutorial leave: see `test_pictures`."""
    for number, cell in enumerate(read(path).cells):
        if cell.cell_type == "code":
            if path.parent.parent.name == "tutorials" and cell.outputs:
                continue
            assert not cell.outputs, f"{path.name}: cell {number} has outputs; clear them"
            assert cell.execution_count is None, f"{path.name}: cell {number} has a number; clear the outputs"


@each_notebook
def test_the_kernel_is_python(path: Path) -> None:
    assert read(path).metadata.kernelspec.name == "python3"


@each_notebook
def test_the_first_cell_has_title_purpose_data_licence_and_citation(path: Path) -> None:
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# \S", first.source), f"{path.name}: begin with a title, as `# Nuclei across datasets`"
    for word in ("learn", "Data", "icence", "itation", "doi"):
        assert word in first.source, f"{path.name}: the first cell lacks {word!r}"


@each_notebook
def test_there_is_one_title(path: Path) -> None:
    titles = [line for source in sources(path, "markdown") for line in source.splitlines() if re.match(r"# ", line)]
    assert len(titles) == 1


@each_notebook
def test_it_asserts_what_it_claims(path: Path) -> None:
    code = "\n".join(sources(path, "code"))
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code)))


@each_notebook
def test_long_functions_belong_in_the_library(path: Path) -> None:
    for node in ast.walk(ast.parse("\n".join(sources(path, "code")))):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno
            assert length <= FUNCTION_LINES, f"{path.name}: {node.name} has {length} lines; move it to a package"


@each_notebook
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links work in the checkout, and in a home, where the notebooks lie in the same folders."""
    for source in sources(path, "markdown"):
        for link in re.findall(r"\]\(([^)\s]+)\)", source):
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https", f"{path.name}: {link} should be https"
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            assert target in NOTEBOOKS, f"{path.name}: {link} leads to no notebook; only notebooks are in a home"


@each_notebook
def test_it_is_in_the_index(path: Path) -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"({path.relative_to(FOLDER).as_posix()})" in index, f"list {path.name} in notebooks/README.md"


@each_notebook
def test_it_is_reached_from_the_welcome_page(path: Path) -> None:
    if path.name != "welcome.ipynb":
        links = " ".join(sources(FOLDER / "welcome.ipynb", "markdown"))
        assert f"({path.relative_to(FOLDER).as_posix()})" in links


@each_notebook
def test_names_are_kebab_case_and_folders_have_a_readme(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)
    if path.parent != FOLDER:
        assert path.parent.name == path.stem
        assert (path.parent / "README.md").is_file()
