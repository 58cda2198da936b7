"""A small challenge to begin with, for each task that the sample archive has data of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.challenge_file import FILE_NAME
from bioimagehub.challenges.errors import ChallengeDataError, UnknownTaskError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = """\
# A challenge of bioimagehub. Every key is explained in docs/reference/challenge-file.md.
# Check it with: bioimagehub challenge check {folder}

name: {name}
title: {title}
summary: >-
  What is asked, of which images, and what for. Two or three sentences.
task: {task}
licence: CC-BY-4.0          # of the challenge and its truth
organisers:
  - name: Your Name
    affiliation: Your institute
citation:
  - text: What to cite for the images. Say also what to cite for the challenge.

# Images stay where they are: entries of the catalog, each pinned, so that nobody scores on other images.
data:
  entries:
    - identifier: {entry}
      facts: {facts}
"""

_TAIL = """
# Times have a time zone. A phase without opens and closes is always open.
phases:
  - name: practice
    title: Practice, with open truth
    split: public
    # opens: 2027-03-01T12:00:00Z
    # closes: 2027-06-01T12:00:00Z
    limits: {per_day: 10, size: 500 MB}

# To hide a truth, add a split with hidden: true and truth: {folder: ...}, a folder that only the hub reads,
# and a phase for it. Take other images than in the public split.
"""

_INSTANCES = """
splits:
  public:
    truth: {label: nuclei}  # a label image of the entry; or {folder: truth}, with one file a case
    cases:
      - {id: upper-left, entry: "samples:bbbc038-nuclei", selection: {y: [0, 256], x: [0, 256]}}
      - {id: upper-right, entry: "samples:bbbc038-nuclei", selection: {y: [0, 256], x: [256, 512]}}
      - {id: lower-left, entry: "samples:bbbc038-nuclei", selection: {y: [256, 512], x: [0, 256]}}
      - {id: lower-right, entry: "samples:bbbc038-nuclei", selection: {y: [256, 512], x: [256, 512]}}

# The first metric ranks. aggregate: mean or median over cases, or pooled, as if all cases were one.
metrics:
  - panoptic_quality
  - average_precision
  - {metric: f1, aggregate: pooled}
  - normalised_surface_distance
# as_in: stardist scores as that software does. The tolerance is in micrometres, or here, where no size of
# a pixel is known, in pixels.
conventions: {boundaries: {tolerance: 1}}

# Rows of which one knows what they should score. The truth must rank first.
controls: [truth, empty, shifted, otsu, {name: watershed, diameter: 10}]
"""

_PARTICLES = """
splits:
  public:
    truth: {table: particles}   # a table of the entry; or {folder: truth}, with one CSV file a case
    cases:
      - {id: whole, entry: "samples:cryoet-tomogram"}

# The first metric ranks. aggregate: mean or median over cases, or pooled, as if all cases were one.
metrics:
  - spot_f1
  - spot_recall
  - spot_precision
conventions: {cutoff: 0.01}     # in micrometres: how far a particle may be off

# Rows of which one knows what they should score. The truth must rank first.
controls: [truth, empty, shifted]
"""

TEMPLATES = {
    "instance_segmentation": ("Segment nuclei", "samples:bbbc038-nuclei", _INSTANCES),
    "particle_picking": ("Pick particles", "samples:cryoet-tomogram", _PARTICLES),
}
"""Title, entry, and the part of the file that differs, by task."""


def name_of(folder: Path) -> str:
    """Return the name that a challenge in a folder has if it gets no other: lower case, with hyphens.

    Examples
    --------
    >>> from pathlib import Path
    >>> name_of(Path("Nuclei of my lab"))
    'nuclei-of-my-lab'
    """
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")


def write_template(folder: Path, task: str, name: str | None = None) -> Path:
    """Write a challenge file with comments that passes the check.

    Parameters
    ----------
    folder : Path
        To be made, or without a challenge file.
    task : str
        One of `TEMPLATES`.
    name : str, optional
        Of the challenge; by default that of the folder, in lower case with hyphens.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UnknownTaskError
        If there is no template for the task.
    ChallengeDataError
        If there is a challenge file in the folder, or it cannot be written.
    ChallengeFileError
        If the name is none.
    """
    from bioimagehub.catalogs import open_catalog, pins

    if task not in TEMPLATES:
        msg = (
            f"There is no template for the task {task!r}. There are templates for {', '.join(sorted(TEMPLATES))}. Take "
            "one of them, and change its task, data and metrics."
        )
        raise UnknownTaskError(msg)
    title, entry, middle = TEMPLATES[task]
    record = open_catalog()[entry].model_copy(update={"checksum": None})
    words = name or name_of(folder)
    head = _HEAD.format(folder=folder, name=words, title=title, task=task, entry=entry, facts=pins.digest(record))
    text = head + middle + _TAIL
    file = folder / FILE_NAME
    parse_challenge(text, folder=folder, where=str(file))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        msg = f"The challenge {file} cannot be written: {error.strerror}. Name a new folder in one that you may write."
        raise ChallengeDataError(msg) from error
    return file
