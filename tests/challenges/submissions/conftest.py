from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.challenges.formats import formats_of
from bioimagehub.challenges.submissions import Caps, Expected, Report, check_files
from challenges.submissions import attacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPE = (24, 30)
LABELS = np.random.default_rng(2).integers(0, 9, SHAPE).astype(np.uint16)


@pytest.fixture
def labels() -> np.ndarray:
    return LABELS.copy()


@pytest.fixture
def expected() -> dict[str, Expected]:
    return {case: Expected(case, "labels", SHAPE, ("y", "x"), (0.5, 0.5)) for case in ("a", "b")}


@pytest.fixture
def check(expected: dict[str, Expected]) -> Callable[..., Report]:
    """Check a submission for label images of the cases a and b."""

    def checked(path: Path, *, caps: dict[str, int] | None = None, **options: Any) -> Report:
        report = check_files(path, expected, formats_of("labels"), Caps(**(caps or {})), **options)
        again = check_files(path, expected, formats_of("labels"), Caps(**(caps or {})))
        assert report.as_dict() == again.as_dict()
        return report

    return checked


@pytest.fixture
def told(tmp_path: Path, check: Callable[..., Report], labels: np.ndarray) -> Callable[[], str]:
    """What is said of the file of the case a in `tmp_path`/s; that of b is good."""
    (tmp_path / "s").mkdir()
    np.save(tmp_path / "s/b.npy", labels)

    def tell() -> str:
        with attacks.memory_below(64 * 2**20):
            report = check(tmp_path / "s")
        assert {problem.case for problem in report.problems} == {"a"}, report
        assert all(problem.cure.endswith(".") for problem in report.problems)
        assert str(report).replace("\n", "").isprintable()
        return str(report)

    return tell
