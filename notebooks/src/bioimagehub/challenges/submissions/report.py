"""What a check found: all that is wrong with a submission, and how to mend each."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass, field
from typing import Any

LONGEST = 300
"""Characters of each part of a problem; a name in a file can be as long as the file."""


def clean(text: object, longest: int = LONGEST) -> str:
    r"""Make a text of unknown origin fit to be shown: short, in one line, and without invisible characters.

    Control characters, marks that turn the direction of writing, and halves of surrogate pairs become ``�``.
    It is plain text: a page escapes it, as it does any text.

    Examples
    --------
    >>> clean("a\x1b[31m\u202eb\n")
    'a�[31m�b�'
    """
    found = str(text)
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one)[0] == "C" or one in "\u2028\u2029" else one
        for one in found[:longest]
    )
    return f"{shown}…" if len(found) > longest else shown


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    case : str
        The case that it is about; empty for the whole submission.
    what : str
        What was found.
    expected : str
        What was expected.
    cure : str
        What to do.
    """

    case: str
    what: str
    expected: str
    cure: str

    def __post_init__(self) -> None:
        for name in ("case", "what", "expected", "cure"):
            object.__setattr__(self, name, clean(getattr(self, name)))

    def __str__(self) -> str:
        where = f"{self.case}: " if self.case else ""
        return f"{where}{self.what}. Expected {self.expected}. {self.cure}"

    def as_dict(self) -> dict[str, str]:
        """Return it as plain values for JSON."""
        return {"case": self.case, "what": self.what, "expected": self.expected, "cure": self.cure}


@dataclass(frozen=True)
class Checked:
    """A case that is there.

    Attributes
    ----------
    format : str
        One of `bioimagehub.challenges.formats.FORMATS`.
    digest : str
        ``sha256:`` and the SHA-256 of the names and contents of its files.
    objects : int or None
        Objects, points, tracks or values; None where that means nothing, or could not be counted.
    """

    format: str
    digest: str
    objects: int | None = None


@dataclass(frozen=True)
class Report:
    """What is wrong with a submission, and what is in it.

    Attributes
    ----------
    problems : tuple of Problem
        In a fixed order: of the whole first, then by case.
    more : int
        Problems that were found and are not listed.
    cases : dict of str to Checked
        Of each case that is there.
    digest : str
        ``sha256:`` and the SHA-256 of the names and contents of all files, the same for a folder and for a zip file
        of it; empty if it could not be unpacked.
    files, size : int
        Number of files, and bytes unpacked.
    """

    problems: tuple[Problem, ...]
    more: int = 0
    cases: dict[str, Checked] = field(default_factory=dict)
    digest: str = ""
    files: int = 0
    size: int = 0

    @property
    def ok(self) -> bool:
        """Whether it can be scored."""
        return not self.problems

    def __str__(self) -> str:
        if self.ok:
            return f"The submission can be scored: {len(self.cases)} cases, {self.files} files, {self.size} bytes."
        count = len(self.problems) + self.more
        lines = [f"The submission has {count} {'problem' if count == 1 else 'problems'} and cannot be scored."]
        lines += [f"  {problem}" for problem in self.problems]
        return "\n".join(lines + ([f"  and {self.more} more"] if self.more else []))

    def _repr_html_(self) -> str:
        if self.ok:
            return f"<p>{html.escape(str(self))}</p>"
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(part)}</td>" for part in problem.as_dict().values()) + "</tr>"
            for problem in self.problems
        )
        head = "<tr><th>case</th><th>found</th><th>expected</th><th>what to do</th></tr>"
        more = f"<p>and {self.more} more</p>" if self.more else ""
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "ok": self.ok,
            "problems": [problem.as_dict() for problem in self.problems],
            "more": self.more,
            "cases": {
                case: {"format": one.format, "digest": one.digest, "objects": one.objects}
                for case, one in self.cases.items()
            },
            "digest": self.digest,
            "files": self.files,
            "size": self.size,
        }
