"""The same numbers as the reference implementations, on sequences with every kind of error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bioimagehub.challenges.tracks import Conventions
from challenges.tracks.movies import make_movie
from challenges.tracks.peers import ours, py_ctcmetrics, traccuracy, write_both

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(8))
def test_py_ctcmetrics(tmp_path: Path, seed: int) -> None:
    tolerance = seed % 4
    truth, prediction = make_movie(seed, errors=0.3 + seed % 3)
    theirs = py_ctcmetrics(write_both(tmp_path, truth, prediction), tolerance)
    found = ours(truth, prediction, Conventions(tolerance=tolerance, fractions="first"))
    assert theirs == pytest.approx(found, abs=1e-9, rel=0, nan_ok=True)


@pytest.mark.parametrize("seed", range(20, 26))
def test_traccuracy(tmp_path: Path, seed: int) -> None:
    truth, prediction = make_movie(seed, errors=0.3 + seed % 3)
    theirs = traccuracy(write_both(tmp_path, truth, prediction))
    found = ours(truth, prediction, Conventions.as_in("traccuracy"))
    assert theirs == pytest.approx({name: found[name] for name in theirs}, abs=1e-9, rel=0)
