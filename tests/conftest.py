"""Fixtures that every room shares.

samples : the sample archive, built once a session, and found by everything that looks for it
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bioimagehub.catalogs.samples import build


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a built sample archive; ``BIOIMAGEHUB_SAMPLES`` names it for the whole session."""
    folder = tmp_path_factory.mktemp("samples")
    build(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOIMAGEHUB_SAMPLES", str(folder))
        yield folder
