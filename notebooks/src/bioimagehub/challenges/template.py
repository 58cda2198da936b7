"""A small challenge to begin with, for each task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.challenge_file import FILE_NAME
from bioimagehub.challenges.errors import ChallengeDataError
from bioimagehub.challenges.tasks import find_task

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

"""

_ENTRY = """\
# Images stay where they are: entries of the catalog, each pinned, so that nobody scores on other images.
data:
  entries:
    - identifier: {entry}
      facts: {facts}
"""

_SIMULATED = """\
# Images are generated, each from its seed, and so is their truth. To take images of the catalog, give entries here,
# entry in place of seed in each case, and truth: {{folder: truth}}, with one file a case.
data:
  simulator: {{name: {simulator}, parameters: {parameters}}}

splits:
  public:
    truth: {{simulator: true}}
    cases:
      - {{id: one, seed: 1{one}}}
      - {{id: two, seed: 2{two}}}
      - {{id: three, seed: 3{three}}}
"""

_FOLDER = """\
# Images stay where they are: entries of the catalog, each pinned, so that nobody scores on other images.
data:
  entries:
    - identifier: {entry}
      facts: {facts}

# FILL IN: put {file} into the folder truth, beside this file: {rows}
splits:
  public:
    truth: {{folder: truth}}
    cases:
      - {{id: one, entry: "{entry}"}}
"""

_METRICS = """
# The first metric ranks. aggregate: mean or median over cases, or pooled, as if all cases were one.
metrics:
"""

_CONTROLS = """
# Rows of which one knows what they should score. The truth must rank first.
controls: [{controls}]
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


MARK = "FILL IN"
"""Stands where a template needs something of the organiser."""


@dataclass(frozen=True)
class Template:
    """What the challenge file of a task begins with, and where it is not as that of the others.

    Attributes
    ----------
    title : str
    entry : str or None
        The entry of the catalog that is pinned.
    body : str
        The part between the citation and the phases, as a pattern of `entry` and its ``facts``.
    """

    title: str
    entry: str | None
    body: str


def _generated(
    title: str, simulator: str, parameters: str, rest: str, controls: str, each: tuple[str, ...] = ("", "", "")
) -> Template:
    own = [f", parameters: {{{one}}}" if one else "" for one in each]
    body = _SIMULATED.format(simulator=simulator, parameters=parameters, one=own[0], two=own[1], three=own[2])
    return Template(title, None, _escape(body + _METRICS + rest + _CONTROLS.format(controls=controls)))


def _kept(title: str, entry: str, file: str, rows: str, rest: str, controls: str) -> Template:
    body = _FOLDER.format(entry=entry, facts="<facts>", file=file, rows=rows)
    whole = _escape(body + _METRICS + rest + _CONTROLS.format(controls=controls))
    return Template(title, entry, whole.replace("<facts>", "{facts}"))


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


_LABELS = "[aneuploidy, apoptosis, elongation, fragmentation, no effect, texture]"
TEMPLATES = {
    "classification": _generated(
        "Tell the phenotype of wells", "phenotypes", "{shape: [80, 80], count: 10, replicates: 1, controls: 3}",
        f"  - balanced_accuracy\n  - macro_f1\nconventions: {{labels: {_LABELS}}}\n", "truth, majority",
    ),
    "counting": _generated(
        "Count nuclei", "cells", "{shape: [256, 256], clustering: 0.5}",
        "  - count_relative_error\n  - count_absolute_error\n", "truth, majority",
        ("count: 10", "count: 20", "count: 40"),
    ),
    "ctf_estimation": _kept(
        "Estimate the defocus of micrographs", "samples:cryoet-tomogram", "one.csv",
        "columns item and value, and for each micrograph\n# the items NAME/defocus_u, NAME/defocus_v (in Å) and "
        "NAME/angle (in degrees).",
        "  - mean_defocus_error\n  - astigmatism_error\n", "truth",
    ),
    "instance_segmentation": Template("Segment nuclei", "samples:bbbc038-nuclei", _ENTRY + _escape(_INSTANCES)),
    "map_resolution": _generated(
        "Make the best map of two half maps", "maps", "{shape: [32, 32, 32], voxel: 2.0, residues: 60}",
        "  - mean_fsc\n  - {metric: resolution_05, aggregate: median}\n", "truth, shifted, empty",
    ),
    "particle_picking": Template("Pick particles", "samples:cryoet-tomogram", _ENTRY + _escape(_PARTICLES)),
    "profiling": _generated(
        "Profile the wells of a screen", "phenotypes", "{shape: [80, 80], count: 10, replicates: 1, controls: 3}",
        "  - moa_accuracy_nsc\n  - moa_accuracy_nscb\n", "truth, majority",
    ),
    "registration": _kept(
        "Register images by landmarks", "samples:bbbc038-nuclei", "one.csv",
        "columns y and x, and the landmarks in the target\n# image in micrometres, in the order in which they are "
        "asked for.",
        "  - mean_tre\n  - max_tre\n", "truth, shifted",
    ),
    "restoration": _generated(
        "Remove noise", "noise", "{shape: [160, 160], photons: 8.0}",
        "  - ssim\n  - psnr\n  - scale_invariant_psnr\n", "truth, input, shifted, empty",
    ),
    "semantic_segmentation": _generated(
        "Tell the classes of tissue", "tissue", "{shape: [128, 128], spacing: [1.0, 1.0]}",
        "  - mean_class_iou\n  - mean_class_normalised_surface_distance\n"
        "conventions: {classes: [0, 1, 2], boundaries: {tolerance: 2.0}}\n",
        "truth, empty, shifted",
    ),
    "spot_detection": _generated(
        "Find spots", "spots", "{shape: [128, 128], pixel: 0.1, density: 0.5}",
        "  - spot_f1\n  - {metric: lateral_rmse, aggregate: pooled}\n"
        "conventions: {cutoff: 0.3}      # in micrometres: how far a spot may be off\n",
        "truth, empty, shifted",
    ),
    "tracking": _generated(
        "Track cells", "tracks", "{shape: [8, 96, 96], count: 6}",
        "  - op_ctb\n  - tra\n  - seg\n", "truth, empty, shifted",
    ),
}  # fmt: skip
"""By task. Those whose data are neither generated nor in the sample archive have places to fill in."""


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
    """Write a challenge file with comments that passes the check, some after the places marked FILL IN are filled in.

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
        If there is no such task.
    ChallengeDataError
        If there is a challenge file in the folder, or it cannot be written.
    ChallengeFileError
        If the name is none.
    """
    from bioimagehub.catalogs import open_catalog, pins

    find_task(task)
    template = TEMPLATES[task]
    words = name or name_of(folder)
    facts = ""
    if template.entry is not None:
        facts = pins.digest(open_catalog()[template.entry].model_copy(update={"checksum": None}))
    head = _HEAD.format(folder=folder, name=words, title=template.title, task=task)
    text = head + template.body.format(entry=template.entry, facts=facts) + _TAIL
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
