"""Fixtures of the catalogs: the catalog over the built sample archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import Catalog, open_catalog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def catalog(samples: Path) -> Catalog:
    """The catalog of this checkout, with the sample archive built."""
    return open_catalog()
