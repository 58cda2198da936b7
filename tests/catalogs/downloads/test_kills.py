"""A download that is killed at any point goes on: nothing wrong, and next to nothing fetched twice."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from servers.store import StoreServer

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMAND = Path(sys.executable).with_name("bioimagehub")
SIZE = 48_000_000
KILLS = 50
DEADLINE = 60.0


def start(url: str, into: Path) -> subprocess.Popen[bytes]:
    command = [COMMAND, "fetch", url, "--into", into, "--connections", "8"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kill_after(process: subprocess.Popen[bytes], server: StoreServer, bytes_sent: int, wait: float) -> bool:
    """Kill it when so many bytes were sent, and some time later; tell whether it was still running."""
    until = time.monotonic() + DEADLINE
    while server.bytes < bytes_sent and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def find_present(into: Path, truth: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which bytes of the file are on the disk."""
    part = into / "image.tif.part"
    if not part.exists() or part.stat().st_size != len(truth):
        return np.zeros(len(truth), bool)
    return np.fromfile(part, np.uint8) == truth


def asked_again(server: StoreServer, present: NDArray[np.bool_]) -> int:
    """Count the bytes that were sent and had been on the disk."""
    again = 0
    for request in server.requests:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if found and request.method == "GET":
            again += int(present[int(found[1]) : int(found[1]) + request.sent].sum())
    return again


def test_killed_fifty_times_it_gets_the_rest(tmp_path: Path) -> None:
    rng = random.Random(4)
    store, into = tmp_path / "store", tmp_path / "got"
    store.mkdir()
    truth = np.random.default_rng(4).integers(1, 256, SIZE, dtype=np.uint8)
    truth.tofile(store / "image.tif")
    killed = finished = 0
    with StoreServer(store, rate=8e6) as server:
        while killed < KILLS:
            present = find_present(into, truth)
            server.reset()
            process = start(f"{server.url}/image.tif", into)
            hit = kill_after(process, server, rng.randrange(1, SIZE // 6), rng.random() * 0.05)
            killed += hit
            assert asked_again(server, present) <= SIZE // 100
            if not hit:
                assert process.returncode == 0
                assert (into / "image.tif").read_bytes() == truth.tobytes()
                (into / "image.tif").unlink()
                finished += 1
        process = start(f"{server.url}/image.tif", into)
        _, complaint = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, complaint.decode()
    assert (into / "image.tif").read_bytes() == truth.tobytes()
    assert finished >= 2
