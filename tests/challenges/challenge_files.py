"""A small challenge with real files: text of its file, truth, and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.challenge import Challenge, load_challenge

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEXT = """\
name: squares
title: Squares
summary: Find the squares.
task: instance_segmentation
licence: CC0-1.0
organisers:
  - name: Ada Example
data:
  entries:
    - identifier: samples:bbbc038-nuclei
      version: "1"
splits:
  public:
    truth: {folder: truth}
    cases:
      - {id: a, entry: "samples:bbbc038-nuclei", selection: {y: [0, 32], x: [0, 32]}}
      - {id: b, entry: "samples:bbbc038-nuclei", selection: {y: [32, 64], x: [0, 32]}}
      - {id: c, entry: "samples:bbbc038-nuclei", selection: {y: [64, 96], x: [0, 32]}}
phases:
  - name: practice
    split: public
    opens: 2027-01-01T00:00:00Z
    closes: 2027-02-01T00:00:00Z
metrics:
  - panoptic_quality
  - {metric: f1, aggregate: pooled}
  - {metric: average_precision, aggregate: median}
"""
# The catalog states no version of the sample: its facts pin it.
PIN = 'version: "1"'


def squares(number: int, size: int = 8) -> NDArray[np.uint16]:
    """Give a label image of (32, 32) with up to nine squares, the first with the label 1."""
    labels = np.zeros((32, 32), np.uint16)
    for index in range(number):
        y, x = 1 + 10 * (index // 3), 1 + 10 * (index % 3)
        labels[y : y + size, x : x + size] = index + 1
    return labels


TRUTH = {"a": squares(3), "b": squares(9), "c": squares(0)}


def write_challenge(folder: Path, text: str = TEXT) -> Challenge:
    """Write the challenge and its truth into a folder, pinned to the catalog at hand."""
    from bioimagehub.catalogs import open_catalog, pins

    record = open_catalog()["samples:bbbc038-nuclei"].model_copy(update={"checksum": None})
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / "challenge.yaml").write_text(text.replace(PIN, f"facts: {pins.digest(record)}"), encoding="utf-8")
    for name, labels in TRUTH.items():
        np.save(folder / "truth" / f"{name}.npy", labels)
    return load_challenge(folder)
