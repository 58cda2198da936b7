"""Accounts of the workshop log-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.accounts import Accounts
from bioimagehub.hub.errors import AccountError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


def test_a_new_password_opens_and_others_do_not(accounts: Accounts, tmp_path: Path) -> None:
    first = accounts.add("ann")
    second = accounts.add("bob")
    assert accounts.matches("ann", first)
    assert not accounts.matches("ann", second)
    assert not accounts.matches("ann", "")
    assert not accounts.matches("eve", first)
    assert not accounts.matches("eve", "")
    stored = (tmp_path / "accounts.json").read_text()
    assert first not in stored
    assert (tmp_path / "accounts.json").stat().st_mode & 0o777 == 0o600


def test_equal_passwords_are_stored_differently(accounts: Accounts, tmp_path: Path) -> None:
    accounts.set_password("ann", "the same one")
    accounts.set_password("bob", "the same one")
    assert len(set((tmp_path / "accounts.json").read_text().split('"'))) > 6


def test_a_removed_user_is_gone(accounts: Accounts) -> None:
    password = accounts.add("ann")
    accounts.remove("ann")
    assert not accounts.matches("ann", password)
    with pytest.raises(AccountError, match=r"no such user; known are none\. Check the name"):
        accounts.remove("ann")


@pytest.mark.parametrize("name", ["", "../ann", "Ann", "a b", "a" * 32, "1a", "ann\n"])
def test_names_that_could_leave_the_folder_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountError, match="Choose another name"):
        accounts.add(name)
    assert accounts.names() == []


def test_short_passwords_are_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match=r"7 characters, at least 8.*Choose a longer one"):
        accounts.set_password("ann", "seven77")
