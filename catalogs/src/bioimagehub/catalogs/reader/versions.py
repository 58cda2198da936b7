"""What tells one version of a file from another, and which dataset a file belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bioimagehub.catalogs.errors import ChangedFileError
from bioimagehub.catalogs.redaction import hide_secrets


@dataclass(frozen=True)
class Version:
    """What a store says of a file, by which a change is noticed.

    Attributes
    ----------
    size : int or None
        Bytes; None where the store does not say.
    etag : str or None
        Strong entity tag, with its quotes; None where there is none, or only a weak one.
    modified : str or None
        When it was changed: the header ``Last-Modified``, or nanoseconds for a local file.
    """

    size: int | None = None
    etag: str | None = None
    modified: str | None = None

    def differs(self, other: Version) -> bool:
        """Tell whether both cannot be the same version; what one of them does not state does not count.

        Two strong entity tags decide by themselves, with the size: machines that serve the same bytes under one
        address may have other dates of them.

        Examples
        --------
        >>> Version(10, '"a"').differs(Version(10, '"b"')), Version(10).differs(Version(10, '"b"'))
        (True, False)
        """
        if self.size is not None and other.size is not None and self.size != other.size:
            return True
        if self.etag is not None and other.etag is not None:
            return self.etag != other.etag
        return self.modified is not None and other.modified is not None and self.modified != other.modified

    @property
    def states_more_than_size(self) -> bool:
        """Whether a change that leaves the size alone would be noticed."""
        return self.etag is not None or self.modified is not None

    def __str__(self) -> str:
        stated = (
            "" if self.size is None else f"{self.size:,} bytes",
            "" if self.etag is None else f"ETag {self.etag}",
            "" if self.modified is None else f"modified {self.modified}",
        )
        return ", ".join(filter(None, stated)) or "nothing stated"


def check_version(url: str, found: Version, expected: Version | None) -> None:
    """Raise `ChangedFileError` if a file is not the version that it has to be.

    Raises
    ------
    ChangedFileError
    """
    if expected is not None and found.differs(expected):
        msg = (
            f"{hide_secrets(url)} is another version: found {found}; expected {expected}. Open it again, so that all "
            "that is read is of one version; where it is indexed, run bioimagehub catalog index again."
        )
        raise ChangedFileError(msg)


@dataclass(frozen=True)
class Dataset:
    """The dataset that bytes are counted for.

    Attributes
    ----------
    identifier : str
        Of its record; the address where there is no record.
    version : str or None
        Of its record.
    """

    identifier: str
    version: str | None = None


def make_edition(version: Version | None, content: bytes | memoryview) -> str:
    """Give what tells the state of a dataset of many files, by its metadata file: see `Place`.

    Parameters
    ----------
    version : Version or None
        Of the metadata file. A dataset that was written anew has another one, also where the metadata are as before.
    content : bytes
        Of the metadata file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    stated = None if version is None else version.etag or version.modified
    digest = hashlib.sha256(repr(stated).encode())
    digest.update(content)
    return digest.hexdigest()
