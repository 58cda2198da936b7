"""What an archive publishes as a GitHub repository, taken as one file instead of by thousands of requests."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import ArchiveAnswerError

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.client import Client

_LARGEST = 4 * 2**20
"""Bytes of a document, unpacked; the largest that is known has 200 kB."""


@dataclass(frozen=True)
class Dump:
    """The files of a repository.

    Attributes
    ----------
    url : str
        Where it was read.
    archive : zipfile.ZipFile
    """

    url: str
    archive: zipfile.ZipFile

    def find(self, pattern: str) -> list[str]:
        """Give the names of the files whose whole path in the repository matches a pattern, sorted."""
        return sorted(name for name in self.archive.namelist() if re.fullmatch(rf"[^/]+/{pattern}", name))

    def read_json(self, name: str) -> Any:
        """Parse a file.

        Raises
        ------
        ArchiveAnswerError
            If it is damaged, not JSON, nested deeper than any record, or larger than one.
        """
        try:
            size = self.archive.getinfo(name).file_size
            if size <= _LARGEST:
                return json.loads(self.archive.read(name))
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
            msg = f"{name} in {self.url} is no whole JSON document: {error}. Report it to the archive."
            raise ArchiveAnswerError(msg) from error
        msg = f"{name} in {self.url} has {size:,} bytes; expected a document of at most {_LARGEST:,}. Report it."
        raise ArchiveAnswerError(msg)


def fetch_dump(repository: str, version: str, client: Client) -> Dump:
    """Read a repository as it is at a version.

    Parameters
    ----------
    repository : str
        As ``openssbd/gide-ro-crate``.
    version : str
        Commit, or ``HEAD``.
    client : Client

    Raises
    ------
    ArchiveAnswerError
        If what is there is no zip file.
    """
    url = f"https://codeload.github.com/{repository}/zip/{version}"
    content = client.get_bytes(url)
    try:
        return Dump(url, zipfile.ZipFile(io.BytesIO(content)))
    except zipfile.BadZipFile as error:
        msg = f"{url} is no zip file ({error}), it has {len(content):,} bytes; expected the dump. Try again later."
        raise ArchiveAnswerError(msg) from error
