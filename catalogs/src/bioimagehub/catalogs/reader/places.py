"""A file or a folder that is read, wherever it lies."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.locations import is_local, resolve
from bioimagehub.catalogs.reader.reader import installed_reader
from bioimagehub.catalogs.reader.versions import Dataset, Version
from bioimagehub.catalogs.reader.zip_directory import is_zipped

if TYPE_CHECKING:
    from bioimagehub.catalogs.layouts import Layout
    from bioimagehub.catalogs.reader.reader import Reader
    from bioimagehub.catalogs.reader.zips import ZipReader


class Place:
    """A file or a folder: its address, and what is known of it. It can be pickled, compared and shared by threads.

    The version of a file is fixed when the first of its bytes are read, and sent along when it is pickled: bytes of
    another version are never given afterwards.

    Parameters
    ----------
    url : str
        Path or address, as an entry has it: ``samples://``, ``s3://`` and what the host rules are about may occur.
    dataset : Dataset or None
        What its bytes are counted for; None for the address itself.
    version : Version or None
        Version that it has to have; None for the one that is found.
    layout : Layout or None
        What was kept of it by ``bioimagehub catalog index``, so that opening it asks nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        dataset: Dataset | None = None,
        version: Version | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.dataset = dataset or Dataset(self.url)
        self.version = version
        self.layout = layout
        self._fixing = threading.Lock()

    def __truediv__(self, path: str) -> Place:
        """Give what lies below a folder; `path` is percent-encoded if the address is one."""
        return Place(f"{self.url}/{path}", dataset=self.dataset)

    def read(self, start: int | None = None, length: int | None = None) -> memoryview:
        """Read bytes, by default all.

        Parameters
        ----------
        start : int or None
            First byte; a negative one counts from the end.
        length : int or None
            Number of bytes; None for all from `start` on.

        Raises
        ------
        MissingFileError
            If there is no such file.
        ChangedFileError
            If the file is not the version that was read before, or that was expected.
        StoreUnreachableError, TruncatedFileError, NoAccessError
            If it cannot be had, or is shorter than what was asked for.
        """
        data, version = _reader_of(self.url).read(self.url, start, length, dataset=self.dataset, expected=self.version)
        if self.version is None:
            with self._fixing:
                if self.version is None:
                    self.version = version
        return data

    def stat(self) -> Version:
        """Ask for size and version, without reading."""
        version = _reader_of(self.url).stat(self.url, dataset=self.dataset, expected=self.version)
        self.version = self.version or version
        return version

    def open(self) -> Any:
        """Open as a binary file that can seek, for libraries that want one; remote bytes come in blocks, each once."""
        return installed_reader().open(self)

    def names(self) -> list[str]:
        """List a folder: names in it, sorted, those of folders with ``/`` at the end."""
        return _reader_of(self.url).names(self.url, dataset=self.dataset)

    @property
    def near(self) -> bool:
        """Whether it lies on this machine."""
        return is_local(self.url)

    @property
    def name(self) -> str:
        """Last step of the path."""
        return self.url.rpartition("/")[2]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.url, self.version) == (other.url, other.version)

    def __hash__(self) -> int:
        return hash(self.url)

    def __repr__(self) -> str:
        return f"<Place {self.url}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_fixing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._fixing = threading.Lock()


def _reader_of(url: str) -> Reader | ZipReader:
    """Give what reads an address: the installed reader, or in a zip file what reads its members through that."""
    if not is_zipped(url):
        return installed_reader()
    from bioimagehub.catalogs.reader.zips import ZipReader

    return ZipReader()


def open_place(url: str | Place) -> Place:
    """Give the place of an address; a place stays as it is."""
    return url if isinstance(url, Place) else Place(resolve(url))
