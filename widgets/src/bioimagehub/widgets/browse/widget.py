"""The browser of a catalog: its state in traits, and the answers to what its page asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from bioimagehub.catalogs.errors import InvalidQueryError, UnknownEntryError
from bioimagehub.catalogs.index.query import parse_query
from bioimagehub.widgets.browse import code
from bioimagehub.widgets.browse.finder import LISTED, Finder, Question, check_filters, check_sort
from bioimagehub.widgets.browse.naming import Name
from bioimagehub.widgets.browse.pictures import LARGE, SMALL, Pictures
from bioimagehub.widgets.browse.rows import tidy
from bioimagehub.widgets.browse.table import tell_question, write_html, write_text
from bioimagehub.widgets.scripts import join_scripts, join_styles
from bioimagehub.widgets.widget import HubWidget

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from bioimagehub.catalogs import Catalog, Record
    from bioimagehub.widgets.widget import Answer

PAGE = 40
"""Rows in one answer, at most."""
RANGE = 500
"""Identifiers in one answer, at most: each has up to 250 characters."""
RANGED = 10_000
"""Records that are selected at once, at most."""
PICTURES = 8
"""Pictures in one answer, at most."""
CITED = 100
"""Records that are cited at once, at most."""
_STATIC_ROWS = 20
_TEXT_ROWS = 10


class Browse(HubWidget):
    """Browse a catalog. Make it with `browse`.

    Attributes
    ----------
    text : str
        What is searched for, as `Catalog.search` takes it. A last word that is not typed to its end finds words that
        begin so, where it finds nothing by itself.
    filters : dict of str to list of str
        Values by facet, of which a record must have one.
    sort : str
        Order, as `Catalog.search` takes it.
    selection : list of str
        Identifiers of the records that are selected; `selected` gives the records.
    shown : str or None
        Identifier of the record whose details are shown.
    count : int
        How many records fit.
    total : int
        How many there are.
    lock : str
        File that "add to lock" writes, relative to the folder of the kernel.
    height : int
        In CSS pixels.
    panel : str
        What is open below the list, a viewer or a download; empty for nothing. `opened` gives the widget.
    panel_title : str
        What stands above it.
    """

    QUESTIONS: ClassVar[tuple[str, ...]] = (
        "cite", "close", "detail", "download", "keep", "lock", "open", "pictures", "range", "rows", "search", "values",
        "write",
    )  # fmt: skip
    THREADS: ClassVar[int] = 6

    _esm = join_scripts("browse/browse.js")
    _css = join_styles("theme.css", "browse/browse.css")

    text = traitlets.Unicode("").tag(sync=True)
    filters = traitlets.Dict().tag(sync=True)
    sort = traitlets.Unicode("relevance").tag(sync=True)
    selection = traitlets.List(traitlets.Unicode()).tag(sync=True)
    shown = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    lock = traitlets.Unicode("data.lock.json").tag(sync=True)
    height = traitlets.Int(600, min=240, max=4000).tag(sync=True)
    panel = traitlets.Unicode("").tag(sync=True)
    panel_title = traitlets.Unicode("").tag(sync=True)

    def __init__(self, catalog: Catalog | None = None, **state: Any) -> None:
        # A trait of the state is checked against the catalog, so that is there first.
        self._name = Name(catalog)
        self._finder = Finder(_open(catalog))
        self._pictures = Pictures()
        self._is_warm = False
        self.opened: HubWidget | None = None
        super().__init__(**{"total": len(self._finder.catalog)} | state)
        self.count = len(self._find().selection)

    @property
    def catalog(self) -> Catalog:
        """The catalog that is browsed."""
        return self._finder.catalog

    @property
    def found(self) -> Catalog:
        """The records that fit, as a catalog, in the order of the list."""
        from bioimagehub.catalogs import Catalog

        found = self._find()
        return Catalog.of_index(found.selection.index, found.selection, sort=self.sort, text=found.text)

    @property
    def selected(self) -> list[Record]:
        """The records that are selected, in the order in which they were."""
        return self._get_records(self.selection)

    def close(self) -> None:
        """Take it off all pages, and what is open in it."""
        self._show_panel(None, "")
        super().close()

    def as_text(self) -> str:
        """Give the first records that fit, as a table."""
        return write_text(self._tell(), self._finder.list_rows(self._question(), 0, _TEXT_ROWS))

    def as_static(self) -> dict[str, Any]:
        """Give a table of the first records that fit, and what was asked."""
        rows = self._finder.list_rows(self._question(), 0, _STATIC_ROWS)
        return {"text/html": write_html(self._tell(), rows, self.shown), "text/plain": self.as_text()}

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        text: str = proposal["value"]
        parse_query(text)
        return text

    @traitlets.validate("filters")
    def _check_filters(self, proposal: Any) -> dict[str, list[str]]:
        return check_filters(proposal["value"])

    @traitlets.validate("sort")
    def _check_sort(self, proposal: Any) -> str:
        return check_sort(proposal["value"])

    @traitlets.validate("selection")
    def _check_selection(self, proposal: Any) -> list[str]:
        for identifier in proposal["value"]:
            self._check_identifier(identifier)
        return list(dict.fromkeys(proposal["value"]))

    @traitlets.validate("shown")
    def _check_shown(self, proposal: Any) -> str | None:
        if proposal["value"] is not None:
            self._check_identifier(proposal["value"])
        found: str | None = proposal["value"]
        return found

    @traitlets.observe("text", "filters", "sort")
    def _asked(self, _change: Any) -> None:
        # Of what a page asked the answer is remembered, so nothing is searched for twice.
        self.count = len(self._find().selection)

    def _question(self) -> Question:
        return Question.of({"text": self.text, "filters": self.filters, "sort": self.sort})

    def _find(self) -> Any:
        return self._finder.find(self._question())

    def _tell(self) -> str:
        found = self._find()
        return tell_question(self._question(), len(found.selection), self.total, found.text)

    def _check_identifier(self, identifier: str) -> None:
        if identifier not in self.catalog:
            msg = (
                f"The catalog that is browsed has no record {identifier!r:.120}. It has {self.total:,} records. "
                "Take an identifier out of it, such as those that search() finds."
            )
            raise UnknownEntryError(msg)

    def _get_records(self, identifiers: Sequence[str]) -> list[Record]:
        return [self.catalog[identifier] for identifier in identifiers]

    def answer_search(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Answer with how many there are, the first rows, the counts of the facets, and other spellings."""
        question = Question.of(content)
        found = self._finder.find(question)
        told: dict[str, Any] = {
            "count": len(found.selection),
            "total": self.total,
            "text": found.text,
            "wider": found.wider,
            "rows": self._finder.list_rows(question, 0, PAGE),
        }
        told["facets"] = self._finder.count_facets(question, stop)
        told["suggestion"] = self._finder.suggest(found)
        if not self._is_warm:
            self._is_warm = True
            self._pool.submit(self._finder.warm)
        return told, []

    def answer_rows(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the rows from an offset on."""
        offset = max(0, int(content["offset"]))
        return {"rows": self._finder.list_rows(Question.of(content), offset, PAGE)}, []

    def answer_range(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the identifiers of the rows from one place to another; of the first of them, where it is many."""
        first, last = max(0, int(content["from"])), int(content["to"])
        _check_number(last - first + 1, RANGED, "selected", "use .found, the catalog of all that fit,")
        count = max(0, min(last - first + 1, RANGE))
        return {"identifiers": self._finder.list_identifiers(Question.of(content), first, count)}, []

    def answer_values(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the values of one facet that have a text in them."""
        values = self._finder.count_values(
            Question.of(content), str(content["facet"]), LISTED, str(content.get("with") or "")
        )
        return {"values": [pair for pair in values if tidy(pair[0], 200) == pair[0]]}, []

    def answer_detail(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with what is known of one record."""
        from bioimagehub.widgets.browse.detail import describe

        return describe(self.catalog[content["identifier"]], self.catalog, self._name.of_records()), []

    def answer_pictures(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Answer with small pictures: ``found`` tells which of them there are, in their order.

        ``later`` tells which are to be asked for again, after ``wait`` seconds: their host is left alone until then.
        """
        longest = LARGE if content.get("large") else SMALL
        found, later, wait, pictures = [], [], 0.0, []
        for identifier in content["identifiers"][: 1 if content.get("large") else PICTURES]:
            if stop.is_set():
                break
            record = self.catalog[identifier]
            picture = self._pictures.make(record, longest)
            if picture is not None:
                found.append(identifier)
                pictures.append(picture)
            elif left := self._pictures.wait(record):
                later.append(identifier)
                wait = max(wait, left)
        return {"found": found, "later": later, "wait": wait}, pictures

    def answer_cite(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the references of some records, in a style of `Record.cite`."""
        records = self._get_records(_few(content["identifiers"], CITED, "cited"))
        separator = "\n" if content["style"] == "text" else "\n\n"
        text = separator.join(record.cite(content["style"]) for record in records)
        return {"text": tidy_lines(text)}, []

    def answer_write(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the lines of Python for one record, for several, or for what is asked."""
        identifiers = _few(content.get("identifiers") or [], 1000, "written as code")
        if len(identifiers) == 1:
            return {"text": code.write_opening(self.catalog[identifiers[0]], self._name.of_records())}, []
        if identifiers:
            return {"text": code.write_selection(identifiers, self._name.of_records())}, []
        return {"text": code.write_search(content, self._name.of_all())}, []

    def answer_lock(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Add records to the lock file, and answer with what was added."""
        from bioimagehub.widgets.browse.locking import add_to_lock

        added, count = add_to_lock(self.lock, self._get_records(content["identifiers"]))
        return {"path": self.lock, "added": added, "count": count}, []

    def answer_open(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Open a record in the viewer, below the list."""
        from bioimagehub.widgets import view

        record = self.catalog[content["identifier"]]
        self._show_panel(view(record), f"Viewer: {tidy(record.title, 200)}")
        return {}, []

    def answer_download(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Plan the download of some records, below the list."""
        from bioimagehub.widgets import download

        records = self._get_records(content["identifiers"])
        self._show_panel(download(records), "Download")
        return {"count": len(records)}, []

    def answer_close(self, _content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Close what is open below the list."""
        self._show_panel(None, "")
        return {}, []

    def answer_keep(self, _content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Renew the table that a saved notebook shows."""
        self.keep()
        return {}, []

    def _show_panel(self, widget: HubWidget | None, title: str) -> None:
        before, self.opened = self.opened, widget
        self.panel_title = title
        self.panel = "" if widget is None else f"anywidget:{widget.model_id}"
        if before is not None:
            before.close()

    def __repr__(self) -> str:
        return f"<Browse: {self._tell()}>"


def tidy_lines(text: str) -> str:
    """Cut what is copied to what a message holds; what turns the direction of writing is not in a record."""
    return text if len(text) <= _LONGEST_COPY else f"{text[:_LONGEST_COPY]}\n…"


_LONGEST_COPY = 40_000


def _few(identifiers: Sequence[str], most: int, what: str) -> list[str]:
    _check_number(len(identifiers), most, what, "use .selected")
    return list(identifiers)


def _check_number(number: int, most: int, what: str, otherwise: str) -> None:
    if number > most:
        msg = (
            f"{number:,} records cannot be {what} at once. At most {most:,} can. "
            f"Select fewer, or {otherwise} in Python."
        )
        raise InvalidQueryError(msg)


def _open(catalog: Catalog | None) -> Catalog:
    if catalog is not None:
        return catalog
    from bioimagehub.catalogs import open_catalog

    return open_catalog()
