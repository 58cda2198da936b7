"""Fixtures of the browser of a catalog.

catalog  : records made for it, from several archives
hostile  : records of people who mean harm, as an index that was built without looking at them holds them
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs import Catalog
from bioimagehub.catalogs.index import build_memory_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.widgets.browse.widget import Browse

MEGABYTE, GIGABYTE = 10**6, 10**9
HOSTILE = [
    "<script>window.stolen = 1</script>",
    "<img src=x onerror='window.stolen = 2'>",
    "</td></tr></table><iframe src='javascript:parent.stolen = 3'></iframe>",
    "a\u202egnp.exe\u2066 \u200f reversed",
    "שלום עולם (1) [2] abc",
    "Z" + "\u0301\u0322" * 300 + "algo",
    "x" * 2000,
    "\x1b]0;title\x07\x00\x08",
]


def make_fields(number: int, **more: Any) -> dict[str, Any]:
    """Make the plain fields of a record that is valid."""
    archive = ("bia", "idr", "empiar")[number % 3]
    return {
        "identifier": f"{archive}:entry{number:03}",
        "kind": "study" if number % 5 == 0 else "image",
        "title": f"Record {number} of {('mitosis', 'mitochondria', 'microtubules', 'muscle')[number % 4]}",
        "source": f"{archive} archive",
        "source_url": f"https://example.org/{number}",
        "licence": ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-ND-4.0")[number % 3],
        "organisms": [{"name": ("Homo sapiens", "Mus musculus")[number % 2], "taxon": (9606, 10090)[number % 2]}],
        "scales": ["cells"],
        "size": (400_000, 5 * MEGABYTE, 5 * GIGABYTE, 500 * GIGABYTE)[number % 4],
        **more,
    }


def make_catalog(records: list[dict[str, Any]]) -> Catalog:
    return Catalog.of_index(build_memory_index(records))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    first = {
        "axes": ["z", "y", "x"], "shape": [10, 200, 100], "spacing": [0.5, 0.25, 0.25], "dtype": "uint16",
        "driver": "ome_zarr", "url": "https://example.org/1.zarr",
    }  # fmt: skip
    return make_catalog([make_fields(1, **first), *(make_fields(number) for number in range(2, 120))])


@pytest.fixture(scope="module")
def hostile() -> Catalog:
    made = [
        make_fields(
            number, title=text, source=text, licence=text[:100], organisms=[{"name": text, "taxon": None}] * 40,
            technologies=[text] * 30, formats=[text], size="1e999" if number % 2 else -5, access={"kind": text},
            thumbnail="javascript:window.stolen = 4", keywords=[text] * 500,
        )
        for number, text in enumerate(HOSTILE * 10)
    ]  # fmt: skip
    return make_catalog(made)


class Page:
    """Asks a widget as its page does, and keeps the sizes of the answers."""

    def __init__(self, widget: Browse) -> None:
        self.widget = widget
        self.largest = 0

    def ask(self, name: str, **content: Any) -> dict[str, Any]:
        return self.ask_with_bytes(name, **content)[0]

    def ask_with_bytes(self, name: str, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        import json
        import threading

        assert name in self.widget.QUESTIONS
        found, sent = getattr(self.widget, f"answer_{name}")(content, [], threading.Event())
        self.largest = max(self.largest, len(json.dumps(found, ensure_ascii=False).encode()) + sum(map(len, sent)))
        return found, sent


@pytest.fixture
def page(catalog: Catalog) -> Iterator[Page]:
    from bioimagehub.widgets import browse

    widget = browse(catalog)
    yield Page(widget)
    widget.close()
