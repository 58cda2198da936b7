from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.challenges.submissions import Expected
from bioimagehub.hub.processes import find_by_uid
from bioimagehub.hub.sandbox import Bubblewrap, MethodLimits, MethodRun, find_sandbox, load_method, run_method
from bioimagehub.hub.sandbox.leftovers import GROUPS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPE = (20, 24)
IMAGE = np.random.default_rng(3).integers(0, 200, SHAPE).astype(np.uint16)
LIMITS = MethodLimits(
    seconds=90, cpu_seconds=60, memory=3 * 2**29, processes=60, disk=32 * 2**20, output=2**20, log=16_000
)


@pytest.fixture(scope="session")
def sandbox() -> Bubblewrap:
    return find_sandbox()


def left_over(sandbox: Bubblewrap) -> list[str]:
    """What a run left on this machine."""
    left = [str(path) for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}-*")]
    left += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{GROUPS}/{os.getpid()}-*")]
    if sandbox.uid is not None:
        left += [f"process {pid}" for pid in find_by_uid(sandbox.uid)]
    return left


@pytest.fixture
def run(tmp_path: Path, sandbox: Bubblewrap) -> Iterator[Callable[..., MethodRun]]:
    """Run a method; nothing of it may be left afterwards."""

    def running(source: str, *, cases: str = "a", limits: MethodLimits = LIMITS, **contract: Any) -> MethodRun:
        file = tmp_path / "submitted.py"
        file.write_text(source)
        method = load_method(file, tmp_path / "method")
        options = {"kind": "labels", "shape": SHAPE, "axes": ("y", "x"), "spacing": (0.5, 0.25)} | contract
        expected = {case: Expected(case, **options) for case in cases}
        return run_method(
            method, lambda _: (IMAGE, ("y", "x"), (0.5, 0.25)), expected, sandbox, limits, tmp_path / "out"
        )

    before = set(left_over(sandbox))
    yield running
    assert set(left_over(sandbox)) <= before
