"""The table of edge cases: our numbers, and those of the reference implementations where they have any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import ChallengeError
from bioimagehub.challenges.tracks import Conventions, Tracks, measure
from bioimagehub.challenges.tracks.conformance import HERE, TrackCase, load_cases
from challenges.tracks.peers import ours, py_ctcmetrics, traccuracy, write_both

if TYPE_CHECKING:
    from pathlib import Path

CASES = load_cases()
SCORED = [case for case in CASES if not case.refused]
# Both fail where nothing is predicted or nothing is there.
COMMON = [case for case in SCORED if len(case.truth.lineage) and len(case.prediction.lineage)]
# Errors of traccuracy: see test_disagreements.
TRACCURACY = [
    case for case in COMMON if case.name not in {"three cells are one object", "frames without objects first"}
]


def by_name(case: TrackCase) -> str:
    return case.name


@pytest.mark.parametrize("case", SCORED, ids=by_name)
def test_ours(case: TrackCase) -> None:
    for name, expected in case.expected.items():
        conventions = Conventions() if name == HERE else Conventions.as_in(name)
        found = ours(case.truth, case.prediction, replace(conventions, tolerance=case.tolerance))
        assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-12, rel=0, nan_ok=True)


@pytest.mark.parametrize("case", [case for case in CASES if case.refused], ids=by_name)
def test_refused(case: TrackCase) -> None:
    with pytest.raises(ChallengeError) as caught:
        measure(case.truth, case.prediction, conventions=Conventions())
    assert type(caught.value).__name__ == case.refused


def bordered(tracks: Tracks) -> Tracks:
    """py-ctcmetrics needs background pixels."""
    return Tracks(np.pad(tracks.frames, ((0, 0), (1, 1), (1, 1))), tracks.lineage)


@pytest.mark.parametrize("case", COMMON, ids=by_name)
def test_py_ctcmetrics(tmp_path: Path, case: TrackCase) -> None:
    expected = case.expected.get("ctc", case.expected[HERE])
    write_both(tmp_path, bordered(case.truth), bordered(case.prediction))
    chota = bool(np.asarray(case.truth.frames).any(axis=(1, 2)).all())
    found = py_ctcmetrics(tmp_path, case.tolerance, chota=chota)
    shared = {key: value for key, value in expected.items() if key in found}
    assert {key: found[key] for key in shared} == pytest.approx(shared, abs=1e-9, rel=0, nan_ok=True)


@pytest.mark.parametrize("case", TRACCURACY, ids=by_name)
def test_traccuracy(tmp_path: Path, case: TrackCase) -> None:
    expected = case.expected.get("traccuracy", case.expected[HERE])
    found = traccuracy(write_both(tmp_path, case.truth, case.prediction))
    shared = {key: value for key, value in expected.items() if key in found}
    assert {key: found[key] for key in shared} == pytest.approx(shared, abs=1e-9, rel=0, nan_ok=True)
