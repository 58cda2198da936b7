"""What tells one version of a file from another, and which dataset a file belongs to."""

from __future__ import annotations

from dataclasses import dataclass


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

        Examples
        --------
        >>> Version(10, '"a"').differs(Version(10, '"b"')), Version(10).differs(Version(10, '"b"'))
        (True, False)
        """
        pairs = ((self.size, other.size), (self.etag, other.etag), (self.modified, other.modified))
        return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)


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
