"""A challenge file as text: its values, and the line on which each stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from bioimagehub.challenges.errors import ChallengeFileError, ChallengeNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE_NAME = "challenge.yaml"
LARGEST = 2**20
DEEPEST = 20
DATE = "2027-03-01T12:00:00Z"
"""A time as a challenge file has it."""
PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a challenge file.

    Attributes
    ----------
    line : int
        Counted from 1.
    place : str
        The key, such as ``splits.test.cases[3].id``; empty for the whole file.
    what : str
        What is wrong, and what to do.
    """

    line: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.place}: ' if self.place else ''}{self.what}"


@dataclass(frozen=True)
class Document:
    """The values of a YAML file and where they stand.

    Attributes
    ----------
    values : dict
        As YAML means them.
    lines : dict of tuple to int
        The line of each key and item by its place.
    """

    values: dict[str, Any]
    lines: dict[Place, int]

    def problem(self, place: Place, what: str) -> Problem:
        """Make a problem; of a key that is not there, the line is that of the nearest one above it."""
        known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in self.lines)
        return Problem(self.lines[known], name_place(place), what)


def name_place(place: Place) -> str:
    """Write a place as ``splits.test.cases[3].id``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def find_file(path: Path) -> Path:
    """Return the challenge file at a path: a file, or a folder with ``challenge.yaml``.

    Raises
    ------
    ChallengeNotFoundError
        If there is none.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        msg = (
            f"There is no challenge at {path}. Expected a challenge file, or a folder with {FILE_NAME}. "
            "Correct the path, or make one with: bioimagehub challenge new."
        )
        raise ChallengeNotFoundError(msg)
    return file


def read_document(text: str, where: str) -> Document:
    """Read YAML and note the line of each key.

    Raises
    ------
    ChallengeFileError
        If it is larger than a challenge file can be, is not YAML or no mapping, or has a key twice or an alias.
    """
    if len(text) > LARGEST:
        raise refuse(
            where, [Problem(1, "", f"the file has more than {LARGEST:,} characters; keep data in other files")]
        )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise refuse(where, [Problem(line, "", f"this is not YAML: {error.problem}; correct it")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise refuse(where, [Problem(1, "", f"this is not YAML: {error}; write plain text")]) from error
    if not isinstance(root, yaml.MappingNode):
        raise refuse(where, [Problem(1, "", "a challenge file has keys and values, beginning with name: and title:")])
    problems: list[Problem] = []
    lines: dict[Place, int] = {(): 1}
    seen: set[int] = set()
    _walk(root, (), lines, problems, seen)
    if problems:
        raise refuse(where, problems)
    return Document(yaml.safe_load(text), lines)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[Problem], seen: set[int]) -> None:
    if id(node) in seen:
        line = lines.get(place, node.start_mark.line + 1)
        problems.append(Problem(line, name_place(place), "an alias (*) repeats a part; write it out"))
        return
    seen.add(id(node))
    if len(place) > DEEPEST:
        problems.append(Problem(node.start_mark.line + 1, name_place(place), "this is nested too deep; flatten it"))
        return
    if what := _find_fault(node):
        problems.append(Problem(node.start_mark.line + 1, name_place(place), what))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[(*place, number)] = item.start_mark.line + 1
            _walk(item, (*place, number), lines, problems, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            inner: Place = (*place, str(key.value))
            if inner in lines:
                what = f"this key stands already on line {lines[inner]}; leave one of them"
                problems.append(Problem(line, name_place(inner), what))
                continue
            lines[inner] = line
            if key.tag != "tag:yaml.org,2002:str":
                problems.append(Problem(line, name_place(inner), "a key is a text; put it in quotes"))
            _walk(value, inner, lines, problems, seen)


def _find_fault(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        return None if node.tag in PLAIN else f"the tag {node.tag} is not known here; leave it out"
    try:
        yaml.constructor.SafeConstructor().construct_object(node)
    except yaml.constructor.ConstructorError as error:
        return f"a value cannot be read: {error.problem}; put it in quotes"
    except (ValueError, OverflowError) as error:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return f"there is no date {node.value}: {error}; correct the date, such as {DATE}"
        return f"a value cannot be read: {error}; put it in quotes"
    return None


def refuse(where: str, problems: Iterable[Problem]) -> ChallengeFileError:
    """Make the error that lists problems, in the order of their lines."""
    return ChallengeFileError(where, sorted(set(problems)))
