"""Records from people who mean harm: shown, cited and written, they stay text."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs import Catalog, pins
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.citation import STYLES
from bioimagehub.catalogs.errors import CatalogError, InvalidEntryError
from bioimagehub.catalogs.exchange import bibtex, csl, datacite, ro_crate
from bioimagehub.catalogs.parts import File
from bioimagehub.catalogs.records import Record, parse_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = [
    "<script>alert(document.cookie)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</td></tr></table></div><iframe src='https://example.org'>",
    "' onmouseover='alert(1)",
    "<!-- ]]> <?php echo 1 ?>",
    "&lt;b&gt; &#x3c;script&#x3e;",
    r"\input{/etc/passwd} \write18{rm -rf ~} $x_1^2$ 100% #1 {",
    "} , title = {stolen}",
    '", "licence": "CC0-1.0", "x": "',
    "[link](javascript:alert(1)) `code` {{ 7 * 7 }} ${HOME} $(id)",
    '=HYPERLINK("https://example.org")',
    "../../../etc/passwd",
    "'; DROP TABLE records; --",
    "x" * 2000,
]
CONTROLS = [
    "\x00",
    "\x07",
    "\x08",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x7f",
    "\x9b31m",
    "\u2028",
    "\u202e",
    "\u2066",
    "\r",
]


def make(text: str, **fields: Any) -> Record:
    """A record that says `text` wherever it may say anything."""
    term = {"name": text, "id": "GO:0051301"}
    return parse_record(
        {
            "identifier": "bad:entry",
            "kind": "study",
            "version": text,
            "title": text,
            "description": text,
            "source": text,
            "source_url": "https://example.org/a'b",
            "source_accession": text,
            "package": text,
            "authors": [{"family": text, "given": text}, {"family": text}],
            "publications": [{"title": text, "journal": text, "volume": text, "pages": text, "doi": "10.1234/<b>'{}"}],
            "access": {"kind": "controlled", "how": text},
            "organisms": [{"name": text, "taxon": None}],
            "methods": [term],
            **{name: [term] for name in ("genes", "proteins", "phenotypes", "compounds", "processes", "anatomy")},
            "keywords": [text],
            "dtype": text,
            "channels": [{"name": text, "colour": "FFFFFF"}],
            "facts": [{"source": text, "retrieved": "2026-01-01"}],
            **fields,
        },
        "here",
    )


class Reader(HTMLParser):
    """Reads HTML as a browser does, and keeps the elements, their attributes and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def has_controls(text: str) -> bool:
    return any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} and c not in "\n" for c in text) or bool(
        re.search("[\u202a-\u202e\u2066-\u2069]", text)
    )


# ---- shown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_notebook_it_is_text(text: str) -> None:
    record = make(text)
    for html in (record._repr_html_(), Catalog([record])._repr_html_()):
        reader = Reader()
        reader.feed(html)
        assert reader.elements <= {"div", "h4", "p", "table", "tr", "th", "td", "img"}
        assert reader.attributes <= {"style", "alt", "src"}
        assert text in reader.text


@pytest.mark.parametrize("text", TEXTS)
def test_in_a_terminal_it_is_text(text: str) -> None:
    record = make(text)
    for shown in (str(record), repr(record), str(Catalog([record])), repr(Catalog([record]))):
        assert not has_controls(shown)


FIELDS = [
    "title", "description", "version", "source", "source_url", "source_accession", "package", "licence", "licence_url",
    "doi", "dtype", "url", "thumbnail", "checksum", "identifier", "part_of", "format_version",
]  # fmt: skip


@pytest.mark.parametrize("control", CONTROLS)
def test_what_a_terminal_obeys_is_in_no_record(control: str) -> None:
    good = make("x").model_dump(mode="json", exclude_defaults=True)
    for field in FIELDS:
        with pytest.raises(InvalidEntryError, match=field) as caught:
            parse_record({**good, field: f"a{control}b"}, "here")
        assert not has_controls(str(caught.value))
    for field in ("keywords", "related", "formats", "labels", "tables"):
        with pytest.raises(InvalidEntryError, match=field):
            parse_record({**good, field: [f"a{control}b"]}, "here")
    for field in ("methods", "genes", "anatomy"):
        with pytest.raises(InvalidEntryError, match=field):
            parse_record({**good, field: [{"name": f"a{control}b"}]}, "here")


def test_a_description_may_have_several_lines() -> None:
    assert make("x", description="one\n\ttwo").description == "one\n\ttwo"


# ---- cited and written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("style", STYLES)
def test_in_every_style_it_is_text(text: str, style: Any) -> None:
    cited = make(text).cite(style)
    assert not has_controls(cited)
    if style in {"csl", "datacite", "ro-crate"}:
        written = json.dumps(json.loads(cited), ensure_ascii=False)
        assert json.dumps(text, ensure_ascii=False) in written
    elif style == "text":
        assert "\n" not in cited


@pytest.mark.parametrize("text", TEXTS)
def test_a_bibtex_entry_stays_one_entry(text: str) -> None:
    entry = bibtex.dump(make(text))
    depth = 0
    for place, character in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth > 0 or place < entry.index("{") or place == len(entry) - 1
    for command in re.findall(r"\\([A-Za-z]+|.)", entry):
        assert command in {
            "textbackslash", "textbraceleft", "textbraceright", "textasciitilde", "textasciicircum", *"&%$#_",
        }  # fmt: skip


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["@id", "@type", "name", "value", "title", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def shown(parse: Callable[[Any], Record], document: Any) -> str:
    """What a person sees: the record, or why there is none."""
    try:
        return str(parse(document))
    except CatalogError as error:
        return str(error)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    root=st.dictionaries(
        st.sampled_from(
            ["identifier", "name", "license", "publisher", "author", "about", "measurementMethod", "keywords", "size",
             "seeAlso", "citation", "thumbnailUrl", "datePublished", "conditionsOfAccess", "cite-as"]
        ),
        ANYTHING,
    )
)  # fmt: skip
def test_a_crate_of_anything_makes_a_record_or_is_told(root: dict[str, Any]) -> None:
    page = "https://example.org/S-BIAD1"
    graph = [
        {"@id": "ro-crate-metadata.json", "about": {"@id": page}},
        {"@id": page, "@type": "Dataset", "name": "T", **root},
    ]
    read = partial(ro_crate.parse, archive="bia", report=Report(quiet=True), retrieved=date(2026, 1, 1), source="here")
    assert not has_controls(shown(read, {"@graph": graph}))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    fields=st.dictionaries(
        st.sampled_from(["creators", "publisher", "subjects", "dates", "rightsList", "relatedItems", "sizes", "url"]),
        ANYTHING,
    ),
    item=st.dictionaries(st.sampled_from(["author", "issued", "DOI", "URL", "id", "title", "license"]), ANYTHING),
)
def test_metadata_of_anything_make_a_record_or_are_told(fields: dict[str, Any], item: dict[str, Any]) -> None:
    for parse, document in (
        (datacite.parse, {"titles": [{"title": "T"}], "doi": "10.1234/x", **fields}),
        (csl.parse, {"type": "dataset", **item}),
    ):
        assert not has_controls(shown(partial(parse, report=Report(quiet=True)), document))


def test_references_that_only_look_like_one_cost_no_time() -> None:
    from bioimagehub.catalogs.exchange.references import divide

    for text in (
        "(2020) " * 600,
        "A. B, " * 700,
        "a. " * 1300,
        "A B. C D. " * 400 + "2020",
        "(2020) x. y, Volume " * 200,
    ):
        divide(text)


# ---- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "/etc/passwd", "a//b", "..", "a/..", "..\\x", "a\\..\\x", "C:\\x", "C:x", "\\\\host\\x",
        "a\x00b", "a\nb", "\x1b[2J", "", "file:///etc/passwd", "a/\u202egnp.exe", "a/", "/",
    ],
)  # fmt: skip
def test_a_path_that_leads_out_of_the_study_is_no_file(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        File(path=path)


@pytest.mark.parametrize(
    "identifier",
    ["a:../b", "a:/etc", "a:b/../c", "a:b/c/d", "a:.b", "a:b c", "A:b", "a:", ":b", "a:b/", "a:b\n", "a:b%2f"],
)
def test_an_identifier_is_no_path(identifier: str) -> None:
    with pytest.raises(InvalidEntryError, match="identifier"):
        make("x", identifier=identifier)


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "A", "", ".", "x" * 101])
def test_names_of_label_images_and_tables_are_no_paths(name: str) -> None:
    for field in ("labels", "tables"):
        with pytest.raises(InvalidEntryError, match=field):
            make("x", **{field: [name]})


# ---- too much -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "identifier", "description", "url", "unknown"])
def test_a_hundred_megabytes_are_told_in_few_words(field: str) -> None:
    good = make("x").model_dump(mode="json", exclude_defaults=True)
    with pytest.raises(InvalidEntryError) as caught:
        parse_record({**good, field: "a" * 100_000_000}, "here")
    assert len(str(caught.value)) < 1000


def test_a_million_faults_and_deep_nests_are_told_in_few_words() -> None:
    good = make("x").model_dump(mode="json", exclude_defaults=True)
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    for fields in (
        {"keywords": [3] * 1_000_000},
        {"x" * 10_000_000: 1},
        {"keywords": [3] * 90_000},
        {"keywords": deep},
    ):
        with pytest.raises(InvalidEntryError) as caught:
            parse_record({**good, **fields}, "here")
        assert len(str(caught.value)) < 20_000


def test_a_crate_with_too_much_makes_a_record_that_holds_less() -> None:
    page = "https://example.org/S-BIAD1"
    huge = "a" * 10_000_000
    root = {
        "@id": page,
        "@type": "Dataset",
        "name": huge,
        "description": huge,
        "keywords": [huge, *["word"] * 10_000],
        "author": [{"name": huge}],
        "seeAlso": [{"@id": f"https://doi.org/10.1234/{huge}", "name": huge}],
        "about": [{"@id": huge, "@type": "Taxon", "scientificName": huge}],
    }
    graph = [{"@id": "ro-crate-metadata.json", "about": {"@id": page}}, root]
    report = Report(quiet=True)
    record = ro_crate.parse({"@graph": graph}, archive="bia", report=report, retrieved=date(2026, 1, 1), source="here")
    assert len(record.model_dump_json()) < 50_000
    assert len(report.summary()) < 20_000


def test_a_lock_of_hostile_records_is_json(tmp_path: Path) -> None:
    records = [make(text, identifier=f"bad:e{number}") for number, text in enumerate(TEXTS)]
    lock = pins.write_lock(tmp_path / "lock", records)
    assert pins.read_lock(tmp_path / "lock") == lock
    assert not has_controls((tmp_path / "lock").read_text())
