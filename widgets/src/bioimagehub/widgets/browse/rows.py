"""A record as one row of the list: a few short texts, whatever its entry holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.index.fields import clean
from bioimagehub.catalogs.locations import is_local

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TITLE = 240
LONGEST_TEXT = 80
_LARGEST = 2**63


def tidy(text: object, longest: int = LONGEST_TEXT) -> str:
    r"""Cut a text, and leave out of it what no eye sees: control characters, and those that turn the writing round.

    Examples
    --------
    >>> tidy("mito\u202esis" + 90 * "x", 12)
    'mito sisxxx…'
    """
    text = clean(text, 4 * longest)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def make_row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Make the row of a record of its plain fields, as the index keeps them.

    Returns
    -------
    dict
        ``id`` (whole: it is what is asked for), ``title``, ``archive``, ``kind``, ``organism``, ``technology``,
        ``size`` (bytes or None), ``licence`` (None where none is stated), ``access`` (empty where it is open),
        ``opens`` (whether a driver reads it), ``picture`` (whether there may be one).
    """
    identifier = str(fields["identifier"])
    size = fields.get("size")
    access = fields.get("access")
    kind = access.get("kind", "open") if isinstance(access, dict) else "open"
    return {
        "id": identifier,
        "title": tidy(fields.get("title"), LONGEST_TITLE) or identifier,
        "archive": tidy(identifier.partition(":")[0]),
        "kind": tidy(fields.get("kind") or "image"),
        "organism": _join(fields.get("organisms")),
        "technology": _join(fields.get("technologies")),
        "size": size if isinstance(size, int) and 0 <= size < _LARGEST else None,
        "licence": tidy(fields.get("licence")) or None,
        "access": "" if kind == "open" else tidy(kind),
        "opens": bool(fields.get("driver")),
        "picture": has_picture(fields),
    }


def has_picture(fields: Mapping[str, Any]) -> bool:
    """Tell whether a small picture may be had without reading an image over the network."""
    if fields.get("thumbnail"):
        return True
    url = fields.get("url")
    return bool(fields.get("driver")) and isinstance(url, str) and is_local(url)


def _join(values: Any) -> str:
    """Give the first two names of a list, and how many there are beside them."""
    named = [tidy(value.get("name") if isinstance(value, dict) else value) for value in values or ()]
    more = f" and {len(named) - 2} more" if len(named) > 2 else ""
    return tidy(", ".join(named[:2]), 2 * LONGEST_TEXT) + more
