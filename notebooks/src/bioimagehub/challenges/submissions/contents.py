"""Which file of a submission is which case, in which format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.challenges.formats import find_format, formats_of
from bioimagehub.challenges.submissions.report import Problem, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bioimagehub.challenges.submissions.tree import Tree

_LISTED = 50


@dataclass(frozen=True)
class Located:
    """Where the prediction of a case is.

    Attributes
    ----------
    path : Path
        File or folder.
    entry : str
        Its name.
    format : str
        One of `bioimagehub.challenges.formats.FORMATS`.
    """

    path: Path
    entry: str
    format: str


def suffixes_of(formats: Iterable[str]) -> dict[str, str]:
    """Give the format of each ending of names, the longest endings first."""
    found = {suffix: name for name in formats for suffix in find_format(name).SUFFIXES}
    return dict(sorted(found.items(), key=lambda one: (-len(one[0]), one[0])))


def names_of(cases: Iterable[str], formats: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Give the case and the format that each name of a file or a folder stands for."""
    suffixes = suffixes_of(formats)
    return {f"{case}{suffix}": (case, suffixes[suffix]) for suffix in suffixes for case in cases}


def allowed_formats(kind: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Give the formats that a challenge takes: those that it names and that hold its kind; all where it names none."""
    possible = formats_of(kind)
    return tuple(name for name in wanted if name in possible) or possible


def locate(tree: Tree, cases: Sequence[str], formats: Sequence[str]) -> tuple[dict[str, Located], list[Problem]]:
    """Find the file or folder of each case.

    Parameters
    ----------
    tree : Tree
        Its entries are the cases; see `Tree.unwrap`.
    cases : sequence of str
        All that are asked for.
    formats : sequence of str

    Returns
    -------
    dict of str to Located, list of Problem
        In the order of `cases`; cases that are missing or there twice, and files of no case, are problems.
    """
    suffixes = suffixes_of(formats)
    names = names_of(cases, formats)
    found: dict[str, Located] = {}
    problems, strange = [], []
    for entry in tree.entries():
        if entry not in names:
            strange.append(entry)
            continue
        case, name = names[entry]
        if case in found:
            problems.append(_doubled(case, found[case].entry, entry))
        else:
            found[case] = Located(tree.root / entry, entry, name)
    endings = ", ".join(sorted(filter(None, suffixes))) or "no ending"
    problems += [
        Problem(
            "",
            f"there is {clean(entry, 100)!r}, which is no case",
            f"names of cases with one of the endings {endings}",
            "Rename it to the id of its case, save it in one of these formats, or take it out.",
        )
        for entry in strange[:_LISTED]
    ]
    if len(strange) > _LISTED:
        problems.append(
            Problem("", f"{len(strange) - _LISTED} more files are no cases", "cases only", "Take them out.")
        )
    example = find_format(formats[0]).SUFFIXES[0]
    problems += [
        Problem(
            case,
            "there is no prediction",
            f"a file {case}{example}" + (f" (or with {endings})" if len(suffixes) > 1 else ""),
            "Add it; where nothing was found, an image without objects or a table without rows.",
        )
        for case in cases
        if case not in found
    ]
    return {case: found[case] for case in cases if case in found}, problems


def own_files(located: Located, digests: Mapping[str, str]) -> dict[str, str]:
    """Pick the digests of the files of a case, by their names within it.

    Parameters
    ----------
    located : Located
    digests : mapping of str to str
        Of all files, by their names below the folder that the case is in.
    """
    head = f"{located.entry}/"
    own = {name.removeprefix(head): digest for name, digest in digests.items() if name.startswith(head)}
    return own or {"": digests[located.entry]}


def _doubled(case: str, first: str, second: str) -> Problem:
    return Problem(case, f"it is there twice: {first} and {second}", "one file a case", "Take one of them out.")
