"""How each format becomes a labelled lazy array: one module a format, each with the same functions.

``OPTIONS`` names what `open_array` takes beside level, label, chunks and pixels; ``open_array`` opens one image,
``open_tree`` all that is there, where a format holds more than one array; ``scan`` finds out what opening needs.
"""

from __future__ import annotations

from bioimagehub.catalogs.scales import DRIVERS

__all__ = ["DRIVERS"]
