"""Fixtures of the download.

folder : what `store` serves
store  : a real HTTP store on it
into   : where files are fetched to
make   : makes downloads, and closes them
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.widgets.download import download
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.widgets.download.widget import Download


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "store"
    found.mkdir()
    return found


@pytest.fixture
def store(folder: Path) -> Iterator[StoreServer]:
    with StoreServer(folder) as server:
        yield server


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "got"


@pytest.fixture
def make(into: Path) -> Iterator[Callable[..., Download]]:
    made: list[Download] = []

    def run(entries: Any = None, **state: Any) -> Download:
        made.append(download(entries, into, **state))
        return made[-1]

    yield run
    for widget in made:
        if widget.state in {"running", "paused"}:
            widget.cancel()
        widget.close()
