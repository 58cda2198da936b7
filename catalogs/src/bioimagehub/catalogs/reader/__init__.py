"""The reader layer: everything that opens bytes goes through it; the one place that checks, caches and counts."""

from __future__ import annotations

from bioimagehub.catalogs.reader.places import Place, open_place
from bioimagehub.catalogs.reader.reader import Reader, installed_reader
from bioimagehub.catalogs.reader.settings import ReaderSettings
from bioimagehub.catalogs.reader.versions import Dataset, Version

__all__ = ["Dataset", "Place", "Reader", "ReaderSettings", "Version", "installed_reader", "open_place"]
