"""The state of the browser, and its answers, without a page."""

from __future__ import annotations

import ast
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import traitlets

from bioimagehub.catalogs import Catalog, Record, open_catalog
from bioimagehub.catalogs.citation import STYLES
from bioimagehub.catalogs.errors import InvalidDocumentError, InvalidQueryError, UnknownEntryError
from bioimagehub.catalogs.locks import read_lock
from bioimagehub.widgets import UnknownKeywordError, browse
from bioimagehub.widgets.browse.detail import FORBIDDEN
from widgets.browse.conftest import HOSTILE, Page

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 200_000
UNNAMED = "# No variable has the catalog that was browsed: give it the name catalog first."


@pytest.fixture(scope="module")
def large() -> Catalog:
    """More records than one answer tells of, with names as long as they may be."""
    from widgets.browse.conftest import make_catalog, make_fields

    fields = [make_fields(number) for number in range(2000)]
    return make_catalog([each | {"identifier": each["identifier"].ljust(250, "x")} for each in fields])


def test_without_a_catalog_it_browses_all(samples: Path) -> None:
    widget = browse(text="nuclei", archive="samples", sort="title")
    assert widget.total > 30_000
    assert widget.filters == {"archive": ["samples"]}
    assert 0 < widget.count == len(widget.found) < 12
    widget.close()


def test_state_can_be_set_and_read(catalog: Catalog) -> None:
    widget = browse(catalog)
    assert widget.count == widget.total == len(catalog)
    widget.text = "mitosis"
    widget.filters = {"archive": "idr", "scale": []}
    widget.sort = "-size"
    expected = catalog.search("mitosis", archive="idr", sort="-size")
    assert widget.filters == {"archive": ["idr"]}
    assert widget.count == len(expected)
    assert [record.identifier for record in widget.found] == [record.identifier for record in expected]
    widget.close()


def test_selected_gives_records(catalog: Catalog) -> None:
    widget = browse(catalog, selection=["idr:entry004", "bia:entry003", "idr:entry004"])
    assert widget.selection == ["idr:entry004", "bia:entry003"]
    assert [record.identifier for record in widget.selected] == widget.selection
    assert all(isinstance(record, Record) for record in widget.selected)
    with pytest.raises(UnknownEntryError, match=r"no record 'idr:none'. It has 119 records. Take an identifier"):
        widget.selection = ["idr:none"]
    with pytest.raises(UnknownEntryError):
        widget.shown = "idr:none"
    assert widget.selection == ["idr:entry004", "bia:entry003"]
    widget.close()


def test_what_cannot_be_asked_is_refused(catalog: Catalog) -> None:
    with pytest.raises(
        UnknownKeywordError, match=r"asked for organsim. It has the keywords filters.*the facets access"
    ):
        browse(catalog, organsim="mouse")
    with pytest.raises(InvalidQueryError, match="no size 'huge'"):
        browse(catalog, size="huge")
    widget = browse(catalog)
    with pytest.raises(InvalidQueryError, match="sorted by 'colour'"):
        widget.sort = "colour"
    with pytest.raises(InvalidQueryError, match="at most 1,000 are taken"):
        widget.text = "x" * 1001
    assert (widget.text, repr(widget)) == ("", "<Browse: 119 of 119 records>")
    with pytest.raises(traitlets.TraitError):
        widget.height = 3
    widget.close()


def test_a_search_is_answered_at_once(page: Page) -> None:
    told = page.ask("search", text="mitosis", filters={"archive": ["idr"]}, sort="title")
    rows = page.ask("rows", text="mitosis", filters={"archive": ["idr"]}, sort="title", offset=2)["rows"]
    assert told["count"] == len(page.widget.catalog.search("mitosis", archive="idr"))
    assert told["rows"][2:] == rows[: len(told["rows"]) - 2]
    assert {"archive", "scale", "technology", "organism", "data_type", "licence", "access", "format", "size"} <= {
        each["facet"] for each in told["facets"]
    }


def test_a_stretch_of_the_list_is_told_in_parts(large: Catalog) -> None:
    widget = browse(large)
    page = Page(widget)
    state = {"text": "", "filters": {"archive": ["idr", "bia"]}, "sort": "identifier"}
    expected = [record.identifier for record in large.search(archive=["idr", "bia"], sort="identifier").page(30, 1200)]
    found: list[str] = []
    while len(found) < len(expected):
        found += page.ask("range", **state, **{"from": 30 + len(found), "to": 1229})["identifiers"]
    assert found == expected
    assert page.largest < MOST_BYTES
    assert page.ask("range", **state, **{"from": 9000, "to": 9001}) == {"identifiers": []}
    widget.close()


def test_too_long_a_stretch_is_not_selected(page: Page) -> None:
    assert len(page.ask("range", **{"from": 0, "to": 9_999})["identifiers"]) == 119
    with pytest.raises(InvalidQueryError, match=r"10,001 records cannot be selected at once. At most 10,000 can. Sele"):
        page.ask("range", **{"from": 0, "to": 10_000})


def test_state_of_a_page_is_taken(page: Page) -> None:
    told = page.ask("search", text="muscle")
    page.widget.set_state({"text": "muscle", "filters": {}})
    assert (page.widget.text, page.widget.count) == ("muscle", told["count"])
    assert 0 < told["count"] < page.widget.total


def test_a_record_is_told_with_what_its_licence_forbids(page: Page) -> None:
    told = page.ask("detail", identifier="idr:entry001")
    assert told["licence"]["name"] == "CC-BY-4.0"
    assert told["licence"]["told"] == [FORBIDDEN["unattributed use"]]
    assert told["memory"] == 2 * 10 * 200 * 100
    assert told["axes"][0] == ("z", 10, 0.5, "µm")
    assert told["code"].splitlines()[1:] == ['image = catalog["idr:entry001"].open()']
    assert "licence CC-BY-4.0" in told["citation"]
    banned = page.ask("detail", identifier="empiar:entry002")["licence"]["told"]
    assert FORBIDDEN["commercial use"] in banned
    assert FORBIDDEN["derivatives"] in banned


def test_a_record_without_a_licence_says_what_that_means(catalog: Catalog) -> None:
    from widgets.browse.conftest import make_catalog, make_fields

    widget = browse(make_catalog([{name: value for name, value in make_fields(1).items() if name != "licence"}]))
    told = Page(widget).ask("detail", identifier="idr:entry001")["licence"]
    assert told["name"] is None
    assert told["told"] == ["No licence is stated: ask the source before you pass anything of it on."]
    widget.close()


@pytest.mark.parametrize("style", STYLES)
def test_records_are_cited(page: Page, style: str) -> None:
    text = page.ask("cite", identifiers=["idr:entry001", "bia:entry003"], style=style)["text"]
    assert page.widget.catalog["idr:entry001"].cite(style) in text
    assert page.widget.catalog["bia:entry003"].cite(style) in text


def test_too_many_records_are_not_cited(page: Page) -> None:
    with pytest.raises(InvalidQueryError, match=r"101 records cannot be cited at once. At most 100 can. Select fewer"):
        page.ask("cite", identifiers=["idr:entry001"] * 101, style="text")


def test_code_runs(page: Page) -> None:
    place = {"catalog": page.widget.catalog}
    exec(page.ask("write", identifiers=["idr:entry004", "bia:entry003"])["text"], place)  # noqa: S102 - it is what is tested
    assert [record.identifier for record in place["records"]] == ["idr:entry004", "bia:entry003"]  # type: ignore[attr-defined]
    text = page.ask("write", text='a"b\\', filters={"archive": ["idr"]}, sort="-size")["text"]
    assert text.splitlines()[-1] == 'browse(catalog, text=\'a"b\\\\\', archive=["idr"], sort="-size")'
    assert ast.literal_eval(text.partition("text=")[2].partition(", archive")[0]) == 'a"b\\'


def test_code_of_what_is_installed_needs_no_variable(samples: Path) -> None:
    part = open_catalog().search(archive="samples")
    widget = browse(part)
    name = part.page(0, 1)[0].identifier
    place: dict[str, Any] = {}
    code = Page(widget).ask("detail", identifier=name)["code"]
    exec(code.removesuffix(".open()"), place)  # noqa: S102 - it is what is tested
    assert place["image"].identifier == name
    # What is browsed is less than what is installed, so the search has to name it.
    text = Page(widget).ask("write", text="nuclei")["text"]
    assert text.splitlines()[1:] == [UNNAMED, 'browse(catalog, text="nuclei")']
    widget.close()
    whole = browse(open_catalog())
    assert Page(whole).ask("write", text="nuclei")["text"].splitlines()[1:] == ['browse(text="nuclei")']
    whole.close()


def test_code_names_the_variable_that_has_the_catalog(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"_": page.widget.catalog, "other": page.widget.found}
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns=variables))
    told = [
        ({"identifiers": ["idr:entry001"]}, 'image = {}["idr:entry001"].open()'),
        ({"text": "mitosis"}, 'browse({}, text="mitosis")'),
    ]
    for content, line in told:
        lines = page.ask("write", **content)["text"].splitlines()
        assert UNNAMED in lines
        assert lines[-1] == line.format("catalog")
    variables["name"] = page.widget.catalog
    for content, line in told:
        lines = page.ask("write", **content)["text"].splitlines()
        assert UNNAMED not in lines
        assert lines[-1] == line.format("name")
    place = dict(variables)
    exec(page.ask("write", identifiers=["idr:entry004", "bia:entry003"])["text"], place)  # noqa: S102 - it is what is tested
    assert [record.identifier for record in place["records"]] == ["idr:entry004", "bia:entry003"]  # type: ignore[attr-defined]


def test_records_are_added_to_a_lock(page: Page, tmp_path: Path) -> None:
    page.widget.lock = str(tmp_path / "data.lock.json")
    assert page.ask("lock", identifiers=["idr:entry004"])["added"] == ["idr:entry004"]
    before = read_lock(page.widget.lock).find("idr:entry004")
    told = page.ask("lock", identifiers=["bia:entry003", "idr:entry004"])
    assert told == {"path": page.widget.lock, "added": ["bia:entry003"], "count": 2}
    assert read_lock(page.widget.lock).find("idr:entry004") == before
    (tmp_path / "data.lock.json").write_text("{}")
    with pytest.raises(InvalidDocumentError):
        page.ask("lock", identifiers=["idr:entry004"])
    assert (tmp_path / "data.lock.json").read_text() == "{}"


def test_a_terminal_shows_a_table(catalog: Catalog) -> None:
    widget = browse(catalog, text="mitosis", archive="idr")
    lines = widget.as_text().splitlines()
    assert lines[0] == f"{widget.count} of 119 records; text: mitosis; archive: idr"
    assert lines[1].split()[0] == "identifier"
    assert lines[2].startswith(widget.found.page(0, 1)[0].identifier)
    assert max(map(len, lines)) <= 160
    assert repr(widget) == f"<Browse: {lines[0]}>"
    widget.close()


def test_a_table_tells_that_a_size_is_not_stated(catalog: Catalog) -> None:
    from widgets.browse.conftest import make_catalog, make_fields

    widget = browse(make_catalog([make_fields(1, size=None)]))
    assert "  not stated  " in widget.as_text().splitlines()[2]
    widget.close()


def test_a_saved_notebook_shows_a_table(catalog: Catalog) -> None:
    widget = browse(catalog, sort="title", shown="bia:entry108")
    html = widget.as_static()["text/html"]
    assert "Searched: <bdi>119 of 119 records; sorted by title" in html
    assert html.count("<tr") == 21
    widget.close()


def test_hostile_records_are_shown_as_text(hostile: Catalog) -> None:
    widget = browse(hostile)
    page = Page(widget)
    told = page.ask("search")
    for value in facets_of(told):
        page.ask("values", facet=value)
    assert page.largest < MOST_BYTES
    shown = json.dumps(told["rows"], ensure_ascii=False)
    assert not set(shown) & set("\u202e\u2066\u200f\x00\x1b\x07")
    assert max(len(row["title"]) for row in told["rows"]) <= 240
    html = widget.as_static()["text/html"]
    assert "<script" not in html
    assert "<img" not in html
    assert "<iframe" not in html
    assert "\x1b" not in widget.as_text()
    widget.close()


def facets_of(told: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["facet"] for each in told["facets"]]


def test_details_of_a_hostile_record_are_an_error_or_text(hostile: Catalog) -> None:
    """An index that was built of unchecked entries has records that are none: they are told as such."""
    from bioimagehub.catalogs.errors import InvalidEntryError

    widget = browse(hostile)
    for number in range(len(HOSTILE)):
        with pytest.raises(InvalidEntryError, match=r"is not a valid record.*Correct these fields"):
            Page(widget).ask("detail", identifier=hostile.selection.identifiers(number, 1)[0])
    widget.close()


def test_messages_stay_small_with_the_longest_texts(page: Page) -> None:
    from widgets.browse.conftest import make_catalog, make_fields

    long = {
        "title": "€" * 2000, "organisms": [{"name": "€" * 2000, "taxon": None}] * 9, "source": "€" * 2000,
        "description": "€" * 20_000, "technologies": ["histology"], "keywords": ["€" * 2000] * 50,
        "authors": [{"family": "€" * 2000}] * 50, "genes": [{"name": f"{number}{'€' * 1900}"} for number in range(60)],
    }  # fmt: skip
    widget = browse(make_catalog([make_fields(number, **long) for number in range(100)]))
    page = Page(widget)
    page.ask("search")
    page.ask("rows", offset=40)
    page.ask("values", facet="organism")
    name = widget.catalog.selection.identifiers(0, 1)[0]
    page.ask("detail", identifier=name)
    page.ask("cite", identifiers=[name], style="ro-crate")
    assert page.largest < MOST_BYTES
    assert len(json.dumps(widget.get_state(["text", "filters", "selection", "shown", "_esm", "_css"]))) < MOST_BYTES
    widget.close()


def test_a_viewer_and_a_download_open_inside(samples: Path) -> None:
    widget = browse(archive="samples")
    page = Page(widget)
    page.ask("open", identifier="samples:bbbc038-nuclei")
    assert widget.panel_title.startswith("Viewer: Nuclei of the 2018")
    viewer = widget.opened
    assert viewer is not None
    assert widget.panel == f"anywidget:{viewer.model_id}"
    assert page.ask("download", identifiers=["samples:bbbc038-nuclei", "samples:nuclei-3d"]) == {"count": 2}
    assert type(widget.opened).__name__ == widget.panel_title == "Download"
    assert viewer.comm is None
    page.ask("close")
    assert (widget.panel, widget.panel_title, widget.opened) == ("", "", None)
    widget.close()
