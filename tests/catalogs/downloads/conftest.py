"""Fixtures of the downloads.

store  : a real HTTP store on `folder`
folder : what it serves
into   : where files are fetched to
get    : fetches paths of the store, and gives the report
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.downloads import FetchSettings, Plan, Report, fetch
from bioimagehub.catalogs.downloads.items import Item
from catalogs.downloads.made import FAST
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "store"
    found.mkdir()
    return found


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "got"


@pytest.fixture
def store(folder: Path) -> Iterator[StoreServer]:
    with StoreServer(folder) as server:
        yield server


@pytest.fixture
def get(store: StoreServer, into: Path) -> Callable[..., Report]:
    def run(*items: Item | str, progress: Any = None, **settings: Any) -> Report:
        listed = [Item(path=each, urls=(f"{store.url}/{each}",)) if isinstance(each, str) else each for each in items]
        plan = Plan(source="test:set", items=tuple(listed))
        return fetch(plan, into, settings=FetchSettings(**(FAST | settings)), progress=progress)

    return run
