"""The files of a download as a tree of folders, of which a page sees the rows that are on its screen."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.patterns import Patterns, write_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bioimagehub.catalogs.downloads import Plan

_NUMBERS = re.compile(r"(\d+)")
_LONGEST = 160
_ENDINGS = 12
_LONGEST_ENDING = 12
_DEEPEST = 60


@dataclass(slots=True)
class Leaf:
    """What is chosen as one: a file, or an OME-Zarr image with all its chunks.

    Attributes
    ----------
    path : str
        From the folder of the download on.
    kind : str
        ``file`` or ``image``.
    files : int
    size : int
        Bytes; at most, where not `exact`.
    exact : bool
    chosen : bool
    """

    path: str
    kind: str = "file"
    files: int = 0
    size: int = 0
    exact: bool = True
    chosen: bool = True


@dataclass(slots=True)
class Folder:
    """A folder: what is in it, and how much of that is chosen."""

    path: str
    folders: dict[str, Folder] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    files: int = 0
    size: int = 0
    exact: bool = True
    chosen_files: int = 0
    chosen_size: int = 0
    chosen_exact: bool = True

    def count(self) -> None:
        """Count what is in it, and what of that is chosen."""
        self.files = self.size = self.chosen_files = self.chosen_size = 0
        self.exact = self.chosen_exact = True
        for leaf in self.leaves:
            self._add(leaf.files, leaf.size, leaf.exact)
            if leaf.chosen:
                self._choose(leaf.files, leaf.size, leaf.exact)
        for each in self.folders.values():
            each.count()
            self._add(each.files, each.size, each.exact)
            self._choose(each.chosen_files, each.chosen_size, each.chosen_exact)

    def _add(self, files: int, size: int, exact: bool) -> None:
        self.files += files
        self.size += size
        self.exact = self.exact and exact

    def _choose(self, files: int, size: int, exact: bool) -> None:
        self.chosen_files += files
        self.chosen_size += size
        self.chosen_exact = self.chosen_exact and exact

    def children(self) -> Iterator[Folder | Leaf]:
        """Give what is in it, folders first, numbers in their order."""
        yield from (self.folders[name] for name in sorted(self.folders, key=_natural))
        yield from sorted(self.leaves, key=lambda leaf: _natural(leaf.path))


class FileTree:
    """The files of a download, and which of them are chosen.

    Parameters
    ----------
    plans : sequence of (str, Plan)
        Plans, each with its folder in that of the download; empty for that folder itself.
    """

    def __init__(self, plans: Sequence[tuple[str, Plan]]) -> None:
        leaves: dict[str, Leaf] = {}
        for folder, plan in plans:
            inside = f"{folder}/" if folder else ""
            for item in plan.items:
                path = inside + (item.image or item.path)
                leaf = leaves.get(path)
                if leaf is None:
                    leaf = leaves[path] = Leaf(path, "file" if item.image is None else "image")
                leaf.files += 1
                size = item.size if item.size is not None else item.most
                leaf.size += size or 0
                leaf.exact = leaf.exact and item.size is not None
        self.leaves = list(leaves.values())
        self.root = Folder("")
        for leaf in self.leaves:
            self._folder(leaf.path.rpartition("/")[0]).leaves.append(leaf)
        self.patterns: tuple[str, ...] = ()
        self.root.count()
        self._listed: tuple[Any, list[tuple[int, Folder | Leaf, int, int]]] | None = None

    def choose(self, patterns: Iterable[str]) -> None:
        """Choose the files that patterns take."""
        rules = Patterns(patterns)
        for leaf in self.leaves:
            leaf.chosen = rules.takes(leaf.path)
        self.patterns = rules.texts
        self.root.count()

    def toggle(self, path: str, *, take: bool) -> tuple[str, ...]:
        """Give the patterns with which a file, or a folder and all in it, is taken or left out; as few as will do."""
        if not path:
            return () if take else ("!*",)
        kept = [each for each in self.patterns if not _is_at_or_below(each, path)]
        rules = Patterns(kept)
        if all(rules.takes(leaf.path) is take for leaf in self._below(path)):
            return tuple(kept)
        return (*kept, write_pattern(path, take=take))

    def toggle_found(self, search: str, *, take: bool) -> tuple[str, ...]:
        """Give the patterns with which all that is found is taken, or left out."""
        pattern = f"{'' if take else '!'}{search_pattern(search)}"
        opposite = f"{'!' if take else ''}{search_pattern(search)}"
        kept = [each for each in self.patterns if each not in {pattern, opposite}]
        rules = Patterns(kept)
        found = _match(search)
        if all(rules.takes(leaf.path) is take for leaf in self.leaves if found(leaf.path)):
            return tuple(kept)
        # A list that begins with what is taken takes nothing else.
        return (*(kept or (["!*"] if take else [])), pattern)

    def rows(self, search: str, opened: Sequence[str], offset: int, limit: int) -> tuple[int, list[dict[str, Any]]]:
        """Give some of the rows that are to be seen, and how many there are.

        Parameters
        ----------
        search : str
            Part of a path, or a pattern; rows are files in any folder then. Empty for the tree.
        opened : sequence of str
            Folders that are open.
        offset, limit : int
        """
        key = (search, tuple(opened))
        listed = self._listed
        if listed is None or listed[0] != key:
            found = self._find(search) if search else self._walk(self.root, frozenset(opened), 1)
            listed = self._listed = (key, list(found))
        rows = [_row(*each, is_open=each[1].path in opened) for each in listed[1][offset : offset + limit]]
        return len(listed[1]), rows

    def endings(self) -> list[dict[str, Any]]:
        """Count files by the ending of their names, the largest groups first; capitals and small letters are one."""
        counts: dict[str, list[int]] = {}
        for leaf in self.leaves:
            if ending := _ending(leaf.path):
                count = counts.setdefault(ending, [0, 0])
                count[0] += leaf.files
                count[1] += leaf.size
        largest = sorted(counts.items(), key=lambda each: -each[1][1])[:_ENDINGS]
        return [{"ending": ending, "files": files, "size": size} for ending, (files, size) in largest]

    def only(self, ending: str) -> tuple[str, ...]:
        """Give the patterns that take just the files that `endings` counts for an ending."""
        found = {leaf.path: _ending(leaf.path) for leaf in self.leaves}
        if not ending or ending not in found.values():
            return self.patterns
        images = {found[leaf.path] for leaf in self.leaves if leaf.kind == "image"}
        longer = sorted(each for each in set(found.values()) if each != ending and each.endswith(ending))
        # Where an image lies on this machine, patterns must fit what is in it, and elsewhere the image itself.
        first, *others = (f"*{_letters(each)}{'*' if each in images else ''}" for each in (ending, *longer))
        patterns = [first, *(f"!{each}" for each in others)]
        # One that fits nothing is refused.
        useless = Patterns(patterns).useless(found)
        patterns = ["!*"] if first in useless else [each for each in patterns if each not in useless]
        rules = Patterns(patterns)
        wrong = [path for path, each in found.items() if rules.takes(path) is not (each == ending)]
        return (*patterns, *(write_pattern(path, take=found[path] == ending) for path in wrong))

    def _folder(self, path: str) -> Folder:
        at = self.root
        # What lies deeper is shown in the last of them, with the rest of its path as its name.
        for step in path.split("/")[:_DEEPEST] if path else ():
            found = at.folders.get(step)
            if found is None:
                found = at.folders[step] = Folder(f"{at.path}/{step}" if at.path else step)
            at = found
        return at

    def _below(self, path: str) -> Iterator[Leaf]:
        return (leaf for leaf in self.leaves if leaf.path == path or leaf.path.startswith(f"{path}/"))

    def _walk(
        self, folder: Folder, opened: frozenset[str], depth: int
    ) -> Iterator[tuple[int, Folder | Leaf, int, int]]:
        children = list(folder.children())
        for number, each in enumerate(children, 1):
            yield depth, each, number, len(children)
            if isinstance(each, Folder) and each.path in opened:
                yield from self._walk(each, opened, depth + 1)

    def _find(self, search: str) -> Iterator[tuple[int, Folder | Leaf, int, int]]:
        found = _match(search)
        hits = sorted((leaf for leaf in self.leaves if found(leaf.path)), key=lambda leaf: _natural(leaf.path))
        return ((1, leaf, number, len(hits)) for number, leaf in enumerate(hits, 1))


def search_pattern(search: str) -> str:
    """Write a search as a pattern that takes what it finds; capitals and small letters are the same.

    Examples
    --------
    >>> search_pattern("a1.t"), search_pattern("*.log")
    ('*[aA]1.[tT]*', '*.[lL][oO][gG]')
    """
    is_pattern = re.search(r"[*?]", search) is not None
    letters = _letters(search)
    return letters if is_pattern else f"*{letters}*"


def _letters(text: str) -> str:
    return "".join(_either(sign) for sign in text)


def _ending(path: str) -> str:
    """Give the ending of a name as it is shown, in small letters; empty where there is none, or it is long."""
    name = path.rpartition("/")[2]
    if "." not in name[1:]:
        return ""
    whole = name[name.index(".", 1) :].lower()
    last = f".{name.rpartition('.')[2].lower()}"
    ending = next((each for each in (".ome.zarr", ".ome.tif", ".ome.tiff") if whole.endswith(each)), last)
    return _tidy(ending) if len(ending) <= _LONGEST_ENDING else ""


def _either(sign: str) -> str:
    if sign == "[":
        return "[[]"
    small, capital = sign.lower(), sign.upper()
    return sign if small == capital or len(small) != 1 or len(capital) != 1 else f"[{small}{capital}]"


def _match(search: str) -> Any:
    return re.compile(fnmatch.translate(search_pattern(search))).match


def _row(depth: int, node: Folder | Leaf, number: int, among: int, *, is_open: bool) -> dict[str, Any]:
    """Tell of a file or a folder what is seen of it."""
    name = node.path if isinstance(node, Leaf) and depth == 1 else node.path.rpartition("/")[2]
    row: dict[str, Any] = {
        "path": node.path, "name": _tidy(name), "depth": depth, "number": number, "among": among,
        "files": node.files, "size": node.size, "exact": node.exact,
    }  # fmt: skip
    if isinstance(node, Leaf):
        return row | {"kind": node.kind, "chosen": "all" if node.chosen else "none"}
    chosen = "none" if not node.chosen_files else "all" if node.chosen_files == node.files else "some"
    return row | {"kind": "folder", "chosen": chosen, "open": is_open}


def _tidy(text: str) -> str:
    """Make a text that shows what it is: no signs that hide others or turn them round, and no end of it."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]}…{shown[-_LONGEST // 2 :]}"


def _is_at_or_below(pattern: str, path: str) -> bool:
    """Tell whether a pattern stands for one file or folder that is at a path, or below it."""
    for take in (True, False):
        whole = write_pattern(path, take=take)
        if pattern == whole or pattern.startswith(f"{whole}/"):
            return True
    return False


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in _NUMBERS.split(name)]
