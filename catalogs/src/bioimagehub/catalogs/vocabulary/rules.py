"""What a rule of the classification is: conditions, and what is concluded from them.

The rules themselves are tables, read from top to bottom: `technologies`, `scales` and `data_types`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """What is concluded, and from what. All conditions that are given must hold.

    Attributes
    ----------
    id : str
        Its name, as the page about it has it.
    gives : tuple of str
        Technologies, scales or data types; empty where the tables of terms or the table of scales say what.
    when : str
        The condition in words.
    why : str
    methods : tuple of str
        Regular expressions; each is found in the name of a method that has no technology in FBbi.
    title : str or None
        Regular expression that is found in the title or a keyword.
    words : str or None
        Regular expression that is found in the title, a keyword or the name of a method.
    things : str or None
        Regular expression that is found in the title, a keyword, or a term of the anatomy.
    collections, elsewhere : tuple of str
        The record is of one of these; of none of those.
    field : str or None
        Field that is not empty.
    technologies : tuple of tuple of str
        Of each of these, one was found.
    fallback : bool
        It counts only where no rule of its table that is no fallback concludes anything.
    """

    id: str
    gives: tuple[str, ...]
    when: str
    why: str
    methods: tuple[str, ...] = ()
    title: str | None = None
    words: str | None = None
    things: str | None = None
    collections: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    field: str | None = None
    technologies: tuple[tuple[str, ...], ...] = ()
    fallback: bool = False


def any_word(*lines: str) -> str:
    """Make a regular expression that finds one of the words, each of which is one itself."""
    return rf"\b(?:{'|'.join(word for line in lines for word in line.split())})\b"
