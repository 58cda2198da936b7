"""Fixtures of the index.

made : the made records
index : the index of them, in a file
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.index import Index, build_index, open_index
from catalogs.index.made import Fields, make_records

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def made() -> list[Fields]:
    return make_records(3000)


@pytest.fixture(scope="session")
def index(made: list[Fields], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    path = tmp_path_factory.mktemp("index") / "made.sqlite"
    build_index(path, made)
    index = open_index(path)
    yield index
    index.close()
