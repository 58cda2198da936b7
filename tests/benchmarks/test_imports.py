"""How long the front door takes to import, beside Python alone and Intake, each in a process of its own.

The sum of what a user waits for before the first line runs; it takes the least of some runs, which other work on the
machine disturbs least.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

RUNS = 15


def _least(code: str) -> float:
    """Give the least time of a process that runs some code, in seconds; the files are in the page cache."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize(
    "code",
    ["import bioimagehub.catalogs", "from bioimagehub.catalogs import open_catalog, Record", "import intake"],
)
def test_import(benchmark: object, code: str) -> None:
    python = _least("pass")
    taken = benchmark.pedantic(_least, args=(code,), rounds=1)  # type: ignore[attr-defined]
    print(f"\n{code}: {(taken - python) * 1000:.0f} ms more than Python itself, which takes {python * 1000:.0f} ms")
