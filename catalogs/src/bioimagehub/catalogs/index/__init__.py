"""The index of the records: one SQLite file, built once and read by any number of processes.

>>> index = build_memory_index([
...     {"identifier": "idr:idr0062", "kind": "study", "title": "Nuclei of the mouse blastocyst"},
...     {"identifier": "idr:idr0062/6001240", "title": "Blastocyst A", "part_of": "idr:idr0062"},
... ])
>>> index.select("blastocysts", filters={"archive": ["idr"]}).identifiers()
['idr:idr0062', 'idr:idr0062/6001240']
"""

from __future__ import annotations

from bioimagehub.catalogs.index.building import build_index, build_memory_index
from bioimagehub.catalogs.index.fields import FACETS, RANGES, SORTS
from bioimagehub.catalogs.index.index import Index, open_index
from bioimagehub.catalogs.index.schema import SCHEMA_VERSION
from bioimagehub.catalogs.index.selection import Selection

__all__ = [
    "FACETS",
    "RANGES",
    "SCHEMA_VERSION",
    "SORTS",
    "Index",
    "Selection",
    "build_index",
    "build_memory_index",
    "open_index",
]
