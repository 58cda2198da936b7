"""Listing a public bucket of an S3 object store, without an account (ListObjectsV2).

Source: Amazon S3 API reference, ListObjectsV2, https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from bioimagehub.catalogs.archives.values import day, make_file, number
from bioimagehub.catalogs.errors import ArchiveAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from xml.etree.ElementTree import Element

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File

_ONE = ".zarr/"
"""Ending of the folders that are one image: they hold a file a chunk, which nobody fetches one by one."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a bucket: its key, its bytes, its entity tag, and the day it was last written."""

    key: str
    size: int | None
    etag: str | None
    modified: date | None


@dataclass(frozen=True)
class Listing:
    """One page of a listing.

    Attributes
    ----------
    folders : tuple of str
        Prefixes up to and with the delimiter; empty where none was asked for.
    objects : tuple of StoredObject
    token : str or None
        What the next page is asked with; None on the last one.
    """

    folders: tuple[str, ...]
    objects: tuple[StoredObject, ...]
    token: str | None


def list_folder(client: Client, bucket: str, folder: str) -> Iterator[Listing]:
    """List what is directly in a folder, page by page.

    Parameters
    ----------
    client : Client
    bucket : str
        Address of the bucket, without its end slash.
    folder : str
        Prefix that ends in a slash, or an empty one for the whole bucket. The slash is put there if it is missing,
        as a prefix without it fits every sibling whose name only begins like it.

    Raises
    ------
    ArchiveAnswerError
        If an answer is no listing, holds fewer entries than it says, or begins again.
    """
    return _pages(client, bucket, folder, delimiter="/")


def walk_files(
    client: Client, bucket: str, folder: str, *, identifier: str, report: Report, base: str | None = None
) -> Iterator[File]:
    """List all files under a folder in the order of their keys; an OME-Zarr image is one file with the size of all.

    Parameters
    ----------
    client : Client
    bucket : str
        Address of the bucket, without its end slash.
    folder : str
        Prefix; see `list_folder`.
    identifier : str
        Record that they are files of.
    report : Report
        Where a key is noted that is no path inside the folder.
    base : str or None
        Address that the keys are appended to, where it is not the bucket's.

    Raises
    ------
    ArchiveAnswerError
        As in `list_folder`.
    """
    prefix = _as_folder(folder)
    objects = (each for page in _pages(client, bucket, folder, delimiter="") for each in page.objects)
    for key, members in groupby(objects, key=_image_or_key):
        size: int | None = 0
        for each in members:
            size = None if size is None or each.size is None else size + each.size
        if key.endswith("/") and not key.endswith(_ONE):
            # A marker that some tools leave for an empty folder.
            continue
        whole = key.endswith(_ONE)
        name = key.removeprefix(prefix).rstrip("/")
        found = make_file(
            identifier,
            report,
            path=name,
            size=size,
            url=address(base or bucket, key.rstrip("/")),
            checksum=None if whole or each.etag is None else f"etag:{each.etag}",
            modified=each.modified,
        )
        if found is not None:
            yield found


def address(bucket: str, key: str) -> str:
    """Give the address of an object, percent-encoded segment by segment.

    Examples
    --------
    >>> address("https://cellpainting-gallery.s3.amazonaws.com", "cpg0000/A 1#.tiff")
    'https://cellpainting-gallery.s3.amazonaws.com/cpg0000/A%201%23.tiff'
    """
    return f"{bucket.rstrip('/')}/{quote(key, safe='/~')}"


def parse_listing(text: str, url: str) -> Listing:
    """Parse the XML of one page.

    Parameters
    ----------
    text : str
        The XML; its entities are refused.
    url : str
        Where it was read, for the error.

    Raises
    ------
    ArchiveAnswerError
        If it is not a listing, or holds fewer entries than its ``KeyCount`` says.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        msg = f"The listing of {url} is not XML that may be read: {error}. Expected ListBucketResult; try again later."
        raise ArchiveAnswerError(msg) from error
    if _tag(root) != "ListBucketResult":
        said = _text(root, "Message") or _text(root, "Code") or _tag(root)
        msg = f"{url} gave no listing but {_tag(root)}: {said[:200]}. Check that the bucket exists and is public."
        raise ArchiveAnswerError(msg)
    encoded = _text(root, "EncodingType") == "url"
    folders = tuple(_key(each, "Prefix", encoded) for each in root if _tag(each) == "CommonPrefixes")
    objects = tuple(_object(each, encoded) for each in root if _tag(each) == "Contents")
    declared = number(_text(root, "KeyCount"))
    if declared is not None and declared != len(folders) + len(objects):
        msg = (
            f"The listing of {url} says that it has {declared} entries and has {len(folders) + len(objects)}. "
            "It was cut off: try again later."
        )
        raise ArchiveAnswerError(msg)
    token = _text(root, "NextContinuationToken")
    if _text(root, "IsTruncated") == "true" and token is None:
        msg = f"The listing of {url} goes on and does not say where. Expected NextContinuationToken; report it."
        raise ArchiveAnswerError(msg)
    return Listing(folders, objects, token if _text(root, "IsTruncated") == "true" else None)


def _pages(client: Client, bucket: str, folder: str, *, delimiter: str) -> Iterator[Listing]:
    question = {"list-type": "2", "prefix": _as_folder(folder), "encoding-type": "url"}
    if delimiter:
        question["delimiter"] = delimiter
    seen: set[str] = set()
    while True:
        page = parse_listing(client.get_text(f"{bucket}/", question), bucket)
        yield page
        if page.token is None:
            return
        if page.token in seen:
            msg = f"The listing of {bucket}/{folder} gives the same token twice; it would never end. Report it."
            raise ArchiveAnswerError(msg)
        seen.add(page.token)
        question["continuation-token"] = page.token


def _as_folder(folder: str) -> str:
    return folder if not folder or folder.endswith("/") else f"{folder}/"


def _image_or_key(each: StoredObject) -> str:
    before, found, _ = each.key.partition(_ONE)
    return before + found if found else each.key


def _object(element: Element, encoded: bool) -> StoredObject:
    etag = (_text(element, "ETag") or "").strip('"')
    return StoredObject(
        key=_key(element, "Key", encoded),
        size=number(_text(element, "Size")),
        etag=etag or None,
        modified=day((_text(element, "LastModified") or "")[:19]),
    )


def _key(element: Element, name: str, encoded: bool) -> str:
    text = _text(element, name) or ""
    return unquote_plus(text) if encoded else text


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element, name: str) -> str | None:
    """Give the text of a child in whatever namespace: stores differ in it."""
    return next((child.text for child in element if _tag(child) == name), None)
