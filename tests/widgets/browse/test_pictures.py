"""Small pictures: few bytes, whatever is sent, and none where there is none."""

from __future__ import annotations

import io
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from PIL import Image

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.reader import installed_reader
from bioimagehub.catalogs.records import parse_record
from bioimagehub.widgets import browse
from bioimagehub.widgets.browse.pictures import LARGE, MOST_BYTES, SMALL, Pictures, shrink
from widgets.browse.conftest import Page, make_catalog, make_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs import Record


def noise(side: int, kind: str = "PNG") -> bytes:
    """A picture that compresses badly."""
    pixels = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind)
    return buffer.getvalue()


@pytest.mark.parametrize("longest", [SMALL, LARGE])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_small(kind: str, longest: int) -> None:
    content = shrink(noise(600, kind), longest)
    assert content is not None
    assert len(content) <= MOST_BYTES[longest]
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", longest)


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 1000)).save(buffer, format="PNG")
    assert shrink(buffer.getvalue(), SMALL) is None


def test_the_lowest_level_of_an_image_that_is_near(samples: Path) -> None:
    record = open_catalog()["samples:bbbc038-nuclei"]
    content = Pictures().make(record, SMALL)
    assert content is not None
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == SMALL


class Handler(BaseHTTPRequestHandler):
    """Serves a picture, a page that is none, a picture that is cut off, and errors; counts what was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        whole = noise(64)
        found = {"/good.png": whole, "/page.png": b"<html><script>1</script>", "/cut.png": whole[:500]}.get(self.path)
        self.send_response(200 if found else int(self.path[1:4]))
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    Handler.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def thumbnailed(url: str) -> Record:
    return parse_record(make_fields(1, thumbnail=url), "a test")


def test_the_picture_of_an_archive(address: str) -> None:
    content = Pictures().make(thumbnailed(f"{address}/good.png"), SMALL)
    assert content is not None
    assert content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("name", ["page.png", "cut.png", "403.png"])
def test_what_is_no_picture_is_none(address: str, name: str) -> None:
    assert Pictures().make(thumbnailed(f"{address}/{name}"), SMALL) is None


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reader that tries once."""
    monkeypatch.setenv("BIOIMAGEHUB_READER_TRIES", "1")
    installed_reader.cache_clear()
    yield
    installed_reader.cache_clear()


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_one_picture_that_is_not_there_says_nothing_of_its_host(address: str, status: int) -> None:
    pictures = Pictures()
    assert pictures.make(thumbnailed(f"{address}/{status}.png"), SMALL) is None
    assert pictures.wait(thumbnailed(f"{address}/good.png")) == 0
    assert pictures.make(thumbnailed(f"{address}/good.png"), SMALL) is not None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_cannot_is_left_alone_for_a_while(hasty: None, address: str, status: int) -> None:
    pictures = Pictures()
    assert pictures.make(thumbnailed(f"{address}/{status}.png"), SMALL) is None
    before = len(Handler.asked)
    assert 0 < pictures.wait(thumbnailed(f"{address}/good.png")) <= 60
    assert pictures.make(thumbnailed(f"{address}/good.png"), SMALL) is None
    assert len(Handler.asked) == before


def test_a_host_that_is_not_reached_is_left_alone(hasty: None) -> None:
    with socket.socket() as taken:
        # It is bound, and does not listen.
        taken.bind(("127.0.0.1", 0))
        record = thumbnailed(f"http://127.0.0.1:{taken.getsockname()[1]}/good.png")
        pictures = Pictures()
        assert pictures.make(record, SMALL) is None
        assert pictures.wait(record) > 0


def test_a_host_that_could_not_is_asked_again_later(hasty: None, address: str) -> None:
    pictures = Pictures(rest=0.0)
    assert pictures.make(thumbnailed(f"{address}/503.png"), SMALL) is None
    assert pictures.make(thumbnailed(f"{address}/good.png"), SMALL) is not None


def test_a_page_is_told_what_to_ask_for_again(hasty: None, address: str) -> None:
    names = ("good.png", "404.png", "503.png", "good.png")
    made = [make_fields(number, thumbnail=f"{address}/{name}") for number, name in enumerate(names)]
    widget = browse(make_catalog(made))
    identifiers = [each["identifier"] for each in made]
    told, sent = Page(widget).ask_with_bytes("pictures", identifiers=identifiers)
    assert (told["found"], told["later"], len(sent)) == (identifiers[:1], identifiers[2:], 1)
    assert 0 < told["wait"] <= 60
    widget.close()


def test_an_address_that_is_none_has_no_host() -> None:
    record = thumbnailed("https://example.org/1.png").model_copy(update={"thumbnail": "https://[::1"})
    pictures = Pictures()
    assert pictures.make(record, SMALL) is None
    assert pictures.wait(record) == 0


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "javascript:alert(1)", "data:image/png;base64,x"])
def test_a_thumbnail_of_this_machine_is_not_read(url: str) -> None:
    assert Pictures().make(thumbnailed(url), SMALL) is None
