"""The shape of the metrics of spots, boundaries, semantic segmentation, registration and counting, and their pages."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from bioimagehub.challenges.metrics import Metric, family_metrics

PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "metrics"
FAMILIES = ("boundaries", "counting", "registration", "semantic", "spots")
METRICS = {(family, name): metric for family in FAMILIES for name, metric in family_metrics(family).items()}

each_metric = pytest.mark.parametrize(
    ("family", "name", "metric"),
    [(*key, metric) for key, metric in METRICS.items()],
    ids=["-".join(key) for key in METRICS],
)


@each_metric
def test_every_metric_has_the_shape_and_a_source(family: str, name: str, metric: Metric) -> None:
    public = {found for found, _ in inspect.getmembers(metric, inspect.isfunction) if not found.startswith("_")}
    assert public == {"score"}
    assert metric.__name__ == f"bioimagehub.challenges.metrics.{family}.{name}"  # type: ignore[attr-defined]
    assert re.search(r"References\n-+\n(.|\n)*https://doi.org/10\.", inspect.getdoc(metric) or "")
    assert (metric.BETTER == "higher") == (metric.BEST > metric.WORST)
    assert metric.BETTER in {"higher", "lower"}
    assert metric.UNIT in {"1", "µm", "%"}
    assert isinstance(metric.VERSION, int)


@each_metric
def test_every_metric_has_a_page(family: str, name: str, metric: Metric) -> None:
    slug = name.replace("_", "-")
    text = (PAGES / f"{slug}.md").read_text()
    assert "https://doi.org/10." in text
    assert f'"{name}"' in text
    assert {"## Definition", "## Example", "## What it cannot see"} <= set(text.splitlines())
    assert f"({slug}.md)" in (PAGES / "index.md").read_text()


def test_titles_are_different() -> None:
    titles = [metric.TITLE for metric in METRICS.values()]
    assert len(set(titles)) == len(titles)
