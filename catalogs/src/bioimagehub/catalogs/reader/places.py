"""A file or a folder that is read, wherever it lies."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote

from bioimagehub.catalogs.errors import MissingFileError
from bioimagehub.catalogs.locations import is_local, resolve
from bioimagehub.catalogs.reader.reader import Reader, installed_reader
from bioimagehub.catalogs.reader.versions import Dataset, Version, check_version
from bioimagehub.catalogs.reader.zip_directory import is_zipped
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from bioimagehub.catalogs.layouts import Layout
    from bioimagehub.catalogs.reader.zips import ZipReader

_BUFFER = 128 * 2**10


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
    edition : str or None
        What tells the state of a dataset of many files, such as a digest of its metadata; what lies below it has it,
        too. What the cache keeps of such files is used for some days without asking the store; of a file that has
        neither edition nor version only when the store says that it is still the same.
    """

    def __init__(
        self,
        url: str,
        *,
        dataset: Dataset | None = None,
        version: Version | None = None,
        layout: Layout | None = None,
        edition: str | None = None,
    ) -> None:
        self.url = url.rstrip("/") or "/"
        self.dataset = dataset or Dataset(hide_secrets(self.url))
        self.version = version
        self.layout = layout
        self.edition = edition
        self._fixing = threading.Lock()

    def __truediv__(self, path: str) -> Place:
        """Give what lies below a folder.

        Parameters
        ----------
        path : str
            Names, with ``/`` between them; they are percent-encoded where the address is one of a store.

        Raises
        ------
        MissingFileError
            If it leads out of the folder.

        Examples
        --------
        >>> (Place("https://example.org/set?key=1") / "well A1/0.tif").url, (Place("/data") / "well A1/0.tif").url
        ('https://example.org/set/well%20A1/0.tif?key=1', '/data/well A1/0.tif')
        """
        if "." in path or "//" in path:
            steps = [step for step in path.split("/") if step not in ("", ".")]
            if ".." in steps:
                msg = (
                    f"{path!r:.200} leads out of {hide_secrets(self.url)}; expected a path in it. What names it is "
                    "damaged, or made to do harm: report it to its archive."
                )
                raise MissingFileError(msg)
            path = "/".join(steps)
        path = path.strip("/")
        if not path:
            return self
        if "://" not in self.url or self.url.startswith("samples://"):
            return Place(f"{self.url.rstrip('/')}/{path}", dataset=self.dataset, edition=self.edition)
        # The key of an object may have a question mark in it, and no query.
        folder, mark, query = (self.url, "", "") if self.url.startswith("s3://") else self.url.partition("?")
        url = f"{folder.rstrip('/')}/{quote(path, safe='/~')}{mark}{query}"
        return Place(url, dataset=self.dataset, edition=self.edition)

    def read(self, start: int | None = None, length: int | None = None) -> memoryview:
        """Read bytes, by default all.

        Parameters
        ----------
        start : int or None
            First byte; a negative one counts from the end.
        length : int or None
            Number of bytes; None for all from `start` on. From the end, where there are fewer, for all there are.

        Returns
        -------
        memoryview
            Bytes, uint8, read-only; exactly `length` where that is given.

        Raises
        ------
        MissingFileError
            If there is no such file.
        ChangedFileError
            If the file is not the version that was read before, or that was expected.
        StoreUnreachableError, TruncatedFileError, NoAccessError
            If it cannot be had, or is shorter than what was asked for.
        """
        data, version = self._reader.read(
            self.url, start, length, dataset=self.dataset, expected=self.version, edition=self.edition
        )
        if self.version is not version:
            self._fix(version)
        return data

    def read_some(self, start: int, length: int) -> tuple[memoryview, Version]:
        """Read bytes as `read` does, fewer where the file ends before; give the version, too."""
        data, version = self._reader.read(
            self.url,
            start,
            length,
            dataset=self.dataset,
            expected=self.version,
            exact=False,
            edition=self.edition,
        )
        self._fix(version)
        return data, version

    def stat(self) -> Version:
        """Ask for size and version, without reading."""
        version = self._reader.stat(self.url, dataset=self.dataset, expected=self.version)
        self._fix(version)
        return version

    def open(self) -> BinaryIO:
        """Open as a binary file that can seek, for libraries that want one; remote bytes come in blocks, each once."""
        if self.near and not is_zipped(self.url):
            from bioimagehub.catalogs.reader.local import open_file

            return open_file(self.url, self.version)
        from bioimagehub.catalogs.reader.files import RemoteFile

        return cast("BinaryIO", io.BufferedReader(RemoteFile(self), _BUFFER))

    def names(self) -> list[str]:
        """List a folder: names in it, sorted, those of folders with ``/`` at the end."""
        return self._reader.names(self.url, dataset=self.dataset)

    @property
    def near(self) -> bool:
        """Whether it lies on this machine."""
        return is_local(self.url)

    @property
    def name(self) -> str:
        """Last step of the path, as it is in the address."""
        path = self.url if self.near else self.url.partition("?")[0]
        return path.rpartition("/")[2]

    @property
    def _reader(self) -> Reader | ZipReader:
        if is_zipped(self.url):
            from bioimagehub.catalogs.reader.zips import ZipReader

            return ZipReader()
        return installed_reader()

    def _fix(self, found: Version) -> None:
        """Note the version that was found first; that of another thread may be another one meanwhile."""
        if found == Version():
            return
        with self._fixing:
            if self.version is None:
                self.version = found
        check_version(self.url, found, self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.url, self.version) == (other.url, other.version)

    def __hash__(self) -> int:
        return hash(self.url)

    def __repr__(self) -> str:
        return f"<Place {hide_secrets(self.url)}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_fixing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._fixing = threading.Lock()


def open_place(url: str | Place) -> Place:
    """Give the place of an address; a place stays as it is."""
    return url if isinstance(url, Place) else Place(resolve(url))
