"""Words: licences, organisms, imaging methods, synonyms, and the classes of the paper's two tables.

Each module turns what the archives write into one form, by tables that can be read and rules that can be tested.

>>> from bioimagehub.catalogs.vocabulary import classify
>>> classify({"methods": [{"name": "serial block face SEM (SBFSEM)"}]})["technologies"]
('volume electron microscopy',)
"""

from __future__ import annotations

from bioimagehub.catalogs.vocabulary.classification import classify, complete
from bioimagehub.catalogs.vocabulary.licences import forbids, parse_licence
from bioimagehub.catalogs.vocabulary.methods import find_method
from bioimagehub.catalogs.vocabulary.organisms import find_cell_line, find_organism, species_of
from bioimagehub.catalogs.vocabulary.synonyms import broader, expand

__all__ = [
    "broader",
    "classify",
    "complete",
    "expand",
    "find_cell_line",
    "find_method",
    "find_organism",
    "forbids",
    "parse_licence",
    "species_of",
]
