"""The files of an unpacked submission: plain files in one folder, and their digests."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.challenges.submissions.names import find_clashes, is_junk, wrong_with
from bioimagehub.challenges.submissions.report import Problem, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.challenges.submissions.expected import Caps

_PART = 2**20


@dataclass(frozen=True)
class Tree:
    """The files of a submission.

    Attributes
    ----------
    root : Path
    files : dict of str to int
        Name, with ``/`` between its parts, and size in bytes; sorted.
    """

    root: Path
    files: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())

    def entries(self) -> list[str]:
        """Names of the files and folders right below the root, sorted."""
        return sorted({name.partition("/")[0] for name in self.files})

    def unwrap(self, known: frozenset[str]) -> Tree:
        """Give the tree of its only folder, if all lies in one that is none of the known names."""
        entries = self.entries()
        if len(entries) != 1 or entries[0] in self.files or entries[0] in known:
            return self
        head = f"{entries[0]}/"
        return Tree(self.root / entries[0], {name.removeprefix(head): size for name, size in self.files.items()})

    def digests(self) -> dict[str, str]:
        """Read all files once; give the SHA-256 of each."""
        found = {}
        for name in self.files:
            digest = hashlib.sha256()
            with (self.root / name).open("rb") as file:
                while part := file.read(_PART):
                    digest.update(part)
            found[name] = digest.hexdigest()
        return found


def list_tree(root: Path, caps: Caps) -> tuple[Tree, list[Problem]]:
    """List the files below a folder, and find what is not let in.

    Parameters
    ----------
    root : Path
    caps : Caps

    Returns
    -------
    Tree, list of Problem
        The tree has good files only. Nothing below a link is looked at.
    """
    files: dict[str, int] = {}
    problems: list[Problem] = []
    for name, state in _walk(root, ""):
        if is_junk(name):
            continue
        wrong = wrong_with(name)
        if wrong is not None:
            problems.append(_refuse(f"the name {clean(name, 100)!r} {wrong}", "plain names"))
        elif stat.S_ISLNK(state.st_mode) or (state.st_nlink > 1 and not stat.S_ISDIR(state.st_mode)):
            problems.append(_refuse(f"{clean(name, 100)!r} is a link", "plain files"))
        elif not stat.S_ISREG(state.st_mode):
            problems.append(_refuse(f"{clean(name, 100)!r} is a device, a socket or a pipe", "plain files"))
        else:
            files[name] = state.st_size
        if len(files) + len(problems) > caps.files:
            problems.append(_refuse(f"it has more than {caps.files} files", f"at most {caps.files}"))
            break
    for later, earlier in find_clashes(sorted(files)):
        what = f"{clean(later, 100)!r} and {clean(earlier, 100)!r} are the same file on some systems"
        problems.append(_refuse(what, "names that differ"))
    tree = Tree(root, dict(sorted(files.items())))
    if tree.size > caps.unpacked:
        problems.append(_refuse(f"it has {tree.size} bytes", f"at most {caps.unpacked}"))
    return tree, problems


def fold(digests: dict[str, str]) -> str:
    """Make one digest of those of files: of their names and contents, in any order."""
    whole = hashlib.sha256()
    for name in sorted(digests):
        encoded = name.encode("utf-8", "surrogateescape")
        whole.update(len(encoded).to_bytes(8, "big") + encoded + bytes.fromhex(digests[name]))
    return f"sha256:{whole.hexdigest()}"


def _refuse(what: str, expected: str) -> Problem:
    return Problem("", what, expected, "Take it out, or put a plain file in its place.")


def _walk(folder: Path, head: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda one: one.name)
    for entry in entries:
        name = f"{head}{entry.name}"
        state = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(state.st_mode):
            if name.count("/") > 40:
                yield name, state
                continue
            yield from _walk(Path(entry.path), f"{name}/")
        else:
            yield name, state
