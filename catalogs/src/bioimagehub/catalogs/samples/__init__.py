"""The sample archive: real images out of installed packages, built once into OME-Zarr 0.5 with full records."""

from __future__ import annotations

from bioimagehub.catalogs.samples.archive import list_samples, samples_path, verify
from bioimagehub.catalogs.samples.building import build

__all__ = ["build", "list_samples", "samples_path", "verify"]
