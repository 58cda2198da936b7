from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from PIL import Image

from bioimagehub.catalogs import Catalog, open_catalog
from bioimagehub.catalogs.records import parse_record

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import pytest


class _Balance(HTMLParser):
    """Count opened and closed elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_holds_the_thumbnail(catalog: Catalog, samples: Path) -> None:
    html = catalog["samples:skimage-retina"]._repr_html_()
    found = re.search(r"data:image/png;base64,([^']+)'", html)
    assert found
    picture = Image.open(io.BytesIO(base64.b64decode(found[1])))
    assert picture.size == (89, 89)  # the lowest level
    red, _, blue = picture.getpixel((45, 20))
    assert red > 2 * blue  # a retina is red
    assert picture.tobytes() == Image.open(samples / "skimage-retina" / "thumbnail.png").tobytes()


def test_html_is_well_formed(catalog: Catalog) -> None:
    for text in [catalog._repr_html_(), *(record._repr_html_() for record in catalog)]:
        assert _Balance(text).open == []


def test_html_is_escaped(fields: dict[str, Any], samples: Path) -> None:
    record = parse_record({**fields, "title": "<script>alert('x')</script>", "source": 'a"b'}, "here")
    html = record._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_html_without_archive_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_SAMPLES", str(tmp_path / "none"))
    html = open_catalog()["samples:emd-3001"]._repr_html_()
    assert "No picture" in html
    assert "bioimagehub samples build" in html


def test_text_fits_a_terminal(catalog: Catalog) -> None:
    for record in catalog:
        for line in str(record).splitlines()[1:]:
            assert len(line) <= 88 or " " not in line[14:].strip()


def test_text_says_what_is_not_stated(catalog: Catalog) -> None:
    text = str(catalog["samples:ctc-timelapse"])
    assert re.search(r"licence +not stated", text)
    assert re.search(r"organism +not stated", text)
    assert re.search(r"spacing +not stated: coordinates count pixels", text)
    assert re.search(r"tables +points, tracks", text)


def test_text_gives_spacing_with_units(catalog: Catalog) -> None:
    assert re.search(r"spacing +z 0.29 µm, y 0.26 µm, x 0.26 µm", str(catalog["samples:nuclei-3d"]))
    assert re.search(r"spacing +z 2200 µm, y 2000 µm", str(catalog["samples:nibabel-mr-anatomy"]))


def test_catalog_is_listed(catalog: Catalog) -> None:
    lines = str(catalog).splitlines()
    assert lines[0] == f"{len(catalog)} records"
    assert len(lines) == len(catalog) + 1
    assert repr(catalog) == f"<Catalog of {len(catalog)} records>"


def test_long_catalog_is_cut_and_says_so(fields: dict[str, Any]) -> None:
    records = [parse_record({**fields, "identifier": f"samples:n{number}"}, "here") for number in range(60)]
    assert str(Catalog(records)).endswith("and 10 more: narrow it with search()")
    assert Catalog(records)._repr_html_().count("<tr>") == 51
