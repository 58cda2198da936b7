"""Fixtures of the tests of the widget of challenges.

squares : folder of a small challenge with a public split, whose truth is there, and a hidden one
squares_zip : the same as an organiser sends it, with all truth
portal : a running hub with this challenge, one for all tests of a module
ask : asks a widget what its page would ask, and gives content and buffers
"""

from __future__ import annotations

import io
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from servers.challenge import CHALLENGE, truth
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.widgets.challenge.widget import ChallengeWidget


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may do so on a hub."""
    for name in ("BIOIMAGEHUB_PORTAL_URL", "BIOIMAGEHUB_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)


def squares_text() -> str:
    """Give the text of the challenge, pinned to the catalog at hand."""
    from bioimagehub.catalogs import open_catalog, pins

    record = open_catalog()["samples:bbbc038-nuclei"].model_copy(update={"checksum": None})
    return CHALLENGE.replace("PIN", pins.digest(record))


@pytest.fixture(scope="session")
def squares(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("squares") / "squares"
    (folder / "public").mkdir(parents=True)
    (folder / "challenge.yaml").write_text(squares_text())
    for name, labels in truth()["public"].items():
        np.save(folder / "public" / f"{name}.npy", labels)
    return folder


@pytest.fixture(scope="session")
def squares_zip(squares: Path) -> bytes:
    """The zip file that an organiser sends, with the truth of both splits."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("challenge.yaml", squares_text())
        for split, cases in truth().items():
            for name, labels in cases.items():
                file = io.BytesIO()
                np.save(file, labels)
                archive.writestr(f"{split}/{name}.npy", file.getvalue())
    return buffer.getvalue()


@pytest.fixture
def ask() -> Callable[..., tuple[dict[str, Any], list[bytes]]]:
    def ask(widget: ChallengeWidget, question: str, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        return widget._find_answer({"ask": question, **content}, [], threading.Event())

    return ask


@pytest.fixture(scope="module")
def portal(samples: Path, squares_zip: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running hub whose portal has the small challenge."""
    running = RunningPortal(tmp_path_factory.mktemp("portal"))
    try:
        running.start()
        sent = tmp_path_factory.mktemp("sent") / "squares.zip"
        sent.write_bytes(squares_zip)
        edition = running.create(sent)
        assert edition["state"] == "active", edition
        yield running
    finally:
        running.stop()
