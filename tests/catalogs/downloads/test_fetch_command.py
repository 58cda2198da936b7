"""``bioimagehub fetch``, as it is typed."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bioimagehub.hub.cli import main
from catalogs.downloads.made import make_bytes

if TYPE_CHECKING:
    from servers.store import StoreServer

COMMAND = Path(sys.executable).with_name("bioimagehub")


def test_a_dry_run_tells_and_writes_nothing(
    store: StoreServer, folder: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "image.tif").write_bytes(make_bytes(123_456))
    assert main(["fetch", f"{store.url}/image.tif", "--into", str(into), "--dry-run"]) == 0
    told = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert (told["files"], told["size"]) == ("1", "123 kB")
    assert told["licence"] == "none is stated: nothing may be passed on"
    assert "free" in told["into"]
    assert not into.exists()


def test_the_licence_is_told(samples: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "samples:bbbc038-nuclei", "--into", str(into), "--dry-run"]) == 0
    assert "licence  CC0-1.0" in capsys.readouterr().out


def test_it_fetches_and_reports(
    store: StoreServer, folder: Path, into: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "image.tif").write_bytes(make_bytes(123_456))
    report = tmp_path / "report.json"
    assert main(["fetch", f"{store.url}/image.tif", "--into", str(into), "--report", str(report)]) == 0
    assert "1 fetched; 123 kB moved" in capsys.readouterr().out
    told = json.loads(report.read_text())
    assert told["complete"] is True
    assert told["counts"] == {"fetched": 1}
    assert told["moved"] == 123_456
    assert told["files"][0]["checksum"].startswith("crc32:")


def test_a_failure_is_told_in_the_status(
    store: StoreServer, folder: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "image.tif").write_bytes(make_bytes(1000))
    store.fault("image.tif", status=403, method="GET")
    assert main(["fetch", f"{store.url}/image.tif", "--into", str(into)]) == 1
    printed = capsys.readouterr()
    assert "1 failed" in printed.out
    assert "image.tif may not be read without permission (HTTP 403)" in printed.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--region", "y=1"], "no part of a region"),
        (["--connections", "0"], "connections is 0; expected a number above 0"),
        (["--report", "/none/report.json"], "there is no folder /none"),
    ],
)
def test_what_was_typed_wrongly_is_told_before(
    store: StoreServer, folder: Path, into: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (folder / "image.tif").write_bytes(b"x")
    assert main(["fetch", f"{store.url}/image.tif", "--into", str(into), *arguments]) == 1
    assert told in capsys.readouterr().err
    assert not into.exists()


def test_a_speed_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "x", "--rate", "fast"])
    assert ended.value.code == 2
    assert "'fast' is no speed; expected bytes a second, such as 5M" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_at_once_and_keeps_what_came(store: StoreServer, folder: Path, into: Path, number: int) -> None:
    content = make_bytes(20_000_000)
    (folder / "image.tif").write_bytes(content)
    command = [COMMAND, "fetch", f"{store.url}/image.tif", "--into", into]
    process = subprocess.Popen([*command, "--rate", "5M"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while store.bytes < 3_000_000:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(number)
    began = time.monotonic()
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "Stopped. What came is kept: the same command gets the rest." in told
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "1 resumed" in result.stdout
    assert (into / "image.tif").read_bytes() == content


def test_progress_is_shown_on_a_terminal(store: StoreServer, folder: Path, into: Path) -> None:
    (folder / "image.tif").write_bytes(make_bytes(6_000_000))
    ours, theirs = pty.openpty()
    command = [COMMAND, "fetch", f"{store.url}/image.tif", "--into", into, "--rate", "6M"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while data := os.read(ours, 65536):
                shown += data
        except OSError:
            # The other end is closed.
            pass
        process.wait(30)
    os.close(ours)
    assert b"of 6 MB" in shown
    assert b"0 of 1 files" in shown
    assert b"left" in shown
