"""What there is and how to read it: records, the catalog of them, and the sample archive.

>>> from bioimagehub.catalogs import open_catalog
>>> record = open_catalog()["samples:bbbc038-nuclei"]
>>> record.axes, record.shape, record.labels
(('y', 'x'), (512, 512), ('nuclei',))
"""

from __future__ import annotations

from bioimagehub.catalogs.catalog import Catalog, open_catalog
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.records import Record

__all__ = ["Catalog", "CatalogError", "Record", "open_catalog"]
