"""A submission as it arrives: written to the disk piece by piece, and no further than its cap."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioimagehub.challenges.errors import SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Received:
    """A file that arrived whole.

    Attributes
    ----------
    path : Path
    size : int
        Bytes.
    digest : str
        ``sha256:`` and the SHA-256 of its bytes as they were sent.
    """

    path: Path
    size: int
    digest: str


def receive(pieces: Iterable[bytes], path: Path, most: int) -> Received:
    """Write what arrives to a file, which is there only when all of it is.

    Parameters
    ----------
    pieces : iterable of bytes
    path : Path
        Where it goes; nothing may be there yet.
    most : int
        Bytes it may have.

    Raises
    ------
    SubmissionError
        If more arrives. Nothing is kept then, nor if `pieces` fails.
    """
    waiting = path.with_name(f".{path.name}.part")
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > most:
                    msg = (
                        f"The submission is larger than {most} bytes, all that is taken here. Expected less. "
                        "Compress it, use the smallest integer type that holds the labels, and leave other files out."
                    )
                    raise SubmissionError(msg)
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.link(waiting, path)
    finally:
        waiting.unlink(missing_ok=True)
    return Received(path, size, f"sha256:{digest.hexdigest()}")
