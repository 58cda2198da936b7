"""A small challenge with a public and a hidden split, and its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# PIN stands for the facts of the entry, which differ with the catalog.
CHALLENGE = """\
name: squares
title: Squares
summary: Find the squares in three small fields of view.
task: instance_segmentation
licence: CC0-1.0
organisers:
  - name: Ada Example
data:
  entries:
    - identifier: samples:bbbc038-nuclei
      facts: PIN
splits:
  public:
    truth: {folder: public}
    cases: &cases
  CASES
  hidden:
    hidden: true
    truth: {folder: hidden}
    cases:
  CASES
phases:
  - name: practice
    split: public
    limits: {per_day: 20, size: 1 MB}
  - name: final
    title: The final
    split: hidden
    limits: {per_day: 3, total: 4, size: 1 MB}
  - name: past
    split: public
    opens: 2020-01-01T00:00:00Z
    closes: 2020-02-01T00:00:00+14:00
  - name: future
    split: public
    opens: 2120-01-01T00:00:00Z
metrics:
  - panoptic_quality
  - {metric: f1, aggregate: pooled}
""".replace("&cases\n", "\n").replace(
    "  CASES\n",
    """\
      - {id: a, entry: "samples:bbbc038-nuclei", selection: {y: [0, 32], x: [0, 32]}}
      - {id: b, entry: "samples:bbbc038-nuclei", selection: {y: [32, 64], x: [0, 32]}}
      - {id: c, entry: "samples:bbbc038-nuclei", selection: {y: [64, 96], x: [0, 32]}}
""",
)


def squares(number: int, size: int = 8) -> NDArray[np.uint16]:
    """Return a label image of (32, 32) with up to nine squares, the first with the label 1."""
    labels = np.zeros((32, 32), np.uint16)
    for index in range(number):
        y, x = 1 + 10 * (index // 3), 1 + 10 * (index % 3)
        labels[y : y + size, x : x + size] = index + 1
    return labels


def truth() -> dict[str, dict[str, NDArray[np.uint16]]]:
    """Return the truth of both splits by case."""
    cases = {"a": squares(3), "b": squares(9), "c": squares(5)}
    return {"public": dict(cases), "hidden": dict(cases)}
