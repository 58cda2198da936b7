"""The hub's notebooks in a home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.errors import NotebookCopyError
from bioimagehub.hub.notebooks import copy_fresh, fill_home, list_notebooks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "reanalysis" / "nuclei").mkdir(parents=True)
    (folder / "reanalysis" / "nuclei" / "nuclei.ipynb").write_text("first")
    (folder / "welcome.ipynb").write_text("hello")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "welcome-checkpoint.ipynb").write_text("no")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_a_home_gets_originals_and_copies(source: Path, home: Path) -> None:
    fill_home(home, source)
    assert (home / "welcome.ipynb").read_text() == "hello"
    assert (home / "originals" / "reanalysis" / "nuclei" / "nuclei.ipynb").stat().st_mode & 0o777 == 0o444
    assert (home / "reanalysis" / "nuclei" / "nuclei.ipynb").stat().st_mode & 0o777 == 0o644
    assert not (home / ".ipynb_checkpoints").exists()


def test_a_challenge_file_comes_with_its_notebook(source: Path, home: Path) -> None:
    """Also into homes that had the notebook before; one that the user has changed stays."""
    fill_home(home, source)
    (source / "reanalysis" / "nuclei" / "challenge.yaml").write_text("first")
    fill_home(home, source)
    copy = home / "reanalysis" / "nuclei" / "challenge.yaml"
    assert copy.read_text() == "first"
    copy.write_text("mine")
    (source / "reanalysis" / "nuclei" / "challenge.yaml").write_text("second")
    fill_home(home, source)
    assert copy.read_text() == "mine"
    assert (home / "originals" / "reanalysis" / "nuclei" / "challenge.yaml").read_text() == "second"
    fresh = copy_fresh("nuclei", home / "again", source)
    assert (fresh.parent / "challenge.yaml").read_text() == "second"


def test_copies_are_never_touched_again_and_originals_follow_the_hub(source: Path, home: Path) -> None:
    fill_home(home, source)
    copy = home / "reanalysis" / "nuclei" / "nuclei.ipynb"
    copy.write_text("my own work")
    (home / "welcome.ipynb").unlink()
    (source / "reanalysis" / "nuclei" / "nuclei.ipynb").write_text("second")
    (source / "new.ipynb").write_text("new")
    fill_home(home, source)
    assert copy.read_text() == "my own work"
    assert not (home / "welcome.ipynb").exists()
    assert (home / "new.ipynb").read_text() == "new"
    assert (home / "originals" / "reanalysis" / "nuclei" / "nuclei.ipynb").read_text() == "second"


def test_a_file_of_the_user_is_never_overwritten(source: Path, home: Path) -> None:
    (home / "welcome.ipynb").write_text("was here before")
    fill_home(home, source)
    assert (home / "welcome.ipynb").read_text() == "was here before"


def test_a_fresh_copy_gets_a_free_name(source: Path, home: Path) -> None:
    names = [copy_fresh("nuclei", home, source).name for _ in range(3)]
    assert names == ["nuclei.ipynb", "nuclei-2.ipynb", "nuclei-3.ipynb"]
    assert copy_fresh("reanalysis/nuclei/nuclei.ipynb", home, source).name == "nuclei-4.ipynb"


def test_an_unknown_notebook_is_named_with_the_known(source: Path, home: Path) -> None:
    with pytest.raises(NotebookCopyError, match=r"'no': no such notebook; known are .*welcome\.ipynb"):
        copy_fresh("no", home, source)


def test_a_full_disk_leaves_nothing_half_written(source: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_from: Path, to: Path) -> None:
        to.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fail)
    with pytest.raises(NotebookCopyError, match=r"No space left.*Make room"):
        fill_home(home, source)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_a_file_in_the_way_is_named(source: Path, home: Path) -> None:
    (home / "originals").write_text("mine")
    with pytest.raises(NotebookCopyError, match=r"originals/.*: Not a directory"):
        fill_home(home, source)


def test_the_hubs_own_notebooks_are_found() -> None:
    assert "welcome.ipynb" in [str(path) for path in list_notebooks()]
