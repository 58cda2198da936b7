"""How the reader layer behaves: one object, from the environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReaderSettings:
    """Settings of the reader layer.

    Attributes
    ----------
    connections : int
        Requests that run at once, over all hosts.
    """

    connections: int = 32
