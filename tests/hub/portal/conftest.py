"""Fixtures of the portal's tests.

start_portal : starts a hub with a portal, one for all tests of a module
bens_browser : a session that has logged in
small_challenge : makes the zip of a small challenge with its truth
store : a database without a portal
squares_edition : the small challenge in this database, with the number of its edition in force
add_to : adds a submission to it
"""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.hub.portal.store.database import Store, now
from servers.challenge import CHALLENGE, squares, truth
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    from bioimagehub.hub.portal.store.models import SubmissionRow


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


@pytest.fixture
def bens_browser(portal: RunningPortal) -> Iterator[requests.Session]:
    """A session of Ben's who has logged in to the portal of the module."""
    session, page = portal.log_in("ben")
    assert page.status_code == 200, page.text
    yield session
    session.close()


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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'portal.sqlite'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def squares_edition(store: Store) -> int:
    """The small challenge of Olga's in the database; no worker has seen it."""
    from bioimagehub.hub.portal.store.challenges import add_edition, settle_edition
    from bioimagehub.hub.portal.store.queue import claim, finish

    with store.writing() as session:
        edition = add_edition(session, "squares", CHALLENGE.replace("PIN", f"sha256:{'0' * 64}"), "0" * 64, "olga")
        job = claim(session, "test", 60)
        assert job is not None
        finish(session, job.id, "test")
        settle_edition(session, edition.id, [], {})
        return edition.id


@pytest.fixture
def add_to(store: Store) -> Callable[..., SubmissionRow]:
    """Return a function that adds a submission, as the portal does when its bytes are on the disk."""
    from bioimagehub.hub.portal.context import challenge_of
    from bioimagehub.hub.portal.receive import find_phase
    from bioimagehub.hub.portal.store.challenges import find_challenge
    from bioimagehub.hub.portal.store.models import PREDICTIONS, WAITING, SubmissionRow
    from bioimagehub.hub.portal.store.submissions import add_submission, check_may_submit

    def add(user: str = "ann", phase: str = "final", kind: str = PREDICTIONS) -> SubmissionRow:
        identifier = uuid.uuid4().hex
        with store.writing() as session:
            challenge, edition = find_challenge(session, "squares")
            check_may_submit(session, challenge, find_phase(challenge_of(edition), phase), user, 1000)
            row = SubmissionRow(
                id=identifier, challenge_id=challenge.id, phase=phase, user=user, entry=user, kind=kind,
                filename="p.zip", size=1, sha256=identifier * 2, received=now(), state=WAITING, report=[],
            )  # fmt: skip
            add_submission(session, row, edition)
        return row

    return add
