"""Sending a submission: to a real server on the loopback, which answers as the portal does, or as it should not."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from bioimagehub.challenges.errors import SubmitError
from bioimagehub.challenges.submissions import write_submission
from bioimagehub.challenges.submitting import ADDRESS_VARIABLE, TOKEN_VARIABLES, pack, submit
from bioimagehub.hub.cli import main
from challenges.challenge_files import TRUTH, write_challenge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Portal:
    """What was asked of it, and how it answers."""

    address: str
    asked: list[tuple[str, dict[str, list[str]], dict[str, str], bytes]] = field(default_factory=list)
    status: int = 201
    answer: dict[str, Any] | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def serve() -> Iterator[Portal]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            parts = urlsplit(self.path)
            portal.asked.append((parts.path, parse_qs(parts.query), dict(self.headers), body))
            good = {"id": "s1", "sha256": hashlib.sha256(body).hexdigest(), "ahead": 2}
            answer = portal.answer if portal.answer is not None else good
            said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(portal.status)
            for name, value in {**portal.headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    portal = Portal(f"http://127.0.0.1:{server.server_address[1]}/services/challenges")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    for name in (ADDRESS_VARIABLE, *TOKEN_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    with serve() as running:
        yield running


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    np.save(folder / "a.npy", TRUTH["a"])
    (folder / "deep" / "b.txt").write_text("b")
    return folder


def test_a_folder_is_sent_as_a_zip_file(portal: Portal, predictions: Path) -> None:
    taken = submit(predictions, "squares", "final", address=portal.address, token="secret", entry="my método")
    ((path, query, headers, body),) = portal.asked
    assert path == "/services/challenges/api/challenges/squares/phases/final/submissions"
    assert query == {"filename": ["mine.zip"], "entry": ["my método"]}
    assert headers["Authorization"] == "token secret"
    assert headers["Content-Type"] == "application/octet-stream"
    assert (taken.id, taken.ahead, taken.sha256) == ("s1", 2, hashlib.sha256(body).hexdigest())
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["a.npy", "deep/b.txt"]
        np.testing.assert_array_equal(np.load(io.BytesIO(archive.read("a.npy"))), TRUTH["a"])


def test_a_file_is_sent_as_it_is(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.csv").write_bytes(b"case,x\n")
    monkeypatch.setenv(ADDRESS_VARIABLE, portal.address + "/")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of the notebook")
    submit(tmp_path / "p.csv", "a/b", "?")
    ((path, query, headers, body),) = portal.asked
    assert path.endswith("/challenges/a%2Fb/phases/%3F/submissions")
    assert (query, body) == ({"filename": ["p.csv"]}, b"case,x\n")
    assert headers["Authorization"] == "token of the notebook"


def test_what_the_portal_says_is_told(portal: Portal, predictions: Path) -> None:
    portal.status, portal.answer = 429, {"detail": "The limit of 5 a day is used up. Come back tomorrow."}
    with pytest.raises(SubmitError, match=r"\(status 429\): The limit of 5 a day is used up"):
        submit(predictions, "squares", "final", address=portal.address, token="secret")
    portal.status, portal.answer = 502, b"<html>"
    with pytest.raises(SubmitError, match="it gave no reason"):
        submit(predictions, "squares", "final", address=portal.address, token="secret")


def test_a_token_is_not_sent_elsewhere_or_twice(portal: Portal, predictions: Path) -> None:
    with serve() as other:
        portal.status, portal.answer, portal.headers = 307, {}, {"Location": other.address}
        with pytest.raises(SubmitError, match="status 307"):
            submit(predictions, "squares", "final", address=portal.address, token="secret")
        assert other.asked == []
    assert len(portal.asked) == 1


def test_another_checksum_is_noticed(portal: Portal, predictions: Path) -> None:
    portal.answer = {"id": "s1", "sha256": "0" * 64, "ahead": None}
    with pytest.raises(SubmitError, match="What arrived is not what was sent"):
        submit(predictions, "squares", "final", address=portal.address, token="secret")


def test_what_is_missing_is_told_before_anything_is_sent(portal: Portal, predictions: Path, tmp_path: Path) -> None:
    for address, token, path, said in (
        (None, "t", predictions, "Give it, or set BIOIMAGEHUB_PORTAL_URL"),
        ("ftp://x", "t", predictions, "Expected one such as https://"),
        ("http://hub.example.org", "t", predictions, "is not encrypted"),
        (portal.address, None, predictions, "There is no token"),
        (portal.address, "t", tmp_path / "no", "There is nothing to submit"),
    ):
        with pytest.raises(SubmitError, match=said):
            submit(path, "squares", "final", address=address, token=token)
    (predictions / "link").symlink_to("/etc/hostname")
    with pytest.raises(SubmitError, match="is a link"):
        submit(predictions, "squares", "final", address=portal.address, token="t")
    assert portal.asked == []


def test_a_portal_that_is_gone(predictions: Path) -> None:
    with serve() as portal:
        address = portal.address
    with pytest.raises(SubmitError, match="Whether the submission was taken is not known"):
        submit(predictions, "squares", "final", address=address, token="t")


def test_the_same_files_give_the_same_bytes(predictions: Path, tmp_path: Path) -> None:
    first = pack(predictions, tmp_path / "1.zip").read_bytes()
    (predictions / "a.npy").touch()
    assert pack(predictions, tmp_path / "2.zip").read_bytes() == first


def test_the_command(portal: Portal, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    challenge = write_challenge(tmp_path / "squares")
    write_submission(TRUTH, tmp_path / "mine", challenge, "public")
    (tmp_path / "token").write_text("secret\n")
    arguments = ["challenge", "submit", str(tmp_path / "squares"), str(tmp_path / "mine"), "--hub", portal.address]
    arguments += ["--token-file", str(tmp_path / "token"), "--entry", "best"]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert told.out == "s1\n"
    assert "2 before it in the queue" in told.err
    assert portal.asked[0][2]["Authorization"] == "token secret"
    for file in (tmp_path / "mine").glob("a.*"):
        file.unlink()
    assert main(arguments) == 1
    assert len(portal.asked) == 1, "what cannot be scored is not sent"
    (tmp_path / "token").unlink()
    assert main(arguments) == 1
    assert "The token cannot be read" in capsys.readouterr().err
