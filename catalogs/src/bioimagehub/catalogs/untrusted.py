"""What a file of somebody else may hold: not too much of it, and nothing that a terminal would obey."""

from __future__ import annotations

from typing import Any

VALUES = 100_000
"""As many may be in one entry."""


def is_moderate(fields: Any) -> bool:
    """Count the values, so that a few lines of YAML that refer to one another do not fill the memory."""
    count, waiting = 0, [fields]
    while waiting and count <= VALUES:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value[: VALUES + 1]
    return count <= VALUES


def printable(text: str) -> str:
    """Cut what may be a hundred megabytes long, or made for the terminal that shows the message."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:300])
