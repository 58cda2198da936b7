"""Every way the catalogs can fail.

::

    CatalogError
    ├── CatalogNotFoundError      (FileNotFoundError)  no catalog file where one was looked for
    ├── InvalidEntryError         (ValueError)         an entry does not make a record
    ├── UnknownEntryError         (LookupError)        no entry of that identifier
    ├── UnknownFacetError         (ValueError)         no record has that facet value
    ├── UnknownLevelError         (LookupError)        the image has no such multiscale level
    ├── UnknownLabelError         (LookupError)        the image has no such label image
    ├── UnknownTableError         (LookupError)        the record, or the file, has no such table
    ├── AmbiguousTableError       (ValueError)         there are several tables, and none was named
    ├── UnreadableTableError      (ValueError)         the bytes are not the table that their name promises
    ├── UnknownAxisError          (ValueError)         the image has no such axis
    ├── UnknownOptionError        (TypeError)          the driver takes no such parameter
    ├── AmbiguousImageError       (ValueError)         there are several images, and none was named
    ├── UnknownImageError         (LookupError)        the file has no such series, scene or member
    ├── UnreadableImageError      (ValueError)         the bytes are not what the driver reads
    ├── CostNotKnownError         (TypeError)          the array is not one whose cost can be told
    ├── DamagedLayoutError        (ValueError)         what was kept of an image cannot be read
    ├── ReadError                                      the bytes of a file cannot be had as they are expected
    │   ├── MissingFileError         (LookupError)     there is no such file
    │   ├── ChangedFileError         (ValueError)      the file is another version than was read before, or expected
    │   ├── TruncatedFileError       (ValueError)      the file is shorter than what is asked of it
    │   ├── UnlistableFolderError    (NotADirectoryError) a store does not tell what is in a folder
    │   ├── UnreadableZipError       (ValueError)      a zip file, or a file in it, cannot be read in place
    │   ├── NoAccessError            (PermissionError) the store asks for credentials, or refuses those it got
    │   └── StoreUnreachableError    (ConnectionError) no answer, or none that is whole, after all tries
    ├── NotReadableError          (ValueError)         the record has no image that a driver reads
    ├── InvalidDocumentError      (ValueError)         a document of another standard does not make a record
    ├── InvalidQueryError         (ValueError)         a search asks for something that cannot be asked
    ├── DamagedIndexError         (OSError)            the index of the records is not whole
    ├── IndexNotWritableError     (PermissionError)    the index of the records cannot be written
    ├── LockMismatchError         (ValueError)         what was found is not what was locked
    ├── LockNotWritableError      (PermissionError)    the lock file cannot be written
    ├── InvalidHostsError         (ValueError)         a rule that rewrites addresses is not one
    ├── InvalidReaderSettingsError (ValueError)        a variable of the reader layer has a value that cannot be used
    ├── InvalidCredentialsError   (ValueError)         what gives access to stores is not as expected
    ├── UnknownArchiveError       (LookupError)        there is no archive of that name
    ├── ArchiveError                                   an archive does not give what was asked of it
    │   ├── ArchiveUnreachableError  (ConnectionError) no answer, or none that is whole, after all tries
    │   ├── ArchiveAnswerError       (ValueError)      an answer that does not have the shape it should have
    │   ├── RecordNotFoundError      (LookupError)     the archive has no record of that accession
    │   ├── AccessDeniedError        (PermissionError) the archive asks for credentials or an application
    │   ├── NotOfferedError          (NotImplementedError) the archive has no interface for this
    │   ├── IncompleteHarvestError   (OSError)         a harvest got fewer records than the archive declares
    │   └── HarvestRunningError      (BlockingIOError) that archive is being harvested into that folder now
    ├── SamplesNotBuiltError      (FileNotFoundError)  the sample archive, or one dataset of it, is not there
    ├── DamagedSampleError        (OSError)            a built sample lacks files, or its files changed
    ├── SourceImageError          (OSError)            a package does not carry the image it is known for
    ├── SamplesNotWritableError   (PermissionError)    the sample archive cannot be written
    ├── InsufficientSpaceError    (OSError)            the disk has no room for the sample archive, or for a download
    ├── InvalidSelectionError     (ValueError)         a selection is not one, or leaves nothing
    ├── UnsafeNameError           (ValueError)         a file would be written outside the folder it is fetched into
    ├── FileInTheWayError         (FileExistsError)    a file is there that was not fetched, and would be overwritten
    ├── DamagedFileError          (ValueError)         the bytes that came do not have the checksum of the archive
    ├── FolderNotWritableError    (PermissionError)    the folder to fetch into cannot be made or written
    └── FetchRunningError         (BlockingIOError)    another process fetches into that folder now

Each message says what failed, what was found or expected, and what to do.
"""

from __future__ import annotations

from bioimagehub.catalogs.redaction import hide_secrets


class CatalogError(Exception):
    """Base of everything that the catalogs raise on purpose. Secrets in the addresses of its message are left out."""

    def __init__(self, *told: object) -> None:
        super().__init__(*(hide_secrets(each) if isinstance(each, str) else each for each in told))


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
    """The record, or the file, has no table of that name."""


class AmbiguousTableError(CatalogError, ValueError):
    """There are several tables in a file, and none was named: none is ever chosen silently."""


class UnreadableTableError(CatalogError, ValueError):
    """There is something at the address, and it cannot be read as a table; or not with the columns asked for."""


class UnreadableImageError(CatalogError, ValueError):
    """There is something at the address, and the driver cannot read it as an image."""


class UnknownAxisError(CatalogError, ValueError):
    """The image has no axis of that name."""


class UnknownOptionError(CatalogError, TypeError):
    """The driver of the image takes no parameter of that name."""


class AmbiguousImageError(CatalogError, ValueError):
    """There are several images at the address, and none was named: none is ever chosen silently."""


class UnknownImageError(CatalogError, LookupError):
    """The file or set has no image, series, scene or member of that name or number."""


class CostNotKnownError(CatalogError, TypeError):
    """The array is none that a driver opened lazily, so what reading it costs is not known."""


class DamagedLayoutError(CatalogError, ValueError):
    """The file that keeps what opening an image needs is not whole, or of another version."""


class ReadError(CatalogError):
    """Base of what goes wrong between a store and the reader layer."""


class MissingFileError(ReadError, LookupError):
    """The store has no file at that address."""


class ChangedFileError(ReadError, ValueError):
    """The file is not the version of which bytes were read before, or that a record or a layout expects."""


class TruncatedFileError(ReadError, ValueError):
    """The file ends before the bytes that are asked for."""


class UnreadableZipError(ReadError, ValueError):
    """A zip file is damaged, or a file in it is, or is encrypted, or is packed in a way that is not known."""


class UnlistableFolderError(ReadError, NotADirectoryError):
    """The store does not tell what is in a folder, or there is none. Not for a folder that is missing."""


class NoAccessError(ReadError, PermissionError):
    """The store asks for credentials, or does not accept those that it got."""


class StoreUnreachableError(ReadError, ConnectionError):
    """The store did not answer, answered with an error of its own, or broke off, at every try."""


class SamplesNotBuiltError(CatalogError, FileNotFoundError):
    """The sample archive or one of its datasets was not built yet."""


class DamagedSampleError(CatalogError, OSError):
    """A dataset of the sample archive is there and is not what was built."""


class SourceImageError(CatalogError, OSError):
    """A package that carries a sample image is not installed, or its image is another one."""


class SamplesNotWritableError(CatalogError, PermissionError):
    """The folder of the sample archive cannot be made or written."""


class InsufficientSpaceError(CatalogError, OSError):
    """The disk has too little room for the sample archive, or for a download."""


class InvalidSelectionError(CatalogError, ValueError):
    """A selection of files, channels, levels or a region is not one, or nothing is left after it."""


class UnsafeNameError(CatalogError, ValueError):
    """A file has a name, or lies under a link, that leads out of the folder it is fetched into."""


class FileInTheWayError(CatalogError, FileExistsError):
    """Where a file is to be written lies one that was not fetched from there; it is never overwritten unasked."""


class DamagedFileError(CatalogError, ValueError):
    """All bytes of a file came, and they do not have the checksum that the archive states."""


class FolderNotWritableError(CatalogError, PermissionError):
    """The folder that is fetched into cannot be made or written."""


class FetchRunningError(CatalogError, BlockingIOError):
    """Another process fetches into that folder now."""


class NotReadableError(CatalogError, ValueError):
    """The record has no image that a driver reads: it is a study, controlled, or in a format without driver."""


class InvalidDocumentError(CatalogError, ValueError):
    """A document, such as an RO-Crate, cannot be turned into a record."""


class InvalidQueryError(CatalogError, ValueError):
    """A search asks for an unknown field, or for a range that has no order."""


class DamagedIndexError(CatalogError, OSError):
    """The file of the index is there and is not a whole index of this version."""


class IndexNotWritableError(CatalogError, PermissionError):
    """The index has to be built and its folder cannot be written."""


class LockMismatchError(CatalogError, ValueError):
    """A record is not the one that was locked."""


class LockNotWritableError(CatalogError, PermissionError):
    """The folder of the lock file is missing or cannot be written, or the disk is full; an old lock stays."""


class InvalidHostsError(CatalogError, ValueError):
    """A rule that rewrites addresses is not one, or the file of such rules cannot be read."""


class InvalidReaderSettingsError(CatalogError, ValueError):
    """A variable of the reader layer is unknown, or has a value that cannot be used."""


class InvalidCredentialsError(CatalogError, ValueError):
    """What gives access to stores cannot be read, is incomplete, or may be read by others; it never shows a secret."""


class UnknownArchiveError(CatalogError, LookupError):
    """No module reads an archive of that name."""


class ArchiveError(CatalogError):
    """Base of what goes wrong between an archive and its module."""


class ArchiveUnreachableError(ArchiveError, ConnectionError):
    """The archive did not answer, answered with an error of its own, or broke off, at every try."""


class ArchiveAnswerError(ArchiveError, ValueError):
    """The archive answered with something that is not of the shape it documents."""


class RecordNotFoundError(ArchiveError, LookupError):
    """The archive has no record of that accession."""


class AccessDeniedError(ArchiveError, PermissionError):
    """The archive asks for credentials, or for an application to those who decide."""


class NotOfferedError(ArchiveError, NotImplementedError):
    """The archive offers no interface for what was asked; the message says what to do instead."""


class IncompleteHarvestError(ArchiveError, OSError):
    """A harvest got fewer records than the archive declares; the last good harvest stays."""


class HarvestRunningError(ArchiveError, BlockingIOError):
    """Another process harvests that archive into that folder now."""
