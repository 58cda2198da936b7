"""What all threads of a download share: the folder, its manifest, the limits."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioimagehub.catalogs.downloads.folder import sync_disk
from bioimagehub.catalogs.downloads.manifest import Entry
from bioimagehub.catalogs.downloads.names import PART

if TYPE_CHECKING:
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
    _unsynced: bool = False
    _made: set[str] = field(default_factory=set)
    # Threads that make files in one folder wait for one another inside the system, at full load: better here.
    _making: threading.Lock = field(default_factory=threading.Lock)

    def make_part(self, task: Task) -> int:
        """Make the partial file of a file, empty, and the folder that it lies in; give its descriptor."""
        path = f"{self.target.folder}/{task.name}{PART}"
        folder = path.rpartition("/")[0]
        with self._making:
            if folder not in self._made:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - thousands of files
                self._made.add(folder)
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)

    def publish(self, task: Task, size: int, checksum: str, version: Version | None = None) -> None:
        """Give a file its name: it is whole and checked."""
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
        path = f"{self.target.folder}/{task.name}"
        with self._making:
            os.replace(f"{path}{PART}", path)  # noqa: PTH105 - thousands of files
        self._unsynced = True

    def sync(self) -> None:
        """Have on the disk what was published since the last time."""
        if self._unsynced:
            self._unsynced = False
            sync_disk(self.target.folder)

    def conclude(self) -> None:
        """Have everything on the disk, and note it."""
        self.sync()
        self.manifest.conclude(self.target.folder)
