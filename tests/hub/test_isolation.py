"""Private uids and folders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.errors import IsolationError
from bioimagehub.hub.isolation import Isolation
from bioimagehub.hub.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def apart(tmp_path: Path) -> Isolation:
    isolation = Isolation("uid", Settings(state=tmp_path))
    isolation.folder.make()
    return isolation


def test_each_user_gets_one_uid_for_good(apart: Isolation) -> None:
    names = [f"user-{number % 20}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        uids = list(pool.map(apart.uid, names))
    assert len(set(uids)) == 20
    assert all(uids[i] == uids[i % 20] for i in range(200))
    assert min(uids) == apart.settings.uid_base


def test_when_all_uids_are_given_away_it_says_so(apart: Isolation) -> None:
    (apart.folder.private / "uids.json").write_text(f'{{"old": {apart.settings.uid_base + 9_999}}}')
    assert apart.uid("old") == apart.settings.uid_base + 9_999
    with pytest.raises(IsolationError, match=r"'ann' apart: all 10000 private uids.*Set uid_base"):
        apart.uid("ann")


def test_another_base_begins_a_new_range(apart: Isolation) -> None:
    first = apart.uid("ann")
    moved = Isolation("uid", apart.settings.model_copy(update={"uid_base": 300_000}))
    assert moved.uid("ann") == first
    assert moved.uid("bob") == 300_000


def test_a_long_name_makes_no_long_path(apart: Isolation) -> None:
    """A socket's path may have 107 bytes; Jupyter adds 50 to the folder's."""
    assert len(str(apart.sockets("a" * 200))) + 50 < 107


def test_shared_means_the_hubs_own_uid(tmp_path: Path) -> None:
    assert Isolation("shared", Settings(state=tmp_path)).uid("ann") == os.geteuid()


def test_a_home_is_the_users_alone(tmp_path: Path) -> None:
    isolation = Isolation("shared", Settings(state=tmp_path))
    isolation.own("ann", tmp_path / "ann")
    assert (tmp_path / "ann").stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_a_home_is_refused(tmp_path: Path) -> None:
    isolation = Isolation("shared", Settings(state=tmp_path))
    (tmp_path / "ann").symlink_to("/etc")
    with pytest.raises(IsolationError, match=r"ann.*to user 'ann'.*Move it away"):
        isolation.own("ann", tmp_path / "ann")


def test_secrets_are_made_once(apart: Isolation) -> None:
    first = apart.folder.secret("proxy")
    assert apart.folder.secret("proxy") == first
    assert len(bytes.fromhex(first)) == 32
    assert (apart.folder.private / "secrets" / "proxy").stat().st_mode & 0o777 == 0o600
