"""Reads bytes from wherever they lie."""

from __future__ import annotations

import functools
import http.client
import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bioimagehub.catalogs.locations import is_local
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Version

if TYPE_CHECKING:
    from bioimagehub.catalogs.reader.places import Place
    from bioimagehub.catalogs.reader.versions import Dataset


class Reader:
    """Reads bytes; safe to share between threads."""

    def __init__(self, settings: ReaderSettings | None = None) -> None:
        self.settings = settings or ReaderSettings()
        self._here = threading.local()

    def read(
        self, url: str, start: int | None, length: int | None, *, dataset: Dataset, expected: Version | None
    ) -> tuple[memoryview, Version]:
        """Read bytes of a file; see `Place.read`."""
        if is_local(url):
            try:
                with Path(url.removeprefix("file://")).open("rb", buffering=0) as file:
                    stat = os.fstat(file.fileno())
                    begin = 0 if start is None else start if start >= 0 else max(0, stat.st_size + start)
                    size = stat.st_size - begin if length is None else length
                    data = bytearray(size)
                    file.seek(begin)
                    file.readinto(data)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise LookupError(url) from error
            return memoryview(data), Version(stat.st_size, None, str(stat.st_mtime_ns))
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc)
        headers = {}
        if start is not None and start < 0:
            headers["Range"] = f"bytes={start}"
        elif length is not None or start:
            headers["Range"] = f"bytes={start or 0}-{'' if length is None else (start or 0) + length - 1}"
        connection.request("GET", parts.path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status == 404:
            raise LookupError(url)
        return memoryview(body), Version(None, response.headers.get("ETag"), response.headers.get("Last-Modified"))

    def stat(self, url: str, *, dataset: Dataset, expected: Version | None) -> Version:
        """Ask for size and version of a file."""
        data, _ = self.read(url, None, None, dataset=dataset, expected=expected)
        return Version(len(data))

    def open(self, place: Place) -> Any:
        """Open a place as a binary file."""
        return io.BytesIO(place.read())

    def names(self, url: str, *, dataset: Dataset) -> list[str]:
        """List a folder."""
        return sorted(path.name + "/" * path.is_dir() for path in Path(url.removeprefix("file://")).iterdir())


@functools.cache
def installed_reader() -> Reader:
    """Give the reader of this process, with the settings of the environment."""
    return Reader()
