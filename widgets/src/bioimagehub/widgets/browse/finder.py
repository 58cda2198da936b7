"""What is asked of the catalog, what it finds, and the counts beside it; what was just asked is remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.fields import FACETS, SORTS
from bioimagehub.catalogs.index.query import LONGEST
from bioimagehub.widgets.browse.rows import make_row, tidy

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from bioimagehub.catalogs import Catalog
    from bioimagehub.catalogs.index import Selection

TITLES = {
    "archive": "Archive", "scale": "Scale", "technology": "Imaging technology", "organism": "Organism",
    "data_type": "Data type", "licence": "Licence", "use": "Licence allows", "access": "Access", "format": "Format",
    "size": "Size", "kind": "Kind", "readable": "Opens here",
}  # fmt: skip
"""The facets that are offered, in their order. All others of the index can be filtered by, too."""

SIZES: dict[str, tuple[int, int | None]] = {
    "under 1 MB": (0, 10**6 - 1),
    "1 MB to 1 GB": (10**6, 10**9 - 1),
    "1 GB to 100 GB": (10**9, 10**11 - 1),
    "100 GB to 10 TB": (10**11, 10**13 - 1),
    "10 TB and more": (10**13, None),
}
"""The values of the facet ``size``: least and largest number of bytes."""

SHOWN = 8
"""So many values of a facet are shown at first."""
LISTED = 200
"""So many values of a facet are listed at most."""
_LONGEST_VALUE = 160
_REMEMBERED = 32
_MANY_MORE = 10


@dataclass(frozen=True)
class Question:
    """What is asked: a text, values of facets of which one must fit, and an order."""

    text: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sort: str = "relevance"

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Question:
        """Make it of ``text``, ``filters`` and ``sort``.

        Raises
        ------
        InvalidQueryError
            If there is no such facet, size or order.
        """
        filters = check_filters(state.get("filters") or {})
        kept = tuple(sorted((facet, tuple(values)) for facet, values in filters.items()))
        return cls(str(state.get("text") or ""), kept, check_sort(state.get("sort") or "relevance"))

    def without(self, facet: str) -> Question:
        """Give the same question without a facet: what its other values would find is counted by it."""
        return replace(self, filters=tuple(pair for pair in self.filters if pair[0] != facet))


@dataclass(frozen=True)
class Found:
    """What a question found.

    Attributes
    ----------
    selection : Selection
    text : str
        As it was understood: with a ``*`` behind a last word that is only the beginning of words.
    wider : tuple of (str, int) or None
        The text with such a ``*``, and how many it would find, where that is more.
    """

    selection: Selection
    text: str
    wider: tuple[str, int] | None = None


def check_sort(sort: object) -> str:
    """Refuse an order that there is not."""
    if sort not in SORTS:
        msg = f"Records cannot be sorted by {sort!r:.80}. Valid orders are {', '.join(sorted(SORTS))}. Choose one."
        raise InvalidQueryError(msg)
    return str(sort)


def check_filters(filters: Any) -> dict[str, list[str]]:
    """Bring filters to a list of values for each facet, without empty ones.

    Raises
    ------
    InvalidQueryError
        If there is no such facet or size, or a value is no text.

    Examples
    --------
    >>> check_filters({"archive": "idr", "year": [2019], "scale": [], "readable": True})
    {'archive': ['idr'], 'year': ['2019'], 'readable': ['yes']}
    """
    if not isinstance(filters, dict):
        msg = f"The filters are {filters!r:.80}. They must be a dictionary. Give the values of each facet by its name."
        raise InvalidQueryError(msg)
    checked = {facet: _check_values(facet, values) for facet, values in filters.items()}
    return {facet: values for facet, values in checked.items() if values}


def _check_values(facet: str, values: Any) -> list[str]:
    if facet not in FACETS and facet != "size":
        known = ", ".join(sorted({*FACETS, "size"}))
        msg = f"There is no facet {facet!r:.80}. The facets are {known}. Use one of these."
        raise InvalidQueryError(msg)
    if values is None:
        return []
    listed = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
    texts = ["yes" if value is True else value for value in listed]
    if not all(isinstance(value, str | int) and value is not False for value in texts):
        msg = f"The facet {facet!r} was given {values!r:.80}. Its values are texts. Give a text, or a list of texts."
        raise InvalidQueryError(msg)
    found = list(dict.fromkeys(map(str, texts)))
    unknown = [value for value in found if value not in SIZES] if facet == "size" else []
    if unknown:
        msg = (
            f"There is no size {unknown[0]!r:.80}. The sizes are {', '.join(map(repr, SIZES))}. Choose of these, or "
            "browse a catalog that was narrowed with search(size=...)."
        )
        raise InvalidQueryError(msg)
    return found


class Finder:
    """Asks a catalog. It may be used by several threads.

    Parameters
    ----------
    catalog : Catalog
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)

    def _find(self, question: Question) -> Found:
        """Find what fits; a last word that begins many more words than it is one is not typed to its end."""
        selection = self._narrow(question)
        if not _may_go_on(question.text):
            return Found(selection, question.text)
        begun = f"{question.text}*"
        wider = self._narrow(replace(question, text=begun))
        if len(wider) > _MANY_MORE * len(selection):
            return Found(wider, begun)
        return Found(selection, question.text, (begun, len(wider)) if len(wider) > len(selection) else None)

    def _narrow(self, question: Question) -> Selection:
        filters = {facet: list(values) for facet, values in question.filters}
        sizes = filters.pop("size", [])
        selection = self.catalog.selection.narrow(question.text, filters)
        if not sizes:
            return selection
        return reduce(or_, (selection.narrow("", {}, {"size": SIZES[size]}) for size in sizes))

    def list_rows(self, question: Question, offset: int, limit: int) -> list[dict[str, Any]]:
        """Give some of the records, as `make_row` has them."""
        return [make_row(fields) for fields in self.find(question).selection.page(offset, limit, question.sort)]

    def list_identifiers(self, question: Question, offset: int, limit: int) -> list[str]:
        """Give the identifiers of some of the records."""
        return self.find(question).selection.identifiers(offset, limit, question.sort)

    def suggest(self, found: Found) -> str | None:
        """Give the text in another spelling, if words of it are found nowhere and it finds something."""
        if not found.text.strip() or len(found.selection):
            return None
        suggestion = found.selection.index.suggest(found.text)
        return tidy(suggestion, 1000) if suggestion else None

    def count_facets(self, question: Question, stop: threading.Event) -> list[dict[str, Any]]:
        """Count the most frequent values of each facet that is offered, and those that are chosen.

        The counts of a facet tell what choosing one more of its values would add, so its own choice is left out.
        """
        told: list[dict[str, Any]] = []
        chosen = dict(question.filters)
        for facet, title in TITLES.items():
            if stop.is_set():
                break
            values = self.count_values(question, facet, SHOWN + 1)
            told.append({
                "facet": facet,
                "title": title,
                "values": _keep_chosen(values[:SHOWN], chosen.get(facet, ()), self._count_one(question, facet)),
                "more": len(values) > SHOWN,
            })  # fmt: skip
        return told

    def count_values(self, question: Question, facet: str, limit: int, text: str = "") -> list[tuple[str, int]]:
        """Count the values of one facet, the most frequent first; those that have a text in them."""
        # Whoever asks for two uses wants a licence that allows both, so one more makes it fewer.
        asked = question if facet == "use" else question.without(facet)
        selection = self.find(asked).selection
        if facet == "size":
            counts = ((size, len(selection.narrow("", {}, {"size": ends}))) for size, ends in SIZES.items())
            return [(size, count) for size, count in counts if count]
        every = selection.facets([facet], limit=None if text else limit)[facet]
        wanted = text.casefold()
        return [pair for pair in every if wanted in pair[0].casefold()][:limit]

    def _count_one(self, question: Question, facet: str) -> Any:
        def count(value: str) -> int:
            selection = self.find(question.without(facet)).selection
            if facet == "size":
                return len(selection.narrow("", {}, {"size": SIZES[value]}))
            return len(selection.narrow("", {facet: [value]}))

        return count

    def warm(self) -> None:
        """Load what the first filter by an organism needs, before somebody waits for it."""
        self.catalog.selection.narrow("", {"organism": ["human"]})


def _may_go_on(text: str) -> bool:
    """Tell whether the last word could be the beginning of others: not in quotes, not one that must not occur."""
    last = text.split()[-1] if text[-1:].isalnum() else ""
    return bool(last) and not last.startswith("-") and text.count('"') % 2 == 0 and len(text) < LONGEST


def _keep_chosen(values: Iterable[tuple[str, int]], chosen: Iterable[str], count: Any) -> list[tuple[str, int]]:
    listed = [(value, number) for value, number in values if len(value) <= _LONGEST_VALUE]
    there = {value for value, _ in listed}
    return listed + [(value, count(value)) for value in chosen if value not in there]
