"""Reads bytes from wherever they lie: the one way from a store to everything else."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import NoAccessError, StoreUnreachableError
from bioimagehub.catalogs.locations import is_local
from bioimagehub.catalogs.reader import local, s3
from bioimagehub.catalogs.reader.cache import Cache, make_key
from bioimagehub.catalogs.reader.counts import count
from bioimagehub.catalogs.reader.credentials import installed_credentials
from bioimagehub.catalogs.reader.http import Http
from bioimagehub.catalogs.reader.looks import Look
from bioimagehub.catalogs.reader.mirrors import Mirrors
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.spans import Span
from bioimagehub.catalogs.reader.transfers import Transfer
from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bioimagehub.catalogs.hosts import Hosts
    from bioimagehub.catalogs.reader.http import Authorize, Task
    from bioimagehub.catalogs.reader.versions import Dataset


class Reader:
    """Reads bytes; safe to share between threads, and to have when a process forks.

    Parameters
    ----------
    settings : ReaderSettings or None
        None for those of the environment.
    hosts : Hosts or None
        Rules that rewrite addresses; None for `bioimagehub.catalogs.hosts.installed_hosts`.
    """

    def __init__(self, settings: ReaderSettings | None = None, hosts: Hosts | None = None) -> None:
        self.settings = settings or ReaderSettings.from_environment()
        self.cache = Cache(self.settings)
        self._http = Http(self.settings)
        self._mirrors = Mirrors(hosts)

    def close(self) -> None:
        """Close the connections that are not in use, and wait until the cache is written."""
        self._http.close()
        self.cache.flush()

    def read(
        self,
        url: str,
        start: int | None,
        length: int | None,
        *,
        dataset: Dataset,
        expected: Version | None,
        exact: bool = True,
        edition: str | None = None,
    ) -> tuple[memoryview, Version]:
        """Read bytes of a file.

        Parameters
        ----------
        url : str
            Path or address, as a `Place` has it.
        start, length : int or None
            As in `Place.read`.
        dataset : Dataset
            What they are counted for.
        expected : Version or None
            Version that the file has to have; None for the one that is found.
        exact : bool
            Whether fewer bytes than `length` are an error.
        edition : str or None
            State of the dataset that the file is part of. Where neither a version nor an edition is known, the store
            is asked each time whether what is kept of the file is still the same.

        Returns
        -------
        tuple of memoryview and Version
            The bytes, uint8, read-only, and the version of the file.

        Raises
        ------
        ReadError
            See `Place.read`.
        """
        if length is not None and length <= 0:
            if length < 0:
                msg = f"{length} bytes of {url} cannot be read; expected a length of 0 or more. Correct the length."
                raise ValueError(msg)
            return memoryview(b""), Version()
        span = Span(start, length, exact)
        if is_local(url):
            data, version = local.read_file(url, span, expected)
            count(dataset, bytes=len(data), chunks=1)
            return data, version
        return self._read_cached(url, span, dataset, expected, edition)

    @property
    def latency(self) -> float:
        """Seconds that requests took of late until their answers began; infinite before the first."""
        return self._http.latency

    def addresses(self, url: str) -> tuple[str, ...]:
        """Give the addresses that are asked for a file: the one where its store was found, or all it may have."""
        return self._mirrors.addresses(url)

    def stat(self, url: str, *, dataset: Dataset, expected: Version | None) -> Version:
        """Ask for size and version of a file; see `Place.stat`."""
        if is_local(url):
            return local.stat_file(url, expected)

        def ask(address: str, tries: int | None) -> Version:
            look = Look(url, expected)
            try:
                self._send(look, address, 1, dataset)
            except (NoAccessError, StoreUnreachableError):
                # Some stores answer HEAD with an error, or not at all.
                look.version = None
            if look.version is not None and look.version.size is not None:
                return look.version
            transfer = Transfer(url, Span(0, 1, exact=False), expected)
            self._send(transfer, address, tries, dataset)
            return transfer.version or Version()

        return self._mirrors.ask(url, ask)

    def names(self, url: str, *, dataset: Dataset) -> list[str]:
        """List a folder; see `Place.names`."""
        if is_local(url):
            return local.list_folder(url)
        from bioimagehub.catalogs.reader.folders import list_names

        def ask(address: str, tries: int | None) -> list[str]:
            def get_page(page: str) -> bytes:
                transfer = Transfer(page, Span(), None)
                authorize = _sign if address.startswith(s3.SCHEME) else _open
                self._send(transfer, page, tries, dataset, authorize)
                return bytes(transfer.data)

            return list_names(address, get_page)

        return self._mirrors.ask(f"{url}/", ask)

    def _read_cached(
        self, url: str, span: Span, dataset: Dataset, expected: Version | None, edition: str | None
    ) -> tuple[memoryview, Version]:
        key = make_key(url, span.start, span.length, expected, edition)
        kept = self.cache.get(key)
        # Bytes of which nobody knows which version they belong to would be mixed with newer ones of the same image.
        if kept is not None and (_is_pinned(expected) or (edition is not None and kept[2])):
            count(dataset, cached=len(kept[0]), chunks=1)
            return self._checked(kept[0], kept[1], span, url)
        known = None if kept is None else kept[1]
        transfer = self._fetch(Transfer(url, span, expected, known), dataset)
        if transfer.unchanged and kept is not None:
            self.cache.touch(key)
            count(dataset, cached=len(kept[0]))
            return self._checked(kept[0], kept[1], span, url)
        version = transfer.version or Version()
        self.cache.put(key, transfer.data, version)
        return self._checked(transfer.data, version, span, url)

    def _checked(self, data: memoryview, version: Version, span: Span, url: str) -> tuple[memoryview, Version]:
        if span.exact and span.length is not None and len(data) != span.length:
            # What was kept of a read that asked for as much as there is.
            span.check(len(data) + abs(span.start or 0), url)
        return data, version

    def _fetch(self, transfer: Transfer, dataset: Dataset) -> Transfer:
        def ask(address: str, tries: int | None) -> Transfer:
            self._send(transfer, address, tries, dataset)
            return transfer

        try:
            return self._mirrors.ask(transfer.url, ask)
        finally:
            count(dataset, chunks=1)

    def _send(
        self, task: Task, address: str, tries: int | None, dataset: Dataset, authorize: Authorize | None = None
    ) -> None:
        """Send the requests of a task to one place, and count them."""
        task.restart()
        before = task.requests, task.moved
        if address.startswith(s3.SCHEME):
            address, authorize = s3.locate(address), _sign
        try:
            self._http.work(task, address, authorize or _open, tries=tries)
        finally:
            count(dataset, requests=task.requests - before[0], bytes=task.moved - before[1])


def _open(_: str, url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Add the credentials that are set for an address."""
    return {**headers, **installed_credentials().headers(url)}


def _sign(method: str, url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Sign a request to an S3 store, where there are keys for it."""
    return s3.sign(method, url, headers)


def _is_pinned(expected: Version | None) -> bool:
    """Tell whether what was kept for a version can only be of that version."""
    return expected is not None and expected.states_more_than_size


@functools.cache
def installed_reader() -> Reader:
    """Give the reader of this process, with the settings of the environment."""
    return Reader()
