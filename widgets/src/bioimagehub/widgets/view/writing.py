"""Pictures that are written to files: whole or not at all, and never over one that is there unasked."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.widgets.errors import QuestionError

if TYPE_CHECKING:
    from os import PathLike

_PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 64 * 2**20
"""Bytes of a picture that a page sends, at most."""
PARTS = 100


def write_picture(data: bytes, path: str | PathLike[str]) -> Path:
    """Write a picture to a file, in the place of one that is there; its folder is made if need be."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def choose_name(title: str, folder: Path) -> Path:
    """Choose a name for a picture, out of the title of the image, that no file has.

    Examples
    --------
    >>> choose_name("Mitosis: ../../etc", Path("/nowhere")).name
    'mitosis-etc.png'
    """
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-") or "image"
    number, path = 1, folder / f"{stem}.png"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.png"
    return path


class Parts:
    """A picture that comes in parts, as messages have to be small."""

    def __init__(self) -> None:
        self._key: object = None
        self._parts: dict[int, bytes] = {}

    def add(self, key: object, part: int, parts: int, data: bytes) -> bytes | None:
        """Take a part, and give the picture when all are there.

        Raises
        ------
        QuestionError
            If it is too large, or no PNG.
        """
        if key != self._key:
            self._key, self._parts = key, {}
        self._parts[part] = data
        size = sum(map(len, self._parts.values()))
        if not 0 <= part < parts <= PARTS or size > LARGEST or not self._parts.get(0, _PNG).startswith(_PNG):
            self._key, self._parts = None, {}
            msg = (
                f"The snapshot of the page cannot be kept: part {part} of {parts}, {size:,} bytes. Expected a PNG of "
                f"at most {LARGEST // 2**20} MiB. Make the window smaller, or call viewer.snapshot(path)."
            )
            raise QuestionError(msg)
        if len(self._parts) < parts:
            return None
        whole = b"".join(self._parts[number] for number in range(parts))
        self._key, self._parts = None, {}
        return whole
