"""What there is and how to read it: records, the catalog of them, and the sample archive.

>>> from bioimagehub.catalogs import open_catalog
>>> record = open_catalog()["samples:bbbc038-nuclei"]
>>> record.axes, record.shape, record.labels
(('y', 'x'), (512, 512), ('nuclei',))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import CatalogError

if TYPE_CHECKING:
    from bioimagehub.catalogs.catalog import Catalog
    from bioimagehub.catalogs.opening import open_catalog
    from bioimagehub.catalogs.records import Record

__all__ = ["Catalog", "CatalogError", "Record", "open_catalog"]

_HOMES = {"Catalog": "catalog", "Record": "records", "open_catalog": "opening"}


def __getattr__(name: str) -> Any:
    """Load a name of the front door when it is asked for: importing the package stays fast."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(sorted(__all__))}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
