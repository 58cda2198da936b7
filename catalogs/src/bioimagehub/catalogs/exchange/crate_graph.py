"""The graph of an RO-Crate, read leniently: references, strings, lists and nested objects alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import line, listed
from bioimagehub.catalogs.errors import InvalidDocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DESCRIPTOR = "ro-crate-metadata.json"


class Crate:
    """The entities of a crate by their ``@id``, and the root dataset among them.

    Attributes
    ----------
    root : dict
        The entity that the metadata descriptor is about.

    Raises
    ------
    InvalidDocumentError
        If the document has no graph, or no root dataset.
    """

    def __init__(self, document: Mapping[str, Any], source: str) -> None:
        graph = document.get("@graph") if isinstance(document, dict) else None
        if not isinstance(graph, list):
            msg = (
                f"{source} is no RO-Crate: it has no list @graph at its top. "
                "Give the whole ro-crate-metadata.json, as read by json.load."
            )
            raise InvalidDocumentError(msg)
        entities = [entity for entity in graph if isinstance(entity, dict)]
        self._entities: dict[str, dict[str, Any]] = {}
        for entity in entities:
            self._entities.setdefault(str(entity.get("@id")), entity)
        roots = [
            found
            for entity in entities
            # The two forms of the standard: the plain name, and behind a prefix in a detached crate.
            if str(entity.get("@id")).endswith(_DESCRIPTOR)
            for found in self.follow(entity.get("about"))
            if "Dataset" in kinds(found)
        ]
        if not roots:
            msg = (
                f"{source} has no root dataset: no entity {_DESCRIPTOR} is about an entity of the type Dataset. "
                "Correct its property 'about', or give another crate."
            )
            raise InvalidDocumentError(msg)
        self.root = roots[0]

    def follow(self, value: Any) -> list[dict[str, Any]]:
        """Give the entities that a property holds: by reference, in place, or as a name alone."""
        found = []
        for item in listed(value):
            if isinstance(item, dict):
                # What stands in place completes what stands in the graph, and is all there is of a dangling reference.
                found.append({**item, **self._entities.get(str(item.get("@id")), {})})
            elif (text := line(item)) is not None:
                found.append(self._entities.get(text, {"name": text}))
        return found


def kinds(entity: Mapping[str, Any]) -> frozenset[str]:
    """Give the types of an entity, without the prefix of their vocabulary."""
    return frozenset(str(kind).rpartition(":")[2].rpartition("/")[2] for kind in listed(entity.get("@type")))


def web(value: Any) -> str | None:
    """Give the address of a page or picture; None where it is none that a browser should follow."""
    text = (line(value) or "").replace(" ", "%20").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    return text if re.match(r"(https?|ftp|s3|gs)://[^/]", text) else None
