"""BioStudies, the database under the BioImage Archive, which lists EMPIAR too: its questions and its documents.

Source: the server's interface as archivefs 0.2.0 and bia-integrator use it (``/api/v1``, 2026).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.paging import Rows
from bioimagehub.catalogs.archives.values import line, listed, number
from bioimagehub.catalogs.errors import AccessDeniedError, ArchiveAnswerError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client

API = "https://www.ebi.ac.uk/biostudies/api/v1"
_EVERYTHING = "*:*"
_SYNTAX = re.compile(r'([+\-!(){}\[\]^"~*?:\\/&|])')


def ask_collection(client: Client, collection: str, text: str) -> Callable[[int, int], Rows]:
    """Give a function that asks for rows of a search in a collection, oldest release first, for `paging.walk`.

    All words of the text must be there; the archive itself would take a space for "or". Oldest first, so that what
    is released meanwhile comes behind what was read, and no row moves to another page.
    """
    question: dict[str, str | int] = {"query": _EVERYTHING, "sortBy": "release_date", "sortOrder": "ascending"}
    if text.split():
        # In small letters, as AND, OR and NOT would be commands.
        question = {"query": " AND ".join(_SYNTAX.sub(r"\\\1", word) for word in text.casefold().split())}

    def ask(start: int, length: int) -> Rows:
        url = f"{API}/{collection}/search"
        answer = client.get_json(url, {**question, "pageSize": length, "page": start // length + 1})
        total = number(answer.get("totalHits")) if isinstance(answer, dict) else None
        if total is None or not isinstance(answer.get("hits", []), list):
            raise _shapeless(url, "totalHits and a list of hits")
        # A total that is only a lower bound declares nothing.
        return Rows(answer.get("hits", []), total if answer.get("isTotalHitsExact", True) else None)

    return ask


def fetch_info(accession: str, client: Client) -> dict[str, Any]:
    """Ask where the files of a study are; an unknown accession gives 200 and ``{}``, so this tells whether it exists.

    Raises
    ------
    RecordNotFoundError
        If there is no study of that accession.
    """
    url = f"{API}/studies/{accession}/info"
    answer = client.get_json(url)
    if not isinstance(answer, dict):
        raise _shapeless(url, "an object")
    if not answer:
        msg = (
            f"BioStudies has no public study {accession}: {url} is empty. "
            "Accessions are case-sensitive (S-BIAD1002); check it, or search for its title."
        )
        raise RecordNotFoundError(msg)
    return answer


def fetch_study(accession: str, client: Client) -> dict[str, Any]:
    """Ask for the document of a study; that of a large one lies beside its files, where the answer only points."""
    url = f"{API}/studies/{accession}"
    answer = client.get_json(url)
    if isinstance(answer, dict) and isinstance(answer.get("ftpHttp_link"), str):
        url = f"{answer['ftpHttp_link'].rstrip('/')}/{accession}.json"
        answer = client.get_json(url)
    if not isinstance(answer, dict) or not isinstance(answer.get("section"), dict):
        raise _shapeless(url, "a study with a section")
    return answer


def ask_files(accession: str, client: Client) -> Callable[[int, int], Rows]:
    """Give a function that asks for rows of the files of a study, for `paging.walk`.

    A release of the server knows the list by one address or by the other, with other names for the same.
    """
    new, old = f"{API}/studies/{accession}/files", f"{API}/files/{accession}"
    urls = [new, old]

    def ask(start: int, length: int) -> Rows:
        try:
            answer = client.get_json(urls[0], _FILE_PAGES[urls[0] == old](start, length))
        except RecordNotFoundError:
            if urls[0] == old:
                raise
            del urls[0]
            return ask(start, length)
        if not isinstance(answer, dict):
            raise _shapeless(urls[0], "an object with rows")
        rows, pages = answer.get("items", answer.get("data")), answer.get("pagination")
        total = number(pages.get("total") if isinstance(pages, dict) else answer.get("recordsTotal"))
        if total is None:
            total = number(answer.get("recordsFiltered"))
        if not isinstance(rows, list) or total is None:
            raise _shapeless(urls[0], "rows and their total")
        return Rows(rows, total)

    return ask


_FILE_PAGES: tuple[Callable[[int, int], Mapping[str, int]], ...] = (
    lambda start, length: {"limit": length, "offset": start},
    lambda start, length: {"start": start, "length": length},
)


def find_files(info: Mapping[str, Any], accession: str) -> str:
    """Give the address of the folder of the files; it cannot be derived from the accession.

    Raises
    ------
    AccessDeniedError
        If the study is not public.
    ArchiveAnswerError
        If no address is given.
    """
    if info.get("isPublic") is False:
        msg = f"The study {accession} is not public, so its files cannot be read. Its page says when it will be."
        raise AccessDeniedError(msg)
    link = info.get("httpLink")
    if not isinstance(link, str) or not link.startswith(("http://", "https://")):
        msg = f"BioStudies does not say where the files of {accession} are; expected httpLink. See its page there."
        raise ArchiveAnswerError(msg)
    return f"{link.rstrip('/')}/Files"


def quote_path(path: str) -> str:
    """Percent-encode a path segment by segment.

    >>> quote_path("#1_Raw_Images/Zelle ä.tif")
    '%231_Raw_Images/Zelle%20%C3%A4.tif'
    """
    return "/".join(quote(segment, safe="") for segment in path.split("/"))


def walk_sections(section: Any) -> Iterator[dict[str, Any]]:
    """Give a section and all below it; where one may stand there may be a list of them, and tables nest one deeper."""
    pending = [section]
    while pending:
        found = pending.pop(0)
        if isinstance(found, list):
            pending = found + pending
        elif isinstance(found, dict):
            yield found
            pending = listed(found.get("subsections")) + pending


def walk_links(section: Mapping[str, Any]) -> Iterator[str]:
    """Give the addresses of the links of a section, which nest as sections do."""
    pending = [*listed(section.get("links"))]
    while pending:
        found = pending.pop(0)
        if isinstance(found, list):
            pending = found + pending
        elif isinstance(found, dict) and (url := line(found.get("url"))):
            yield url


def attributes(section: Mapping[str, Any], *names: str) -> list[tuple[str, dict[str, str]]]:
    """Give the values of the attributes of one of these names, each with its qualifiers; names in any case.

    >>> attributes({"attributes": [{"name": "License", "value": "CC0", "valqual": [{"name": "URL", "value": "u"}]}]},
    ...            "license")
    [('CC0', {'url': 'u'})]
    """
    wanted = {name.casefold() for name in names}
    found = []
    for each in listed(section.get("attributes")):
        if isinstance(each, dict) and str(each.get("name")).strip().casefold() in wanted:
            value = line(each.get("value"))
            if value is not None:
                found.append((value, _qualifiers(each)))
    return found


def value(section: Mapping[str, Any], *names: str) -> str | None:
    """Give the value of the first attribute of one of these names; None where there is none."""
    return next((text for text, _ in attributes(section, *names)), None)


def _qualifiers(attribute: Mapping[str, Any]) -> dict[str, str]:
    pairs = [each for each in listed(attribute.get("valqual")) if isinstance(each, dict)]
    return {str(each.get("name")).casefold(): line(each.get("value")) or "" for each in pairs}


def _shapeless(url: str, due: str) -> ArchiveAnswerError:
    msg = f"The answer of {url} is not of the shape that BioStudies documents; expected {due}. Report it."
    return ArchiveAnswerError(msg)
