"""The words of a text, the same for records and for queries."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 64

_KEEP_S = ("ss", "us", "is")
_LETTERS_THEN_DIGITS = re.compile(r"([a-z]+)(\d+)\Z")


def fold(text: str) -> str:
    """Fold case, and drop diacritics: ``Müller`` and ``muller`` are the same."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).casefold()


def split_words(text: str) -> list[str]:
    """Split a text into folded words: letters and digits; all else divides them.

    >>> split_words("S-BIAD1002: Müller cells")
    ['s', 'biad1002', 'muller', 'cells']
    """
    return [word[:LONGEST_WORD] for word in WORD.findall(fold(text))]


def other_number(word: str) -> str | None:
    """Give the plural of a singular, or the singular of a plural, by the English rule with ``s``.

    >>> other_number("embryo"), other_number("cells"), other_number("mitosis")
    ('embryos', 'cell', None)
    """
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return None
    if not word.endswith("s"):
        return f"{word}s"
    return None if word.endswith(_KEEP_S) else word[:-1]


def spellings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Spell a compound otherwise: ``emd 3001`` as ``emd3001``, ``emd3001`` as ``emd 3001``.

    >>> spellings(("light", "sheet")), spellings(("bbbc038",)), spellings(("mouse",))
    ([('lightsheet',)], [('bbbc', '038')], [])
    """
    if len(words) > 1:
        return [("".join(words),)]
    divided = _LETTERS_THEN_DIGITS.match(words[0])
    return [(divided[1], divided[2])] if divided else []
