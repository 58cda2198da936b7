from __future__ import annotations

from bioimagehub.challenges.statistics import split_by


def test_parts_of_the_cases() -> None:
    attributes = {
        "staining": {"a": "DAPI", "b": "H&E", "c": "DAPI", "elsewhere": "none"},
        "site": {"a": 2, "b": 2, "c": 2},
        "density": {"b": "high"},
    }
    found = [(part.attribute, part.value, part.positions.tolist()) for part in split_by(["a", "b", "c"], attributes)]
    assert found == [("staining", "DAPI", [0, 2]), ("staining", "H&E", [1]), ("density", "high", [1])]
