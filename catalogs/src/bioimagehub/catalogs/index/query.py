"""What a person types, taken apart: words, "phrases", beginnings*, and -what must not be there.

All other signs only divide words, so no text is an error, and none reaches SQLite as syntax.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.words import split_words

LONGEST = 1000
_PIECE = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_SMALL_WORDS = {
    "a", "about", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "show", "that",
    "the", "to", "under", "what", "which", "with",
    # Every record tells of images and data: in a question these words say nothing.
    "archive", "data", "dataset", "datasets", "image", "images", "record", "records", "studies", "study",
}  # fmt: skip


class Clause(NamedTuple):
    """One thing that must be there, or must not.

    Attributes
    ----------
    words : tuple of str
        Folded words; more than one stand next to each other.
    prefix : bool
        The last word may go on.
    quoted : bool
        It was asked for as it is: no synonyms, no other spelling.
    negated : bool
        It must not be there.
    """

    words: tuple[str, ...]
    prefix: bool = False
    quoted: bool = False
    negated: bool = False


def parse_query(text: str) -> list[Clause]:
    """Take a query apart.

    Raises
    ------
    InvalidQueryError
        If it is longer than a thousand characters.

    Examples
    --------
    >>> parse_query('mito* -"cell line"')
    [Clause(words=('mito',), prefix=True, quoted=False, negated=False), \
Clause(words=('cell', 'line'), prefix=False, quoted=True, negated=True)]
    """
    if len(text) > LONGEST:
        msg = (
            f"The search text has {len(text):,} characters, from {text[:20]!r} on; at most {LONGEST:,} are taken. "
            "Search for some of its words."
        )
        raise InvalidQueryError(msg)
    clauses = []
    for minus, phrase, plain in _PIECE.findall(text):
        words = tuple(split_words(phrase or plain))
        if words:
            prefix = plain.endswith("*")
            clauses.append(Clause(words, prefix, quoted=bool(phrase), negated=bool(minus)))
    told = [clause for clause in clauses if not _is_small(clause)]
    return told or clauses


def _is_small(clause: Clause) -> bool:
    """Tell whether it is a word like "of", that says nothing by itself."""
    plain = not (clause.prefix or clause.quoted or clause.negated)
    return plain and len(clause.words) == 1 and clause.words[0] in _SMALL_WORDS
