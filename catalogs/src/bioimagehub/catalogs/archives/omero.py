"""The JSON interface of OMERO.web, which IDR and SSBD offer: lists of containers, and what their annotations tell.

Source: OMERO.web JSON API, https://docs.openmicroscopy.org/omero/latest/developers/json-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.paging import OMERO_ROWS, Rows, walk
from bioimagehub.catalogs.archives.values import line, listed, mapping, number
from bioimagehub.catalogs.errors import ArchiveAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.archives.client import Client


def list_objects(
    base: str, kind: str, client: Client, parent: tuple[str, int] | None = None
) -> Iterator[dict[str, Any]]:
    """List objects of one kind, page after page up to the total that the server declares.

    Parameters
    ----------
    base : str
        Address of the server, without a slash at the end.
    kind : str
        ``projects``, ``screens``, ``datasets``, ``plates`` or ``images``.
    client : Client
    parent : (str, int) or None
        Kind and number of the container that they are in, as ``("project", 301)``; None for all.

    Raises
    ------
    ArchiveAnswerError
        If the pages do not hold the declared total, or each object once.
    """
    url = f"{base}/api/v0/m/{kind}/"
    inside = {parent[0]: parent[1]} if parent else {}

    def ask(start: int, size: int) -> Rows:
        answer = client.get_json(url, {"limit": size, "offset": start, **inside})
        total = number(mapping(answer, "meta").get("totalCount"))
        if total is None:
            msg = f"{url} answered without meta.totalCount; expected the total of {kind}. Report it to the archive."
            raise ArchiveAnswerError(msg)
        return Rows(listed(mapping(answer).get("data")), total)

    seen: set[Any] = set()
    for step in walk(ask, OMERO_ROWS, what=f"{kind} at {base}"):
        for each in step.rows:
            identity = mapping(each).get("@id")
            if identity is None or identity in seen:
                msg = f"{url} lists @id {identity!r} twice, or none; expected each of {kind} once. Try again later."
                raise ArchiveAnswerError(msg)
            seen.add(identity)
            yield each


def fetch_pairs(base: str, kind: str, number_: int, client: Client) -> list[tuple[str, list[tuple[str, str]]]]:
    """Read the key-value pairs of an object: for each annotation its namespace, and its pairs in order."""
    answer = client.get_json(f"{base}/webclient/api/annotations/", {"type": "map", kind: number_})
    return parse_pairs(answer)


def parse_pairs(document: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """Parse what the server answers about annotations; pairs that are none are left out."""
    found = []
    for annotation in listed(mapping(document).get("annotations")):
        pairs = [
            (key, value)
            for pair in listed(mapping(annotation).get("values"))
            if isinstance(pair, list) and len(pair) == 2 and (key := line(pair[0])) and (value := line(pair[1]))
        ]
        found.append((line(mapping(annotation).get("ns")) or "", pairs))
    return found
