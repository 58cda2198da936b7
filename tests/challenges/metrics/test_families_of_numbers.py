"""Restoration, maps, contrast transfer functions, classification, screening: shape, source and page of each metric."""

from __future__ import annotations

import inspect
from math import inf, isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioimagehub.challenges import answers, ctf, fourier, intensities, profiles
from bioimagehub.challenges.metrics import family_metrics

FAMILIES = {"restoration": intensities, "maps": fourier, "ctf": ctf, "classification": answers, "screening": profiles}
METRICS = [(family, name) for family in FAMILIES for name in family_metrics(family)]
CONSTANTS = {"TITLE", "BETTER", "BEST", "WORST", "UNIT", "VERSION"}
each_metric = pytest.mark.parametrize(("family", "name"), METRICS)
PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "metrics"


def truth_and_guesses(family: str) -> tuple[Any, list[Any]]:
    """A truth, and predictions of it from good to bad."""
    rng = np.random.default_rng(0)
    if family == "restoration":
        truth = rng.uniform(0, 100, (24, 24))
        return truth, [truth + amount * rng.normal(size=truth.shape) for amount in (1, 30, 1000)]
    if family == "maps":
        truth = rng.normal(size=(16, 16, 16))
        return truth, [truth + amount * rng.normal(size=truth.shape) for amount in (0.3, 3, 100)]
    if family == "ctf":
        rows = {f"m{n}": (12000.0 + 500 * n, 11000.0, 10.0 * n) for n in range(5)}
        fields = ("defocus_u", "defocus_v", "angle")
        flat = {f"{m}/{f}": v for m, row in rows.items() for f, v in zip(fields, row, strict=True)}
        steps = {"defocus_u": 200.0, "defocus_v": -100.0, "angle": 20.0}
        return flat, [{k: v + size * steps[k.split("/")[1]] for k, v in flat.items()} for size in (0.1, 1, 3)]
    if family == "classification":
        truth = {f"{n:02}": "abc"[n % 3] for n in range(30)}
        wrong = {"a": "b", "b": "c", "c": "a"}
        return truth, [{k: wrong[v] if int(k) < number else v for k, v in truth.items()} for number in (3, 10, 30)]
    wells = [(moa, control) for moa in "MN" for control in ("positive", "negative", "", "", "") for _ in range(2)]
    truth, level = {}, {}
    for n, (moa, control) in enumerate(wells):
        truth |= {f"w{n:02}/compound": f"c{n}", f"w{n:02}/moa": moa, f"w{n:02}/batch": f"b{n % 2}"}
        truth |= {f"w{n:02}/concentration": float(n % 5)} | ({f"w{n:02}/control": control} if control else {})
        level[f"w{n:02}"] = (100.0 * (moa == "M"), 100.0 * (control == "positive") + 10 * (n % 5))
    spread = {key: rng.normal(size=2) for key in level}
    return truth, [
        {f"{k}/{f}": v + amount * s for k in level for f, v, s in zip("xy", level[k], spread[k], strict=True)}
        for amount in (0.1, 30, 1000)
    ]


def conventions_of(family: str) -> Any:
    settings = {"maps": {"voxel_size": 1.5}, "screening": {"feature": "y"}}
    return FAMILIES[family].Conventions(**settings.get(family, {}))  # type: ignore[attr-defined]


@each_metric
def test_shape_source_and_page(family: str, name: str) -> None:
    module = family_metrics(family)[name]
    assert {key for key in vars(module) if key.isupper()} - {"TYPE_CHECKING"} >= CONSTANTS
    public = {
        key for key, value in inspect.getmembers(module, inspect.isfunction) if value.__module__ == module.__name__
    }  # type: ignore[attr-defined]
    assert public == {"score"}
    text = inspect.getdoc(module) or ""
    assert "References\n----------\n" in text
    assert "https://" in text
    page = PAGES / f"{name.replace('_', '-')}.md"
    assert "https://" in page.read_text()
    assert f"({page.name})" in (PAGES / "index.md").read_text()


@each_metric
def test_best_is_better_than_worst(family: str, name: str) -> None:
    metric = family_metrics(family)[name]
    assert metric.BETTER in ("higher", "lower")
    assert metric.BEST > metric.WORST if metric.BETTER == "higher" else metric.BEST < metric.WORST
    assert metric.UNIT in ("1", "dB", "Å", "°")
    assert metric.VERSION >= 1


@each_metric
def test_truth_comes_first_and_nothing_is_worse_than_no_prediction(family: str, name: str) -> None:
    metric, module = family_metrics(family)[name], FAMILIES[family]
    truth, guesses = truth_and_guesses(family)
    # The truth of a screen has no measurements: the clearest ones stand for it.
    candidates = guesses if family == "screening" else [truth, *guesses]
    sign = 1 if metric.BETTER == "higher" else -1
    conventions = conventions_of(family)
    found = [sign * metric.score(module.measure(truth, one, conventions=conventions)) for one in candidates]  # type: ignore[attr-defined]
    assert not any(map(isnan, found))
    assert found == sorted(found, reverse=True), found
    assert found[0] > found[-1]
    assert all(sign * metric.WORST <= one <= sign * metric.BEST + 1e-9 for one in found)


@pytest.mark.parametrize("family", FAMILIES)
def test_conventions_are_said_written_and_read(family: str) -> None:
    conventions = conventions_of(family)
    assert str(conventions).endswith(f"bioimagehub {conventions.version}")
    again = type(conventions).from_dict(conventions.as_dict())
    assert again == conventions
    old = type(conventions).from_dict(conventions.as_dict() | {"version": "0.0.1"})
    assert old.version == "0.0.1"


@pytest.mark.parametrize("family", FAMILIES)
def test_pool_of_one_is_the_case(family: str) -> None:
    module = FAMILIES[family]
    truth, guesses = truth_and_guesses(family)
    tally = module.measure(truth, guesses[1], conventions=conventions_of(family))  # type: ignore[attr-defined]
    pooled = module.pool([tally])  # type: ignore[attr-defined]
    for name, metric in family_metrics(family).items():
        assert metric.score(pooled) == pytest.approx(metric.score(tally)), name
        assert -inf <= metric.score(pooled) <= inf
