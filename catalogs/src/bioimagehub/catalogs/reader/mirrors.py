"""The addresses that a file may have, and which of them is asked.

A file may lie at several places, of which some were moved and some were not. All files of one store, such as an
OME-Zarr image, are read from the place where the first of them was found: they do not mix, and a chunk that is not
stored costs one request and not one at each place.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from bioimagehub.catalogs.errors import MissingFileError, NoAccessError, StoreUnreachableError
from bioimagehub.catalogs.hosts import VARIABLE, Hosts, installed_hosts

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

_DOWN = 300.0
"""Seconds for which a host that did not answer is asked last."""

_REMEMBERED = 20_000


class Mirrors:
    """Finds the address at which there is a file; safe to share between threads.

    Parameters
    ----------
    hosts : Hosts or None
        Rules that rewrite addresses; None for `installed_hosts`.
    """

    def __init__(self, hosts: Hosts | None = None) -> None:
        self._hosts = hosts
        self._installed: tuple[str | None, Hosts] | None = None
        self._found: dict[str, int] = {}
        self._down: dict[str, float] = {}

    def candidates(self, url: str) -> tuple[str, ...]:
        """Give the addresses at which a file may lie, in the order of the rules."""
        if self._hosts is not None:
            return self._hosts.candidates(url)
        named = os.environ.get(VARIABLE)
        if self._installed is None or self._installed[0] != named:
            self._installed = (named, installed_hosts())
        return self._installed[1].candidates(url)

    def addresses(self, url: str) -> tuple[str, ...]:
        """Give the addresses that are asked for a file: the one where its store was found, or all it may have."""
        found = self.candidates(url)
        known = self._found.get(find_store(url)) if len(found) > 1 else None
        return found if known is None or known >= len(found) else (found[known],)

    def ask(self, url: str, ask: Callable[[str, int | None], Result]) -> Result:
        """Ask for a file where it is, or may be.

        Parameters
        ----------
        url : str
        ask : callable
            Asks at an address, with a number of tries, or None for as many as usual.

        Raises
        ------
        MissingFileError, NoAccessError
            If each place says so, or the one where the other files of the store are.
        StoreUnreachableError
            If the file is nowhere, and a place did not answer.
        """
        addresses = self.addresses(url)
        if len(addresses) == 1:
            return ask(addresses[0], None)
        return self._search(find_store(url), addresses, ask)

    def _search(self, store: str, addresses: tuple[str, ...], ask: Callable[[str, int | None], Result]) -> Result:
        """Ask each place once, and those that did not answer as often as usual."""
        now = time.monotonic()
        pending = sorted(range(len(addresses)), key=lambda number: self._down.get(_host(addresses[number]), 0.0) > now)
        refused: Exception | None = None
        for tries in (1, None):
            silent: list[tuple[int, StoreUnreachableError]] = []
            for number in pending:
                try:
                    result = ask(addresses[number], tries)
                except (MissingFileError, NoAccessError) as error:
                    refused = refused or error
                except StoreUnreachableError as error:
                    silent.append((number, error))
                    self._down[_host(addresses[number])] = time.monotonic() + _DOWN
                else:
                    if len(self._found) >= _REMEMBERED:
                        self._found.clear()
                    self._found[store] = number
                    return result
            pending = [number for number, _ in silent]
        if silent:
            raise silent[0][1]
        raise refused or MissingFileError(store)


def find_store(url: str) -> str:
    """Give what the files beside a file have in common: the OME-Zarr image that it is in, or else its folder.

    Examples
    --------
    >>> find_store("https://example.org/plate.zarr/A/1/0/zarr.json"), find_store("https://example.org/maps/emd_1.map")
    ('https://example.org/plate.zarr', 'https://example.org/maps')
    """
    before, found, _ = f"{url}/".partition(".zarr/")
    return before + ".zarr" if found else url.rpartition("/")[0]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
