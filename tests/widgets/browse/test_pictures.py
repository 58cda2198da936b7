"""Small pictures: few bytes, whatever is sent, and none where there is none."""

from __future__ import annotations

import io
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from PIL import Image

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.records import parse_record
from bioimagehub.widgets.browse.pictures import LARGE, MOST_BYTES, SMALL, Pictures, shrink
from widgets.browse.conftest import make_fields

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
    """Serves a picture, a page that is none, and a picture that is cut off; counts what was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        whole = noise(64)
        found = {"/good.png": whole, "/page.png": b"<html><script>1</script>", "/cut.png": whole[:500]}.get(self.path)
        self.send_response(200 if found else 403)
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


@pytest.mark.parametrize("name", ["page.png", "cut.png", "none.png"])
def test_what_is_no_picture_is_none(address: str, name: str) -> None:
    assert Pictures().make(thumbnailed(f"{address}/{name}"), SMALL) is None


def test_a_host_that_refuses_is_left_alone_for_a_while(address: str) -> None:
    pictures = Pictures()
    assert pictures.make(thumbnailed(f"{address}/none.png"), SMALL) is None
    before = len(Handler.asked)
    assert pictures.make(thumbnailed(f"{address}/good.png"), SMALL) is None
    assert len(Handler.asked) == before


def test_a_host_that_refused_is_asked_again_later(address: str) -> None:
    pictures = Pictures(rest=0.0)
    assert pictures.make(thumbnailed(f"{address}/none.png"), SMALL) is None
    assert pictures.make(thumbnailed(f"{address}/good.png"), SMALL) is not None


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "javascript:alert(1)", "data:image/png;base64,x"])
def test_a_thumbnail_of_this_machine_is_not_read(url: str) -> None:
    assert Pictures().make(thumbnailed(url), SMALL) is None
