"""How a download behaves."""

from __future__ import annotations

from dataclasses import dataclass

from bioimagehub.catalogs.errors import InvalidSelectionError


@dataclass(frozen=True)
class FetchSettings:
    """Limits and habits of a download.

    Attributes
    ----------
    connections : int or None
        Connections to a host at once; None for 16 while parts of large files are fetched, and 64 for small files.
    rate : float or None
        Bytes a second, over all connections; None for as fast as it goes.
    replace : bool
        Whether files that were not fetched, or were changed since, are overwritten.
    sha256 : bool
        Whether files get a SHA-256 where the archive states no checksum, and not the CRC-32 that costs nothing.
    connect_timeout : float
        Seconds that a host has to take a connection.
    stall_timeout : float
        Seconds in which something has to come; then the connection is given up, and the rest asked for anew.
    tries : int
        How often a part is asked for without getting any further, at each address.
    pause : float
        Seconds before the second try; doubled before each further one, unless the host asks for another wait.
    patience : float
        Seconds that a host may refuse everything because it is busy.

    Raises
    ------
    InvalidSelectionError
        If a number is not above 0.
    """

    connections: int | None = None
    rate: float | None = None
    replace: bool = False
    sha256: bool = False
    connect_timeout: float = 10.0
    stall_timeout: float = 15.0
    tries: int = 5
    pause: float = 1.0
    patience: float = 300.0

    def __post_init__(self) -> None:
        for name in ("connections", "rate", "connect_timeout", "stall_timeout", "tries", "pause", "patience"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                msg = f"The download cannot be set up: {name} is {value}; expected a number above 0. Correct it."
                raise InvalidSelectionError(msg)

    @property
    def ranges(self) -> int:
        """Connections to a host for parts of large files."""
        return self.connections or 16

    @property
    def files(self) -> int:
        """Connections to a host for small files."""
        return self.connections or 64
