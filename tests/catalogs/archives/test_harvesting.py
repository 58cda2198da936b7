"""Harvesting: resumed where it was killed, checked against the total, and never over a better harvest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives import harvesting, journal
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.harvesting import harvest_archive
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    HarvestRunningError,
    IncompleteHarvestError,
)
from bioimagehub.catalogs.records import parse_record
from bioimagehub.catalogs.tables import read_attribution, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

URL = "https://shelf.example.org/list"


def _record(number: int, **more: Any) -> Record:
    fields = {
        "identifier": f"shelf:S{number}",
        "kind": "study",
        "title": f"Study {number}",
        "source": "Shelf",
        "source_url": f"https://shelf.example.org/S{number}",
        "facts": [{"source": URL, "retrieved": "2026-11-22"}],
    }
    return parse_record({**fields, **more}, "a test")


class Shelf:
    """An archive in the shape of a module: each page is a request to the server of the test."""

    ARCHIVE = Archive(
        name="shelf",
        title="Shelf",
        home="https://shelf.example.org/",
        accession=r"S\d+",
        example="S1",
        gives="Studies",
        limits="None",
        licence="CC0-1.0",
    )

    def __init__(self) -> None:
        self.total: int | None = None
        self.extra: dict[int, dict[str, Any]] = {}

    def harvest(
        self, client: Client, report: Report, *, since: date | None = None, cursor: str | None = None
    ) -> Iterator[Page]:
        while True:
            page = client.get_json(URL, {"cursor": cursor or "0", **({"since": str(since)} if since else {})})
            records = []
            for number in page["numbers"]:
                if number < 0:
                    report.lost(f"shelf:S{-number}", "it has no title")
                else:
                    records.append(_record(number, **self.extra.get(number, {})))
            cursor = page["next"]
            yield Page(tuple(records), cursor=cursor, total=self.total)
            if cursor is None:
                return


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(harvesting, "open_archive", lambda _: shelf)
    return shelf


def _fill(server: Any, *pages: list[int], query: str = "") -> None:
    for number, numbers in enumerate(pages):
        following = str(number + 1) if number + 1 < len(pages) else None
        server.add(f"{URL}?cursor={number}{query}", json={"numbers": numbers, "next": following})


def _identifiers(folder: Path) -> list[str]:
    return [fields["identifier"].removeprefix("shelf:S") for fields in read_table(folder / "shelf.parquet")]


def test_pages_become_a_table_with_a_report(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    shelf.total = 5
    _fill(server, [1, 2], [3, -4, 5])
    told = []
    report = harvest_archive("shelf", tmp_path, client, progress=lambda rows, total: told.append((rows, total)))
    assert _identifiers(tmp_path) == ["1", "2", "3", "5"]
    assert told == [(2, 5), (5, 5)]
    assert [loss.identifier for loss in report.losses] == ["shelf:S4"]
    written = json.loads((tmp_path / "shelf.report.json").read_text())
    assert written["records"] == 4
    assert written["declared_total"] == 5
    assert written["losses"] == [{"identifier": "shelf:S4", "reason": "it has no title"}]
    assert "Shelf, harvested" in read_attribution(tmp_path / "shelf.parquet")["https://shelf.example.org/"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shelf.lock", "shelf.parquet", "shelf.report.json"]


def test_a_harvest_goes_on_where_it_stopped(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    _fill(server, [1, -2], [3], [4])
    server.fail(f"{URL}?cursor=1", times=3, status=500)
    with pytest.raises(ArchiveUnreachableError):
        harvest_archive("shelf", tmp_path, client)
    assert not (tmp_path / "shelf.parquet").exists()
    server.requests.clear()
    report = harvest_archive("shelf", tmp_path, client)
    assert [request.query["cursor"] for request in server.requests] == ["1", "2"]
    assert _identifiers(tmp_path) == ["1", "3", "4"]
    assert [loss.identifier for loss in report.losses] == ["shelf:S2"]


def test_a_killed_harvest_goes_on(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    """A real process is killed after its second page; the half line that a crash leaves is cut off."""
    _fill(server, [1, 2], [3], [4])
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        sys.path[:0] = [sys.argv[3], sys.argv[4]]
        from test_harvesting import Shelf
        from bioimagehub.catalogs.archives import harvesting
        from bioimagehub.catalogs.archives.client import Client
        from bioimagehub.catalogs.hosts import Hosts, Rule
        harvesting.open_archive = lambda _: Shelf()
        client = Client(hosts=Hosts([Rule("https://", (sys.argv[2],))]), rate=1000)
        def progress(rows, total):
            if rows == 3:
                os.kill(os.getpid(), 9)
        harvesting.harvest_archive("shelf", Path(sys.argv[1]), client, progress=progress)
    """)
    here = os.path.dirname(__file__)  # noqa: PTH120 - an argument of the process
    arguments = [str(tmp_path), server.url, here, os.path.join(here, "..", "..")]  # noqa: PTH118
    done = subprocess.run([sys.executable, "-c", script, *arguments], check=False, timeout=60, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    with (tmp_path / "shelf.journal.jsonl").open("ab") as file:
        file.write(b'{"records": [{"identifier": "shelf:S9"')
    server.requests.clear()
    harvest_archive("shelf", tmp_path, client)
    assert [request.query["cursor"] for request in server.requests] == ["2"]
    assert _identifiers(tmp_path) == ["1", "2", "3", "4"]


def test_a_finished_journal_is_not_asked_for_again(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(server, [1, 2])

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(harvesting, "write_table", full)
        with pytest.raises(OSError, match="No space left"):
            harvest_archive("shelf", tmp_path, client)
    server.requests.clear()
    harvest_archive("shelf", tmp_path, client)
    assert not server.requests
    assert _identifiers(tmp_path) == ["1", "2"]


def test_an_old_cursor_that_is_no_longer_known_begins_anew(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    _fill(server, [1], [2])
    server.add(f"{URL}?cursor=1", status=400)
    with pytest.raises(ArchiveAnswerError):
        harvest_archive("shelf", tmp_path, client)
    _fill(server, [1, 2, 3])
    harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["1", "2", "3"]


def test_trouble_at_the_place_to_go_on_from_costs_no_page(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    _fill(server, [1], [2], [3])
    server.fail(f"{URL}?cursor=2", times=3, status=500)
    with pytest.raises(ArchiveUnreachableError):
        harvest_archive("shelf", tmp_path, client)
    server.add(URL, body=b"<html>maintenance</html>")
    for number in range(3):
        server.add(f"{URL}?cursor={number}", body=b"<html>maintenance</html>")
    with pytest.raises(ArchiveAnswerError, match="a web page"):
        harvest_archive("shelf", tmp_path, client)
    _fill(server, [1], [2], [3])
    server.requests.clear()
    harvest_archive("shelf", tmp_path, client)
    assert [request.query["cursor"] for request in server.requests] == ["2"]
    assert _identifiers(tmp_path) == ["1", "2", "3"]


def test_a_journal_of_last_week_is_begun_anew(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    _fill(server, [1], [2])
    server.fail(f"{URL}?cursor=1", times=3, status=500)
    with pytest.raises(ArchiveUnreachableError):
        harvest_archive("shelf", tmp_path, client)
    os.utime(tmp_path / "shelf.journal.jsonl", (1_700_000_000, 1_700_000_000))
    _fill(server, [4], [5])
    harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["4", "5"]


@pytest.mark.parametrize("spoilt", [b"", b"{}\n", b"\xff\xfe\n", b'{"layout": 0}\n'])
def test_a_damaged_journal_is_begun_anew(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path, spoilt: bytes
) -> None:
    _fill(server, [1])
    (tmp_path / "shelf.journal.jsonl").write_bytes(spoilt)
    harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["1"]


def test_a_journal_of_another_question_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "shelf.journal.jsonl"
    first = journal.open_journal(path, "shelf", None)
    first.add(Page((_record(1),), cursor="1"), {"defects": [], "losses": []})
    assert journal.open_journal(path, "shelf", None).cursor == "1"
    assert journal.open_journal(path, "shelf", date(2026, 1, 1)).cursor is None


def test_pages_without_a_cursor_are_not_taken_for_the_end(tmp_path: Path) -> None:
    path = tmp_path / "shelf.journal.jsonl"
    journal.open_journal(path, "shelf", None).add(Page((_record(1),)), {"defects": [], "losses": []})
    assert journal.open_journal(path, "shelf", None).pages == []


def test_fewer_rows_than_declared_are_refused(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    shelf.total = 2
    _fill(server, [1, 2])
    harvest_archive("shelf", tmp_path, client)
    before = (tmp_path / "shelf.parquet").read_bytes()
    shelf.total = 4
    _fill(server, [1, 2, 3])
    with pytest.raises(IncompleteHarvestError, match=r"3 rows came and Shelf declares 4\. The last good harvest stays"):
        harvest_archive("shelf", tmp_path, client)
    assert (tmp_path / "shelf.parquet").read_bytes() == before
    assert (tmp_path / "shelf.journal.refused.jsonl").exists()
    # The next one begins anew.
    shelf.total = 3
    harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["1", "2", "3"]


@pytest.mark.parametrize("numbers", [[], [-1, -2]])
def test_a_harvest_without_a_record_is_refused(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path, numbers: list[int]
) -> None:
    _fill(server, numbers)
    with pytest.raises(IncompleteHarvestError, match=f"no record came, and {len(numbers)} were lost"):
        harvest_archive("shelf", tmp_path, client)
    assert not (tmp_path / "shelf.parquet").exists()


def test_a_much_smaller_harvest_is_believed_only_with_a_declared_total(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    _fill(server, list(range(1, 21)))
    harvest_archive("shelf", tmp_path, client)
    _fill(server, [1, 2, 3])
    with pytest.raises(
        IncompleteHarvestError, match=r"3 records came, the last good harvest has 20.*declares no total"
    ):
        harvest_archive("shelf", tmp_path, client)
    assert len(_identifiers(tmp_path)) == 20
    shelf.total = 3
    harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["1", "2", "3"]


def test_what_is_new_since_a_day_is_merged_into_the_last_good_harvest(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    _fill(server, [1, 2])
    harvest_archive("shelf", tmp_path, client)
    shelf.extra = {2: {"title": "Study 2, corrected"}}
    _fill(server, [2, 3], query="&since=2026-11-01")
    harvest_archive("shelf", tmp_path, client, since=date(2026, 11, 1))
    assert _identifiers(tmp_path) == ["1", "2", "3"]
    assert [fields["title"] for fields in read_table(tmp_path / "shelf.parquet")][1] == "Study 2, corrected"
    _fill(server, [], query="&since=2026-11-02")
    harvest_archive("shelf", tmp_path, client, since=date(2026, 11, 2))
    assert _identifiers(tmp_path) == ["1", "2", "3"]


def test_a_record_that_comes_twice_is_one(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    _fill(server, [1, 2], [2, 3])
    report = harvest_archive("shelf", tmp_path, client)
    assert _identifiers(tmp_path) == ["1", "2", "3"]
    assert [(each.identifier, each.text) for each in report.defects] == [
        ("shelf:S2", "the archive gave it twice; merged")
    ]


def test_a_record_that_is_lost_this_time_stays_as_it_was(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    _fill(server, [1, 2, 3])
    harvest_archive("shelf", tmp_path, client)
    _fill(server, [1, -2, 3])
    harvest_archive("shelf", tmp_path, client)
    assert sorted(_identifiers(tmp_path)) == ["1", "2", "3"]


def test_facts_from_elsewhere_stay_with_their_source_and_a_licence_does_not(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    crate = {"source": "a crate", "retrieved": "2026-03-16"}
    shelf.extra = {1: {"size": 10, "licence": "CC0-1.0", "title": "Old", "facts": [crate]}}
    _fill(server, [1])
    harvest_archive("shelf", tmp_path, client)
    shelf.extra = {}
    for _ in range(2):
        harvest_archive("shelf", tmp_path, client)
        (fields,) = read_table(tmp_path / "shelf.parquet")
        assert fields["title"] == "Study 1"
        assert fields["size"] == 10
        assert "licence" not in fields
        assert fields["facts"] == [
            {"source": URL, "retrieved": "2026-11-22"},
            {**crate, "fields": ["size"]},
        ]


def test_images_that_a_list_made_known_stay(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    image = {"identifier": "shelf:S1/a", "kind": "image", "part_of": "shelf:S1"}
    shelf.extra = {2: image}
    _fill(server, [1, 2])
    harvest_archive("shelf", tmp_path, client)
    shelf.extra = {}
    _fill(server, [1])
    harvest_archive("shelf", tmp_path, client)
    assert sorted(_identifiers(tmp_path)) == ["1", "1/a"]


def test_images_of_another_source_stay_beside_those_of_the_archive(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    image = {"identifier": "shelf:S1/a", "kind": "image"}
    shelf.extra = {1: {"kind": "image"}, 2: {"kind": "image"}, 3: {**image, "source": "A laboratory"}}
    _fill(server, [1, 2, 3])
    harvest_archive("shelf", tmp_path, client)
    shelf.total = 1
    _fill(server, [1])
    harvest_archive("shelf", tmp_path, client)
    assert sorted(_identifiers(tmp_path)) == ["1", "1/a"]
    # What the archive itself no longer gives is named.
    assert json.loads((tmp_path / "shelf.report.json").read_text())["gone"] == ["shelf:S2"]


def test_what_does_not_fit_to_the_new_form_is_left_out(
    shelf: Shelf, server: Any, client: Client, tmp_path: Path
) -> None:
    shelf.extra = {1: {"axes": ["y", "x"], "shape": [8, 8], "chunks": [4, 4]}}
    _fill(server, [1])
    harvest_archive("shelf", tmp_path, client)
    shelf.extra = {1: {"axes": ["z", "y", "x"], "shape": [2, 8, 8]}}
    report = harvest_archive("shelf", tmp_path, client)
    (fields,) = read_table(tmp_path / "shelf.parquet")
    assert fields["shape"] == [2, 8, 8]
    assert "chunks" not in fields
    assert "does not fit" in report.defects[0].text


def test_an_archive_is_harvested_by_one_at_a_time(shelf: Shelf, server: Any, client: Client, tmp_path: Path) -> None:
    _fill(server, [1])

    def second(*_: object) -> None:
        with pytest.raises(HarvestRunningError, match=r"by another process, which holds shelf\.lock"):
            harvest_archive("shelf", tmp_path, client)

    harvest_archive("shelf", tmp_path, client, progress=second)
    assert _identifiers(tmp_path) == ["1"]
