"""Tables of tracks as text: man_track.txt and res_track.txt of the Cell Tracking Challenge."""

from __future__ import annotations

from bioimagehub.challenges.tracks.lineage import Lineage, raise_problems

# Numbers beyond this fit no label image.
LARGEST_NUMBER = 2**62


def parse_lineage(text: str, name: str = "the table of tracks") -> Lineage:
    r"""Return the lineage that a text tells, a line for each track with the numbers L B E P.

    Parameters
    ----------
    text : str
        Label, first frame, last frame and parent (0 for none), with blanks or tabs between. Empty lines do not
        count; a text without any is a lineage without tracks.
    name : str
        What messages call it.

    Raises
    ------
    LineageError
        If a line is not that; all such lines are told. Contradictions between lines are found by `Lineage.problems`.

    Examples
    --------
    >>> parse_lineage("1 0 4 0\n2 5 9 1\n3 5 9 1").rows()
    [(1, 0, 4, 0), (2, 5, 9, 1), (3, 5, 9, 1)]
    """
    rows, problems = [], []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.split()
        is_row = len(words) == 4 and all(word.isascii() and word.isdecimal() for word in words)
        if is_row and all(len(word) < 20 and int(word) < LARGEST_NUMBER for word in words):
            rows.append([int(word) for word in words])
        elif words:
            problems.append(f"line {number} is {line[:60]!r} and not four whole numbers L B E P")
    raise_problems(problems, name)
    return Lineage.from_rows(rows)


def format_lineage(lineage: Lineage) -> str:
    """Return the text of a lineage, a line L B E P for each track, in the order of the labels."""
    return "".join(f"{label} {begin} {end} {parent}\n" for label, begin, end, parent in lineage.rows())
