"""Fixtures of the portal's tests.

portal : a running hub with a portal, one for all tests of a module
small_challenge : makes the zip of a small challenge with its truth
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from servers.challenge import CHALLENGE, squares, truth
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def start_portal(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Callable[..., RunningPortal]]:
    """Return a function that starts a hub with a portal, and end it after the module."""
    started: list[RunningPortal] = []

    def start(**settings: object) -> RunningPortal:
        workers, runner = settings.pop("workers", 1), settings.pop("runner", False)
        portal = RunningPortal(tmp_path_factory.mktemp("portal"), **settings)
        started.append(portal)
        return portal.start(workers, runner=runner)

    yield start
    for portal in started:
        portal.stop()


@pytest.fixture(scope="session")
def small_challenge(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that writes the zip of a small challenge; it may change text and truth."""
    from bioimagehub.catalogs import open_catalog, pins

    record = open_catalog()["samples:bbbc038-nuclei"].model_copy(update={"checksum": None})
    facts = pins.digest(record)

    def write(change: Callable[[str], str] = str, **masks: object) -> Path:
        path = tmp_path_factory.mktemp("challenge") / "challenge.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("challenge.yaml", change(CHALLENGE).replace("PIN", facts))
            for split, cases in {**truth(), **masks}.items():
                for name, labels in cases.items():
                    file = io.BytesIO()
                    np.save(file, labels)
                    archive.writestr(f"{split}/{name}.npy", file.getvalue())
        return path

    return write


@pytest.fixture(scope="session")
def predictions() -> Callable[..., bytes]:
    """Return a function that makes the zip of a submission: squares of a size, in place of the true ones of 8."""

    def pack(size: int = 8, leave_out: str = "", seed: int = 0) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, number in (("a", 3), ("b", 9), ("c", 5)):
                if name != leave_out:
                    file = io.BytesIO()
                    labels = squares(number, size)
                    if seed:
                        labels[-1, -1] = 60_000 + seed % 5_000
                    np.savez_compressed(file, labels=labels)
                    archive.writestr(f"{name}.npz", file.getvalue())
        return buffer.getvalue()

    return pack
