"""A whole reference that stands where only the title of the article should."""

from __future__ import annotations

import re

_JOURNAL_FIRST_YEAR = re.compile(
    r"^(?P<authors>.+?)\s*\((?P<year>(?:19|20)\d\d)\)\s*(?P<title>.+?)\.\s+(?P<journal>[^.]+?),"
    r"\s*Volume (?P<volume>\w+)(?:,\s*Issue [\w-]+)?(?:,\s*pages (?P<pages>[\w-]+))?",
    re.IGNORECASE,
)
_VANCOUVER = re.compile(
    r"^(?P<authors>[^.]{2,1500}?(?: et al)?|(?:[A-Z]\. \S+, *)+[A-Z]\. \S+)\.\s+(?P<title>.{8,}?)[.?!]\s+"
    r"(?P<journal>[A-Za-z][^.;:0-9]{1,60}?)\s*\.\s*(?P<year>(?:19|20)\d\d)\b"
    r"(?:[^;.]*;(?P<volume>\d+)(?:\([^)]*\))?(?::(?P<pages>[\w-]+))?)?"
)


def divide(text: str) -> dict[str, str] | None:
    """Divide a reference into title, journal, year, volume and pages; None where it is no reference.

    Two forms are known: ``Authors. Title. Journal. 2017 Nov 6;43(3):305-317.`` (Vancouver) and
    ``Authors (2020) Title. Journal, Volume 10, Issue 1, pages 5515.``

    >>> found = divide("Aoki K, Matsuda M. Propagating Wave of ERK Activation. Dev Cell. 2017 Nov 6;43(3):305-317.")
    >>> found["title"], found["journal"], found["year"], found["volume"], found["pages"]
    ('Propagating Wave of ERK Activation', 'Dev Cell', '2017', '43', '305-317')
    >>> divide("A quantitative map of human condensins") is None
    True
    """
    found = _JOURNAL_FIRST_YEAR.match(text[:4000]) or _VANCOUVER.match(text[:4000])
    if found is None:
        return None
    return {key: found[key].strip() for key in ("title", "year", "journal", "volume", "pages") if found[key]}
