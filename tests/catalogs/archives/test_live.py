"""The real archives, asked over the network: run with ``-m live`` where there is one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import Catalog
from bioimagehub.catalogs.archives import ARCHIVES, open_archive
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.errors import AccessDeniedError, NotOfferedError
from bioimagehub.catalogs.hosts import installed_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def real() -> Iterator[Client]:
    with Client(hosts=installed_hosts()) as client:
        yield client


@pytest.mark.parametrize("name", ARCHIVES)
def test_example_is_a_record(name: str, real: Client) -> None:
    module = open_archive(name)
    record = module.fetch_record(module.ARCHIVE.example, real)
    assert Catalog([record])[record.identifier] == record
    assert record.cite()


@pytest.mark.parametrize("name", ARCHIVES)
def test_search_finds_records(name: str, real: Client) -> None:
    module = open_archive(name)
    try:
        found = module.search("cell", real, limit=3)
    except (NotOfferedError, AccessDeniedError) as error:
        pytest.skip(f"{name} offers no search: {error}")
    assert 0 < len(found) <= 3


@pytest.mark.parametrize("name", ARCHIVES)
def test_first_file_can_be_read(name: str, real: Client) -> None:
    module = open_archive(name)
    try:
        files = list(islice(module.list_files(module.ARCHIVE.example, real), 1))
        url = module.resolve(module.ARCHIVE.example, files[0].path, real) if files else None
    except (NotOfferedError, AccessDeniedError) as error:
        pytest.skip(f"{name} offers no files: {error}")
    assert url is not None
    assert real.get_bytes(url, start=0, length=16)
