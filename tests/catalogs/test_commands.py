"""``bioimagehub catalog``: every sub-command, as it is typed."""

from __future__ import annotations

import io
import json
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.archives import ARCHIVES, client, harvesting
from bioimagehub.catalogs.cli import ACTIONS
from bioimagehub.catalogs.commands.output import print_table
from bioimagehub.catalogs.display import format_size
from bioimagehub.hub.cli import main, make_parser
from servers.archives import Answer, ArchiveServer, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_every_action_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ACTIONS:
        with pytest.raises(SystemExit) as ended:
            make_parser().parse_args(["catalog", action, "--help"])
        assert ended.value.code == 0
    assert "mitosis" not in capsys.readouterr().err


def test_search_prints_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "search", "mitocheck", "--kind", "study"]) == 0
    printed = capsys.readouterr()
    first = printed.out.splitlines()[0].split("\t")
    assert first[0] == "idr:idr0013"
    assert first[3:] == ["20 TB", "CC0-1.0"]
    assert "records found" in printed.err


def test_search_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--archive",
        "idr",
        "--kind",
        "study",
        "--size",
        "10TB..",
        "--sort",
        "size",
        "--reverse",
        "--limit",
        "2",
        "--json",
    ]
    assert main(["catalog", "search", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    found = open_catalog().search(archive="idr", kind="study", size=("10 TB", None), sort="-size")
    assert told["count"] == len(found) > 2
    assert [record["identifier"] for record in told["records"]] == [record.identifier for record in found.page(limit=2)]
    assert told["records"][0]["size"] > told["records"][1]["size"] > 10**13


def test_search_counts_facets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "search", "--archive", "bbbc", "--facets"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["archive", "bbbc", "43"] in rows


def test_search_with_several_values_takes_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "search", "--archive", "bbbc", "--archive", "ssbd", "--json", "--limit", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 43 + len(open_catalog()["ssbd"])


def test_misspelt_search_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "search", "zebrafsh"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "did you mean: zebrafish" in printed.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["search", "--gene", "NOPE"], "No record has the gene 'NOPE'"),
        (["search", "--size", "large.."], "'large' is no bound of 'size'. Expected a number of bytes"),
        (["search", "--released", "2020..soon"], "Expected a date such as 2024-12-31"),
        (["search", "x" * 2000], "at most 1,000 are taken"),
        (["show", "idr:idr9999"], "no entry 'idr:idr9999'; the nearest are"),
        (["cite", "idr:idr0062", "nothing"], "no entry 'nothing'"),
        (["cite", "idr:idr0062", "bbbc"], "bbbc is an archive of 43 records; expected the identifier of one record"),
        (["lock", "bbbc"], "bioimagehub catalog search --archive bbbc"),
        (["show", "bbbc", "--json"], "bbbc is an archive"),
        (["files", "idr:idr0062", "--limit", "-1"], "The limit is -1; expected none below 0"),
        (["search", "--size", f"{'9' * 400}.."], "Expected a number of bytes"),
        (["files", "nowhere:1"], "no archive 'nowhere'"),
        (["lock"], "Nothing to lock"),
        (["verify", "no-such.lock"], "no-such.lock"),
        (["check", "no-such.yml"], "no-such.yml was not found"),
        (["harvest", "nowhere"], "no archive 'nowhere'"),
    ],
)
def test_bad_input_is_one_message_and_status_1(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["catalog", *arguments]) == 1
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.startswith("bioimagehub: ")
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_show_and_cite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "show", "mitocheck", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["identifier"] == "idr:idr0013"
    assert main(["catalog", "show", "idr:idr0013"]) == 0
    assert "CC0-1.0" in capsys.readouterr().out
    assert main(["catalog", "cite", "idr:idr0062", "cil:10104", "--style", "bibtex"]) == 0
    assert capsys.readouterr().out.count("@") == 2


def test_stats_counts_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "stats", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["idr"]["studies"] == 138
    assert counts["cil"]["images"] == 10023
    assert sum(row["studies"] + row["images"] for row in counts.values()) == len(open_catalog())
    assert main(["catalog", "stats"]) == 0
    assert capsys.readouterr().out.splitlines()[0].count("\t") == 4


def test_lock_and_verify(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [{"cell_type": "code", "source": ["catalog['samples:nuclei-3d']"]}]
    (tmp_path / "analysis.ipynb").write_text(json.dumps({"cells": cells}))
    assert main(["catalog", "lock", "idr:idr0062", "--notebook", "analysis.ipynb"]) == 0
    assert "2 datasets are locked in data.lock.json" in capsys.readouterr().err
    assert main(["catalog", "verify"]) == 0
    assert capsys.readouterr().out == "All 2 datasets are as they were locked.\n"
    lock = tmp_path / "data.lock.json"
    lock.write_text(lock.read_text().replace("CC-BY-4.0", "CC0-1.0"))
    assert main(["catalog", "verify"]) == 1
    told = capsys.readouterr().err
    assert "idr:idr0062" in told
    assert "CC0-1.0" in told
    assert "lock anew" in told


def test_check_of_what_came_along_is_good(capsys: pytest.CaptureFixture[str], samples: Path) -> None:
    assert main(["catalog", "check"]) == 0
    assert f"{len(open_catalog())} entries are good" in capsys.readouterr().out


def test_show_and_files_ask_the_archive(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole command over real HTTP, led to loopback by rules for hosts."""
    study = {"accno": "S-BIAD7", "section": {"type": "Study", "attributes": [{"name": "Title", "value": "Seven"}]}}
    info = {"files": 1, "httpLink": "https://ftp.ebi.ac.uk/x/S-BIAD7", "released": 1670889600000}
    listed = {"path": "a b.tif", "Size": 3, "type": "file", "isDirectory": "false"}
    base = "https://www.ebi.ac.uk/biostudies/api/v1/studies/S-BIAD7"
    with ArchiveServer() as server:
        server.add(base, json=study)
        server.add(f"{base}/info", json=info)
        server.add(f"{base}/files", json={"items": [listed], "pagination": {"total": 1}})
        (tmp_path / "hosts.yml").write_text(f"- {{match: 'https://', try: ['{server.url}']}}\n")
        monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(tmp_path / "hosts.yml"))
        assert main(["catalog", "show", "bia:S-BIAD7", "--live"]) == 0
        assert capsys.readouterr().out.startswith("Seven\n")
        assert main(["catalog", "files", "bia:S-BIAD7"]) == 0
        assert capsys.readouterr().out == "a b.tif\t3 B\thttps://ftp.ebi.ac.uk/x/S-BIAD7/Files/a%20b.tif\n"


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ArchiveServer]:
    """A server that plays all archives, with a client that need not be polite to it."""
    with ArchiveServer() as server:
        # http comes first: what the second rule gives would match it.
        (tmp_path / "hosts.yml").write_text(
            f"- {{match: 'http://', try: ['{server.url}']}}\n- {{match: 'https://', try: ['{server.url}']}}\n"
        )
        monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(tmp_path / "hosts.yml"))
        monkeypatch.setattr(client, "Client", partial(client.Client, rate=1000.0, pause=0.01))
        yield server


def test_thousands_of_files_are_listed_and_a_few_without_the_rest(
    capsys: pytest.CaptureFixture[str], loopback: ArchiveServer
) -> None:
    base = "https://www.ebi.ac.uk/biostudies/api/v1/studies/S-BIAD7"
    rows = [{"path": f"{number}.tif", "Size": 3, "type": "file", "isDirectory": "false"} for number in range(2500)]

    def page(request: Request) -> Answer:
        start, length = int(request.query["offset"]), int(request.query["limit"])
        answer = {"items": rows[start : start + length], "pagination": {"total": len(rows)}}
        return Answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    loopback.add(f"{base}/info", json={"files": 2500, "httpLink": "https://ftp.ebi.ac.uk/x/S-BIAD7"})
    loopback.add(f"{base}/files", answer=page)
    assert main(["catalog", "files", "bia:S-BIAD7"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2500
    loopback.requests.clear()
    assert main(["catalog", "files", "bia:S-BIAD7", "--limit", "2", "--json"]) == 0
    assert [file["path"] for file in json.loads(capsys.readouterr().out)] == ["0.tif", "1.tif"]
    assert len(loopback.requests) == 2


def test_archives_that_do_not_answer_do_not_stop_the_harvest_of_the_others(
    capsys: pytest.CaptureFixture[str], loopback: ArchiveServer, tmp_path: Path
) -> None:
    assert main(["catalog", "harvest", "--into", str(tmp_path / "harvest")]) == 1
    told = capsys.readouterr()
    assert f"{len(ARCHIVES) - 3} of {len(ARCHIVES)} archives were not harvested: allen, bbbc, bia" in told.err
    assert "Run the command again for these; it goes on where it stopped" in told.err
    assert "ukbiobank: 0 defects tolerated, 0 records lost" in told.out
    assert "emdataresource.report.json" in told.out
    tables = sorted(path.name for path in (tmp_path / "harvest").glob("*.parquet"))
    assert tables == ["emdataresource.parquet", "phenoimageshare.parquet", "ukbiobank.parquet"]


def test_a_full_disk_is_told_and_leaves_the_last_good_harvest(
    capsys: pytest.CaptureFixture[str], loopback: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["catalog", "harvest", "ukbiobank", "--into", str(tmp_path / "harvest")]
    assert main(arguments) == 0
    before = (tmp_path / "harvest" / "ukbiobank.parquet").read_bytes()
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> int:
            raise OSError(28, "No space left on device")

        patch.setattr(harvesting, "write_table", full)
        assert main([*arguments[:3], "phenoimageshare", *arguments[3:]]) == 1
    told = capsys.readouterr().err
    assert "cannot be written: [Errno 28] No space left on device. Make room" in told
    assert "2 of 2 archives were not harvested" in told
    assert (tmp_path / "harvest" / "ukbiobank.parquet").read_bytes() == before
    assert main(arguments) == 0


def test_table_for_people_takes_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", "100")
    print_table(("identifier", "title"), [("lab:x", "[bold red]a[/] \x1b[31mred\tb")])
    assert "[bold red]a[/]" in shown.getvalue()
    assert "\x1b[31m" not in shown.getvalue()


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (8 * 10**18, "8e+03 PB")],
)
def test_sizes_have_three_digits(size: int, text: str) -> None:
    assert format_size(size) == text
