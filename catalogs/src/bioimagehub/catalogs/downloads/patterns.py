"""Which files a list of patterns takes, out of a hundred thousand, quickly."""

from __future__ import annotations

import fnmatch
import re
from functools import cached_property
from glob import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GLOB = re.compile(r"[*?\[]")
_MARKED = re.compile(r"!|\\+!")
_ESCAPED = re.compile(r"\[([*?\[])\]")


class Patterns:
    r"""A list of patterns; the last one that fits a path decides.

    Parameters
    ----------
    patterns : iterable of str
        Patterns as of a shell, in which ``*`` also matches ``/``. One without such signs is the path of a file, or of a
        folder, and then stands for all in it. One that begins with ``!`` leaves out what it fits; ``\!`` is for a name
        that begins so. Where the first one leaves out, all others are taken; where there is none, all are.

    Examples
    --------
    >>> chosen = Patterns(["raw", "!raw/*.log", "raw/first.log"])
    >>> [chosen.takes(path) for path in ("raw/a.tif", "raw/b.log", "raw/first.log", "raws")]
    [True, False, True, False]
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.texts = tuple(patterns)
        self._takes = [not text.startswith("!") for text in self.texts]
        self._paths: dict[str, int] = {}
        self._expressions: list[tuple[int, re.Pattern[str]]] = []
        for number, text in enumerate(self.texts):
            body = text[1:] if _MARKED.match(text) else text
            plain = _ESCAPED.sub(r"\1", body)
            if not _GLOB.search(body) or escape(plain) == body:
                self._paths[plain.rstrip("/")] = number
            else:
                self._expressions.insert(0, (number, re.compile(fnmatch.translate(body))))

    @cached_property
    def _otherwise(self) -> bool:
        return not self._takes or not self._takes[0]

    def takes(self, path: str) -> bool:
        """Tell whether a file is taken."""
        number = self._find(path)
        return self._otherwise if number is None else self._takes[number]

    def useless(self, paths: Iterable[str]) -> list[str]:
        """Give the patterns that fit no path at all."""
        listed = set(paths)
        known = listed | {above for path in listed for above in _above(path)}
        found = [number for path, number in self._paths.items() if path not in known]
        found += [number for number, each in self._expressions if not any(map(each.match, listed))]
        return [self.texts[number] for number in sorted(found)]

    def _find(self, path: str) -> int | None:
        """Give the last pattern that fits."""
        found = -1
        if self._paths:
            found = max(self._paths.get(path, -1), *(self._paths.get(above, -1) for above in _above(path)), -1)
        for number, expression in self._expressions:
            if number <= found:
                break
            if expression.match(path):
                return number
        return None if found < 0 else found


def write_pattern(path: str, *, take: bool = True) -> str:
    r"""Write the pattern that stands for one file, or for one folder.

    Examples
    --------
    >>> write_pattern("raw/a[1].tif", take=False), write_pattern("!odd")
    ('!raw/a[[]1].tif', '\\!odd')
    """
    text = escape(path)
    if not take:
        return f"!{text}"
    return f"\\{text}" if _MARKED.match(text) else text


def _above(path: str) -> list[str]:
    """List the folders that a file lies in."""
    found = []
    at = path.find("/")
    while at >= 0:
        found.append(path[:at])
        at = path.find("/", at + 1)
    return found
