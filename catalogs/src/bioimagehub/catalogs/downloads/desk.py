"""What all threads of a download share: the folder, its manifest, the limits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.manifest import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.catalogs.downloads.folder import Target
    from bioimagehub.catalogs.downloads.manifest import Manifest
    from bioimagehub.catalogs.downloads.pacing import Rate
    from bioimagehub.catalogs.downloads.settings import FetchSettings
    from bioimagehub.catalogs.downloads.tasks import Task
    from bioimagehub.catalogs.reader import Version


@dataclass
class Desk:
    """What all threads of a download share.

    Attributes
    ----------
    target : Target
    manifest : Manifest
    settings : FetchSettings
    rate : Rate
    source : str
        Identifier or address of the dataset, for the manifest.
    """

    target: Target
    manifest: Manifest
    settings: FetchSettings
    rate: Rate
    source: str
    _made: set[Path] = field(default_factory=set)

    def make_folder(self, file: Path) -> None:
        """Make the folder that a file lies in."""
        folder = file.parent
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)

    def publish(self, task: Task, size: int, checksum: str, version: Version | None = None) -> None:
        """Give a file its name: it is whole, checked, and on the disk."""
        self.manifest.add(
            Entry(
                path=task.item.path,
                name=task.name,
                size=size,
                checksum=checksum,
                source=self.source,
                url=task.urls[0] if task.urls else None,
                etag=version.etag if version else None,
                modified=version.modified if version else None,
            )
        )
        # The name may have been taken since the beginning: a link or a file is replaced, a folder is an error.
        os.replace(self.target.part(task.name), self.target.file(task.name))  # noqa: PTH105 - thousands of files

    def conclude(self) -> None:
        """Have names and manifest on the disk."""
        for folder in sorted(self._made):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self.manifest.conclude(self.target.folder)
