"""Fixtures of the downloads.

store  : a real HTTP store on `folder`
folder : what it serves
into   : where files are fetched to
get    : fetches paths of the store, and gives the report
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from servers.store import StoreServer

from bioimagehub.catalogs.downloads import FetchSettings, Plan, Report, fetch
from bioimagehub.catalogs.downloads.items import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FAST = {"pause": 0.02, "stall_timeout": 0.5, "connect_timeout": 2.0, "tries": 3, "patience": 3.0}


def make_bytes(size: int, seed: int = 0) -> bytes:
    """Bytes without zeros, so that what was never written differs from all of them."""
    return np.random.default_rng(seed).integers(1, 256, size, dtype=np.uint8).tobytes()


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
