"""Every way the catalogs can fail.

::

    CatalogError
    ├── CatalogNotFoundError      (FileNotFoundError)  no catalog file where one was looked for
    ├── InvalidEntryError         (ValueError)         an entry does not make a record
    ├── UnknownEntryError         (LookupError)        no entry of that identifier
    ├── UnknownFacetError         (ValueError)         no record has that facet value
    ├── UnknownLevelError         (LookupError)        the image has no such multiscale level
    ├── UnknownLabelError         (LookupError)        the image has no such label image
    ├── UnknownTableError         (LookupError)        the record has no such table
    ├── UnreadableImageError      (ValueError)         the bytes are not what the driver reads
    ├── SamplesNotBuiltError      (FileNotFoundError)  the sample archive, or one dataset of it, is not there
    ├── DamagedSampleError        (OSError)            a built sample lacks files, or its files changed
    ├── SourceImageError          (OSError)            a package does not carry the image it is known for
    ├── SamplesNotWritableError   (PermissionError)    the sample archive cannot be written
    └── InsufficientSpaceError    (OSError)            the disk has no room for the sample archive

Each message says what failed, what was found or expected, and what to do.
"""

from __future__ import annotations


class CatalogError(Exception):
    """Base of everything that the catalogs raise on purpose."""


class CatalogNotFoundError(CatalogError, FileNotFoundError):
    """A catalog file is missing. Not for a missing entry: see `UnknownEntryError`."""


class InvalidEntryError(CatalogError, ValueError):
    """An entry of a catalog file is not a valid record, or the file is not a catalog."""


class UnknownEntryError(CatalogError, LookupError):
    """The catalog has no entry, and no collection of entries, of that name."""


class UnknownFacetError(CatalogError, ValueError):
    """A search asked for a facet value that no record has. Not for a search that finds nothing."""


class UnknownLevelError(CatalogError, LookupError):
    """The image has fewer multiscale levels than the one asked for."""


class UnknownLabelError(CatalogError, LookupError):
    """The image has no label image of that name."""


class UnknownTableError(CatalogError, LookupError):
    """The record has no table of that name."""


class UnreadableImageError(CatalogError, ValueError):
    """There is something at the address, and the driver cannot read it as an image."""


class SamplesNotBuiltError(CatalogError, FileNotFoundError):
    """The sample archive or one of its datasets was not built yet."""


class DamagedSampleError(CatalogError, OSError):
    """A dataset of the sample archive is there and is not what was built."""


class SourceImageError(CatalogError, OSError):
    """A package that carries a sample image is not installed, or its image is another one."""


class SamplesNotWritableError(CatalogError, PermissionError):
    """The folder of the sample archive cannot be made or written."""


class InsufficientSpaceError(CatalogError, OSError):
    """The disk has too little room for the sample archive. Raised before anything is written."""
