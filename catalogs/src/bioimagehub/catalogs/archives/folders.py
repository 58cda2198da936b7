"""Folders that a web server shows as an index page, which is all that some archives offer as a list of files.

Source: Apache mod_autoindex, https://httpd.apache.org/docs/2.4/mod/mod_autoindex.html
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from bioimagehub.catalogs.archives.values import day, make_file
from bioimagehub.catalogs.errors import ArchiveAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File

_DEEPEST = 24


def list_folder(url: str, identifier: str, client: Client, report: Report, *, below: str = "") -> Iterator[File]:
    """List the files of a folder and of those in it, asking for each index page as it is reached.

    Index pages round sizes, so that a file has none; ask its address for it.

    Parameters
    ----------
    url : str
        Address of the folder, ending in a slash.
    identifier : str
        The study, for the report.
    client : Client
    report : Report
    below : str
        Path of the folder in the study, ending in a slash; empty for the study itself.

    Raises
    ------
    RecordNotFoundError
        If there is no such folder.
    ArchiveAnswerError
        If what is there is no index page.
    """
    for name, modified in parse_index(client.get_text(url), url):
        path, address = f"{below}{name}", url + quote(name)
        if name.endswith("/"):
            if path.count("/") < _DEEPEST:
                yield from list_folder(address, identifier, client, report, below=path)
            else:
                report.defect(identifier, "files", f"{path} lies more than {_DEEPEST} folders deep; not listed")
        elif (file := make_file(identifier, report, path=path, url=address, modified=day(modified))) is not None:
            yield file


def parse_index(page: str, url: str) -> list[tuple[str, str | None]]:
    """Parse an index page: the names in it, folders with a slash at the end, each with the day it was changed.

    Raises
    ------
    ArchiveAnswerError
        If it is no index page.
    """
    parser = _Links()
    parser.feed(page)
    parser.close()
    if not re.search(r"index of", page, re.IGNORECASE):
        msg = (
            f"{url} is no index page of a folder; expected one titled 'Index of'. Open it in a browser, and report it."
        )
        raise ArchiveAnswerError(msg)
    # Links that sort, lead upwards or out of the folder are none of its entries; a name with a colon begins with "./".
    return [
        (name, modified)
        for link, modified in parser.links
        if re.fullmatch(r"(\./[^/?#]+|[^/?#:]+)/?", link)
        and (name := unquote(link.removeprefix("./"))).strip("./")
        and "/" not in name[:-1]
    ]


class _Links(HTMLParser):
    """Collects the links of a page, and the first date behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href") if tag == "a" else None
        if link is not None:
            self.links.append((link, None))

    def handle_data(self, data: str) -> None:
        found = re.search(r"\d{4}-\d{2}-\d{2}", data)
        if found and self.links and self.links[-1][1] is None:
            self.links[-1] = (self.links[-1][0], found[0])
