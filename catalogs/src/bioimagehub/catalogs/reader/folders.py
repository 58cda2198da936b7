"""Listing a folder of a web server that shows index pages, or of an object store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    MissingFileError,
    NoAccessError,
    ReadError,
    UnlistableFolderError,
)
from bioimagehub.catalogs.reader import s3
from bioimagehub.catalogs.redaction import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[[str], bytes]
    """Gets a page from an address."""


def list_names(url: str, ask: Ask) -> list[str]:
    """List what lies directly in a folder: names, sorted, those of folders with ``/`` at the end.

    Parameters
    ----------
    url : str
        Address of the folder. One that begins with ``s3://`` is listed by its store; any other shows an index page,
        or lies in an object store behind a plain address.
    ask : callable

    Raises
    ------
    MissingFileError
        If there is no such folder.
    UnlistableFolderError
        If its server does not tell what is in it.
    """
    url = url.rstrip("/")
    if url.startswith(s3.SCHEME):
        bucket, _, prefix = url.removeprefix(s3.SCHEME).partition("/")
        return _list_bucket(s3.locate(f"s3://{bucket}/").rstrip("/"), unquote(prefix), url, ask)
    from bioimagehub.catalogs.archives.folders import parse_index

    try:
        page = ask(f"{url}/").decode(errors="replace")
        return sorted(name for name, _ in parse_index(page, url))
    except (MissingFileError, NoAccessError, ArchiveAnswerError) as refused:
        for bucket, prefix in _buckets(url):
            try:
                return _list_bucket(bucket, prefix, url, ask)
            except (ReadError, ArchiveAnswerError):
                continue
        if isinstance(refused, ReadError):
            raise
        msg = (
            f"{hide_secrets(url)} cannot be listed: found neither an index page nor the listing of an object store. "
            "Name the files in it one by one, or give the list of files that its archive publishes."
        )
        raise UnlistableFolderError(msg) from refused


def _buckets(url: str) -> Iterator[tuple[str, str]]:
    """Give the buckets and prefixes that a plain address may stand for: in the path, or in the name of the host."""
    parts = urlsplit(url)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    if ".s3." in parts.netloc or ".s3-" in parts.netloc:
        yield origin, unquote(parts.path.strip("/"))
    elif bucket:
        yield f"{origin}/{bucket}", unquote(prefix)


def _list_bucket(bucket: str, prefix: str, url: str, ask: Ask) -> list[str]:
    """List a folder of a bucket, page by page (ListObjectsV2)."""
    from bioimagehub.catalogs.archives.s3 import parse_listing

    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    question = {"list-type": "2", "prefix": folder, "delimiter": "/", "encoding-type": "url"}
    names: set[str] = set()
    seen = set()
    while True:
        text = ask(f"{bucket}/?{urlencode(question, quote_via=quote)}").decode(errors="replace")
        page = parse_listing(text, hide_secrets(url))
        names.update(each.removeprefix(folder) for each in page.folders)
        names.update(each.key.removeprefix(folder) for each in page.objects if each.key != folder)
        if page.token is None:
            break
        if page.token in seen:
            msg = f"The listing of {hide_secrets(url)} gives the same token twice; it would never end. Report it."
            raise UnlistableFolderError(msg)
        seen.add(page.token)
        question["continuation-token"] = page.token
    if not names:
        msg = f"{hide_secrets(url)} does not exist: its store has nothing below it. Check the address."
        raise MissingFileError(msg)
    return sorted(names)
