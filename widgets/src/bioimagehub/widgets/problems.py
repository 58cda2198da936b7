"""How an error is told to somebody who looks at a widget: what failed, what was found, what to do."""

from __future__ import annotations

import re
from typing import TypedDict

_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"])")


class Problem(TypedDict):
    """An error in three parts; `found` and `cure` are empty where it has no more to say."""

    what: str
    found: str
    cure: str


def tell_problem(error: BaseException) -> Problem:
    """Take an error apart into the three parts that every message of this project has.

    Examples
    --------
    >>> tell_problem(ValueError("The level 9 cannot be opened. There are 3 levels. Take one of 0, 1, 2."))
    {'what': 'The level 9 cannot be opened.', 'found': 'There are 3 levels.', 'cure': 'Take one of 0, 1, 2.'}
    """
    text = str(error).strip() or type(error).__name__
    # A KeyError shows its message as Python would write it.
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])
    first, *rest = _SENTENCES.split(text)
    return {"what": first, "found": " ".join(rest[:-1]), "cure": rest[-1] if rest else ""}
