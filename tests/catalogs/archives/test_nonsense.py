"""Archives that answer 200 with nothing, or with nonsense: told as what it is, by every archive and every function."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives import ARCHIVES, open_archive
from bioimagehub.catalogs.archives.client import Client
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.hosts import Hosts, Rule
from servers.archives import Answer, ArchiveServer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BODIES = {
    "nothing": b"",
    "spaces": b" \n",
    "null": b"null",
    "a number": b"1",
    "a text": b'"error"',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of nothing": b"[null]",
    "a list of an empty object": b"[{}]",
    "a list of lists": b"[[[]]]",
    "null in place of lists": b'{"hits": null, "data": null, "results": null, "experiments": null, "msg": null}',
    "objects in place of lists": b'{"hits": {}, "data": {}, "results": {}, "experiments": {}, "response": {}}',
    "lists in place of objects": b'{"hits": [], "data": [], "response": [], "pagination": [], "section": []}',
    "a page": b"<!DOCTYPE html><html><title>Maintenance</title><body>We will be back</body></html>",
    "half an object": b'{"hits": [{"accession": "S-BI',
    "another character set": b"\xff\xfe{\x00}\x00",
    "zeros": b"\0" * 100,
    "deep lists": b"[" * 100_000,
    "an error": b'{"errorMessage": "Internal error", "status": 500}',
}
FUNCTIONS: dict[str, Callable[[Any, str, Client], Any]] = {
    "search": lambda module, _, client: module.search("mitosis", client, limit=3),
    "fetch_record": lambda module, accession, client: module.fetch_record(accession, client),
    "list_files": lambda module, accession, client: list(islice(module.list_files(accession, client), 10)),
    "resolve": lambda module, accession, client: module.resolve(accession, "a/b.tif", client),
    "harvest": lambda module, _, client: list(islice(module.harvest(client, Report(quiet=True)), 3)),
}


class Repeater(ArchiveServer):
    """Answers every address with one body."""

    body = b""

    def _answer(self, request: Request) -> Answer:
        return Answer(200, b"" if request.method == "HEAD" else self.body)


@pytest.fixture(scope="module")
def repeater() -> Iterator[Repeater]:
    with Repeater() as server:
        yield server


@pytest.fixture(scope="module")
def asking(repeater: Repeater) -> Iterator[Client]:
    rules = (Rule("http://", (repeater.url,)), Rule("https://", (repeater.url,)))
    with Client(hosts=Hosts(rules), rate=10_000.0, tries=1, pause=0.01) as client:
        yield client


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ARCHIVES)
def test_200_with_nothing_or_nonsense_is_told(name: str, function: str, repeater: Repeater, asking: Client) -> None:
    module = open_archive(name)
    accessions = [module.ARCHIVE.example, *MORE.get(name, ())]
    for what, body in BODIES.items():
        repeater.body = body
        for accession in accessions:
            try:
                found = FUNCTIONS[function](module, accession, asking)
            except CatalogError:
                continue
            if function == "harvest":
                found = [record for page in found for record in page.records]
            if name not in STANDING and function != "resolve":
                assert not found, f"{what} made {found!r} of {name}"
            assert found != [] or name in STANDING or function != "list_files", f"{what} is no file of {name}"


MORE = {"ega": ("EGAS00001000001",), "impc": ("121211",), "ssbd": ("15ce7e98-a5a6-4a24-9d4a-21fbd8a4d6fc",)}
"""Accessions of another form, which are asked for in another way."""
STANDING = {"emdataresource", "phenoimageshare", "ukbiobank"}
"""Archives with a record that is known without asking."""
