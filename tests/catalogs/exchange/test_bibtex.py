from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from bioimagehub.catalogs.exchange import bibtex
from bioimagehub.catalogs.parts import Author, Publication
from catalogs.exchange.strategies import records

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog
    from bioimagehub.catalogs.records import Record


def read(entry: str) -> tuple[str, str, dict[str, str]]:
    """Read an entry as BibTeX does: a value ends at the brace that closes it, whatever stands before a brace."""
    head = re.match(r"@(\w+)\{([^,\s]+),", entry)
    assert head is not None
    fields = {}
    place = head.end()
    while name := re.compile(r"\s*(\w+) = \{").match(entry, place):
        depth, end = 1, name.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(entry[end], 0)
            end += 1
        fields[name[1]] = entry[name.end() : end - 1]
        assert entry[end] == ","
        place = end + 1
    assert entry[place:] == "\n}"
    return head[1], head[2], fields


COMMANDS = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    **{f"\\{character}": character for character in "&%$#_"},
}


def print_latex(text: str) -> str:
    """Give what LaTeX prints: commands carried out, braces that only group left out."""
    pattern = "|".join(map(re.escape, COMMANDS))
    return re.sub(rf"({pattern})|[{{}}]", lambda found: COMMANDS.get(found[0], ""), text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records())
def test_an_entry_reads_back_as_it_was(record: Record) -> None:
    kind, key, fields = read(bibtex.dump(record))
    published = record.publications[0] if record.publications else Publication()
    assert kind == "misc"
    assert re.fullmatch(r"[A-Za-z0-9:._-]+", key)
    assert print_latex(fields["title"]) == (published.title or record.title)
    assert fields["url"] == record.source_url
    assert fields.get("doi") == (published.doi or record.doi)
    if not record.publications:
        assert print_latex(fields["publisher"]) == record.source
    names = fields["author"].split(" and ") if record.authors else []
    assert [print_latex(name) for name in names] == [
        f"{author.family}, {author.given}" if author.given else author.family for author in record.authors
    ]
    # Nothing that LaTeX obeys is left outside the commands.
    plain = re.sub("|".join(map(re.escape, COMMANDS)), "", fields["title"])
    assert not re.search(r"[&%$#_~^\\]", plain)


def test_an_article(catalog: Catalog) -> None:
    kind, key, fields = read(catalog["samples:cryoet-tomogram"].cite("bibtex"))
    assert (kind, key) == ("article", "samples:cryoet-tomogram")
    assert fields["pages"] == "506--508"
    assert fields["doi"] == "10.1126/science.aaf9620"


def _with(catalog: Catalog, **fields: object) -> tuple[str, dict[str, str]]:
    entry = bibtex.dump(catalog["samples:nuclei-3d"].model_copy(update=fields))
    return entry, read(entry)[2]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("50% of α-actinin & β_2", r"{50\% of α-actinin \& β\_2}"),
        ("}, note = {stolen", r"{\textbraceright{}, note = \textbraceleft{}stolen}"),
        (r"\input{/etc/passwd}", r"{\textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{}}"),
        ("~x^2 #1 $y$", r"{\textasciitilde{}x\textasciicircum{}2 \#1 \$y\$}"),
        ("BBBC038 @comment", "{BBBC038 @comment}"),
    ],
)
def test_titles_that_latex_would_obey(catalog: Catalog, title: str, expected: str) -> None:
    entry, fields = _with(catalog, title=title, publications=())
    assert fields["title"] == expected
    assert "stolen" not in fields.get("note", "")
    assert entry.count("{") == entry.count("}")


def test_names_that_bibtex_would_divide_are_kept_together(catalog: Catalog) -> None:
    _, fields = _with(
        catalog,
        authors=(Author(family="Food and Drug Administration"), Author(family="King, Jr", given="Martin and Luther")),
    )
    assert fields["author"] == "{Food and Drug Administration} and {King, Jr}, {Martin and Luther}"


def test_braces_in_an_address_are_encoded(catalog: Catalog) -> None:
    _, fields = _with(catalog, source_url="https://example.org/{a}\\b_c%20", doi="10.1234/a{b", publications=())
    assert fields["url"] == "https://example.org/%7Ba%7D%5Cb_c%20"
    assert fields["doi"] == "10.1234/a%7Bb"


def test_the_key_of_an_image(catalog: Catalog) -> None:
    record = catalog["samples:nuclei-3d"].model_copy(update={"identifier": "idr:idr0062/60+01.zarr"})
    assert bibtex.key(record) == "idr:idr0062-60-01.zarr"


def test_a_dataset_has_the_year_of_its_release(catalog: Catalog) -> None:
    from datetime import date

    _, fields = _with(catalog, publications=(), released=date(2019, 6, 17))
    assert fields["year"] == "2019"
