"""Text of others, before it is shown: short, and with nothing in it that a page or a terminal would obey."""

from __future__ import annotations

import unicodedata

LONGEST = 200
"""As many characters of a name or a title are shown."""

_OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(text: object, most: int = LONGEST) -> str:
    r"""Give a name or a title as one short line.

    Control characters become spaces, characters without width are left out: the marks that turn the direction of
    writing would make a name look like another one.

    Parameters
    ----------
    text : object
        Anything; what is no text is written as one.
    most : int
        Characters; what is longer is cut, and ends with an ellipsis.

    Examples
    --------
    >>> clean("nuclei\u202egpj.exe\n2")
    'nucleigpj.exe 2'
    """
    # Cut first: a text may be a hundred megabytes long.
    begin = str(text)[: 4 * most]
    kept = (
        " " if c in "\t\n\r\v\f" else c for c in begin if c in "\t\n\r\v\f" or unicodedata.category(c) not in _OBEYED
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
